-- source raw_lines: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_lines.line_id AS line_id,
    raw_lines.claim_id AS claim_id,
    raw_lines.paid AS paid,
    CAST(CASE WHEN regexp_matches(raw_lines.units, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_lines.units AS BIGINT) END AS BIGINT) AS units,
    CAST(CASE WHEN regexp_matches(raw_lines.day, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_lines.day AS DATE) END AS DATE) AS day,
    raw_lines.status AS status,
    raw_lines.units IS NOT NULL AS _given_units,
    raw_lines.day IS NOT NULL AS _given_day
  FROM raw.raw_lines AS raw_lines
),
raw_lines_typed AS (
  SELECT
    typed.line_id AS line_id,
    typed.claim_id AS claim_id,
    typed.paid AS paid,
    typed.units AS units,
    typed.day AS day,
    typed.status AS status,
    typed._given_day AND typed.day IS NULL AS _failed_day,
    typed._given_units AND typed.units IS NULL AS _failed_units
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_lines_typed._failed_units OR raw_lines_typed._failed_day THEN 1 END) AS f2
FROM raw_lines_typed;

-- source raw_lines: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_lines.units, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_lines.units AS BIGINT) END AS BIGINT) AS units,
    CAST(CASE WHEN regexp_matches(raw_lines.day, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_lines.day AS DATE) END AS DATE) AS day,
    raw_lines.line_id AS _text_line_id,
    raw_lines.claim_id AS _text_claim_id,
    raw_lines.paid AS _text_paid,
    raw_lines.units AS _text_units,
    raw_lines.day AS _text_day,
    raw_lines.status AS _text_status,
    raw_lines.units IS NOT NULL AS _given_units,
    raw_lines.day IS NOT NULL AS _given_day
  FROM raw.raw_lines AS raw_lines
),
typed_2 AS (
  SELECT
    typed._text_line_id AS _text_line_id,
    typed._text_claim_id AS _text_claim_id,
    typed._text_paid AS _text_paid,
    typed._text_units AS _text_units,
    typed._text_day AS _text_day,
    typed._text_status AS _text_status,
    typed._given_units AND typed.units IS NULL AS _failed_units,
    typed._given_day AND typed.day IS NULL AS _failed_day
  FROM typed
),
raw_lines_judged AS (
  SELECT
    typed_2._text_line_id AS _text_line_id,
    typed_2._text_claim_id AS _text_claim_id,
    typed_2._text_paid AS _text_paid,
    typed_2._text_units AS _text_units,
    typed_2._text_day AS _text_day,
    typed_2._text_status AS _text_status,
    CASE WHEN typed_2._failed_units THEN 'quarantined' WHEN typed_2._failed_day THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_units OR typed_2._failed_day THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_units THEN '"unreadable(units as integer)"' END, CASE WHEN typed_2._failed_day THEN '"unreadable(day as date)"' END)) || ']' END AS _reasons
  FROM typed_2
)
SELECT
  CAST(:this_run AS VARCHAR) AS _run_id,
  CAST(NULL AS VARCHAR) AS _source_file,
  CAST(NULL AS BIGINT) AS _line,
  CAST('unreadable' AS VARCHAR) AS _bucket,
  CAST(raw_lines_judged._reasons AS VARCHAR) AS _reasons,
  CAST(NULL AS VARCHAR) AS _text,
  CAST(raw_lines_judged._text_line_id AS VARCHAR) AS line_id,
  CAST(raw_lines_judged._text_claim_id AS VARCHAR) AS claim_id,
  CAST(raw_lines_judged._text_paid AS VARCHAR) AS paid,
  CAST(raw_lines_judged._text_units AS VARCHAR) AS units,
  CAST(raw_lines_judged._text_day AS VARCHAR) AS day,
  CAST(raw_lines_judged._text_status AS VARCHAR) AS status
FROM raw_lines_judged
WHERE raw_lines_judged._bucket = 'quarantined';

-- source headers: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM raw.headers;

-- source headers: key(claim_id), whether a row can fail
WITH grouped AS (
  SELECT headers.claim_id AS _k0
  FROM raw.headers AS headers
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- source headers: key(claim_id)
WITH grouped AS (
  SELECT
    headers.claim_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM raw.headers AS headers
  GROUP BY headers.claim_id
),
failing AS (
  SELECT
    grouped._n AS _n,
    grouped._rows AS _rows
  FROM grouped
  WHERE (grouped._n < 2) IS NOT TRUE
)
SELECT coalesce(sum(failing._n), 0) AS failing_rows
FROM failing;

-- source spans: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM raw.spans;

-- source spans: key(member_id, starts), whether a row can fail
WITH grouped AS (
  SELECT
    spans.member_id AS _k0,
    spans.starts AS _k1
  FROM raw.spans AS spans
)
SELECT count(*) - count(DISTINCT hash(grouped._k0, grouped._k1)) AS repeated
FROM grouped;

-- source spans: key(member_id, starts)
WITH grouped AS (
  SELECT
    spans.member_id AS _k0,
    spans.starts AS _k1,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM raw.spans AS spans
  GROUP BY spans.member_id, spans.starts
),
failing AS (
  SELECT
    grouped._n AS _n,
    grouped._rows AS _rows
  FROM grouped
  WHERE (grouped._n < 2) IS NOT TRUE
)
SELECT coalesce(sum(failing._n), 0) AS failing_rows
FROM failing;

-- source spans: valid(starts, ends)
WITH periods AS (
  SELECT
    spans.starts AS starts,
    spans.ends AS ends,
    LEAD(spans.starts) OVER (PARTITION BY spans.member_id ORDER BY spans.starts NULLS LAST, spans.ends NULLS LAST) AS _next
  FROM raw.spans AS spans
),
failing AS (
  SELECT periods.starts AS starts
  FROM periods
  WHERE (periods.starts IS NULL OR NOT periods.starts < periods.ends OR periods._next < periods.ends OR periods.ends IS NULL AND periods._next IS NOT NULL)
)
SELECT count(*) AS failing_rows
FROM failing;

-- source payments: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM raw.payments;

-- source payments: key(payment_id), whether a row can fail
WITH grouped AS (
  SELECT payments.payment_id AS _k0
  FROM raw.payments AS payments
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- source payments: key(payment_id)
WITH grouped AS (
  SELECT
    payments.payment_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM raw.payments AS payments
  GROUP BY payments.payment_id
),
failing AS (
  SELECT
    grouped._n AS _n,
    grouped._rows AS _rows
  FROM grouped
  WHERE (grouped._n < 2) IS NOT TRUE
)
SELECT coalesce(sum(failing._n), 0) AS failing_rows
FROM failing;

-- stage lines: the candidate, beside what stands
CREATE TABLE staging.lines__new AS
WITH typed AS (
  SELECT
    raw_lines.line_id AS line_id,
    raw_lines.claim_id AS claim_id,
    raw_lines.paid AS paid,
    CAST(CASE WHEN regexp_matches(raw_lines.units, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_lines.units AS BIGINT) END AS BIGINT) AS units,
    CAST(CASE WHEN regexp_matches(raw_lines.day, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_lines.day AS DATE) END AS DATE) AS day,
    raw_lines.status AS status,
    raw_lines.units IS NOT NULL AS _given_units,
    raw_lines.day IS NOT NULL AS _given_day
  FROM raw.raw_lines AS raw_lines
),
computed AS (
  SELECT
    UPPER(CASE WHEN typed.line_id LIKE ' %' OR typed.line_id LIKE '% ' THEN trim(typed.line_id, ' ') ELSE typed.line_id END) AS line_id,
    NULLIF(CASE WHEN typed.claim_id LIKE ' %' OR typed.claim_id LIKE '% ' THEN trim(typed.claim_id, ' ') ELSE typed.claim_id END, '') AS claim_id,
    typed.paid AS paid,
    typed.units AS units,
    typed.day AS day,
    typed.status AS status,
    typed._given_units AND typed.units IS NULL AS _failed_units,
    typed._given_day AND typed.day IS NULL AS _failed_day,
    typed.paid IS NOT NULL AS _given__read_paid,
    CAST(CASE WHEN regexp_matches(typed.paid, '^[0-9]+(\.[0-9]{0,4})?$') THEN TRY_CAST(typed.paid AS DECIMAL(18, 4)) WHEN regexp_matches(typed.paid, '^[ \t\n\r\f]*((([+-]?(\$[ \t\n\r\f]*)?|(\$[ \t\n\r\f]*)[+-])(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})|(\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})(-|[ \t\n\r\f]*[Cc][Rr])|\((\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)|(\$[ \t\n\r\f]*)\((([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)))[ \t\n\r\f]*$') THEN CASE WHEN regexp_matches(typed.paid, '[-(Rr]') THEN -TRY_CAST(regexp_replace(typed.paid, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) ELSE TRY_CAST(regexp_replace(typed.paid, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) END END AS DECIMAL(18, 4)) AS _read_paid,
    typed.status IS NOT NULL AND CASE WHEN regexp_matches(typed.status, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(typed.status AS BIGINT) END IS NULL AS _failed_kept,
    CAST(COALESCE(CASE WHEN regexp_matches(typed.status, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(typed.status AS BIGINT) END, 0) AS BIGINT) AS kept
  FROM typed
),
computed_2 AS (
  SELECT
    computed.line_id AS line_id,
    computed.claim_id AS claim_id,
    CAST(CASE WHEN TRY_CAST(TRY_CAST(computed._read_paid AS DECIMAL(18, 2)) AS DECIMAL(18, 4)) = computed._read_paid THEN TRY_CAST(computed._read_paid AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS paid,
    computed.units AS units,
    computed.day AS day,
    computed.status AS status,
    computed._failed_units AS _failed_units,
    computed._failed_day AS _failed_day,
    computed._failed_kept AS _failed_kept,
    computed.kept AS kept,
    computed._given__read_paid AND computed._read_paid IS NULL AS _failed__read_paid,
    computed._read_paid IS NOT NULL AS _given_paid
  FROM computed
),
filtered AS (
  SELECT
    computed_2.line_id AS line_id,
    computed_2.claim_id AS claim_id,
    computed_2.paid AS paid,
    computed_2.units AS units,
    computed_2.day AS day,
    computed_2.status AS status,
    computed_2._failed_units AS _failed_units,
    computed_2._failed_day AS _failed_day,
    computed_2._failed_kept AS _failed_kept,
    computed_2.kept AS kept,
    computed_2._failed__read_paid OR computed_2._given_paid AND computed_2.paid IS NULL AS _failed_paid,
    CASE WHEN (computed_2.status <> 'VOID') IS NOT TRUE THEN 'filtered' ELSE NULL END AS _bucket
  FROM computed_2
),
windows AS (
  SELECT
    filtered.line_id AS line_id,
    filtered.claim_id AS claim_id,
    filtered.paid AS paid,
    filtered.units AS units,
    filtered.day AS day,
    filtered._failed_units AS _failed_units,
    filtered._failed_day AS _failed_day,
    filtered._failed_kept AS _failed_kept,
    filtered.kept AS kept,
    filtered._failed_paid AS _failed_paid,
    ROW_NUMBER() OVER (PARTITION BY filtered._bucket IS NULL ORDER BY filtered.line_id NULLS LAST, filtered.claim_id NULLS LAST, filtered.paid NULLS LAST, filtered.units NULLS LAST, filtered.day NULLS LAST, filtered.status NULLS LAST, filtered.kept NULLS LAST, filtered._failed_units NULLS LAST, filtered._failed_day NULLS LAST, filtered._failed_paid NULLS LAST, filtered._failed_kept NULLS LAST) AS _row,
    filtered._failed_day AS _failed_next_day,
    filtered._bucket AS _bucket
  FROM filtered
),
windows_2 AS (
  SELECT
    windows.line_id AS line_id,
    windows.claim_id AS claim_id,
    windows.paid AS paid,
    windows.units AS units,
    windows.day AS day,
    windows._failed_units AS _failed_units,
    windows._failed_day AS _failed_day,
    windows._failed_kept AS _failed_kept,
    windows.kept AS kept,
    windows._failed_paid AS _failed_paid,
    LEAD(windows.day) OVER (PARTITION BY windows.claim_id, windows._bucket IS NULL ORDER BY windows.day NULLS LAST, windows._row NULLS LAST) AS next_day,
    CASE WHEN (windows._bucket IS NOT NULL) THEN windows._bucket WHEN windows._failed_next_day OR windows._failed_day THEN 'rejected' ELSE NULL END AS _bucket
  FROM windows
),
filtered_2 AS (
  SELECT
    windows_2.line_id AS line_id,
    windows_2.claim_id AS claim_id,
    windows_2.paid AS paid,
    windows_2.units AS units,
    windows_2.day AS day,
    windows_2._failed_units AS _failed_units,
    windows_2._failed_day AS _failed_day,
    windows_2._failed_kept AS _failed_kept,
    windows_2.kept AS kept,
    windows_2._failed_paid AS _failed_paid,
    windows_2.next_day AS next_day,
    CASE WHEN (windows_2._bucket IS NOT NULL) THEN windows_2._bucket WHEN (windows_2.next_day IS DISTINCT FROM windows_2.day) IS NOT TRUE THEN 'filtered' WHEN windows_2.line_id IS NULL THEN 'rejected' WHEN windows_2._failed_day THEN 'rejected' ELSE NULL END AS _bucket
  FROM windows_2
),
ranked AS (
  SELECT
    filtered_2.line_id AS line_id,
    filtered_2.claim_id AS claim_id,
    filtered_2.paid AS paid,
    filtered_2.units AS units,
    filtered_2.day AS day,
    filtered_2._failed_units AS _failed_units,
    filtered_2._failed_day AS _failed_day,
    filtered_2._failed_kept AS _failed_kept,
    filtered_2.kept AS kept,
    filtered_2._failed_paid AS _failed_paid,
    filtered_2.next_day AS next_day,
    ROW_NUMBER() OVER (PARTITION BY filtered_2.line_id, filtered_2._bucket IS NULL ORDER BY filtered_2.day DESC NULLS LAST, filtered_2.claim_id NULLS LAST, filtered_2.paid NULLS LAST, filtered_2.units NULLS LAST, filtered_2.kept NULLS LAST, filtered_2.next_day NULLS LAST, filtered_2._failed_units NULLS LAST, filtered_2._failed_day NULLS LAST, filtered_2._failed_paid NULLS LAST, filtered_2._failed_kept NULLS LAST) AS _rank,
    filtered_2._bucket AS _bucket
  FROM filtered_2
),
_judged AS (
  SELECT
    ranked.line_id AS line_id,
    ranked.claim_id AS claim_id,
    ranked.paid AS paid,
    ranked.units AS units,
    ranked.day AS day,
    ranked.kept AS kept,
    ranked.next_day AS next_day,
    CASE WHEN (ranked._bucket IS NOT NULL) THEN ranked._bucket WHEN ranked._rank > 1 THEN 'superseded' WHEN ranked._failed_units THEN 'quarantined' WHEN ranked._failed_day THEN 'quarantined' WHEN ranked._failed_paid THEN 'quarantined' WHEN ranked._failed_kept THEN 'quarantined' WHEN ranked.units < 1 THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN ranked._failed_units OR ranked._failed_day OR ranked._failed_paid OR ranked._failed_kept OR ranked.units < 1 THEN ('[' || CONCAT_WS(',', CASE WHEN ranked._failed_units THEN '"unreadable(units as integer)"' END, CASE WHEN ranked._failed_day THEN '"unreadable(day as date)"' END, CASE WHEN ranked._failed_paid THEN '"unreadable(paid as decimal(18,2))"' END, CASE WHEN ranked._failed_kept THEN '"unreadable(kept as integer)"' END, CASE WHEN ranked.units < 1 THEN '"range(units)"' END)) || ']' END AS _reasons
  FROM ranked
)
SELECT
  _judged.line_id,
  _judged.claim_id,
  _judged.paid,
  _judged.units,
  _judged.day,
  _judged.kept,
  _judged.next_day,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.line_id) || ':' || _judged.line_id, '-') || COALESCE(length(_judged.claim_id) || ':' || _judged.claim_id, '-') || COALESCE(length(CAST(_judged.paid AS VARCHAR)) || ':' || CAST(_judged.paid AS VARCHAR), '-') || COALESCE(length(CAST(_judged.units AS VARCHAR)) || ':' || CAST(_judged.units AS VARCHAR), '-') || COALESCE(length(CAST(_judged.day AS VARCHAR)) || ':' || CAST(_judged.day AS VARCHAR), '-') || COALESCE(length(CAST(_judged.kept AS VARCHAR)) || ':' || CAST(_judged.kept AS VARCHAR), '-') || COALESCE(length(CAST(_judged.next_day AS VARCHAR)) || ':' || CAST(_judged.next_day AS VARCHAR), '-')) END AS _content
FROM _judged;

-- stage lines: what a person has discarded leaves quarantine, where there is any
UPDATE staging.lines__new
SET _bucket='discarded'
WHERE staging.lines__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.lines__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'lines'
);

-- stage lines: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN lines._bucket = 'filtered' THEN 1 END) AS f1,
  SUM(CASE WHEN lines._bucket = 'filtered' THEN lines.paid END) AS f2,
  COUNT(CASE WHEN lines._bucket = 'rejected' THEN 1 END) AS f3,
  SUM(CASE WHEN lines._bucket = 'rejected' THEN lines.paid END) AS f4,
  COUNT(CASE WHEN lines._bucket = 'superseded' THEN 1 END) AS f5,
  SUM(CASE WHEN lines._bucket = 'superseded' THEN lines.paid END) AS f6,
  COUNT(CASE WHEN lines._bucket = 'quarantined' THEN 1 END) AS f7,
  SUM(CASE WHEN lines._bucket = 'quarantined' THEN lines.paid END) AS f8,
  COUNT(CASE WHEN lines._bucket = 'discarded' THEN 1 END) AS f9,
  SUM(CASE WHEN lines._bucket = 'discarded' THEN lines.paid END) AS f10,
  COUNT(CASE WHEN lines._bucket = 'out' THEN 1 END) AS f11,
  SUM(CASE WHEN lines._bucket = 'out' THEN lines.paid END) AS f12,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"unreadable(units as integer)"') THEN 1 END) AS f13,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"unreadable(day as date)"') THEN 1 END) AS f14,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"unreadable(paid as decimal(18,2))"') THEN 1 END) AS f15,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"unreadable(kept as integer)"') THEN 1 END) AS f16,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"range(units)"') THEN 1 END) AS f17,
  COUNT(CASE WHEN lines._bucket = 'out' AND NOT REGEXP_MATCHES(lines.line_id, '^[A-Z0-9]+$') THEN 1 END) AS f18
FROM staging.lines__new AS lines;

-- stage lines: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'lines'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.lines__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage lines: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'lines',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.lines__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'lines'
    AND _known.content = now.content
));

-- stage lines: shown as lines
CREATE VIEW staging.lines AS
SELECT
  lines.line_id,
  lines.claim_id,
  lines.paid,
  lines.units,
  lines.day,
  lines.kept,
  lines.next_day
FROM staging.lines__rows AS lines
WHERE lines._bucket = 'out';

-- stage lines: shown as lines__quarantine
CREATE VIEW quarantine.lines__quarantine AS
SELECT
  lines.line_id,
  lines.claim_id,
  lines.paid,
  lines.units,
  lines.day,
  lines.kept,
  lines.next_day,
  lines._bucket,
  coalesce(lines._reasons, '[]') AS _reasons,
  lines._content,
  'lines' AS _stage,
  _known.run_id AS _run_id
FROM staging.lines__rows AS lines
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'lines' AND _known.content = lines._content
WHERE lines._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage member_months: the candidate, beside what stands
CREATE TABLE staging.member_months__new AS
WITH "unpivot" AS (
  SELECT
    spans.member_id AS member_id,
    spans.starts AS starts,
    spans.ends AS ends,
    spans.plan AS plan,
    CONCAT(CASE WHEN (spans.plan IS NOT NULL) THEN '000' ELSE '' END, CASE WHEN (spans.member_id IS NOT NULL) THEN '001' ELSE '' END) AS _present,
    coalesce((CAST(0 AS BIGINT) + (CASE WHEN (spans.plan IS NOT NULL) THEN 1 ELSE 0 END)) + CASE WHEN (spans.member_id IS NOT NULL) THEN 1 ELSE 0 END, 0) AS _times
  FROM raw.spans AS spans
),
unpivot_2 AS (
  SELECT
    "unpivot".member_id AS member_id,
    "unpivot".starts AS starts,
    "unpivot".ends AS ends,
    "unpivot".plan AS plan,
    "unpivot"._present AS _present,
    UNNEST(RANGE(CASE WHEN ("unpivot"._times < 1) THEN 1 ELSE "unpivot"._times END)) AS _place,
    "unpivot"._times AS _times
  FROM "unpivot"
),
unpivot_3 AS (
  SELECT
    unpivot_2.member_id AS member_id,
    unpivot_2.starts AS starts,
    unpivot_2.ends AS ends,
    unpivot_2.plan AS plan,
    unpivot_2._present AS _present,
    CASE WHEN (unpivot_2._times >= 1) THEN unpivot_2._place END AS _place,
    unpivot_2._place > 0 AS _added
  FROM unpivot_2
),
unpivot_4 AS (
  SELECT
    unpivot_3.member_id AS member_id,
    unpivot_3.starts AS starts,
    unpivot_3.ends AS ends,
    unpivot_3.plan AS plan,
    unpivot_3._place AS _place,
    unpivot_3._added AS _added,
    left(substring(unpivot_3._present, CASE WHEN (unpivot_3._place * 3 + 1) < 1 THEN 1 WHEN (unpivot_3._place * 3 + 1) > 2147483647 THEN 2147483647 ELSE (unpivot_3._place * 3 + 1) END), CASE WHEN (CASE WHEN (unpivot_3._place * 3 + 1) < -2147483647 THEN -2147483647 WHEN (unpivot_3._place * 3 + 1) > 2147483647 THEN 2147483647 ELSE (unpivot_3._place * 3 + 1) END + 3) < 1 THEN 0 ELSE (CASE WHEN (unpivot_3._place * 3 + 1) < -2147483647 THEN -2147483647 WHEN (unpivot_3._place * 3 + 1) > 2147483647 THEN 2147483647 ELSE (unpivot_3._place * 3 + 1) END + 3) - CASE WHEN (unpivot_3._place * 3 + 1) < 1 THEN 1 WHEN (unpivot_3._place * 3 + 1) > 2147483647 THEN 2147483647 ELSE (unpivot_3._place * 3 + 1) END END) AS _column,
    CASE WHEN unpivot_3._place IS NULL THEN 'no value' ELSE NULL END AS _bucket
  FROM unpivot_3
),
expand AS (
  SELECT
    unpivot_4.member_id AS member_id,
    unpivot_4.starts AS starts,
    unpivot_4._place AS _place,
    unpivot_4._added AS _added,
    CASE WHEN unpivot_4._column = '000' THEN 'plan' WHEN unpivot_4._column = '001' THEN 'member_id' END AS field,
    CASE WHEN unpivot_4._column = '000' THEN unpivot_4.plan WHEN unpivot_4._column = '001' THEN unpivot_4.member_id END AS content,
    COALESCE(unpivot_4.ends, CAST(:run_date AS DATE)) AS _until,
    unpivot_4._bucket AS _bucket
  FROM unpivot_4
),
expand_2 AS (
  SELECT
    expand.member_id AS member_id,
    expand.starts AS starts,
    expand._place AS _place,
    expand._added AS _added,
    expand.field AS field,
    expand.content AS content,
    expand._until AS _until,
    CASE WHEN (expand._bucket IS NULL) THEN coalesce(CASE WHEN (expand.starts < expand._until) THEN (date_diff('month', expand.starts, expand._until) + CASE WHEN (CAST(date_trunc('month', expand._until) AS DATE) < expand._until) THEN 1 ELSE 0 END) ELSE 0 END, 0) ELSE 1 END AS _times,
    expand._bucket AS _bucket
  FROM expand
),
expand_3 AS (
  SELECT
    expand_2.member_id AS member_id,
    expand_2.starts AS starts,
    expand_2._added AS _added,
    expand_2.field AS field,
    expand_2.content AS content,
    expand_2._until AS _until,
    UNNEST(RANGE(CASE WHEN (expand_2._times < 1) THEN 1 ELSE expand_2._times END)) AS _place,
    expand_2._times AS _times,
    expand_2._bucket AS _bucket
  FROM expand_2
),
expand_4 AS (
  SELECT
    expand_3.member_id AS member_id,
    expand_3.starts AS starts,
    expand_3._place > 0 OR coalesce(expand_3._added, FALSE) AS _added,
    expand_3.field AS field,
    expand_3.content AS content,
    CASE WHEN (expand_3._times >= 1) THEN expand_3._place END AS _place,
    expand_3._bucket AS _bucket
  FROM expand_3
),
expand_5 AS (
  SELECT
    expand_4.member_id AS member_id,
    expand_4.starts AS starts,
    expand_4._added AS _added,
    expand_4.field AS field,
    expand_4.content AS content,
    expand_4._place AS _place,
    CAST(date_trunc('month', expand_4.starts) AS DATE) AS _period,
    CASE WHEN (expand_4._bucket IS NOT NULL) THEN expand_4._bucket WHEN expand_4._place IS NULL THEN 'no period' ELSE NULL END AS _bucket
  FROM expand_4
),
groups AS (
  SELECT
    expand_5.member_id AS member_id,
    expand_5.starts AS starts,
    expand_5._added AS _added,
    expand_5.field AS field,
    expand_5.content AS content,
    CAST(expand_5._period + to_months(CAST(expand_5._place AS INTEGER)) + CASE WHEN expand_5._period + to_months(CAST(expand_5._place AS INTEGER)) NOT BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN INTERVAL '999999 year' ELSE INTERVAL '0 day' END AS DATE) AS month,
    (expand_5.content IS NULL) IS TRUE AS _in_bad_group_fails,
    CASE WHEN (expand_5._bucket IS NOT NULL) THEN expand_5._bucket WHEN expand_5.member_id IS NULL THEN 'rejected' ELSE NULL END AS _bucket
  FROM expand_5
),
verdict AS (
  SELECT
    groups.member_id AS member_id,
    groups.starts AS starts,
    groups._added AS _added,
    groups.field AS field,
    groups.content AS content,
    groups.month AS month,
    BOOL_OR(groups._in_bad_group_fails) OVER (PARTITION BY groups.member_id, groups._bucket IS NULL) AS _in_bad_group,
    CASE WHEN (groups._bucket IS NOT NULL) THEN groups._bucket WHEN groups.content IS NULL THEN 'quarantined' ELSE NULL END AS _bucket,
    CASE WHEN groups.content IS NULL THEN ('[' || CONCAT_WS(',', CASE WHEN groups.content IS NULL THEN '"not_null(content)"' END)) || ']' END AS _reasons
  FROM groups
),
verdict_2 AS (
  SELECT
    verdict.member_id AS member_id,
    verdict.starts AS starts,
    verdict._added AS _added,
    verdict.field AS field,
    verdict.content AS content,
    verdict.month AS month,
    CASE WHEN (verdict._bucket IS NOT NULL) THEN verdict._bucket WHEN verdict._in_bad_group THEN 'quarantined with its group' ELSE NULL END AS _bucket,
    verdict._reasons AS _reasons
  FROM verdict
),
ranked AS (
  SELECT
    verdict_2.member_id AS member_id,
    verdict_2.starts AS starts,
    verdict_2._added AS _added,
    verdict_2.field AS field,
    verdict_2.content AS content,
    verdict_2.month AS month,
    ROW_NUMBER() OVER (PARTITION BY verdict_2._bucket IS NULL ORDER BY verdict_2.month DESC NULLS LAST, verdict_2.field NULLS LAST, verdict_2.member_id NULLS LAST, verdict_2.starts NULLS LAST) AS _rank,
    verdict_2._bucket AS _bucket,
    verdict_2._reasons AS _reasons
  FROM verdict_2
),
_judged AS (
  SELECT
    ranked.member_id AS member_id,
    ranked.starts AS starts,
    ranked.field AS field,
    ranked.month AS month,
    ranked.content AS content,
    ranked._added AS _added,
    CASE WHEN (ranked._bucket IS NOT NULL) THEN ranked._bucket WHEN ranked._rank > 100 THEN 'over the limit' ELSE 'out' END AS _bucket,
    ranked._reasons AS _reasons
  FROM ranked
)
SELECT
  _judged.member_id,
  _judged.starts,
  _judged.field,
  _judged.month,
  _judged.content,
  _judged._added,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.member_id) || ':' || _judged.member_id, '-') || COALESCE(length(CAST(_judged.starts AS VARCHAR)) || ':' || CAST(_judged.starts AS VARCHAR), '-') || COALESCE(length(_judged.field) || ':' || _judged.field, '-') || COALESCE(length(CAST(_judged.month AS VARCHAR)) || ':' || CAST(_judged.month AS VARCHAR), '-')) END AS _content
FROM _judged;

-- stage member_months: what a person has discarded leaves quarantine, where there is any
UPDATE staging.member_months__new
SET _bucket='discarded'
WHERE staging.member_months__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.member_months__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'member_months'
);

-- stage member_months: what comes in from spans
SELECT count(*) AS rows_in
FROM raw.spans AS spans;

-- stage member_months: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN member_months._added THEN 1 END) AS f1,
  COUNT(CASE WHEN member_months._bucket = 'no value' THEN 1 END) AS f2,
  COUNT(CASE WHEN member_months._bucket = 'no period' THEN 1 END) AS f3,
  COUNT(CASE WHEN member_months._bucket = 'rejected' THEN 1 END) AS f4,
  COUNT(CASE WHEN member_months._bucket = 'quarantined' THEN 1 END) AS f5,
  COUNT(CASE WHEN member_months._bucket = 'quarantined with its group' THEN 1 END) AS f6,
  COUNT(CASE WHEN member_months._bucket = 'over the limit' THEN 1 END) AS f7,
  COUNT(CASE WHEN member_months._bucket = 'discarded' THEN 1 END) AS f8,
  COUNT(CASE WHEN member_months._bucket = 'out' THEN 1 END) AS f9,
  COUNT(CASE WHEN member_months._bucket = 'quarantined' AND CONTAINS(member_months._reasons, '"not_null(content)"') THEN 1 END) AS f10
FROM staging.member_months__new AS member_months;

-- stage member_months: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'member_months'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.member_months__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage member_months: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'member_months',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.member_months__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'member_months'
    AND _known.content = now.content
));

-- stage member_months: shown as member_months
CREATE VIEW staging.member_months AS
SELECT
  member_months.member_id,
  member_months.starts,
  member_months.field,
  member_months.month
FROM staging.member_months__rows AS member_months
WHERE member_months._bucket = 'out';

-- stage member_months: shown as member_months__quarantine
CREATE VIEW quarantine.member_months__quarantine AS
SELECT
  member_months.member_id,
  member_months.starts,
  member_months.field,
  member_months.month,
  member_months._bucket,
  coalesce(member_months._reasons, '[]') AS _reasons,
  member_months._content,
  'member_months' AS _stage,
  _known.run_id AS _run_id
FROM staging.member_months__rows AS member_months
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'member_months' AND _known.content = member_months._content
WHERE member_months._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage inner_joined: the candidate, beside what stands
CREATE TABLE intermediate.inner_joined__new AS
WITH input_rows AS (
  SELECT
    lines.line_id AS line_id,
    lines.claim_id AS claim_id,
    lines.paid AS paid,
    lines.units AS units,
    lines.day AS day,
    lines.kept AS kept,
    lines.next_day AS next_day,
    CASE WHEN lines.claim_id IS NULL THEN 'no key' ELSE NULL END AS _bucket
  FROM staging.lines AS lines
)
SELECT
  input_rows.line_id,
  input_rows.claim_id,
  input_rows.paid,
  input_rows.units,
  input_rows.day,
  input_rows.kept,
  input_rows.next_day,
  headers.member_id,
  headers."Mixed" AS mixed,
  CASE WHEN (input_rows._bucket IS NOT NULL) THEN input_rows._bucket WHEN NOT headers.claim_id IS NOT NULL THEN 'unmatched' WHEN (input_rows.paid > 0) IS NOT TRUE THEN 'filtered' ELSE 'out' END AS _bucket
FROM input_rows
LEFT OUTER JOIN raw.headers AS headers ON input_rows.claim_id = headers.claim_id;

-- stage inner_joined: what comes in from lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(lines.paid), 0) AS money_0
FROM staging.lines AS lines;

-- stage inner_joined: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN inner_joined._bucket = 'no key' THEN 1 END) AS f1,
  SUM(CASE WHEN inner_joined._bucket = 'no key' THEN inner_joined.paid END) AS f2,
  COUNT(CASE WHEN inner_joined._bucket = 'unmatched' THEN 1 END) AS f3,
  SUM(CASE WHEN inner_joined._bucket = 'unmatched' THEN inner_joined.paid END) AS f4,
  COUNT(CASE WHEN inner_joined._bucket = 'filtered' THEN 1 END) AS f5,
  SUM(CASE WHEN inner_joined._bucket = 'filtered' THEN inner_joined.paid END) AS f6,
  COUNT(CASE WHEN inner_joined._bucket = 'out' THEN 1 END) AS f7,
  SUM(CASE WHEN inner_joined._bucket = 'out' THEN inner_joined.paid END) AS f8
FROM intermediate.inner_joined__new AS inner_joined;

-- stage inner_joined: shown as inner_joined
CREATE VIEW intermediate.inner_joined AS
SELECT
  inner_joined.line_id,
  inner_joined.claim_id,
  inner_joined.paid,
  inner_joined.units,
  inner_joined.day,
  inner_joined.kept,
  inner_joined.next_day,
  inner_joined.member_id,
  inner_joined.mixed
FROM intermediate.inner_joined__rows AS inner_joined
WHERE inner_joined._bucket = 'out';

-- stage left_joined: the candidate, beside what stands
CREATE TABLE intermediate.left_joined__new AS
WITH "defaults of headers" AS (
  SELECT
    lines.line_id AS line_id,
    lines.claim_id AS claim_id,
    lines.paid AS paid,
    lines.units AS units,
    lines.day AS day,
    lines.kept AS kept,
    lines.next_day AS next_day,
    CASE WHEN headers.claim_id IS NOT NULL THEN headers.member_id ELSE 'UNKNOWN' END AS member_id,
    row_number() OVER () AS _left
  FROM staging.lines AS lines
  LEFT OUTER JOIN raw.headers AS headers ON lines.claim_id = headers.claim_id
)
SELECT
  "defaults of headers".line_id,
  "defaults of headers".claim_id,
  "defaults of headers".paid,
  "defaults of headers".units,
  "defaults of headers".day,
  "defaults of headers".kept,
  "defaults of headers".next_day,
  "defaults of headers".member_id,
  paying.payment_id,
  paying.amount,
  row_number() OVER (PARTITION BY "defaults of headers"._left ORDER BY "defaults of headers"._left) > 1 AS _added
FROM "defaults of headers"
LEFT OUTER JOIN raw.payments AS paying ON "defaults of headers".line_id = paying.line_id;

-- stage left_joined: what comes in from lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(lines.paid), 0) AS money_0
FROM staging.lines AS lines;

-- stage left_joined: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN left_joined._added THEN 1 END) AS f1,
  SUM(CASE WHEN left_joined._added THEN left_joined.paid END) AS f2,
  COUNT(*) AS f3,
  SUM(left_joined.paid) AS f4
FROM intermediate.left_joined__new AS left_joined;

-- stage left_joined: shown as left_joined
CREATE VIEW intermediate.left_joined AS
SELECT
  left_joined.line_id,
  left_joined.claim_id,
  left_joined.paid,
  left_joined.units,
  left_joined.day,
  left_joined.kept,
  left_joined.next_day,
  left_joined.member_id,
  left_joined.payment_id,
  left_joined.amount
FROM intermediate.left_joined__rows AS left_joined;

-- stage full_joined: the candidate, beside what stands
CREATE TABLE intermediate.full_joined__new AS
WITH input_rows AS (
  SELECT
    lines.line_id AS line_id,
    lines.claim_id AS claim_id,
    lines.paid AS paid,
    lines.units AS units,
    lines.day AS day,
    lines.kept AS kept,
    lines.next_day AS next_day,
    1 AS _left
  FROM staging.lines AS lines
)
SELECT
  input_rows.line_id,
  COALESCE(input_rows.claim_id, headers.claim_id) AS claim_id,
  input_rows.paid,
  input_rows.units,
  input_rows.day,
  input_rows.kept,
  input_rows.next_day,
  headers.member_id,
  input_rows._left IS NULL AS _added
FROM input_rows
FULL OUTER JOIN raw.headers AS headers ON input_rows.claim_id = headers.claim_id;

-- stage full_joined: what comes in from lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(lines.paid), 0) AS money_0
FROM staging.lines AS lines;

-- stage full_joined: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN full_joined._added THEN 1 END) AS f1,
  SUM(CASE WHEN full_joined._added THEN full_joined.paid END) AS f2,
  COUNT(*) AS f3,
  SUM(full_joined.paid) AS f4
FROM intermediate.full_joined__new AS full_joined;

-- stage full_joined: key(line_id, claim_id), whether a row can fail
WITH grouped AS (
  SELECT
    full_joined.line_id AS _k0,
    full_joined.claim_id AS _k1,
    full_joined._added AS _added
  FROM intermediate.full_joined__new AS full_joined
)
SELECT count(*) - count(DISTINCT hash(grouped._k0, grouped._k1)) AS repeated
FROM grouped;

-- stage full_joined: key(line_id, claim_id)
WITH grouped AS (
  SELECT
    full_joined.line_id AS _k0,
    full_joined.claim_id AS _k1,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM intermediate.full_joined__new AS full_joined
  GROUP BY full_joined.line_id, full_joined.claim_id
),
failing AS (
  SELECT
    grouped._n AS _n,
    grouped._rows AS _rows
  FROM grouped
  WHERE (grouped._n < 2) IS NOT TRUE
)
SELECT coalesce(sum(failing._n), 0) AS failing_rows
FROM failing;

-- stage full_joined: shown as full_joined
CREATE VIEW intermediate.full_joined AS
SELECT
  full_joined.line_id,
  full_joined.claim_id,
  full_joined.paid,
  full_joined.units,
  full_joined.day,
  full_joined.kept,
  full_joined.next_day,
  full_joined.member_id
FROM intermediate.full_joined__rows AS full_joined;

-- stage paid_lines: the candidate, beside what stands
CREATE TABLE intermediate.paid_lines__new AS
SELECT
  lines.line_id,
  lines.claim_id,
  lines.paid,
  lines.units,
  lines.day,
  lines.kept,
  lines.next_day,
  CASE WHEN NOT EXISTS (
    SELECT 1
    FROM raw.payments AS payments
    WHERE lines.line_id = payments.line_id
      AND payments.amount > 0
  ) THEN 'unmatched' ELSE 'out' END AS _bucket
FROM staging.lines AS lines;

-- stage paid_lines: what comes in from lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(lines.paid), 0) AS money_0
FROM staging.lines AS lines;

-- stage paid_lines: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN paid_lines._bucket = 'unmatched' THEN 1 END) AS f1,
  SUM(CASE WHEN paid_lines._bucket = 'unmatched' THEN paid_lines.paid END) AS f2,
  COUNT(CASE WHEN paid_lines._bucket = 'out' THEN 1 END) AS f3,
  SUM(CASE WHEN paid_lines._bucket = 'out' THEN paid_lines.paid END) AS f4
FROM intermediate.paid_lines__new AS paid_lines;

-- stage paid_lines: shown as paid_lines
CREATE VIEW intermediate.paid_lines AS
SELECT
  paid_lines.line_id,
  paid_lines.claim_id,
  paid_lines.paid,
  paid_lines.units,
  paid_lines.day,
  paid_lines.kept,
  paid_lines.next_day
FROM intermediate.paid_lines__rows AS paid_lines
WHERE paid_lines._bucket = 'out';

-- stage unpaid_lines: the candidate, beside what stands
CREATE TABLE intermediate.unpaid_lines__new AS
SELECT
  lines.line_id,
  lines.claim_id,
  lines.paid,
  lines.units,
  lines.day,
  lines.kept,
  lines.next_day,
  CASE WHEN (EXISTS (
    SELECT 1
    FROM raw.payments AS payments
    WHERE lines.line_id = payments.line_id
  )) THEN 'matched' ELSE 'out' END AS _bucket
FROM staging.lines AS lines;

-- stage unpaid_lines: what comes in from lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(lines.paid), 0) AS money_0
FROM staging.lines AS lines;

-- stage unpaid_lines: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN unpaid_lines._bucket = 'matched' THEN 1 END) AS f1,
  SUM(CASE WHEN unpaid_lines._bucket = 'matched' THEN unpaid_lines.paid END) AS f2,
  COUNT(CASE WHEN unpaid_lines._bucket = 'out' THEN 1 END) AS f3,
  SUM(CASE WHEN unpaid_lines._bucket = 'out' THEN unpaid_lines.paid END) AS f4
FROM intermediate.unpaid_lines__new AS unpaid_lines;

-- stage unpaid_lines: shown as unpaid_lines
CREATE VIEW intermediate.unpaid_lines AS
SELECT
  unpaid_lines.line_id,
  unpaid_lines.claim_id,
  unpaid_lines.paid,
  unpaid_lines.units,
  unpaid_lines.day,
  unpaid_lines.kept,
  unpaid_lines.next_day
FROM intermediate.unpaid_lines__rows AS unpaid_lines
WHERE unpaid_lines._bucket = 'out';

-- stage both: the candidate, beside what stands
CREATE TABLE intermediate.both__new AS
WITH branches AS (
  SELECT
    paid_lines.line_id AS line_id,
    paid_lines.claim_id AS claim_id,
    paid_lines.paid AS paid,
    paid_lines.units AS units,
    paid_lines.day AS day,
    paid_lines.kept AS kept,
    paid_lines.next_day AS next_day,
    'paid_lines' AS branch
  FROM intermediate.paid_lines AS paid_lines
  UNION ALL
  SELECT
    unpaid_lines.line_id AS line_id,
    unpaid_lines.claim_id AS claim_id,
    unpaid_lines.paid AS paid,
    unpaid_lines.units AS units,
    unpaid_lines.day AS day,
    unpaid_lines.kept AS kept,
    unpaid_lines.next_day AS next_day,
    'unpaid_lines' AS branch
  FROM intermediate.unpaid_lines AS unpaid_lines
)
SELECT
  branches.line_id,
  branches.claim_id,
  branches.paid,
  branches.units,
  branches.day,
  branches.kept,
  branches.next_day,
  branches.branch
FROM branches;

-- stage both: what comes in from paid_lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(paid_lines.paid), 0) AS money_0
FROM intermediate.paid_lines AS paid_lines;

-- stage both: what comes in from unpaid_lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(unpaid_lines.paid), 0) AS money_0
FROM intermediate.unpaid_lines AS unpaid_lines;

-- stage both: one scan for the ledger and the checks
SELECT
  COUNT(*) AS f1,
  SUM("both".paid) AS f2
FROM intermediate.both__new AS "both";

-- stage both: shown as both
CREATE VIEW intermediate."both" AS
SELECT
  "both".line_id,
  "both".claim_id,
  "both".paid,
  "both".units,
  "both".day,
  "both".kept,
  "both".next_day,
  "both".branch
FROM intermediate.both__rows AS "both";

-- stage enriched: the candidate, beside what stands
CREATE TABLE intermediate.enriched__new AS
SELECT
  inner_joined.line_id,
  inner_joined.claim_id,
  inner_joined.paid,
  inner_joined.units,
  inner_joined.day,
  inner_joined.kept,
  inner_joined.next_day,
  inner_joined.member_id,
  inner_joined.mixed,
  spans.plan,
  CAST(date_trunc('month', inner_joined.day) AS DATE) AS month,
  CAST(CAST(inner_joined.paid AS DOUBLE PRECISION) / NULLIF(CAST(inner_joined.units AS DOUBLE PRECISION), 0) AS DOUBLE PRECISION) AS share,
  CAST(SUM(inner_joined.paid) OVER (PARTITION BY inner_joined.claim_id ORDER BY inner_joined.day NULLS LAST, inner_joined.line_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(38, 2)) AS running
FROM intermediate.inner_joined AS inner_joined
LEFT OUTER JOIN raw.spans AS spans ON inner_joined.member_id = spans.member_id AND spans.starts <= inner_joined.day AND inner_joined.day < COALESCE(spans.ends, CAST('infinity' AS DATE));

-- stage enriched: what comes in from inner_joined
SELECT
  count(*) AS rows_in,
  coalesce(sum(inner_joined.paid), 0) AS money_0
FROM intermediate.inner_joined AS inner_joined;

-- stage enriched: one scan for the ledger and the checks
SELECT
  COUNT(*) AS f1,
  SUM(enriched.paid) AS f2
FROM intermediate.enriched__new AS enriched;

-- stage enriched: shown as enriched
CREATE VIEW intermediate.enriched AS
SELECT
  enriched.line_id,
  enriched.claim_id,
  enriched.paid,
  enriched.units,
  enriched.day,
  enriched.kept,
  enriched.next_day,
  enriched.member_id,
  enriched.mixed,
  enriched.plan,
  enriched.month,
  enriched.share,
  enriched.running
FROM intermediate.enriched__rows AS enriched;

-- stage monthly: the candidate, beside what stands
CREATE TABLE marts.monthly__new AS
WITH groups AS (
  SELECT
    enriched.line_id AS line_id,
    enriched.claim_id AS claim_id,
    enriched.paid AS paid,
    enriched.day AS day,
    enriched.plan AS plan,
    enriched.month AS month,
    CAST(EXTRACT(ISODOW FROM enriched.day) AS BIGINT) AS _by_weekday
  FROM intermediate.enriched AS enriched
  WHERE enriched.month IS NOT NULL
),
grouped AS (
  SELECT
    groups.plan AS plan,
    groups.month AS month,
    groups._by_weekday AS weekday,
    COUNT(*) AS line_count,
    COUNT(DISTINCT groups.claim_id) AS claims,
    CAST(SUM(groups.paid) AS DECIMAL(38, 2)) AS paid,
    CAST(SUM(CASE WHEN groups.paid > 100 THEN groups.paid END) AS DECIMAL(38, 2)) AS large,
    arg_min(groups.line_id, CASE WHEN groups.line_id IS NOT NULL AND groups.day IS NOT NULL THEN create_sort_key(groups.day, 'DESC NULLS LAST', groups.line_id, 'ASC NULLS LAST', groups.line_id, 'DESC NULLS LAST') END) AS last_line,
    CAST(CAST(SUM(groups.paid) AS DOUBLE PRECISION) / NULLIF(CAST(COUNT(*) AS DOUBLE PRECISION), 0) AS DOUBLE PRECISION) AS mean,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM groups
  GROUP BY groups.plan, groups.month, groups._by_weekday
)
SELECT
  grouped.plan,
  grouped.month,
  grouped.weekday,
  grouped.line_count,
  grouped.claims,
  grouped.paid,
  grouped.large,
  grouped.last_line,
  grouped.mean,
  grouped._rows,
  CASE WHEN (grouped.line_count > 0) IS NOT TRUE THEN 'having' ELSE 'out' END AS _bucket
FROM grouped;

-- stage monthly: what comes in from enriched
SELECT
  count(*) AS rows_in,
  coalesce(sum(enriched.paid), 0) AS money_0
FROM intermediate.enriched AS enriched;

-- stage monthly: what becomes of the rows before they are grouped
WITH before_group AS (
  SELECT
    enriched.paid AS paid,
    CASE WHEN (enriched.month IS NOT NULL) IS NOT TRUE THEN 'filtered' ELSE 'out' END AS _bucket
  FROM intermediate.enriched AS enriched
)
SELECT
  COUNT(CASE WHEN before_group._bucket = 'filtered' THEN 1 END) AS f1,
  SUM(CASE WHEN before_group._bucket = 'filtered' THEN before_group.paid END) AS f2,
  COUNT(CASE WHEN before_group._bucket = 'out' THEN 1 END) AS f3,
  SUM(CASE WHEN before_group._bucket = 'out' THEN before_group.paid END) AS f4
FROM before_group;

-- stage monthly: one scan for the ledger and the checks
SELECT
  coalesce(SUM(monthly._rows), 0) AS f1,
  COUNT(CASE WHEN monthly._bucket = 'having' THEN 1 END) AS f2,
  SUM(CASE WHEN monthly._bucket = 'having' THEN monthly.paid END) AS f3,
  COUNT(CASE WHEN monthly._bucket = 'out' THEN 1 END) AS f4,
  SUM(CASE WHEN monthly._bucket = 'out' THEN monthly.paid END) AS f5
FROM marts.monthly__new AS monthly;

-- stage monthly: shown as monthly
CREATE VIEW marts.monthly AS
SELECT
  monthly.plan,
  monthly.month,
  monthly.weekday,
  monthly.line_count,
  monthly.claims,
  monthly.paid,
  monthly.large,
  monthly.last_line,
  monthly.mean
FROM marts.monthly__rows AS monthly
WHERE monthly._bucket = 'out';

-- stage by_hand: the candidate, beside what stands
CREATE TABLE intermediate.by_hand__new AS
WITH monthly AS (
  SELECT
    monthly_read.plan AS plan,
    monthly_read.month AS month,
    monthly_read.weekday AS weekday,
    monthly_read.line_count AS line_count,
    monthly_read.claims AS claims,
    monthly_read.paid AS paid,
    monthly_read.large AS large,
    monthly_read.last_line AS last_line,
    monthly_read.mean AS mean
  FROM marts.monthly AS monthly_read
)
SELECT
  CAST(selected.plan AS VARCHAR) AS plan,
  CAST(selected.paid AS DECIMAL(38, 2)) AS paid,
  CAST(selected.day AS DATE) AS day,
  CAST(selected.seen AS TIMESTAMP) AS seen
FROM (
  SELECT
    authored.plan AS plan,
    authored.paid AS paid,
    authored.day AS day,
    authored.seen AS seen
  FROM (
    SELECT
      plan,
      SUM(paid) AS paid,
      CAST(:run_date AS DATE) AS day,
      CAST(CAST(:run_started_at AS TIMESTAMP) AS TIMESTAMPTZ) AS seen
    FROM monthly
    GROUP BY plan
  ) AS authored
) AS selected;

-- stage by_hand: what comes in from monthly
SELECT
  count(*) AS rows_in,
  coalesce(sum(monthly.paid), 0) AS money_0
FROM marts.monthly AS monthly;

-- stage by_hand: one scan for the ledger and the checks
SELECT
  COUNT(*) AS f1,
  SUM(by_hand.paid) AS f2
FROM intermediate.by_hand__new AS by_hand;

-- stage by_hand: shown as by_hand
CREATE VIEW intermediate.by_hand AS
SELECT
  by_hand.plan,
  by_hand.paid,
  by_hand.day,
  by_hand.seen
FROM intermediate.by_hand__rows AS by_hand;

-- stage dim_plan: the candidate, beside what stands
CREATE TABLE marts.dim_plan__new AS
SELECT
  md5(COALESCE(length(by_hand.plan) || ':' || by_hand.plan, '-')) AS plan_key,
  by_hand.plan,
  by_hand.paid,
  'out' AS _bucket
FROM intermediate.by_hand AS by_hand
UNION ALL
SELECT
  md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) AS plan_key,
  CAST('UNKNOWN' AS VARCHAR) AS plan,
  CAST(NULL AS DECIMAL(38, 2)) AS paid,
  'unknown' AS _bucket;

-- stage dim_plan: what comes in from by_hand
SELECT
  count(*) AS rows_in,
  coalesce(sum(by_hand.paid), 0) AS money_0
FROM intermediate.by_hand AS by_hand;

-- stage dim_plan: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN dim_plan._bucket = 'out' THEN 1 END) AS f1,
  SUM(CASE WHEN dim_plan._bucket = 'out' THEN dim_plan.paid END) AS f2
FROM marts.dim_plan__new AS dim_plan;

-- stage dim_plan: key(plan), whether a row can fail
WITH grouped AS (
  SELECT dim_plan.plan AS _k0
  FROM (
    SELECT
      dim_plan.plan_key AS plan_key,
      dim_plan.plan AS plan,
      dim_plan.paid AS paid
    FROM marts.dim_plan__new AS dim_plan
    WHERE dim_plan._bucket IN ('out', 'unknown')
  ) AS dim_plan
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage dim_plan: key(plan)
WITH grouped AS (
  SELECT
    dim_plan.plan AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      dim_plan.plan_key AS plan_key,
      dim_plan.plan AS plan,
      dim_plan.paid AS paid
    FROM marts.dim_plan__new AS dim_plan
    WHERE dim_plan._bucket IN ('out', 'unknown')
  ) AS dim_plan
  GROUP BY dim_plan.plan
),
failing AS (
  SELECT
    grouped._n AS _n,
    grouped._rows AS _rows
  FROM grouped
  WHERE (grouped._n < 2) IS NOT TRUE
)
SELECT coalesce(sum(failing._n), 0) AS failing_rows
FROM failing;

-- publish dim_plan: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.dim_plan AS
SELECT
  marts.dim_plan__new.plan_key,
  marts.dim_plan__new.plan,
  marts.dim_plan__new.paid
FROM marts.dim_plan__new
WHERE 1 = 0;

-- publish dim_plan: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.dim_plan__new.plan_key AS plan_key,
    marts.dim_plan__new.plan AS plan,
    marts.dim_plan__new.paid AS paid
  FROM marts.dim_plan__new
  WHERE marts.dim_plan__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.dim_plan.plan_key AS plan_key,
    marts.dim_plan.plan AS plan,
    marts.dim_plan.paid AS paid,
    1 AS _stands
  FROM marts.dim_plan
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND candidate.paid IS DISTINCT FROM standing.paid) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND candidate.paid IS NOT DISTINCT FROM standing.paid) THEN 1 END) AS unchanged,
  (
    SELECT count(*) AS count_1
    FROM marts.dim_plan
    WHERE NOT (EXISTS (
      SELECT 1
      FROM candidate
      WHERE candidate.plan_key = marts.dim_plan.plan_key
    ))
      AND NOT (EXISTS (
      SELECT 1
      FROM marts.dim_plan__new AS unknown_row
      WHERE unknown_row._bucket = 'unknown'
        AND unknown_row.plan_key = marts.dim_plan.plan_key
    ))
  ) AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.plan_key = standing.plan_key;

-- publish dim_plan: what makes it stand
DELETE FROM marts.dim_plan;

-- publish dim_plan: what makes it stand
INSERT INTO marts.dim_plan (plan_key, plan, paid)
SELECT
  marts.dim_plan__new.plan_key,
  marts.dim_plan__new.plan,
  marts.dim_plan__new.paid
FROM marts.dim_plan__new
WHERE marts.dim_plan__new._bucket IN ('out', 'unknown');

-- stage fct_monthly: the candidate, beside what stands
CREATE TABLE marts.fct_monthly__new AS
SELECT
  md5(COALESCE(length(monthly.plan) || ':' || monthly.plan, '-') || COALESCE(length(CAST(monthly.month AS VARCHAR)) || ':' || CAST(monthly.month AS VARCHAR), '-') || COALESCE(length(CAST(monthly.weekday AS VARCHAR)) || ':' || CAST(monthly.weekday AS VARCHAR), '-')) AS monthly_key,
  CASE WHEN dim_plan_by_plan.plan IS NOT NULL THEN dim_plan_by_plan.plan_key ELSE md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) END AS plan_key,
  monthly.plan,
  monthly.month,
  monthly.weekday,
  monthly.line_count,
  monthly.claims,
  monthly.paid,
  monthly.large,
  monthly.last_line,
  monthly.mean
FROM marts.monthly AS monthly
LEFT OUTER JOIN marts.dim_plan__next AS dim_plan_by_plan ON monthly.plan = dim_plan_by_plan.plan;

-- stage fct_monthly: what comes in from monthly
SELECT
  count(*) AS rows_in,
  coalesce(sum(monthly.paid), 0) AS money_0
FROM marts.monthly AS monthly;

-- stage fct_monthly: one scan for the ledger and the checks
SELECT
  COUNT(*) AS f1,
  SUM(fct_monthly.paid) AS f2
FROM marts.fct_monthly__new AS fct_monthly;

-- publish fct_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_monthly__new RENAME TO fct_monthly;

-- publish fct_monthly: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.fct_monthly AS
SELECT
  marts.fct_monthly__new.monthly_key,
  marts.fct_monthly__new.plan_key,
  marts.fct_monthly__new.plan,
  marts.fct_monthly__new.month,
  marts.fct_monthly__new.weekday,
  marts.fct_monthly__new.line_count,
  marts.fct_monthly__new.claims,
  marts.fct_monthly__new.paid,
  marts.fct_monthly__new.large,
  marts.fct_monthly__new.last_line,
  marts.fct_monthly__new.mean
FROM marts.fct_monthly__new
WHERE 1 = 0;

-- publish fct_monthly: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.fct_monthly__new.monthly_key AS monthly_key,
    marts.fct_monthly__new.plan_key AS plan_key,
    marts.fct_monthly__new.plan AS plan,
    marts.fct_monthly__new.month AS month,
    marts.fct_monthly__new.weekday AS weekday,
    marts.fct_monthly__new.line_count AS line_count,
    marts.fct_monthly__new.claims AS claims,
    marts.fct_monthly__new.paid AS paid,
    marts.fct_monthly__new.large AS large,
    marts.fct_monthly__new.last_line AS last_line,
    marts.fct_monthly__new.mean AS mean
  FROM marts.fct_monthly__new
),
standing AS (
  SELECT
    marts.fct_monthly.monthly_key AS monthly_key,
    marts.fct_monthly.plan_key AS plan_key,
    marts.fct_monthly.plan AS plan,
    marts.fct_monthly.month AS month,
    marts.fct_monthly.weekday AS weekday,
    marts.fct_monthly.line_count AS line_count,
    marts.fct_monthly.claims AS claims,
    marts.fct_monthly.paid AS paid,
    marts.fct_monthly.large AS large,
    marts.fct_monthly.last_line AS last_line,
    marts.fct_monthly.mean AS mean,
    1 AS _stands
  FROM marts.fct_monthly
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.plan_key IS DISTINCT FROM standing.plan_key OR candidate.line_count IS DISTINCT FROM standing.line_count OR candidate.claims IS DISTINCT FROM standing.claims OR candidate.paid IS DISTINCT FROM standing.paid OR candidate.large IS DISTINCT FROM standing.large OR candidate.last_line IS DISTINCT FROM standing.last_line OR candidate.mean IS DISTINCT FROM standing.mean AND NOT coalesce(candidate.mean BETWEEN least(standing.mean * 0.999999999, standing.mean * 1.000000001) AND greatest(standing.mean * 0.999999999, standing.mean * 1.000000001), FALSE))) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.plan_key IS DISTINCT FROM standing.plan_key OR candidate.line_count IS DISTINCT FROM standing.line_count OR candidate.claims IS DISTINCT FROM standing.claims OR candidate.paid IS DISTINCT FROM standing.paid OR candidate.large IS DISTINCT FROM standing.large OR candidate.last_line IS DISTINCT FROM standing.last_line OR candidate.mean IS DISTINCT FROM standing.mean AND NOT coalesce(candidate.mean BETWEEN least(standing.mean * 0.999999999, standing.mean * 1.000000001) AND greatest(standing.mean * 0.999999999, standing.mean * 1.000000001), FALSE))) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.monthly_key = standing.monthly_key;

-- publish fct_monthly: what makes it stand
DELETE FROM marts.fct_monthly
WHERE EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.fct_monthly__new.monthly_key AS monthly_key,
      marts.fct_monthly__new.plan_key AS plan_key,
      marts.fct_monthly__new.plan AS plan,
      marts.fct_monthly__new.month AS month,
      marts.fct_monthly__new.weekday AS weekday,
      marts.fct_monthly__new.line_count AS line_count,
      marts.fct_monthly__new.claims AS claims,
      marts.fct_monthly__new.paid AS paid,
      marts.fct_monthly__new.large AS large,
      marts.fct_monthly__new.last_line AS last_line,
      marts.fct_monthly__new.mean AS mean
    FROM marts.fct_monthly__new
  ) AS candidate
  WHERE candidate.monthly_key = marts.fct_monthly.monthly_key
    AND (candidate.plan_key IS DISTINCT FROM marts.fct_monthly.plan_key OR candidate.line_count IS DISTINCT FROM marts.fct_monthly.line_count OR candidate.claims IS DISTINCT FROM marts.fct_monthly.claims OR candidate.paid IS DISTINCT FROM marts.fct_monthly.paid OR candidate.large IS DISTINCT FROM marts.fct_monthly.large OR candidate.last_line IS DISTINCT FROM marts.fct_monthly.last_line OR candidate.mean IS DISTINCT FROM marts.fct_monthly.mean AND NOT coalesce(candidate.mean BETWEEN least(marts.fct_monthly.mean * 0.999999999, marts.fct_monthly.mean * 1.000000001) AND greatest(marts.fct_monthly.mean * 0.999999999, marts.fct_monthly.mean * 1.000000001), FALSE))
);

-- publish fct_monthly: what makes it stand
INSERT INTO marts.fct_monthly (monthly_key, plan_key, plan, month, weekday, line_count, claims, paid, large, last_line, mean)
SELECT
  candidate.monthly_key,
  candidate.plan_key,
  candidate.plan,
  candidate.month,
  candidate.weekday,
  candidate.line_count,
  candidate.claims,
  candidate.paid,
  candidate.large,
  candidate.last_line,
  candidate.mean
FROM (
  SELECT
    marts.fct_monthly__new.monthly_key AS monthly_key,
    marts.fct_monthly__new.plan_key AS plan_key,
    marts.fct_monthly__new.plan AS plan,
    marts.fct_monthly__new.month AS month,
    marts.fct_monthly__new.weekday AS weekday,
    marts.fct_monthly__new.line_count AS line_count,
    marts.fct_monthly__new.claims AS claims,
    marts.fct_monthly__new.paid AS paid,
    marts.fct_monthly__new.large AS large,
    marts.fct_monthly__new.last_line AS last_line,
    marts.fct_monthly__new.mean AS mean
  FROM marts.fct_monthly__new
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.fct_monthly AS standing
  WHERE candidate.monthly_key = standing.monthly_key
));
