-- source raw: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM given.raw;

-- source raw: key(id), whether a row can fail
WITH grouped AS (
  SELECT raw.id AS _k0
  FROM given.raw AS raw
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- source raw: key(id)
WITH grouped AS (
  SELECT
    raw.id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM given.raw AS raw
  GROUP BY raw.id
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

-- source control: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM given.control;

-- stage lines: the candidate, beside what stands
CREATE TABLE intermediate.lines__new AS
WITH checked AS (
  SELECT
    raw.id AS id,
    raw.k AS k,
    raw.code AS code,
    raw.n AS n,
    raw.paid AS paid,
    raw.x AS x,
    raw.d AS d,
    raw.until AS until,
    raw."at" AS "at",
    (raw.n > 0) IS TRUE AS _where_2
  FROM given.raw AS raw
),
steps AS (
  SELECT
    checked.id AS id,
    checked.k AS k,
    checked.code AS code,
    checked.n AS n,
    checked.paid AS paid,
    checked.x AS x,
    checked.d AS d,
    checked.until AS until,
    checked."at" AS "at",
    checked._where_2 AS _where_2,
    COUNT(*) OVER (PARTITION BY checked.k, checked.code, checked._where_2) AS _rows_1,
    LAG(checked.n) OVER (PARTITION BY checked.k ORDER BY checked.n NULLS LAST, checked.id NULLS LAST) AS _before_5
  FROM checked
),
groups AS (
  SELECT
    steps.id AS id,
    steps.k AS k,
    steps.code AS code,
    steps.n AS n,
    steps.paid AS paid,
    steps.x AS x,
    steps.d AS d,
    steps.until AS until,
    steps."at" AS "at",
    steps._where_2 AS _where_2,
    steps._rows_1 AS _rows_1,
    steps._before_5 AS _before_5,
    (steps._where_2 AND steps._rows_1 > 1 OR steps.n <> steps._before_5 + 1) IS TRUE AS _in_group_found_bad_fails
  FROM steps
),
groups_2 AS (
  SELECT
    groups.id AS id,
    groups.k AS k,
    groups.code AS code,
    groups.n AS n,
    groups.paid AS paid,
    groups.x AS x,
    groups.d AS d,
    groups.until AS until,
    groups."at" AS "at",
    groups._where_2 AS _where_2,
    groups._rows_1 AS _rows_1,
    groups._before_5 AS _before_5,
    BOOL_OR(groups._in_group_found_bad_fails) OVER (PARTITION BY groups.k) AS _in_group_found_bad_anywhere
  FROM groups
),
verdict AS (
  SELECT
    groups_2.id AS id,
    groups_2.k AS k,
    groups_2.code AS code,
    groups_2.n AS n,
    groups_2.paid AS paid,
    groups_2.x AS x,
    groups_2.d AS d,
    groups_2.until AS until,
    groups_2."at" AS "at",
    groups_2._in_group_found_bad_anywhere AND groups_2.k IS NOT NULL AS _in_group_found_bad,
    CASE WHEN groups_2._where_2 AND groups_2._rows_1 > 1 THEN 'quarantined' WHEN groups_2.n <> groups_2._before_5 + 1 THEN 'quarantined' ELSE NULL END AS _bucket,
    CASE WHEN groups_2._where_2 AND groups_2._rows_1 > 1 OR groups_2.n <> groups_2._before_5 + 1 THEN ('[' || CONCAT_WS(',', CASE WHEN groups_2._where_2 AND groups_2._rows_1 > 1 THEN '"unique(k, code)"' END, CASE WHEN groups_2.n <> groups_2._before_5 + 1 THEN '"sequential(n)"' END)) || ']' END AS _reasons
  FROM groups_2
),
_judged AS (
  SELECT
    verdict.id AS id,
    verdict.k AS k,
    verdict.code AS code,
    verdict.n AS n,
    verdict.paid AS paid,
    verdict.x AS x,
    verdict.d AS d,
    verdict.until AS until,
    verdict."at" AS "at",
    CASE WHEN (verdict._bucket IS NOT NULL) THEN verdict._bucket WHEN verdict._in_group_found_bad THEN 'quarantined with its group' ELSE 'out' END AS _bucket,
    verdict._reasons AS _reasons
  FROM verdict
)
SELECT
  _judged.id,
  _judged.k,
  _judged.code,
  _judged.n,
  _judged.paid,
  _judged.x,
  _judged.d,
  _judged.until,
  _judged."at",
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(CAST(_judged.id AS VARCHAR)) || ':' || CAST(_judged.id AS VARCHAR), '-') || COALESCE(length(_judged.k) || ':' || _judged.k, '-') || COALESCE(length(_judged.code) || ':' || _judged.code, '-') || COALESCE(length(CAST(_judged.n AS VARCHAR)) || ':' || CAST(_judged.n AS VARCHAR), '-') || COALESCE(length(CAST(_judged.paid AS VARCHAR)) || ':' || CAST(_judged.paid AS VARCHAR), '-') || COALESCE(length(CAST(_judged.x AS VARCHAR)) || ':' || CAST(_judged.x AS VARCHAR), '-') || COALESCE(length(CAST(_judged.d AS VARCHAR)) || ':' || CAST(_judged.d AS VARCHAR), '-') || COALESCE(length(CAST(_judged.until AS VARCHAR)) || ':' || CAST(_judged.until AS VARCHAR), '-') || COALESCE(length(strftime(_judged."at", '%Y-%m-%d %H:%M:%S.%f')) || ':' || strftime(_judged."at", '%Y-%m-%d %H:%M:%S.%f'), '-')) END AS _content
FROM _judged;

-- stage lines: what a person has discarded leaves quarantine, where there is any
UPDATE intermediate.lines__new
SET _bucket='discarded'
WHERE intermediate.lines__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND intermediate.lines__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'lines'
);

-- stage lines: what comes in from raw
SELECT count(*) AS rows_in
FROM given.raw AS raw;

-- stage lines: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN lines._bucket = 'quarantined' THEN 1 END) AS f1,
  COUNT(CASE WHEN lines._bucket = 'quarantined with its group' THEN 1 END) AS f2,
  COUNT(CASE WHEN lines._bucket = 'discarded' THEN 1 END) AS f3,
  COUNT(CASE WHEN lines._bucket = 'out' THEN 1 END) AS f4,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"unique(k, code)"') THEN 1 END) AS f5,
  COUNT(CASE WHEN lines._bucket = 'quarantined' AND CONTAINS(lines._reasons, '"sequential(n)"') THEN 1 END) AS f6,
  COUNT(CASE WHEN lines._bucket = 'out' AND (LENGTH(lines.code) < 1 OR LENGTH(lines.code) > 9) THEN 1 END) AS f7,
  COUNT(DISTINCT CASE WHEN lines._bucket = 'out' AND lines.n > 0 THEN lines.k END) AS f8,
  CAST(AVG(CAST(CASE WHEN lines._bucket = 'out' THEN lines.paid END AS DOUBLE)) AS DOUBLE PRECISION) AS f9,
  SUM(CASE WHEN lines._bucket = 'out' AND lines.n > 0 THEN lines.paid END) AS f10,
  CAST(STDDEV_SAMP(CASE WHEN lines._bucket = 'out' THEN lines.x END) AS DOUBLE PRECISION) AS f11,
  date_diff('second', MAX(CASE WHEN lines._bucket = 'out' AND lines.n > 0 THEN lines."at" END), CAST(:run_started_at AS TIMESTAMP)) AS f12,
  date_diff('second', CAST(MAX(CASE WHEN lines._bucket = 'out' THEN lines.d END) AS TIMESTAMP), CAST(:run_started_at AS TIMESTAMP)) AS f13,
  COUNT(CASE WHEN lines._bucket = 'out' AND lines.n > 1 AND lines.k IS NOT NULL THEN 1 END) AS f14,
  COUNT(CASE WHEN lines._bucket = 'out' AND lines.n > 1 THEN 1 END) AS f15
FROM intermediate.lines__new AS lines;

-- stage lines: relationship(k -> control.k)
WITH input_rows AS (
  SELECT lines.k AS k
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
  WHERE lines.n > 1
),
among AS (
  SELECT input_rows.k AS k
  FROM input_rows
  WHERE NOT EXISTS (
    SELECT 1
    FROM given.control AS _target
    WHERE input_rows.k = _target.k
  )
)
SELECT COUNT(CASE WHEN among.k IS NOT NULL THEN 1 END) AS failing_rows
FROM among;

-- stage lines: no_overlap(d, until)
WITH periods AS (
  SELECT
    lines.d AS d,
    lines.until AS until,
    LEAD(lines.d) OVER (PARTITION BY lines.k ORDER BY lines.d NULLS LAST, lines.until NULLS LAST) AS _next_4
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
),
failing AS (
  SELECT periods.d AS d
  FROM periods
  WHERE (periods.d IS NULL OR NOT periods.d < periods.until OR periods._next_4 < periods.until OR periods.until IS NULL AND periods._next_4 IS NOT NULL)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: sequential(d)
WITH steps AS (
  SELECT
    lines.d AS d,
    LAG(lines.d) OVER (PARTITION BY lines.k ORDER BY lines.d NULLS LAST) AS _before_6
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
  WHERE lines.n > 0
),
failing AS (
  SELECT steps.d AS d
  FROM steps
  WHERE steps.d <> CAST(steps._before_6 + to_months(CAST(1 AS INTEGER)) + CASE WHEN steps._before_6 + to_months(CAST(1 AS INTEGER)) NOT BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN INTERVAL '999999 year' ELSE INTERVAL '0 day' END AS DATE)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: sequential(at)
WITH steps AS (
  SELECT
    lines."at" AS "at",
    LAG(lines."at") OVER (ORDER BY lines."at" NULLS LAST) AS _before_7
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
),
failing AS (
  SELECT steps."at" AS "at"
  FROM steps
  WHERE steps."at" <> CAST(steps._before_7 + to_hours(6) + CASE WHEN steps._before_7 + to_hours(6) NOT BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN INTERVAL '999999 year' ELSE INTERVAL '0 day' END AS TIMESTAMP)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: reconcile(sum(paid) with control)
WITH grouped AS (
  SELECT
    lines.k AS _g0,
    CAST(SUM(lines.paid) AS DECIMAL(38, 2)) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
  WHERE lines.n > 0
  GROUP BY lines.k
),
grouped_2 AS (
  SELECT
    control.k AS _g0,
    CAST(SUM(control.total) AS DECIMAL(38, 2)) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM given.control AS control
  GROUP BY control.k
),
branches AS (
  SELECT
    grouped._g0 AS _k0,
    grouped._m AS _here,
    CAST(NULL AS DECIMAL(38, 2)) AS _there,
    CAST(1 AS BIGINT) AS _side,
    grouped._rows AS _rows
  FROM grouped
  UNION ALL
  SELECT
    grouped_2._g0 AS _k0,
    CAST(NULL AS DECIMAL(38, 2)) AS _here,
    grouped_2._m AS _there,
    CAST(2 AS BIGINT) AS _side,
    grouped_2._rows AS _rows
  FROM grouped_2
),
grouped_3 AS (
  SELECT
    branches._k0 AS _k0,
    MAX(branches._here) AS _here,
    MAX(branches._there) AS _there,
    MIN(branches._side) AS _first,
    MAX(branches._side) AS _last,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM branches
  GROUP BY branches._k0
),
failing AS (
  SELECT
    grouped_3._first AS _first,
    grouped_3._rows AS _rows
  FROM grouped_3
  WHERE (grouped_3._first = grouped_3._last OR grouped_3._here IS DISTINCT FROM grouped_3._there AND (grouped_3._here IS NULL OR grouped_3._there IS NULL OR ABS(grouped_3._here - grouped_3._there) > 0.01))
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: reconcile(sum(x) with control)
WITH grouped AS (
  SELECT
    lines.k AS _g0,
    CAST(CASE WHEN NOT isfinite(SUM(lines.x)) THEN error('a double is too large') ELSE SUM(lines.x) END AS DOUBLE PRECISION) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
  GROUP BY lines.k
),
grouped_2 AS (
  SELECT
    control.k AS _g0,
    CAST(CASE WHEN NOT isfinite(SUM(control.x)) THEN error('a double is too large') ELSE SUM(control.x) END AS DOUBLE PRECISION) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM given.control AS control
  GROUP BY control.k
),
branches AS (
  SELECT
    grouped._g0 AS _k0,
    grouped._m AS _here,
    CAST(CAST(NULL AS DOUBLE PRECISION) AS DOUBLE PRECISION) AS _there,
    CAST(1 AS BIGINT) AS _side,
    grouped._rows AS _rows
  FROM grouped
  UNION ALL
  SELECT
    grouped_2._g0 AS _k0,
    CAST(CAST(NULL AS DOUBLE PRECISION) AS DOUBLE PRECISION) AS _here,
    grouped_2._m AS _there,
    CAST(2 AS BIGINT) AS _side,
    grouped_2._rows AS _rows
  FROM grouped_2
),
grouped_3 AS (
  SELECT
    branches._k0 AS _k0,
    MAX(branches._here) AS _here,
    MAX(branches._there) AS _there,
    MIN(branches._side) AS _first,
    MAX(branches._side) AS _last,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM branches
  GROUP BY branches._k0
),
failing AS (
  SELECT
    grouped_3._first AS _first,
    grouped_3._rows AS _rows
  FROM grouped_3
  WHERE (grouped_3._first = grouped_3._last OR grouped_3._here IS DISTINCT FROM grouped_3._there AND (grouped_3._here IS NULL OR grouped_3._there IS NULL OR ABS(CASE WHEN NOT isfinite(grouped_3._here - grouped_3._there) THEN error('a double is too large') ELSE grouped_3._here - grouped_3._there END) > CAST(1e-09 AS DOUBLE PRECISION) * GREATEST(ABS(grouped_3._here), ABS(grouped_3._there))))
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: reconcile(bool_and(n > 0) with control)
WITH grouped AS (
  SELECT
    BOOL_AND(lines.n > 0) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
),
grouped_2 AS (
  SELECT
    BOOL_AND(control.total > 0) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM given.control AS control
),
branches AS (
  SELECT
    grouped._m AS _here,
    CAST(NULL AS BOOLEAN) AS _there,
    CAST(1 AS BIGINT) AS _side,
    grouped._rows AS _rows
  FROM grouped
  UNION ALL
  SELECT
    CAST(NULL AS BOOLEAN) AS _here,
    grouped_2._m AS _there,
    CAST(2 AS BIGINT) AS _side,
    grouped_2._rows AS _rows
  FROM grouped_2
),
grouped_3 AS (
  SELECT
    BOOL_OR(branches._here) AS _here,
    BOOL_OR(branches._there) AS _there,
    MIN(branches._side) AS _first,
    MAX(branches._side) AS _last,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM branches
),
failing AS (
  SELECT
    grouped_3._first AS _first,
    grouped_3._rows AS _rows
  FROM grouped_3
  WHERE (grouped_3._first = grouped_3._last OR grouped_3._here IS DISTINCT FROM grouped_3._there)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: group(count(distinct n) <= 1 or sum(paid) = 0 by k, code)
WITH grouped AS (
  SELECT
    lines.k AS _k0,
    lines.code AS _k1,
    NOT (COUNT(DISTINCT lines.n) <= 1 OR SUM(lines.paid) = 0) AS _failing,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      lines.id AS id,
      lines.k AS k,
      lines.code AS code,
      lines.n AS n,
      lines.paid AS paid,
      lines.x AS x,
      lines.d AS d,
      lines.until AS until,
      lines."at" AS "at"
    FROM intermediate.lines__new AS lines
    WHERE lines._bucket IN ('out', 'unknown')
  ) AS lines
  WHERE lines.n > 0
  GROUP BY lines.k, lines.code
),
failing AS (
  SELECT
    grouped._failing AS _failing,
    grouped._rows AS _rows
  FROM grouped
  WHERE grouped._failing
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage lines: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'lines'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM intermediate.lines__new AS held_back
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
  FROM intermediate.lines__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'lines'
    AND _known.content = now.content
));

-- stage lines: shown as lines
CREATE VIEW intermediate.lines AS
SELECT
  lines.id,
  lines.k,
  lines.code,
  lines.n,
  lines.paid,
  lines.x,
  lines.d,
  lines.until,
  lines."at"
FROM intermediate.lines__rows AS lines
WHERE lines._bucket = 'out';

-- stage lines: shown as lines__quarantine
CREATE VIEW quarantine.lines__quarantine AS
SELECT
  lines.id,
  lines.k,
  lines.code,
  lines.n,
  lines.paid,
  lines.x,
  lines.d,
  lines.until,
  lines."at",
  lines._bucket,
  coalesce(lines._reasons, '[]') AS _reasons,
  lines._content,
  'lines' AS _stage,
  _known.run_id AS _run_id
FROM intermediate.lines__rows AS lines
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'lines' AND _known.content = lines._content
WHERE lines._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage official: the candidate, beside what stands
CREATE TABLE intermediate.official__new AS
SELECT
  lines.id,
  lines.k,
  lines.code,
  lines.n,
  lines.paid,
  lines.x,
  lines.d,
  lines.until,
  lines."at"
FROM intermediate.lines AS lines;

-- stage official: what comes in from lines
SELECT count(*) AS rows_in
FROM intermediate.lines AS lines;

-- stage official: one scan for the ledger and the checks
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN official."at" <= TIMESTAMP '2014-01-31 10:00:00' THEN 1 END) AS f2,
  COUNT(CASE WHEN official."at" IS NOT NULL THEN 1 END) AS f3,
  COUNT(CASE WHEN official.n > 0 THEN 1 END) AS f4,
  COUNT(CASE WHEN REGEXP_MATCHES(official.code, '(?s)^(?:A\_.*)$') THEN 1 END) AS f5,
  COUNT(CASE WHEN NOT (REGEXP_MATCHES(official.code, '^A') AND REGEXP_MATCHES(official.code, '[0-9]$')) THEN 1 END) AS f6,
  COUNT(CASE WHEN (official.until IS NOT NULL OR official.d IS NOT NULL) AND (official.until >= official.d) IS NOT TRUE THEN 1 END) AS f7,
  COUNT(CASE WHEN (official.k IS NOT NULL OR official.n IS NOT NULL) AND (official.k = 'a' AND official.n = 1 OR official.k = 'b' AND official.n IS NULL) IS NOT TRUE THEN 1 END) AS f8,
  COUNT(CASE WHEN official.n IS NOT NULL AND official.paid IS NOT NULL AND ((CAST(official.n AS BIGINT) + official.paid) = 1.5) IS NOT TRUE THEN 1 END) AS f9,
  COUNT(CASE WHEN (official.d IS NOT NULL OR official.until IS NOT NULL) AND NOT official.d IS DISTINCT FROM official.until THEN 1 END) AS f10,
  MAX(CAST(official.d AS TIMESTAMP)) AS f11,
  CAST(median(CAST(official.paid AS DOUBLE)) AS DOUBLE PRECISION) AS f12,
  CAST(COALESCE(CAST(COUNT(DISTINCT CASE WHEN official.n > 0 THEN official.k END) AS DOUBLE PRECISION) / NULLIF(CAST(COUNT(CASE WHEN official.n > 0 THEN official.k END) AS DOUBLE PRECISION), 0), CAST(0 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS f13,
  COUNT(DISTINCT CASE WHEN NOT official.code IN ('A1', 'B2') THEN official.code END) + (2 - COUNT(DISTINCT CASE WHEN official.code IN ('A1', 'B2') THEN official.code END)) AS f14
FROM intermediate.official__new AS official;

-- stage official: expect_column_values_to_be_unique(code), whether a row can fail
WITH grouped AS (
  SELECT official.code AS _k0
  FROM intermediate.official__new AS official
  WHERE official.n > 0
    AND official.code IS NOT NULL
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage official: expect_column_values_to_be_unique(code)
WITH grouped AS (
  SELECT
    official.code AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM intermediate.official__new AS official
  WHERE official.n > 0
    AND official.code IS NOT NULL
  GROUP BY official.code
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

-- stage official: expect_compound_columns_to_be_unique(k, code), whether a row can fail
WITH grouped AS (
  SELECT
    official.k AS _k0,
    official.code AS _k1
  FROM intermediate.official__new AS official
  WHERE (official.k IS NOT NULL OR official.code IS NOT NULL)
)
SELECT count(*) - count(DISTINCT hash(grouped._k0, grouped._k1)) AS repeated
FROM grouped;

-- stage official: expect_compound_columns_to_be_unique(k, code)
WITH grouped AS (
  SELECT
    official.k AS _k0,
    official.code AS _k1,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM intermediate.official__new AS official
  WHERE (official.k IS NOT NULL OR official.code IS NOT NULL)
  GROUP BY official.k, official.code
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

-- stage official: expect_column_most_common_value_to_be_in_set(code)
WITH grouped AS (
  SELECT
    official.code AS _value,
    official.code IN ('A1', 'B2') AS _listed,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM intermediate.official__new AS official
  WHERE official.n > 0
    AND (official.code IS NULL) IS NOT TRUE
  GROUP BY official.code, official.code IN ('A1', 'B2')
),
ranked AS (
  SELECT
    grouped._listed AS _listed,
    grouped._rows AS _rows,
    RANK() OVER (ORDER BY grouped._n DESC NULLS LAST) AS _rank
  FROM grouped
),
grouped_2 AS (
  SELECT
    COUNT(*) AS _modes,
    COUNT(CASE WHEN ranked._listed THEN 1 END) AS _named,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM ranked
  WHERE (ranked._rank > 1) IS NOT TRUE
),
failing AS (
  SELECT
    grouped_2._modes AS _modes,
    grouped_2._rows AS _rows
  FROM grouped_2
  WHERE (grouped_2._named > 0) IS NOT TRUE
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage official: expect_table_row_count_to_equal_other_table
WITH grouped AS (
  SELECT
    COUNT(*) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM intermediate.official__new AS official
),
grouped_2 AS (
  SELECT
    COUNT(*) AS _m,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM given.control AS control
),
branches AS (
  SELECT
    grouped._m AS _here,
    CAST(CAST(NULL AS BIGINT) AS BIGINT) AS _there,
    CAST(1 AS BIGINT) AS _side,
    grouped._rows AS _rows
  FROM grouped
  UNION ALL
  SELECT
    CAST(CAST(NULL AS BIGINT) AS BIGINT) AS _here,
    grouped_2._m AS _there,
    CAST(2 AS BIGINT) AS _side,
    grouped_2._rows AS _rows
  FROM grouped_2
),
grouped_3 AS (
  SELECT
    MAX(branches._here) AS _here,
    MAX(branches._there) AS _there,
    MIN(branches._side) AS _first,
    MAX(branches._side) AS _last,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM branches
),
failing AS (
  SELECT
    grouped_3._first AS _first,
    grouped_3._rows AS _rows
  FROM grouped_3
  WHERE (grouped_3._first = grouped_3._last OR grouped_3._here IS DISTINCT FROM grouped_3._there)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage official: shown as official
CREATE VIEW intermediate.official AS
SELECT
  official.id,
  official.k,
  official.code,
  official.n,
  official.paid,
  official.x,
  official.d,
  official.until,
  official."at"
FROM intermediate.official__rows AS official;
