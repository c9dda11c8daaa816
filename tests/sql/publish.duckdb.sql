-- source raw_members: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.part, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.part AS BIGINT) END AS BIGINT) AS part,
    raw_members.city AS city,
    raw_members."Home Town" AS "Home Town",
    CAST(CASE WHEN regexp_matches(raw_members.score, '^[ \t\n\r\f]*([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,3})?)[ \t\n\r\f]*$') THEN NULLIF(NULLIF(TRY_CAST(raw_members.score AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE)) END AS DOUBLE PRECISION) AS score,
    CAST(CASE WHEN regexp_matches(raw_members.joined, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.joined AS DATE) END AS DATE) AS joined,
    raw_members.part IS NOT NULL AS _given_part,
    raw_members.score IS NOT NULL AS _given_score,
    raw_members.joined IS NOT NULL AS _given_joined
  FROM raw.raw_members AS raw_members
),
raw_members_typed AS (
  SELECT
    typed.member_id AS member_id,
    typed.part AS part,
    typed.city AS city,
    typed."Home Town" AS "Home Town",
    typed.score AS score,
    typed.joined AS joined,
    typed._given_joined AND typed.joined IS NULL AS _failed_joined,
    typed._given_part AND typed.part IS NULL AS _failed_part,
    typed._given_score AND typed.score IS NULL AS _failed_score
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_members_typed._failed_part OR raw_members_typed._failed_score OR raw_members_typed._failed_joined THEN 1 END) AS f2
FROM raw_members_typed;

-- source raw_members: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_members.part, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.part AS BIGINT) END AS BIGINT) AS part,
    CAST(CASE WHEN regexp_matches(raw_members.score, '^[ \t\n\r\f]*([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,3})?)[ \t\n\r\f]*$') THEN NULLIF(NULLIF(TRY_CAST(raw_members.score AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE)) END AS DOUBLE PRECISION) AS score,
    CAST(CASE WHEN regexp_matches(raw_members.joined, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.joined AS DATE) END AS DATE) AS joined,
    raw_members.member_id AS _text_member_id,
    raw_members.part AS _text_part,
    raw_members.city AS _text_city,
    raw_members."Home Town" AS "_text_Home Town",
    raw_members.score AS _text_score,
    raw_members.joined AS _text_joined,
    raw_members.part IS NOT NULL AS _given_part,
    raw_members.score IS NOT NULL AS _given_score,
    raw_members.joined IS NOT NULL AS _given_joined
  FROM raw.raw_members AS raw_members
),
typed_2 AS (
  SELECT
    typed._text_member_id AS _text_member_id,
    typed._text_part AS _text_part,
    typed._text_city AS _text_city,
    typed."_text_Home Town" AS "_text_Home Town",
    typed._text_score AS _text_score,
    typed._text_joined AS _text_joined,
    typed._given_part AND typed.part IS NULL AS _failed_part,
    typed._given_score AND typed.score IS NULL AS _failed_score,
    typed._given_joined AND typed.joined IS NULL AS _failed_joined
  FROM typed
),
raw_members_judged AS (
  SELECT
    typed_2._text_member_id AS _text_member_id,
    typed_2._text_part AS _text_part,
    typed_2._text_city AS _text_city,
    typed_2."_text_Home Town" AS "_text_Home Town",
    typed_2._text_score AS _text_score,
    typed_2._text_joined AS _text_joined,
    CASE WHEN typed_2._failed_part THEN 'quarantined' WHEN typed_2._failed_score THEN 'quarantined' WHEN typed_2._failed_joined THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_part OR typed_2._failed_score OR typed_2._failed_joined THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_part THEN '"unreadable(part as integer)"' END, CASE WHEN typed_2._failed_score THEN '"unreadable(score as double)"' END, CASE WHEN typed_2._failed_joined THEN '"unreadable(joined as date)"' END)) || ']' END AS _reasons
  FROM typed_2
)
SELECT
  CAST(:this_run AS VARCHAR) AS _run_id,
  CAST(NULL AS VARCHAR) AS _source_file,
  CAST(NULL AS BIGINT) AS _line,
  CAST('unreadable' AS VARCHAR) AS _bucket,
  CAST(raw_members_judged._reasons AS VARCHAR) AS _reasons,
  CAST(NULL AS VARCHAR) AS _text,
  CAST(raw_members_judged._text_member_id AS VARCHAR) AS member_id,
  CAST(raw_members_judged._text_part AS VARCHAR) AS part,
  CAST(raw_members_judged._text_city AS VARCHAR) AS city,
  CAST(raw_members_judged."_text_Home Town" AS VARCHAR) AS "Home Town",
  CAST(raw_members_judged._text_score AS VARCHAR) AS score,
  CAST(raw_members_judged._text_joined AS VARCHAR) AS joined
FROM raw_members_judged
WHERE raw_members_judged._bucket = 'quarantined';

-- source raw_members: key(member_id), whether a row can fail
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.part, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.part AS BIGINT) END AS BIGINT) AS part,
    CAST(CASE WHEN regexp_matches(raw_members.score, '^[ \t\n\r\f]*([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,3})?)[ \t\n\r\f]*$') THEN NULLIF(NULLIF(TRY_CAST(raw_members.score AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE)) END AS DOUBLE PRECISION) AS score,
    CAST(CASE WHEN regexp_matches(raw_members.joined, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.joined AS DATE) END AS DATE) AS joined,
    raw_members.part IS NOT NULL AS _given_part,
    raw_members.score IS NOT NULL AS _given_score,
    raw_members.joined IS NOT NULL AS _given_joined
  FROM raw.raw_members AS raw_members
),
grouped AS (
  SELECT typed.member_id AS _k0
  FROM typed
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- source raw_members: key(member_id)
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.part, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.part AS BIGINT) END AS BIGINT) AS part,
    CAST(CASE WHEN regexp_matches(raw_members.score, '^[ \t\n\r\f]*([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,3})?)[ \t\n\r\f]*$') THEN NULLIF(NULLIF(TRY_CAST(raw_members.score AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE)) END AS DOUBLE PRECISION) AS score,
    CAST(CASE WHEN regexp_matches(raw_members.joined, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.joined AS DATE) END AS DATE) AS joined,
    raw_members.part IS NOT NULL AS _given_part,
    raw_members.score IS NOT NULL AS _given_score,
    raw_members.joined IS NOT NULL AS _given_joined
  FROM raw.raw_members AS raw_members
),
typed_2 AS (
  SELECT typed.member_id AS member_id
  FROM typed
),
grouped AS (
  SELECT
    typed_2.member_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM typed_2
  GROUP BY typed_2.member_id
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

-- stage members: the candidate, beside what stands
CREATE TABLE staging.members__new AS
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.part, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.part AS BIGINT) END AS BIGINT) AS part,
    raw_members.city AS city,
    raw_members."Home Town" AS "Home Town",
    CAST(CASE WHEN regexp_matches(raw_members.score, '^[ \t\n\r\f]*([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,3})?)[ \t\n\r\f]*$') THEN NULLIF(NULLIF(TRY_CAST(raw_members.score AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE)) END AS DOUBLE PRECISION) AS score,
    CAST(CASE WHEN regexp_matches(raw_members.joined, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.joined AS DATE) END AS DATE) AS joined,
    raw_members.part IS NOT NULL AS _given_part,
    raw_members.score IS NOT NULL AS _given_score,
    raw_members.joined IS NOT NULL AS _given_joined
  FROM raw.raw_members AS raw_members
),
computed AS (
  SELECT
    LOWER(typed.member_id) AS member_id,
    typed.part AS part,
    typed.city AS city,
    typed."Home Town" AS "Home Town",
    typed.score AS score,
    typed.joined AS joined,
    typed._given_part AND typed.part IS NULL AS _failed_part,
    typed._given_score AND typed.score IS NULL AS _failed_score,
    typed._given_joined AND typed.joined IS NULL AS _failed_joined
  FROM typed
),
_judged AS (
  SELECT
    computed.member_id AS member_id,
    computed.part AS part,
    computed.city AS city,
    computed."Home Town" AS "Home Town",
    computed.score AS score,
    computed.joined AS joined,
    CASE WHEN computed.member_id IS NULL THEN 'rejected' WHEN computed._failed_part THEN 'quarantined' WHEN computed._failed_score THEN 'quarantined' WHEN computed._failed_joined THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN computed._failed_part OR computed._failed_score OR computed._failed_joined THEN ('[' || CONCAT_WS(',', CASE WHEN computed._failed_part THEN '"unreadable(part as integer)"' END, CASE WHEN computed._failed_score THEN '"unreadable(score as double)"' END, CASE WHEN computed._failed_joined THEN '"unreadable(joined as date)"' END)) || ']' END AS _reasons
  FROM computed
)
SELECT
  _judged.member_id,
  _judged.part,
  _judged.city,
  _judged."Home Town",
  _judged.score,
  _judged.joined,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.member_id) || ':' || _judged.member_id, '-') || COALESCE(length(CAST(_judged.part AS VARCHAR)) || ':' || CAST(_judged.part AS VARCHAR), '-') || COALESCE(length(_judged.city) || ':' || _judged.city, '-') || COALESCE(length(_judged."Home Town") || ':' || _judged."Home Town", '-') || COALESCE(length(CAST(_judged.score AS VARCHAR)) || ':' || CAST(_judged.score AS VARCHAR), '-') || COALESCE(length(CAST(_judged.joined AS VARCHAR)) || ':' || CAST(_judged.joined AS VARCHAR), '-')) END AS _content
FROM _judged
ORDER BY "Home Town", joined;

-- stage members: what a person has discarded leaves quarantine, where there is any
UPDATE staging.members__new
SET _bucket='discarded'
WHERE staging.members__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.members__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'members'
);

-- stage members: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN members._bucket = 'rejected' THEN 1 END) AS f1,
  COUNT(CASE WHEN members._bucket = 'quarantined' THEN 1 END) AS f2,
  COUNT(CASE WHEN members._bucket = 'discarded' THEN 1 END) AS f3,
  COUNT(CASE WHEN members._bucket = 'out' THEN 1 END) AS f4,
  COUNT(CASE WHEN members._bucket = 'quarantined' AND CONTAINS(members._reasons, '"unreadable(part as integer)"') THEN 1 END) AS f5,
  COUNT(CASE WHEN members._bucket = 'quarantined' AND CONTAINS(members._reasons, '"unreadable(score as double)"') THEN 1 END) AS f6,
  COUNT(CASE WHEN members._bucket = 'quarantined' AND CONTAINS(members._reasons, '"unreadable(joined as date)"') THEN 1 END) AS f7
FROM staging.members__new AS members;

-- stage members: key(member_id), whether a row can fail
WITH grouped AS (
  SELECT members.member_id AS _k0
  FROM (
    SELECT
      members.member_id AS member_id,
      members.part AS part,
      members.city AS city,
      members."Home Town" AS "Home Town",
      members.score AS score,
      members.joined AS joined
    FROM staging.members__new AS members
    WHERE members._bucket IN ('out', 'unknown')
  ) AS members
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage members: key(member_id)
WITH grouped AS (
  SELECT
    members.member_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      members.member_id AS member_id,
      members.part AS part,
      members.city AS city,
      members."Home Town" AS "Home Town",
      members.score AS score,
      members.joined AS joined
    FROM staging.members__new AS members
    WHERE members._bucket IN ('out', 'unknown')
  ) AS members
  GROUP BY members.member_id
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

-- stage members: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'members'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.members__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage members: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'members',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.members__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'members'
    AND _known.content = now.content
));

-- stage members: shown as members
CREATE VIEW staging.members AS
SELECT
  members.member_id,
  members.part,
  members.city,
  members."Home Town",
  members.score,
  members.joined
FROM staging.members__rows AS members
WHERE members._bucket = 'out';

-- stage members: shown as members__quarantine
CREATE VIEW quarantine.members__quarantine AS
SELECT
  members.member_id,
  members.part,
  members.city,
  members."Home Town",
  members.score,
  members.joined,
  members._bucket,
  coalesce(members._reasons, '[]') AS _reasons,
  members._content,
  'members' AS _stage,
  _known.run_id AS _run_id
FROM staging.members__rows AS members
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'members' AND _known.content = members._content
WHERE members._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage by_city: the candidate, beside what stands
CREATE TABLE marts.by_city__new AS
WITH grouped AS (
  SELECT
    members.city AS city,
    members.part AS part,
    COUNT(*) AS members,
    CAST(CASE WHEN NOT isfinite(AVG(CAST(members.score AS DOUBLE))) THEN error('a double is too large') ELSE AVG(CAST(members.score AS DOUBLE)) END AS DOUBLE PRECISION) AS score,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM staging.members AS members
  GROUP BY members.city, members.part
)
SELECT
  grouped.city,
  grouped.part,
  grouped.members,
  grouped.score,
  grouped._rows
FROM grouped;

-- stage by_city: what comes in from members
SELECT count(*) AS rows_in
FROM staging.members AS members;

-- stage by_city: one scan for the ledger and the checks
SELECT
  coalesce(SUM(by_city._rows), 0) AS f1,
  COUNT(*) AS f2
FROM marts.by_city__new AS by_city;

-- stage by_city: shown as by_city
CREATE VIEW marts.by_city AS
SELECT
  by_city.city,
  by_city.part,
  by_city.members,
  by_city.score
FROM marts.by_city__rows AS by_city;

-- stage upserted: the candidate, beside what stands
CREATE TABLE marts.upserted__new AS
SELECT
  md5(COALESCE(length(by_city.city) || ':' || by_city.city, '-') || COALESCE(length(CAST(by_city.part AS VARCHAR)) || ':' || CAST(by_city.part AS VARCHAR), '-')) AS city_key,
  by_city.city,
  by_city.part,
  by_city.members,
  by_city.score
FROM marts.by_city AS by_city;

-- stage upserted: what comes in from by_city
SELECT count(*) AS rows_in
FROM marts.by_city AS by_city;

-- stage upserted: one scan for the ledger and the checks
SELECT COUNT(*) AS f1
FROM marts.upserted__new AS upserted;

-- publish upserted: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.upserted AS
SELECT
  marts.upserted__new.city_key,
  marts.upserted__new.city,
  marts.upserted__new.part,
  marts.upserted__new.members,
  marts.upserted__new.score
FROM marts.upserted__new
WHERE 1 = 0;

-- publish upserted: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.upserted__new.city_key AS city_key,
    marts.upserted__new.city AS city,
    marts.upserted__new.part AS part,
    marts.upserted__new.members AS members,
    marts.upserted__new.score AS score
  FROM marts.upserted__new
),
standing AS (
  SELECT
    marts.upserted.city_key AS city_key,
    marts.upserted.city AS city,
    marts.upserted.part AS part,
    marts.upserted.members AS members,
    marts.upserted.score AS score,
    1 AS _stands
  FROM marts.upserted
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.members IS DISTINCT FROM standing.members OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE))) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.members IS DISTINCT FROM standing.members OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE))) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.city_key = standing.city_key;

-- publish upserted: what makes it stand
DELETE FROM marts.upserted
WHERE EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.upserted__new.city_key AS city_key,
      marts.upserted__new.city AS city,
      marts.upserted__new.part AS part,
      marts.upserted__new.members AS members,
      marts.upserted__new.score AS score
    FROM marts.upserted__new
  ) AS candidate
  WHERE candidate.city_key = marts.upserted.city_key
    AND (candidate.members IS DISTINCT FROM marts.upserted.members OR candidate.score IS DISTINCT FROM marts.upserted.score AND NOT coalesce(candidate.score BETWEEN least(marts.upserted.score * 0.999999999, marts.upserted.score * 1.000000001) AND greatest(marts.upserted.score * 0.999999999, marts.upserted.score * 1.000000001), FALSE))
);

-- publish upserted: what makes it stand
INSERT INTO marts.upserted (city_key, city, part, members, score)
SELECT
  candidate.city_key,
  candidate.city,
  candidate.part,
  candidate.members,
  candidate.score
FROM (
  SELECT
    marts.upserted__new.city_key AS city_key,
    marts.upserted__new.city AS city,
    marts.upserted__new.part AS part,
    marts.upserted__new.members AS members,
    marts.upserted__new.score AS score
  FROM marts.upserted__new
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.upserted AS standing
  WHERE candidate.city_key = standing.city_key
))
ORDER BY candidate.city;

-- stage removed: the candidate, beside what stands
CREATE TABLE marts.removed__new AS
SELECT
  by_city.city,
  by_city.part,
  by_city.members,
  by_city.score
FROM marts.by_city AS by_city;

-- stage removed: what comes in from by_city
SELECT count(*) AS rows_in
FROM marts.by_city AS by_city;

-- stage removed: one scan for the ledger and the checks
SELECT COUNT(*) AS f1
FROM marts.removed__new AS removed;

-- publish removed: the candidate becomes the table, where there is none yet
ALTER TABLE marts.removed__new RENAME TO removed;

-- publish removed: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.removed AS
SELECT
  marts.removed__new.city,
  marts.removed__new.part,
  marts.removed__new.members,
  marts.removed__new.score
FROM marts.removed__new
WHERE 1 = 0;

-- publish removed: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.removed__new.city AS city,
    marts.removed__new.part AS part,
    marts.removed__new.members AS members,
    marts.removed__new.score AS score
  FROM marts.removed__new
),
standing AS (
  SELECT
    marts.removed.city AS city,
    marts.removed.part AS part,
    marts.removed.members AS members,
    marts.removed.score AS score,
    1 AS _stands
  FROM marts.removed
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.members IS DISTINCT FROM standing.members OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE))) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.members IS DISTINCT FROM standing.members OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE))) THEN 1 END) AS unchanged,
  (
    SELECT count(*) AS count_1
    FROM marts.removed
    WHERE NOT (EXISTS (
      SELECT 1
      FROM candidate
      WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.removed.city) || ':' || marts.removed.city, '-') || COALESCE(length(CAST(marts.removed.part AS VARCHAR)) || ':' || CAST(marts.removed.part AS VARCHAR), '-'))
        AND candidate.city IS NOT DISTINCT FROM marts.removed.city
        AND candidate.part IS NOT DISTINCT FROM marts.removed.part
    ))
  ) AS deleted
FROM candidate
LEFT OUTER JOIN standing ON md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(standing.city) || ':' || standing.city, '-') || COALESCE(length(CAST(standing.part AS VARCHAR)) || ':' || CAST(standing.part AS VARCHAR), '-')) AND candidate.city IS NOT DISTINCT FROM standing.city AND candidate.part IS NOT DISTINCT FROM standing.part;

-- publish removed: what makes it stand
DELETE FROM marts.removed
WHERE NOT (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.removed__new.city AS city,
      marts.removed__new.part AS part,
      marts.removed__new.members AS members,
      marts.removed__new.score AS score
    FROM marts.removed__new
  ) AS candidate
  WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.removed.city) || ':' || marts.removed.city, '-') || COALESCE(length(CAST(marts.removed.part AS VARCHAR)) || ':' || CAST(marts.removed.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM marts.removed.city
    AND candidate.part IS NOT DISTINCT FROM marts.removed.part
    AND NOT (candidate.members IS DISTINCT FROM marts.removed.members OR candidate.score IS DISTINCT FROM marts.removed.score AND NOT coalesce(candidate.score BETWEEN least(marts.removed.score * 0.999999999, marts.removed.score * 1.000000001) AND greatest(marts.removed.score * 0.999999999, marts.removed.score * 1.000000001), FALSE))
));

-- publish removed: what makes it stand
INSERT INTO marts.removed (city, part, members, score)
SELECT
  candidate.city,
  candidate.part,
  candidate.members,
  candidate.score
FROM (
  SELECT
    marts.removed__new.city AS city,
    marts.removed__new.part AS part,
    marts.removed__new.members AS members,
    marts.removed__new.score AS score
  FROM marts.removed__new
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.removed AS standing
  WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(standing.city) || ':' || standing.city, '-') || COALESCE(length(CAST(standing.part AS VARCHAR)) || ':' || CAST(standing.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM standing.city
    AND candidate.part IS NOT DISTINCT FROM standing.part
));

-- stage flagged: the candidate, beside what stands
CREATE TABLE marts.flagged__new AS
SELECT
  md5(COALESCE(length(members.member_id) || ':' || members.member_id, '-')) AS member_key,
  members.member_id,
  members.part,
  members.city,
  members."Home Town",
  members.score,
  members.joined,
  FALSE AS is_deleted,
  'out' AS _bucket
FROM staging.members AS members
UNION ALL
SELECT
  md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) AS member_key,
  CAST('UNKNOWN' AS VARCHAR) AS member_id,
  CAST(NULL AS BIGINT) AS part,
  CAST(NULL AS VARCHAR) AS city,
  CAST(NULL AS VARCHAR) AS "Home Town",
  CAST(NULL AS DOUBLE PRECISION) AS score,
  CAST(NULL AS DATE) AS joined,
  CAST(FALSE AS BOOLEAN) AS is_deleted,
  'unknown' AS _bucket;

-- stage flagged: what comes in from members
SELECT count(*) AS rows_in
FROM staging.members AS members;

-- stage flagged: one scan for the ledger and the checks
SELECT COUNT(CASE WHEN flagged._bucket = 'out' THEN 1 END) AS f1
FROM marts.flagged__new AS flagged;

-- stage flagged: key(member_id), whether a row can fail
WITH grouped AS (
  SELECT flagged.member_id AS _k0
  FROM (
    SELECT
      flagged.member_key AS member_key,
      flagged.member_id AS member_id,
      flagged.part AS part,
      flagged.city AS city,
      flagged."Home Town" AS "Home Town",
      flagged.score AS score,
      flagged.joined AS joined,
      flagged.is_deleted AS is_deleted
    FROM marts.flagged__new AS flagged
    WHERE flagged._bucket IN ('out', 'unknown')
  ) AS flagged
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage flagged: key(member_id)
WITH grouped AS (
  SELECT
    flagged.member_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      flagged.member_key AS member_key,
      flagged.member_id AS member_id,
      flagged.part AS part,
      flagged.city AS city,
      flagged."Home Town" AS "Home Town",
      flagged.score AS score,
      flagged.joined AS joined,
      flagged.is_deleted AS is_deleted
    FROM marts.flagged__new AS flagged
    WHERE flagged._bucket IN ('out', 'unknown')
  ) AS flagged
  GROUP BY flagged.member_id
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

-- publish flagged: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.flagged AS
SELECT
  marts.flagged__new.member_key,
  marts.flagged__new.member_id,
  marts.flagged__new.part,
  marts.flagged__new.city,
  marts.flagged__new."Home Town",
  marts.flagged__new.score,
  marts.flagged__new.joined,
  marts.flagged__new.is_deleted
FROM marts.flagged__new
WHERE 1 = 0;

-- publish flagged: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.flagged__new.member_key AS member_key,
    marts.flagged__new.member_id AS member_id,
    marts.flagged__new.part AS part,
    marts.flagged__new.city AS city,
    marts.flagged__new."Home Town" AS "Home Town",
    marts.flagged__new.score AS score,
    marts.flagged__new.joined AS joined,
    marts.flagged__new.is_deleted AS is_deleted
  FROM marts.flagged__new
  WHERE marts.flagged__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.flagged.member_key AS member_key,
    marts.flagged.member_id AS member_id,
    marts.flagged.part AS part,
    marts.flagged.city AS city,
    marts.flagged."Home Town" AS "Home Town",
    marts.flagged.score AS score,
    marts.flagged.joined AS joined,
    marts.flagged.is_deleted AS is_deleted,
    1 AS _stands
  FROM marts.flagged
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.part IS DISTINCT FROM standing.part OR candidate.city IS DISTINCT FROM standing.city OR candidate."Home Town" IS DISTINCT FROM standing."Home Town" OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM standing.joined OR candidate.is_deleted IS DISTINCT FROM standing.is_deleted)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.part IS DISTINCT FROM standing.part OR candidate.city IS DISTINCT FROM standing.city OR candidate."Home Town" IS DISTINCT FROM standing."Home Town" OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM standing.joined OR candidate.is_deleted IS DISTINCT FROM standing.is_deleted)) THEN 1 END) AS unchanged,
  (
    SELECT count(*) AS count_1
    FROM marts.flagged
    WHERE NOT marts.flagged.is_deleted
      AND NOT (EXISTS (
      SELECT 1
      FROM candidate
      WHERE candidate.member_key = marts.flagged.member_key
    ))
      AND NOT (EXISTS (
      SELECT 1
      FROM marts.flagged__new AS unknown_row
      WHERE unknown_row._bucket = 'unknown'
        AND unknown_row.member_key = marts.flagged.member_key
    ))
  ) AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.member_key = standing.member_key;

-- publish flagged: what makes it stand
DELETE FROM marts.flagged
WHERE EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.flagged__new.member_key AS member_key,
      marts.flagged__new.member_id AS member_id,
      marts.flagged__new.part AS part,
      marts.flagged__new.city AS city,
      marts.flagged__new."Home Town" AS "Home Town",
      marts.flagged__new.score AS score,
      marts.flagged__new.joined AS joined,
      marts.flagged__new.is_deleted AS is_deleted
    FROM marts.flagged__new
    WHERE marts.flagged__new._bucket IN ('out', 'unknown')
  ) AS candidate
  WHERE candidate.member_key = marts.flagged.member_key
    AND (candidate.part IS DISTINCT FROM marts.flagged.part OR candidate.city IS DISTINCT FROM marts.flagged.city OR candidate."Home Town" IS DISTINCT FROM marts.flagged."Home Town" OR candidate.score IS DISTINCT FROM marts.flagged.score AND NOT coalesce(candidate.score BETWEEN least(marts.flagged.score * 0.999999999, marts.flagged.score * 1.000000001) AND greatest(marts.flagged.score * 0.999999999, marts.flagged.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM marts.flagged.joined OR candidate.is_deleted IS DISTINCT FROM marts.flagged.is_deleted)
);

-- publish flagged: what makes it stand
UPDATE marts.flagged
SET is_deleted=TRUE
WHERE NOT marts.flagged.is_deleted
  AND NOT (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.flagged__new.member_key AS member_key,
      marts.flagged__new.member_id AS member_id,
      marts.flagged__new.part AS part,
      marts.flagged__new.city AS city,
      marts.flagged__new."Home Town" AS "Home Town",
      marts.flagged__new.score AS score,
      marts.flagged__new.joined AS joined,
      marts.flagged__new.is_deleted AS is_deleted
    FROM marts.flagged__new
    WHERE marts.flagged__new._bucket IN ('out', 'unknown')
  ) AS candidate
  WHERE candidate.member_key = marts.flagged.member_key
));

-- publish flagged: what makes it stand
INSERT INTO marts.flagged (member_key, member_id, part, city, "Home Town", score, joined, is_deleted)
SELECT
  candidate.member_key,
  candidate.member_id,
  candidate.part,
  candidate.city,
  candidate."Home Town",
  candidate.score,
  candidate.joined,
  candidate.is_deleted
FROM (
  SELECT
    marts.flagged__new.member_key AS member_key,
    marts.flagged__new.member_id AS member_id,
    marts.flagged__new.part AS part,
    marts.flagged__new.city AS city,
    marts.flagged__new."Home Town" AS "Home Town",
    marts.flagged__new.score AS score,
    marts.flagged__new.joined AS joined,
    marts.flagged__new.is_deleted AS is_deleted
  FROM marts.flagged__new
  WHERE marts.flagged__new._bucket IN ('out', 'unknown')
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.flagged AS standing
  WHERE candidate.member_key = standing.member_key
))
ORDER BY candidate.is_deleted, candidate.joined;

-- stage appended: the candidate, beside what stands
CREATE TABLE marts.appended__new AS
SELECT
  members.member_id,
  members.part,
  members.city,
  members."Home Town",
  members.score,
  members.joined,
  'out' AS _bucket
FROM staging.members AS members
UNION ALL
SELECT
  CAST('UNKNOWN' AS VARCHAR) AS member_id,
  CAST(NULL AS BIGINT) AS part,
  CAST(NULL AS VARCHAR) AS city,
  CAST(NULL AS VARCHAR) AS "Home Town",
  CAST(NULL AS DOUBLE PRECISION) AS score,
  CAST(NULL AS DATE) AS joined,
  'unknown' AS _bucket;

-- stage appended: what comes in from members
SELECT count(*) AS rows_in
FROM staging.members AS members;

-- stage appended: one scan for the ledger and the checks
SELECT COUNT(CASE WHEN appended._bucket = 'out' THEN 1 END) AS f1
FROM marts.appended__new AS appended;

-- stage appended: key(member_id), whether a row can fail
WITH grouped AS (
  SELECT appended.member_id AS _k0
  FROM (
    SELECT
      appended.member_id AS member_id,
      appended.part AS part,
      appended.city AS city,
      appended."Home Town" AS "Home Town",
      appended.score AS score,
      appended.joined AS joined
    FROM marts.appended__new AS appended
    WHERE appended._bucket IN ('out', 'unknown')
  ) AS appended
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage appended: key(member_id)
WITH grouped AS (
  SELECT
    appended.member_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      appended.member_id AS member_id,
      appended.part AS part,
      appended.city AS city,
      appended."Home Town" AS "Home Town",
      appended.score AS score,
      appended.joined AS joined
    FROM marts.appended__new AS appended
    WHERE appended._bucket IN ('out', 'unknown')
  ) AS appended
  GROUP BY appended.member_id
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

-- publish appended: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.appended AS
SELECT
  marts.appended__new.member_id,
  marts.appended__new.part,
  marts.appended__new.city,
  marts.appended__new."Home Town",
  marts.appended__new.score,
  marts.appended__new.joined
FROM marts.appended__new
WHERE 1 = 0;

-- publish appended: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.appended__new.member_id AS member_id,
    marts.appended__new.part AS part,
    marts.appended__new.city AS city,
    marts.appended__new."Home Town" AS "Home Town",
    marts.appended__new.score AS score,
    marts.appended__new.joined AS joined
  FROM marts.appended__new
  WHERE marts.appended__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.appended.member_id AS member_id,
    marts.appended.part AS part,
    marts.appended.city AS city,
    marts.appended."Home Town" AS "Home Town",
    marts.appended.score AS score,
    marts.appended.joined AS joined,
    1 AS _stands
  FROM marts.appended
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND 1 = 0) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT 1 = 0) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.member_id = standing.member_id;

-- publish appended: what makes it stand
DELETE FROM marts.appended
WHERE NOT (NOT (EXISTS (
  SELECT 1
  FROM marts.appended__new AS unknown_row
  WHERE unknown_row._bucket = 'unknown'
    AND unknown_row.member_id = marts.appended.member_id
)));

-- publish appended: what makes it stand
INSERT INTO marts.appended (member_id, part, city, "Home Town", score, joined)
SELECT
  candidate.member_id,
  candidate.part,
  candidate.city,
  candidate."Home Town",
  candidate.score,
  candidate.joined
FROM (
  SELECT
    marts.appended__new.member_id AS member_id,
    marts.appended__new.part AS part,
    marts.appended__new.city AS city,
    marts.appended__new."Home Town" AS "Home Town",
    marts.appended__new.score AS score,
    marts.appended__new.joined AS joined
  FROM marts.appended__new
  WHERE marts.appended__new._bucket IN ('out', 'unknown')
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.appended AS standing
  WHERE candidate.member_id = standing.member_id
))
ORDER BY candidate.city;

-- stage replaced: the candidate, beside what stands
CREATE TABLE marts.replaced__new AS
SELECT
  members.member_id,
  members.part,
  members.city,
  members."Home Town",
  members.score,
  members.joined
FROM staging.members AS members;

-- stage replaced: what comes in from members
SELECT count(*) AS rows_in
FROM staging.members AS members;

-- stage replaced: one scan for the ledger and the checks
SELECT COUNT(*) AS f1
FROM marts.replaced__new AS replaced;

-- publish replaced: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.replaced AS
SELECT
  marts.replaced__new.member_id,
  marts.replaced__new.part,
  marts.replaced__new.city,
  marts.replaced__new."Home Town",
  marts.replaced__new.score,
  marts.replaced__new.joined
FROM marts.replaced__new
WHERE 1 = 0;

-- publish replaced: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.replaced__new.member_id AS member_id,
    marts.replaced__new.part AS part,
    marts.replaced__new.city AS city,
    marts.replaced__new."Home Town" AS "Home Town",
    marts.replaced__new.score AS score,
    marts.replaced__new.joined AS joined
  FROM marts.replaced__new
),
standing AS (
  SELECT
    marts.replaced.member_id AS member_id,
    marts.replaced.part AS part,
    marts.replaced.city AS city,
    marts.replaced."Home Town" AS "Home Town",
    marts.replaced.score AS score,
    marts.replaced.joined AS joined,
    1 AS _stands
  FROM marts.replaced
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.part IS DISTINCT FROM standing.part OR candidate.city IS DISTINCT FROM standing.city OR candidate."Home Town" IS DISTINCT FROM standing."Home Town" OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM standing.joined)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.part IS DISTINCT FROM standing.part OR candidate.city IS DISTINCT FROM standing.city OR candidate."Home Town" IS DISTINCT FROM standing."Home Town" OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM standing.joined)) THEN 1 END) AS unchanged,
  (
    SELECT count(*) AS count_1
    FROM marts.replaced
    WHERE NOT (EXISTS (
      SELECT 1
      FROM candidate
      WHERE candidate.member_id = marts.replaced.member_id
    ))
  ) AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.member_id = standing.member_id;

-- publish replaced: what makes it stand
DELETE FROM marts.replaced;

-- publish replaced: what makes it stand
INSERT INTO marts.replaced (member_id, part, city, "Home Town", score, joined)
SELECT
  marts.replaced__new.member_id,
  marts.replaced__new.part,
  marts.replaced__new.city,
  marts.replaced__new."Home Town",
  marts.replaced__new.score,
  marts.replaced__new.joined
FROM marts.replaced__new
ORDER BY marts.replaced__new.joined;

-- stage history: the candidate, beside what stands
CREATE TABLE marts.history__new AS
WITH kept AS (
  SELECT
    members.member_id AS member_id,
    members.part AS part,
    members.city AS city,
    members."Home Town" AS "Home Town",
    members.score AS score,
    members.joined AS joined,
    CAST(:run_started_at AS TIMESTAMP) AS valid_from,
    CAST(NULL AS TIMESTAMP) AS valid_to,
    TRUE AS is_current
  FROM staging.members AS members
)
SELECT
  md5(COALESCE(length(kept.member_id) || ':' || kept.member_id, '-') || COALESCE(length(strftime(kept.valid_from, '%Y-%m-%d %H:%M:%S.%f')) || ':' || strftime(kept.valid_from, '%Y-%m-%d %H:%M:%S.%f'), '-')) AS version_key,
  kept.member_id,
  kept.part,
  kept.city,
  kept."Home Town",
  kept.score,
  kept.joined,
  kept.valid_from,
  kept.valid_to,
  kept.is_current,
  'out' AS _bucket
FROM kept
UNION ALL
SELECT
  md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-') || COALESCE(length(strftime(TIMESTAMP '1900-01-01 00:00:00', '%Y-%m-%d %H:%M:%S.%f')) || ':' || strftime(TIMESTAMP '1900-01-01 00:00:00', '%Y-%m-%d %H:%M:%S.%f'), '-')) AS version_key,
  CAST('UNKNOWN' AS VARCHAR) AS member_id,
  CAST(NULL AS BIGINT) AS part,
  CAST(NULL AS VARCHAR) AS city,
  CAST(NULL AS VARCHAR) AS "Home Town",
  CAST(NULL AS DOUBLE PRECISION) AS score,
  CAST(NULL AS DATE) AS joined,
  CAST(TIMESTAMP '1900-01-01 00:00:00' AS TIMESTAMP) AS valid_from,
  CAST(NULL AS TIMESTAMP) AS valid_to,
  CAST(TRUE AS BOOLEAN) AS is_current,
  'unknown' AS _bucket;

-- stage history: what comes in from members
SELECT count(*) AS rows_in
FROM staging.members AS members;

-- stage history: one scan for the ledger and the checks
SELECT COUNT(CASE WHEN history._bucket = 'out' THEN 1 END) AS f1
FROM marts.history__new AS history;

-- stage history: key(member_id), whether a row can fail
WITH grouped AS (
  SELECT history.member_id AS _k0
  FROM (
    SELECT
      history.version_key AS version_key,
      history.member_id AS member_id,
      history.part AS part,
      history.city AS city,
      history."Home Town" AS "Home Town",
      history.score AS score,
      history.joined AS joined,
      history.valid_from AS valid_from,
      history.valid_to AS valid_to,
      history.is_current AS is_current
    FROM marts.history__new AS history
    WHERE history._bucket IN ('out', 'unknown')
  ) AS history
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage history: key(member_id)
WITH grouped AS (
  SELECT
    history.member_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      history.version_key AS version_key,
      history.member_id AS member_id,
      history.part AS part,
      history.city AS city,
      history."Home Town" AS "Home Town",
      history.score AS score,
      history.joined AS joined,
      history.valid_from AS valid_from,
      history.valid_to AS valid_to,
      history.is_current AS is_current
    FROM marts.history__new AS history
    WHERE history._bucket IN ('out', 'unknown')
  ) AS history
  GROUP BY history.member_id
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

-- publish history: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.history AS
SELECT
  marts.history__new.version_key,
  marts.history__new.member_id,
  marts.history__new.part,
  marts.history__new.city,
  marts.history__new."Home Town",
  marts.history__new.score,
  marts.history__new.joined,
  marts.history__new.valid_from,
  marts.history__new.valid_to,
  marts.history__new.is_current
FROM marts.history__new
WHERE 1 = 0;

-- publish history: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.history__new.version_key AS version_key,
    marts.history__new.member_id AS member_id,
    marts.history__new.part AS part,
    marts.history__new.city AS city,
    marts.history__new."Home Town" AS "Home Town",
    marts.history__new.score AS score,
    marts.history__new.joined AS joined,
    marts.history__new.valid_from AS valid_from,
    marts.history__new.valid_to AS valid_to,
    marts.history__new.is_current AS is_current
  FROM marts.history__new
  WHERE marts.history__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.history.version_key AS version_key,
    marts.history.member_id AS member_id,
    marts.history.part AS part,
    marts.history.city AS city,
    marts.history."Home Town" AS "Home Town",
    marts.history.score AS score,
    marts.history.joined AS joined,
    marts.history.valid_from AS valid_from,
    marts.history.valid_to AS valid_to,
    marts.history.is_current AS is_current,
    1 AS _stands
  FROM marts.history
  WHERE marts.history.is_current
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.part IS DISTINCT FROM standing.part OR candidate.city IS DISTINCT FROM standing.city OR candidate."Home Town" IS DISTINCT FROM standing."Home Town" OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM standing.joined)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.part IS DISTINCT FROM standing.part OR candidate.city IS DISTINCT FROM standing.city OR candidate."Home Town" IS DISTINCT FROM standing."Home Town" OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM standing.joined)) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.member_id = standing.member_id;

-- publish history: what makes it stand
DELETE FROM marts.history
WHERE marts.history.is_current
  AND (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.history__new.version_key AS version_key,
      marts.history__new.member_id AS member_id,
      marts.history__new.part AS part,
      marts.history__new.city AS city,
      marts.history__new."Home Town" AS "Home Town",
      marts.history__new.score AS score,
      marts.history__new.joined AS joined,
      marts.history__new.valid_from AS valid_from,
      marts.history__new.valid_to AS valid_to,
      marts.history__new.is_current AS is_current
    FROM marts.history__new
    WHERE marts.history__new._bucket IN ('out', 'unknown')
  ) AS candidate
  WHERE candidate.member_id = marts.history.member_id
    AND (candidate.part IS DISTINCT FROM marts.history.part OR candidate.city IS DISTINCT FROM marts.history.city OR candidate."Home Town" IS DISTINCT FROM marts.history."Home Town" OR candidate.score IS DISTINCT FROM marts.history.score AND NOT coalesce(candidate.score BETWEEN least(marts.history.score * 0.999999999, marts.history.score * 1.000000001) AND greatest(marts.history.score * 0.999999999, marts.history.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM marts.history.joined)
    AND candidate.valid_from = marts.history.valid_from
));

-- publish history: what makes it stand
UPDATE marts.history
SET valid_to=CAST(:run_started_at AS TIMESTAMP),
  is_current=FALSE
WHERE marts.history.is_current
  AND (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.history__new.version_key AS version_key,
      marts.history__new.member_id AS member_id,
      marts.history__new.part AS part,
      marts.history__new.city AS city,
      marts.history__new."Home Town" AS "Home Town",
      marts.history__new.score AS score,
      marts.history__new.joined AS joined,
      marts.history__new.valid_from AS valid_from,
      marts.history__new.valid_to AS valid_to,
      marts.history__new.is_current AS is_current
    FROM marts.history__new
    WHERE marts.history__new._bucket IN ('out', 'unknown')
  ) AS candidate
  WHERE candidate.member_id = marts.history.member_id
    AND (candidate.part IS DISTINCT FROM marts.history.part OR candidate.city IS DISTINCT FROM marts.history.city OR candidate."Home Town" IS DISTINCT FROM marts.history."Home Town" OR candidate.score IS DISTINCT FROM marts.history.score AND NOT coalesce(candidate.score BETWEEN least(marts.history.score * 0.999999999, marts.history.score * 1.000000001) AND greatest(marts.history.score * 0.999999999, marts.history.score * 1.000000001), FALSE) OR candidate.joined IS DISTINCT FROM marts.history.joined)
));

-- publish history: what makes it stand
INSERT INTO marts.history (version_key, member_id, part, city, "Home Town", score, joined, valid_from, valid_to, is_current)
SELECT
  candidate.version_key,
  candidate.member_id,
  candidate.part,
  candidate.city,
  candidate."Home Town",
  candidate.score,
  candidate.joined,
  candidate.valid_from,
  candidate.valid_to,
  candidate.is_current
FROM (
  SELECT
    marts.history__new.version_key AS version_key,
    marts.history__new.member_id AS member_id,
    marts.history__new.part AS part,
    marts.history__new.city AS city,
    marts.history__new."Home Town" AS "Home Town",
    marts.history__new.score AS score,
    marts.history__new.joined AS joined,
    marts.history__new.valid_from AS valid_from,
    marts.history__new.valid_to AS valid_to,
    marts.history__new.is_current AS is_current
  FROM marts.history__new
  WHERE marts.history__new._bucket IN ('out', 'unknown')
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.history AS standing
  WHERE standing.is_current
    AND candidate.member_id = standing.member_id
))
ORDER BY candidate.is_current;

-- stage history_closed: the candidate, beside what stands
CREATE TABLE marts.history_closed__new AS
SELECT
  by_city.city,
  by_city.part,
  by_city.members,
  by_city.score,
  CAST(:run_started_at AS TIMESTAMP) AS valid_from,
  CAST(NULL AS TIMESTAMP) AS valid_to,
  TRUE AS is_current
FROM marts.by_city AS by_city;

-- stage history_closed: what comes in from by_city
SELECT count(*) AS rows_in
FROM marts.by_city AS by_city;

-- stage history_closed: one scan for the ledger and the checks
SELECT COUNT(*) AS f1
FROM marts.history_closed__new AS history_closed;

-- publish history_closed: the candidate becomes the table, where there is none yet
ALTER TABLE marts.history_closed__new RENAME TO history_closed;

-- publish history_closed: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.history_closed AS
SELECT
  marts.history_closed__new.city,
  marts.history_closed__new.part,
  marts.history_closed__new.members,
  marts.history_closed__new.score,
  marts.history_closed__new.valid_from,
  marts.history_closed__new.valid_to,
  marts.history_closed__new.is_current
FROM marts.history_closed__new
WHERE 1 = 0;

-- publish history_closed: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.history_closed__new.city AS city,
    marts.history_closed__new.part AS part,
    marts.history_closed__new.members AS members,
    marts.history_closed__new.score AS score,
    marts.history_closed__new.valid_from AS valid_from,
    marts.history_closed__new.valid_to AS valid_to,
    marts.history_closed__new.is_current AS is_current
  FROM marts.history_closed__new
),
standing AS (
  SELECT
    marts.history_closed.city AS city,
    marts.history_closed.part AS part,
    marts.history_closed.members AS members,
    marts.history_closed.score AS score,
    marts.history_closed.valid_from AS valid_from,
    marts.history_closed.valid_to AS valid_to,
    marts.history_closed.is_current AS is_current,
    1 AS _stands
  FROM marts.history_closed
  WHERE marts.history_closed.is_current
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.members IS DISTINCT FROM standing.members OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE))) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.members IS DISTINCT FROM standing.members OR candidate.score IS DISTINCT FROM standing.score AND NOT coalesce(candidate.score BETWEEN least(standing.score * 0.999999999, standing.score * 1.000000001) AND greatest(standing.score * 0.999999999, standing.score * 1.000000001), FALSE))) THEN 1 END) AS unchanged,
  (
    SELECT count(*) AS count_1
    FROM marts.history_closed
    WHERE marts.history_closed.is_current
      AND NOT (EXISTS (
      SELECT 1
      FROM candidate
      WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.history_closed.city) || ':' || marts.history_closed.city, '-') || COALESCE(length(CAST(marts.history_closed.part AS VARCHAR)) || ':' || CAST(marts.history_closed.part AS VARCHAR), '-'))
        AND candidate.city IS NOT DISTINCT FROM marts.history_closed.city
        AND candidate.part IS NOT DISTINCT FROM marts.history_closed.part
    ))
  ) AS deleted
FROM candidate
LEFT OUTER JOIN standing ON md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(standing.city) || ':' || standing.city, '-') || COALESCE(length(CAST(standing.part AS VARCHAR)) || ':' || CAST(standing.part AS VARCHAR), '-')) AND candidate.city IS NOT DISTINCT FROM standing.city AND candidate.part IS NOT DISTINCT FROM standing.part;

-- publish history_closed: what makes it stand
DELETE FROM marts.history_closed
WHERE marts.history_closed.is_current
  AND (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.history_closed__new.city AS city,
      marts.history_closed__new.part AS part,
      marts.history_closed__new.members AS members,
      marts.history_closed__new.score AS score,
      marts.history_closed__new.valid_from AS valid_from,
      marts.history_closed__new.valid_to AS valid_to,
      marts.history_closed__new.is_current AS is_current
    FROM marts.history_closed__new
  ) AS candidate
  WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.history_closed.city) || ':' || marts.history_closed.city, '-') || COALESCE(length(CAST(marts.history_closed.part AS VARCHAR)) || ':' || CAST(marts.history_closed.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM marts.history_closed.city
    AND candidate.part IS NOT DISTINCT FROM marts.history_closed.part
    AND (candidate.members IS DISTINCT FROM marts.history_closed.members OR candidate.score IS DISTINCT FROM marts.history_closed.score AND NOT coalesce(candidate.score BETWEEN least(marts.history_closed.score * 0.999999999, marts.history_closed.score * 1.000000001) AND greatest(marts.history_closed.score * 0.999999999, marts.history_closed.score * 1.000000001), FALSE))
    AND candidate.valid_from = marts.history_closed.valid_from
));

-- publish history_closed: what makes it stand
UPDATE marts.history_closed
SET valid_to=CAST(:run_started_at AS TIMESTAMP),
  is_current=FALSE
WHERE marts.history_closed.is_current
  AND (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.history_closed__new.city AS city,
      marts.history_closed__new.part AS part,
      marts.history_closed__new.members AS members,
      marts.history_closed__new.score AS score,
      marts.history_closed__new.valid_from AS valid_from,
      marts.history_closed__new.valid_to AS valid_to,
      marts.history_closed__new.is_current AS is_current
    FROM marts.history_closed__new
  ) AS candidate
  WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.history_closed.city) || ':' || marts.history_closed.city, '-') || COALESCE(length(CAST(marts.history_closed.part AS VARCHAR)) || ':' || CAST(marts.history_closed.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM marts.history_closed.city
    AND candidate.part IS NOT DISTINCT FROM marts.history_closed.part
    AND (candidate.members IS DISTINCT FROM marts.history_closed.members OR candidate.score IS DISTINCT FROM marts.history_closed.score AND NOT coalesce(candidate.score BETWEEN least(marts.history_closed.score * 0.999999999, marts.history_closed.score * 1.000000001) AND greatest(marts.history_closed.score * 0.999999999, marts.history_closed.score * 1.000000001), FALSE))
));

-- publish history_closed: what makes it stand
DELETE FROM marts.history_closed
WHERE marts.history_closed.is_current
  AND marts.history_closed.valid_from = CAST(:run_started_at AS TIMESTAMP)
  AND NOT (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.history_closed__new.city AS city,
      marts.history_closed__new.part AS part,
      marts.history_closed__new.members AS members,
      marts.history_closed__new.score AS score,
      marts.history_closed__new.valid_from AS valid_from,
      marts.history_closed__new.valid_to AS valid_to,
      marts.history_closed__new.is_current AS is_current
    FROM marts.history_closed__new
  ) AS candidate
  WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.history_closed.city) || ':' || marts.history_closed.city, '-') || COALESCE(length(CAST(marts.history_closed.part AS VARCHAR)) || ':' || CAST(marts.history_closed.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM marts.history_closed.city
    AND candidate.part IS NOT DISTINCT FROM marts.history_closed.part
));

-- publish history_closed: what makes it stand
UPDATE marts.history_closed
SET valid_to=CAST(:run_started_at AS TIMESTAMP),
  is_current=FALSE
WHERE marts.history_closed.is_current
  AND NOT (EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.history_closed__new.city AS city,
      marts.history_closed__new.part AS part,
      marts.history_closed__new.members AS members,
      marts.history_closed__new.score AS score,
      marts.history_closed__new.valid_from AS valid_from,
      marts.history_closed__new.valid_to AS valid_to,
      marts.history_closed__new.is_current AS is_current
    FROM marts.history_closed__new
  ) AS candidate
  WHERE md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(marts.history_closed.city) || ':' || marts.history_closed.city, '-') || COALESCE(length(CAST(marts.history_closed.part AS VARCHAR)) || ':' || CAST(marts.history_closed.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM marts.history_closed.city
    AND candidate.part IS NOT DISTINCT FROM marts.history_closed.part
));

-- publish history_closed: what makes it stand
INSERT INTO marts.history_closed (city, part, members, score, valid_from, valid_to, is_current)
SELECT
  candidate.city,
  candidate.part,
  candidate.members,
  candidate.score,
  candidate.valid_from,
  candidate.valid_to,
  candidate.is_current
FROM (
  SELECT
    marts.history_closed__new.city AS city,
    marts.history_closed__new.part AS part,
    marts.history_closed__new.members AS members,
    marts.history_closed__new.score AS score,
    marts.history_closed__new.valid_from AS valid_from,
    marts.history_closed__new.valid_to AS valid_to,
    marts.history_closed__new.is_current AS is_current
  FROM marts.history_closed__new
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.history_closed AS standing
  WHERE standing.is_current
    AND md5(COALESCE(length(candidate.city) || ':' || candidate.city, '-') || COALESCE(length(CAST(candidate.part AS VARCHAR)) || ':' || CAST(candidate.part AS VARCHAR), '-')) = md5(COALESCE(length(standing.city) || ':' || standing.city, '-') || COALESCE(length(CAST(standing.part AS VARCHAR)) || ':' || CAST(standing.part AS VARCHAR), '-'))
    AND candidate.city IS NOT DISTINCT FROM standing.city
    AND candidate.part IS NOT DISTINCT FROM standing.part
));
