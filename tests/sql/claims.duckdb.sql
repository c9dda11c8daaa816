-- source raw_claim_headers: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_claim_headers.claim_id AS claim_id,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.claim_version, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_headers.claim_version AS BIGINT) END AS BIGINT) AS claim_version,
    raw_claim_headers.member_id AS member_id,
    raw_claim_headers.provider_npi AS provider_npi,
    raw_claim_headers.plan_code AS plan_code,
    raw_claim_headers.claim_type AS claim_type,
    raw_claim_headers.service_from AS service_from,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.received_at, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)?)[ \t\n\r\f]*$') THEN COALESCE(TRY_CAST(raw_claim_headers.received_at AS TIMESTAMP), TRY_CAST(trim(raw_claim_headers.received_at, E' \t\n\r\f') AS TIMESTAMP)) WHEN regexp_matches(raw_claim_headers.received_at, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))[ \t\n\r\f]*$') AND (raw_claim_headers.received_at NOT LIKE '%0001-01-01%' AND raw_claim_headers.received_at NOT LIKE '%9999-12-31%' OR TRY_CAST(regexp_replace(trim(raw_claim_headers.received_at, E' \t\n\r\f'), '^([^:]*:[0-9][0-9])([^:0-9])', '\1:00\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999') THEN TRY_CAST(regexp_replace(trim(raw_claim_headers.received_at, E' \t\n\r\f'), '^([^:]*:[0-9][0-9])([^:0-9])', '\1:00\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END AS TIMESTAMP) AS received_at,
    raw_claim_headers.status AS status,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.total_charge, '^[ \t\n\r\f]*([+-]?(0{0,200}[0-9]{1,16}(\.[0-9]{0,2})?|\.[0-9]{1,2}))[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_headers.total_charge AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS total_charge,
    raw_claim_headers.claim_version IS NOT NULL AS _given_claim_version,
    raw_claim_headers.received_at IS NOT NULL AS _given_received_at,
    raw_claim_headers.total_charge IS NOT NULL AS _given_total_charge
  FROM raw.raw_claim_headers AS raw_claim_headers
),
raw_claim_headers_typed AS (
  SELECT
    typed.claim_id AS claim_id,
    typed.claim_version AS claim_version,
    typed.member_id AS member_id,
    typed.provider_npi AS provider_npi,
    typed.plan_code AS plan_code,
    typed.claim_type AS claim_type,
    typed.service_from AS service_from,
    typed.received_at AS received_at,
    typed.status AS status,
    typed.total_charge AS total_charge,
    typed._given_claim_version AND typed.claim_version IS NULL AS _failed_claim_version,
    typed._given_received_at AND typed.received_at IS NULL AS _failed_received_at,
    typed._given_total_charge AND typed.total_charge IS NULL AS _failed_total_charge
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_claim_headers_typed._failed_claim_version OR raw_claim_headers_typed._failed_received_at OR raw_claim_headers_typed._failed_total_charge THEN 1 END) AS f2,
  COUNT(CASE WHEN NOT raw_claim_headers_typed.claim_type IN ('P', 'I', 'R') THEN 1 END) AS f3
FROM raw_claim_headers_typed;

-- source raw_claim_headers: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_claim_headers.claim_version, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_headers.claim_version AS BIGINT) END AS BIGINT) AS claim_version,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.received_at, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)?)[ \t\n\r\f]*$') THEN COALESCE(TRY_CAST(raw_claim_headers.received_at AS TIMESTAMP), TRY_CAST(trim(raw_claim_headers.received_at, E' \t\n\r\f') AS TIMESTAMP)) WHEN regexp_matches(raw_claim_headers.received_at, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))[ \t\n\r\f]*$') AND (raw_claim_headers.received_at NOT LIKE '%0001-01-01%' AND raw_claim_headers.received_at NOT LIKE '%9999-12-31%' OR TRY_CAST(regexp_replace(trim(raw_claim_headers.received_at, E' \t\n\r\f'), '^([^:]*:[0-9][0-9])([^:0-9])', '\1:00\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999') THEN TRY_CAST(regexp_replace(trim(raw_claim_headers.received_at, E' \t\n\r\f'), '^([^:]*:[0-9][0-9])([^:0-9])', '\1:00\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END AS TIMESTAMP) AS received_at,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.total_charge, '^[ \t\n\r\f]*([+-]?(0{0,200}[0-9]{1,16}(\.[0-9]{0,2})?|\.[0-9]{1,2}))[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_headers.total_charge AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS total_charge,
    raw_claim_headers.claim_id AS _text_claim_id,
    raw_claim_headers.claim_version AS _text_claim_version,
    raw_claim_headers.member_id AS _text_member_id,
    raw_claim_headers.provider_npi AS _text_provider_npi,
    raw_claim_headers.plan_code AS _text_plan_code,
    raw_claim_headers.claim_type AS _text_claim_type,
    raw_claim_headers.service_from AS _text_service_from,
    raw_claim_headers.received_at AS _text_received_at,
    raw_claim_headers.status AS _text_status,
    raw_claim_headers.total_charge AS _text_total_charge,
    raw_claim_headers.claim_version IS NOT NULL AS _given_claim_version,
    raw_claim_headers.received_at IS NOT NULL AS _given_received_at,
    raw_claim_headers.total_charge IS NOT NULL AS _given_total_charge
  FROM raw.raw_claim_headers AS raw_claim_headers
),
typed_2 AS (
  SELECT
    typed._text_claim_id AS _text_claim_id,
    typed._text_claim_version AS _text_claim_version,
    typed._text_member_id AS _text_member_id,
    typed._text_provider_npi AS _text_provider_npi,
    typed._text_plan_code AS _text_plan_code,
    typed._text_claim_type AS _text_claim_type,
    typed._text_service_from AS _text_service_from,
    typed._text_received_at AS _text_received_at,
    typed._text_status AS _text_status,
    typed._text_total_charge AS _text_total_charge,
    typed._given_claim_version AND typed.claim_version IS NULL AS _failed_claim_version,
    typed._given_received_at AND typed.received_at IS NULL AS _failed_received_at,
    typed._given_total_charge AND typed.total_charge IS NULL AS _failed_total_charge
  FROM typed
),
raw_claim_headers_judged AS (
  SELECT
    typed_2._text_claim_id AS _text_claim_id,
    typed_2._text_claim_version AS _text_claim_version,
    typed_2._text_member_id AS _text_member_id,
    typed_2._text_provider_npi AS _text_provider_npi,
    typed_2._text_plan_code AS _text_plan_code,
    typed_2._text_claim_type AS _text_claim_type,
    typed_2._text_service_from AS _text_service_from,
    typed_2._text_received_at AS _text_received_at,
    typed_2._text_status AS _text_status,
    typed_2._text_total_charge AS _text_total_charge,
    CASE WHEN typed_2._failed_claim_version THEN 'quarantined' WHEN typed_2._failed_received_at THEN 'quarantined' WHEN typed_2._failed_total_charge THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_claim_version OR typed_2._failed_received_at OR typed_2._failed_total_charge THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_claim_version THEN '"unreadable(claim_version as integer)"' END, CASE WHEN typed_2._failed_received_at THEN '"unreadable(received_at as timestamp)"' END, CASE WHEN typed_2._failed_total_charge THEN '"unreadable(total_charge as decimal(18,2))"' END)) || ']' END AS _reasons
  FROM typed_2
)
SELECT
  CAST(:this_run AS VARCHAR) AS _run_id,
  CAST(NULL AS VARCHAR) AS _source_file,
  CAST(NULL AS BIGINT) AS _line,
  CAST('unreadable' AS VARCHAR) AS _bucket,
  CAST(raw_claim_headers_judged._reasons AS VARCHAR) AS _reasons,
  CAST(NULL AS VARCHAR) AS _text,
  CAST(raw_claim_headers_judged._text_claim_id AS VARCHAR) AS claim_id,
  CAST(raw_claim_headers_judged._text_claim_version AS VARCHAR) AS claim_version,
  CAST(raw_claim_headers_judged._text_member_id AS VARCHAR) AS member_id,
  CAST(raw_claim_headers_judged._text_provider_npi AS VARCHAR) AS provider_npi,
  CAST(raw_claim_headers_judged._text_plan_code AS VARCHAR) AS plan_code,
  CAST(raw_claim_headers_judged._text_claim_type AS VARCHAR) AS claim_type,
  CAST(raw_claim_headers_judged._text_service_from AS VARCHAR) AS service_from,
  CAST(raw_claim_headers_judged._text_received_at AS VARCHAR) AS received_at,
  CAST(raw_claim_headers_judged._text_status AS VARCHAR) AS status,
  CAST(raw_claim_headers_judged._text_total_charge AS VARCHAR) AS total_charge
FROM raw_claim_headers_judged
WHERE raw_claim_headers_judged._bucket = 'quarantined';

-- source raw_claim_lines: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_claim_lines.line_id AS line_id,
    raw_claim_lines.claim_id AS claim_id,
    CAST(CASE WHEN regexp_matches(raw_claim_lines.line_number, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_lines.line_number AS BIGINT) END AS BIGINT) AS line_number,
    raw_claim_lines.procedure_code AS procedure_code,
    CAST(CASE WHEN regexp_matches(raw_claim_lines.units, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_lines.units AS BIGINT) END AS BIGINT) AS units,
    raw_claim_lines.charged AS charged,
    raw_claim_lines.allowed AS allowed,
    raw_claim_lines.paid AS paid,
    raw_claim_lines.line_number IS NOT NULL AS _given_line_number,
    raw_claim_lines.units IS NOT NULL AS _given_units
  FROM raw.raw_claim_lines AS raw_claim_lines
),
raw_claim_lines_typed AS (
  SELECT
    typed.line_id AS line_id,
    typed.claim_id AS claim_id,
    typed.line_number AS line_number,
    typed.procedure_code AS procedure_code,
    typed.units AS units,
    typed.charged AS charged,
    typed.allowed AS allowed,
    typed.paid AS paid,
    typed._given_line_number AND typed.line_number IS NULL AS _failed_line_number,
    typed._given_units AND typed.units IS NULL AS _failed_units
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_claim_lines_typed._failed_line_number OR raw_claim_lines_typed._failed_units THEN 1 END) AS f2
FROM raw_claim_lines_typed;

-- source raw_claim_lines: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_claim_lines.line_number, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_lines.line_number AS BIGINT) END AS BIGINT) AS line_number,
    CAST(CASE WHEN regexp_matches(raw_claim_lines.units, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_lines.units AS BIGINT) END AS BIGINT) AS units,
    raw_claim_lines.line_id AS _text_line_id,
    raw_claim_lines.claim_id AS _text_claim_id,
    raw_claim_lines.line_number AS _text_line_number,
    raw_claim_lines.procedure_code AS _text_procedure_code,
    raw_claim_lines.units AS _text_units,
    raw_claim_lines.charged AS _text_charged,
    raw_claim_lines.allowed AS _text_allowed,
    raw_claim_lines.paid AS _text_paid,
    raw_claim_lines.line_number IS NOT NULL AS _given_line_number,
    raw_claim_lines.units IS NOT NULL AS _given_units
  FROM raw.raw_claim_lines AS raw_claim_lines
),
typed_2 AS (
  SELECT
    typed._text_line_id AS _text_line_id,
    typed._text_claim_id AS _text_claim_id,
    typed._text_line_number AS _text_line_number,
    typed._text_procedure_code AS _text_procedure_code,
    typed._text_units AS _text_units,
    typed._text_charged AS _text_charged,
    typed._text_allowed AS _text_allowed,
    typed._text_paid AS _text_paid,
    typed._given_line_number AND typed.line_number IS NULL AS _failed_line_number,
    typed._given_units AND typed.units IS NULL AS _failed_units
  FROM typed
),
raw_claim_lines_judged AS (
  SELECT
    typed_2._text_line_id AS _text_line_id,
    typed_2._text_claim_id AS _text_claim_id,
    typed_2._text_line_number AS _text_line_number,
    typed_2._text_procedure_code AS _text_procedure_code,
    typed_2._text_units AS _text_units,
    typed_2._text_charged AS _text_charged,
    typed_2._text_allowed AS _text_allowed,
    typed_2._text_paid AS _text_paid,
    CASE WHEN typed_2._failed_line_number THEN 'quarantined' WHEN typed_2._failed_units THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_line_number OR typed_2._failed_units THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_line_number THEN '"unreadable(line_number as integer)"' END, CASE WHEN typed_2._failed_units THEN '"unreadable(units as integer)"' END)) || ']' END AS _reasons
  FROM typed_2
)
SELECT
  CAST(:this_run AS VARCHAR) AS _run_id,
  CAST(NULL AS VARCHAR) AS _source_file,
  CAST(NULL AS BIGINT) AS _line,
  CAST('unreadable' AS VARCHAR) AS _bucket,
  CAST(raw_claim_lines_judged._reasons AS VARCHAR) AS _reasons,
  CAST(NULL AS VARCHAR) AS _text,
  CAST(raw_claim_lines_judged._text_line_id AS VARCHAR) AS line_id,
  CAST(raw_claim_lines_judged._text_claim_id AS VARCHAR) AS claim_id,
  CAST(raw_claim_lines_judged._text_line_number AS VARCHAR) AS line_number,
  CAST(raw_claim_lines_judged._text_procedure_code AS VARCHAR) AS procedure_code,
  CAST(raw_claim_lines_judged._text_units AS VARCHAR) AS units,
  CAST(raw_claim_lines_judged._text_charged AS VARCHAR) AS charged,
  CAST(raw_claim_lines_judged._text_allowed AS VARCHAR) AS allowed,
  CAST(raw_claim_lines_judged._text_paid AS VARCHAR) AS paid
FROM raw_claim_lines_judged
WHERE raw_claim_lines_judged._bucket = 'quarantined';

-- source raw_adjustments: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_adjustments.adjustment_id AS adjustment_id,
    raw_adjustments.line_id AS line_id,
    CAST(CASE WHEN regexp_matches(raw_adjustments.amount, '^[ \t\n\r\f]*([+-]?(0{0,200}[0-9]{1,16}(\.[0-9]{0,2})?|\.[0-9]{1,2}))[ \t\n\r\f]*$') THEN TRY_CAST(raw_adjustments.amount AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS amount,
    raw_adjustments.reason AS reason,
    raw_adjustments.amount IS NOT NULL AS _given_amount
  FROM raw.raw_adjustments AS raw_adjustments
),
raw_adjustments_typed AS (
  SELECT
    typed.adjustment_id AS adjustment_id,
    typed.line_id AS line_id,
    typed.amount AS amount,
    typed.reason AS reason,
    typed._given_amount AND typed.amount IS NULL AS _failed_amount
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_adjustments_typed._failed_amount THEN 1 END) AS f2
FROM raw_adjustments_typed;

-- source raw_adjustments: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_adjustments.amount, '^[ \t\n\r\f]*([+-]?(0{0,200}[0-9]{1,16}(\.[0-9]{0,2})?|\.[0-9]{1,2}))[ \t\n\r\f]*$') THEN TRY_CAST(raw_adjustments.amount AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS amount,
    raw_adjustments.adjustment_id AS _text_adjustment_id,
    raw_adjustments.line_id AS _text_line_id,
    raw_adjustments.amount AS _text_amount,
    raw_adjustments.reason AS _text_reason,
    raw_adjustments.amount IS NOT NULL AS _given_amount
  FROM raw.raw_adjustments AS raw_adjustments
),
typed_2 AS (
  SELECT
    typed._text_adjustment_id AS _text_adjustment_id,
    typed._text_line_id AS _text_line_id,
    typed._text_amount AS _text_amount,
    typed._text_reason AS _text_reason,
    typed._given_amount AND typed.amount IS NULL AS _failed_amount
  FROM typed
),
raw_adjustments_judged AS (
  SELECT
    typed_2._text_adjustment_id AS _text_adjustment_id,
    typed_2._text_line_id AS _text_line_id,
    typed_2._text_amount AS _text_amount,
    typed_2._text_reason AS _text_reason,
    CASE WHEN typed_2._failed_amount THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_amount THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_amount THEN '"unreadable(amount as decimal(18,2))"' END)) || ']' END AS _reasons
  FROM typed_2
)
SELECT
  CAST(:this_run AS VARCHAR) AS _run_id,
  CAST(NULL AS VARCHAR) AS _source_file,
  CAST(NULL AS BIGINT) AS _line,
  CAST('unreadable' AS VARCHAR) AS _bucket,
  CAST(raw_adjustments_judged._reasons AS VARCHAR) AS _reasons,
  CAST(NULL AS VARCHAR) AS _text,
  CAST(raw_adjustments_judged._text_adjustment_id AS VARCHAR) AS adjustment_id,
  CAST(raw_adjustments_judged._text_line_id AS VARCHAR) AS line_id,
  CAST(raw_adjustments_judged._text_amount AS VARCHAR) AS amount,
  CAST(raw_adjustments_judged._text_reason AS VARCHAR) AS reason
FROM raw_adjustments_judged
WHERE raw_adjustments_judged._bucket = 'quarantined';

-- source raw_members: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.birth_date, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.birth_date AS DATE) END AS DATE) AS birth_date,
    raw_members.gender AS gender,
    raw_members.zip AS zip,
    raw_members.birth_date IS NOT NULL AS _given_birth_date
  FROM raw.raw_members AS raw_members
),
raw_members_typed AS (
  SELECT
    typed.member_id AS member_id,
    typed.birth_date AS birth_date,
    typed.gender AS gender,
    typed.zip AS zip,
    typed._given_birth_date AND typed.birth_date IS NULL AS _failed_birth_date
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_members_typed._failed_birth_date THEN 1 END) AS f2
FROM raw_members_typed;

-- source raw_members: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_members.birth_date, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.birth_date AS DATE) END AS DATE) AS birth_date,
    raw_members.member_id AS _text_member_id,
    raw_members.birth_date AS _text_birth_date,
    raw_members.gender AS _text_gender,
    raw_members.zip AS _text_zip,
    raw_members.birth_date IS NOT NULL AS _given_birth_date
  FROM raw.raw_members AS raw_members
),
typed_2 AS (
  SELECT
    typed._text_member_id AS _text_member_id,
    typed._text_birth_date AS _text_birth_date,
    typed._text_gender AS _text_gender,
    typed._text_zip AS _text_zip,
    typed._given_birth_date AND typed.birth_date IS NULL AS _failed_birth_date
  FROM typed
),
raw_members_judged AS (
  SELECT
    typed_2._text_member_id AS _text_member_id,
    typed_2._text_birth_date AS _text_birth_date,
    typed_2._text_gender AS _text_gender,
    typed_2._text_zip AS _text_zip,
    CASE WHEN typed_2._failed_birth_date THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_birth_date THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_birth_date THEN '"unreadable(birth_date as date)"' END)) || ']' END AS _reasons
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
  CAST(raw_members_judged._text_birth_date AS VARCHAR) AS birth_date,
  CAST(raw_members_judged._text_gender AS VARCHAR) AS gender,
  CAST(raw_members_judged._text_zip AS VARCHAR) AS zip
FROM raw_members_judged
WHERE raw_members_judged._bucket = 'quarantined';

-- source raw_members: key(member_id), whether a row can fail
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.birth_date, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.birth_date AS DATE) END AS DATE) AS birth_date,
    raw_members.birth_date IS NOT NULL AS _given_birth_date
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
    CAST(CASE WHEN regexp_matches(raw_members.birth_date, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.birth_date AS DATE) END AS DATE) AS birth_date,
    raw_members.birth_date IS NOT NULL AS _given_birth_date
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

-- source raw_providers: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM raw.raw_providers;

-- source raw_providers: key(npi), whether a row can fail
WITH grouped AS (
  SELECT raw_providers.npi AS _k0
  FROM raw.raw_providers AS raw_providers
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- source raw_providers: key(npi)
WITH grouped AS (
  SELECT
    raw_providers.npi AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM raw.raw_providers AS raw_providers
  GROUP BY raw_providers.npi
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

-- source raw_plans: one scan for what a row decides
SELECT COUNT(*) AS f1
FROM raw.raw_plans;

-- source raw_plans: key(plan_code), whether a row can fail
WITH grouped AS (
  SELECT raw_plans.plan_code AS _k0
  FROM raw.raw_plans AS raw_plans
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- source raw_plans: key(plan_code)
WITH grouped AS (
  SELECT
    raw_plans.plan_code AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM raw.raw_plans AS raw_plans
  GROUP BY raw_plans.plan_code
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

-- source raw_eligibility: one scan for what a row decides
WITH typed AS (
  SELECT
    raw_eligibility.member_id AS member_id,
    raw_eligibility.plan_code AS plan_code,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_from, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_from AS DATE) END AS DATE) AS eligible_from,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_to, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_to AS DATE) END AS DATE) AS eligible_to,
    raw_eligibility.eligible_from IS NOT NULL AS _given_eligible_from,
    raw_eligibility.eligible_to IS NOT NULL AS _given_eligible_to
  FROM raw.raw_eligibility AS raw_eligibility
),
raw_eligibility_typed AS (
  SELECT
    typed.member_id AS member_id,
    typed.plan_code AS plan_code,
    typed.eligible_from AS eligible_from,
    typed.eligible_to AS eligible_to,
    typed._given_eligible_from AND typed.eligible_from IS NULL AS _failed_eligible_from,
    typed._given_eligible_to AND typed.eligible_to IS NULL AS _failed_eligible_to
  FROM typed
)
SELECT
  COUNT(*) AS f1,
  COUNT(CASE WHEN raw_eligibility_typed._failed_eligible_from OR raw_eligibility_typed._failed_eligible_to THEN 1 END) AS f2
FROM raw_eligibility_typed;

-- source raw_eligibility: rows with an unreadable value, where there are any
WITH typed AS (
  SELECT
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_from, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_from AS DATE) END AS DATE) AS eligible_from,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_to, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_to AS DATE) END AS DATE) AS eligible_to,
    raw_eligibility.member_id AS _text_member_id,
    raw_eligibility.plan_code AS _text_plan_code,
    raw_eligibility.eligible_from AS _text_eligible_from,
    raw_eligibility.eligible_to AS _text_eligible_to,
    raw_eligibility.eligible_from IS NOT NULL AS _given_eligible_from,
    raw_eligibility.eligible_to IS NOT NULL AS _given_eligible_to
  FROM raw.raw_eligibility AS raw_eligibility
),
typed_2 AS (
  SELECT
    typed._text_member_id AS _text_member_id,
    typed._text_plan_code AS _text_plan_code,
    typed._text_eligible_from AS _text_eligible_from,
    typed._text_eligible_to AS _text_eligible_to,
    typed._given_eligible_from AND typed.eligible_from IS NULL AS _failed_eligible_from,
    typed._given_eligible_to AND typed.eligible_to IS NULL AS _failed_eligible_to
  FROM typed
),
raw_eligibility_judged AS (
  SELECT
    typed_2._text_member_id AS _text_member_id,
    typed_2._text_plan_code AS _text_plan_code,
    typed_2._text_eligible_from AS _text_eligible_from,
    typed_2._text_eligible_to AS _text_eligible_to,
    CASE WHEN typed_2._failed_eligible_from THEN 'quarantined' WHEN typed_2._failed_eligible_to THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN typed_2._failed_eligible_from OR typed_2._failed_eligible_to THEN ('[' || CONCAT_WS(',', CASE WHEN typed_2._failed_eligible_from THEN '"unreadable(eligible_from as date)"' END, CASE WHEN typed_2._failed_eligible_to THEN '"unreadable(eligible_to as date)"' END)) || ']' END AS _reasons
  FROM typed_2
)
SELECT
  CAST(:this_run AS VARCHAR) AS _run_id,
  CAST(NULL AS VARCHAR) AS _source_file,
  CAST(NULL AS BIGINT) AS _line,
  CAST('unreadable' AS VARCHAR) AS _bucket,
  CAST(raw_eligibility_judged._reasons AS VARCHAR) AS _reasons,
  CAST(NULL AS VARCHAR) AS _text,
  CAST(raw_eligibility_judged._text_member_id AS VARCHAR) AS member_id,
  CAST(raw_eligibility_judged._text_plan_code AS VARCHAR) AS plan_code,
  CAST(raw_eligibility_judged._text_eligible_from AS VARCHAR) AS eligible_from,
  CAST(raw_eligibility_judged._text_eligible_to AS VARCHAR) AS eligible_to
FROM raw_eligibility_judged
WHERE raw_eligibility_judged._bucket = 'quarantined';

-- source raw_eligibility: no_overlap(eligible_from, eligible_to)
WITH typed AS (
  SELECT
    raw_eligibility.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_from, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_from AS DATE) END AS DATE) AS eligible_from,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_to, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_to AS DATE) END AS DATE) AS eligible_to,
    raw_eligibility.eligible_from IS NOT NULL AS _given_eligible_from,
    raw_eligibility.eligible_to IS NOT NULL AS _given_eligible_to
  FROM raw.raw_eligibility AS raw_eligibility
),
periods AS (
  SELECT
    typed.eligible_from AS eligible_from,
    typed.eligible_to AS eligible_to,
    LEAD(typed.eligible_from) OVER (PARTITION BY typed.member_id ORDER BY typed.eligible_from NULLS LAST, typed.eligible_to NULLS LAST) AS _next_1
  FROM typed
),
failing AS (
  SELECT periods.eligible_from AS eligible_from
  FROM periods
  WHERE (periods.eligible_from IS NULL OR NOT periods.eligible_from < periods.eligible_to OR periods._next_1 < periods.eligible_to OR periods.eligible_to IS NULL AND periods._next_1 IS NOT NULL)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage members: the candidate, beside what stands
CREATE TABLE staging.members__new AS
WITH typed AS (
  SELECT
    raw_members.member_id AS member_id,
    CAST(CASE WHEN regexp_matches(raw_members.birth_date, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_members.birth_date AS DATE) END AS DATE) AS birth_date,
    raw_members.gender AS gender,
    raw_members.zip AS zip,
    raw_members.birth_date IS NOT NULL AS _given_birth_date
  FROM raw.raw_members AS raw_members
),
computed AS (
  SELECT
    LOWER(CASE WHEN typed.member_id LIKE ' %' OR typed.member_id LIKE '% ' THEN trim(typed.member_id, ' ') ELSE typed.member_id END) AS member_id,
    typed.birth_date AS birth_date,
    CASE WHEN UPPER(CASE WHEN typed.gender LIKE ' %' OR typed.gender LIKE '% ' THEN trim(typed.gender, ' ') ELSE typed.gender END) = 'F' THEN 'female' WHEN UPPER(CASE WHEN typed.gender LIKE ' %' OR typed.gender LIKE '% ' THEN trim(typed.gender, ' ') ELSE typed.gender END) = 'M' THEN 'male' ELSE 'unknown' END AS gender,
    left(CASE WHEN typed.zip LIKE ' %' OR typed.zip LIKE '% ' THEN trim(typed.zip, ' ') ELSE typed.zip END, 5) AS zip,
    typed._given_birth_date AND typed.birth_date IS NULL AS _failed_birth_date
  FROM typed
),
_judged AS (
  SELECT
    computed.member_id AS member_id,
    computed.birth_date AS birth_date,
    computed.gender AS gender,
    computed.zip AS zip,
    CASE WHEN computed.member_id IS NULL THEN 'rejected' WHEN computed._failed_birth_date THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN computed._failed_birth_date THEN ('[' || CONCAT_WS(',', CASE WHEN computed._failed_birth_date THEN '"unreadable(birth_date as date)"' END)) || ']' END AS _reasons
  FROM computed
)
SELECT
  _judged.member_id,
  _judged.birth_date,
  _judged.gender,
  _judged.zip,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.member_id) || ':' || _judged.member_id, '-') || COALESCE(length(CAST(_judged.birth_date AS VARCHAR)) || ':' || CAST(_judged.birth_date AS VARCHAR), '-') || COALESCE(length(_judged.gender) || ':' || _judged.gender, '-') || COALESCE(length(_judged.zip) || ':' || _judged.zip, '-')) END AS _content
FROM _judged;

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
  COUNT(CASE WHEN members._bucket = 'quarantined' AND CONTAINS(members._reasons, '"unreadable(birth_date as date)"') THEN 1 END) AS f5,
  COUNT(CASE WHEN members._bucket = 'out' AND NOT REGEXP_MATCHES(members.zip, '^[0-9]{5}$') THEN 1 END) AS f6,
  COUNT(CASE WHEN members._bucket = 'out' AND NOT members.gender IN ('female', 'male', 'unknown') THEN 1 END) AS f7
FROM staging.members__new AS members;

-- stage members: key(member_id), whether a row can fail
WITH grouped AS (
  SELECT members.member_id AS _k0
  FROM (
    SELECT
      members.member_id AS member_id,
      members.birth_date AS birth_date,
      members.gender AS gender,
      members.zip AS zip
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
      members.birth_date AS birth_date,
      members.gender AS gender,
      members.zip AS zip
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
  members.birth_date,
  members.gender,
  members.zip
FROM staging.members__rows AS members
WHERE members._bucket = 'out';

-- stage members: shown as members__quarantine
CREATE VIEW quarantine.members__quarantine AS
SELECT
  members.member_id,
  members.birth_date,
  members.gender,
  members.zip,
  members._bucket,
  coalesce(members._reasons, '[]') AS _reasons,
  members._content,
  'members' AS _stage,
  _known.run_id AS _run_id
FROM staging.members__rows AS members
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'members' AND _known.content = members._content
WHERE members._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage providers: the candidate, beside what stands
CREATE TABLE staging.providers__new AS
WITH computed AS (
  SELECT
    raw_providers.specialty_code AS specialty_code,
    raw_providers.state AS state,
    CASE WHEN raw_providers.npi LIKE ' %' OR raw_providers.npi LIKE '% ' THEN trim(raw_providers.npi, ' ') ELSE raw_providers.npi END AS provider_id
  FROM raw.raw_providers AS raw_providers
),
_judged AS (
  SELECT
    computed.provider_id AS provider_id,
    computed.specialty_code AS specialty_code,
    computed.state AS state,
    CASE WHEN computed.provider_id IS NULL THEN 'rejected' ELSE 'out' END AS _bucket
  FROM computed
)
SELECT
  _judged.provider_id,
  _judged.specialty_code,
  _judged.state,
  _judged._bucket,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.provider_id) || ':' || _judged.provider_id, '-') || COALESCE(length(_judged.specialty_code) || ':' || _judged.specialty_code, '-') || COALESCE(length(_judged.state) || ':' || _judged.state, '-')) END AS _content
FROM _judged;

-- stage providers: what a person has discarded leaves quarantine, where there is any
UPDATE staging.providers__new
SET _bucket='discarded'
WHERE staging.providers__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.providers__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'providers'
);

-- stage providers: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN providers._bucket = 'rejected' THEN 1 END) AS f1,
  COUNT(CASE WHEN providers._bucket = 'discarded' THEN 1 END) AS f2,
  COUNT(CASE WHEN providers._bucket = 'out' THEN 1 END) AS f3,
  COUNT(CASE WHEN providers._bucket = 'out' AND NOT CASE WHEN providers.provider_id IS NULL THEN NULL WHEN regexp_matches(providers.provider_id, '^[0-9]{10}$') THEN (24 + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(providers.provider_id AS BIGINT) // 1 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(providers.provider_id AS BIGINT) // 100 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(providers.provider_id AS BIGINT) // 10000 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(providers.provider_id AS BIGINT) // 1000000 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(providers.provider_id AS BIGINT) // 100000000 % 100 + 1]) % 10 = 0 ELSE FALSE END THEN 1 END) AS f4
FROM staging.providers__new AS providers;

-- stage providers: key(provider_id), whether a row can fail
WITH grouped AS (
  SELECT providers.provider_id AS _k0
  FROM (
    SELECT
      providers.provider_id AS provider_id,
      providers.specialty_code AS specialty_code,
      providers.state AS state
    FROM staging.providers__new AS providers
    WHERE providers._bucket IN ('out', 'unknown')
  ) AS providers
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage providers: key(provider_id)
WITH grouped AS (
  SELECT
    providers.provider_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      providers.provider_id AS provider_id,
      providers.specialty_code AS specialty_code,
      providers.state AS state
    FROM staging.providers__new AS providers
    WHERE providers._bucket IN ('out', 'unknown')
  ) AS providers
  GROUP BY providers.provider_id
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

-- stage providers: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'providers'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.providers__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage providers: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'providers',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.providers__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'providers'
    AND _known.content = now.content
));

-- stage providers: shown as providers
CREATE VIEW staging.providers AS
SELECT
  providers.provider_id,
  providers.specialty_code,
  providers.state
FROM staging.providers__rows AS providers
WHERE providers._bucket = 'out';

-- stage providers: shown as providers__quarantine
CREATE VIEW quarantine.providers__quarantine AS
SELECT
  providers.provider_id,
  providers.specialty_code,
  providers.state,
  providers._bucket,
  providers._content,
  'providers' AS _stage,
  _known.run_id AS _run_id
FROM staging.providers__rows AS providers
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'providers' AND _known.content = providers._content
WHERE providers._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage plans: the candidate, beside what stands
CREATE TABLE staging.plans__new AS
WITH computed AS (
  SELECT
    UPPER(CASE WHEN raw_plans.plan_code LIKE ' %' OR raw_plans.plan_code LIKE '% ' THEN trim(raw_plans.plan_code, ' ') ELSE raw_plans.plan_code END) AS plan_code,
    raw_plans.plan_name AS plan_name,
    LOWER(raw_plans.line_of_business) AS line_of_business
  FROM raw.raw_plans AS raw_plans
),
_judged AS (
  SELECT
    computed.plan_code AS plan_code,
    computed.plan_name AS plan_name,
    computed.line_of_business AS line_of_business,
    CASE WHEN computed.plan_code IS NULL THEN 'rejected' ELSE 'out' END AS _bucket
  FROM computed
)
SELECT
  _judged.plan_code,
  _judged.plan_name,
  _judged.line_of_business,
  _judged._bucket,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.plan_code) || ':' || _judged.plan_code, '-') || COALESCE(length(_judged.plan_name) || ':' || _judged.plan_name, '-') || COALESCE(length(_judged.line_of_business) || ':' || _judged.line_of_business, '-')) END AS _content
FROM _judged;

-- stage plans: what a person has discarded leaves quarantine, where there is any
UPDATE staging.plans__new
SET _bucket='discarded'
WHERE staging.plans__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.plans__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'plans'
);

-- stage plans: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN plans._bucket = 'rejected' THEN 1 END) AS f1,
  COUNT(CASE WHEN plans._bucket = 'discarded' THEN 1 END) AS f2,
  COUNT(CASE WHEN plans._bucket = 'out' THEN 1 END) AS f3,
  COUNT(CASE WHEN plans._bucket = 'out' AND plans.plan_name IS NULL THEN 1 END) AS f4
FROM staging.plans__new AS plans;

-- stage plans: unique(plan_name), whether a row can fail
WITH grouped AS (
  SELECT plans.plan_name AS _k0
  FROM (
    SELECT
      plans.plan_code AS plan_code,
      plans.plan_name AS plan_name,
      plans.line_of_business AS line_of_business
    FROM staging.plans__new AS plans
    WHERE plans._bucket IN ('out', 'unknown')
  ) AS plans
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage plans: unique(plan_name)
WITH grouped AS (
  SELECT
    plans.plan_name AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      plans.plan_code AS plan_code,
      plans.plan_name AS plan_name,
      plans.line_of_business AS line_of_business
    FROM staging.plans__new AS plans
    WHERE plans._bucket IN ('out', 'unknown')
  ) AS plans
  GROUP BY plans.plan_name
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

-- stage plans: key(plan_code), whether a row can fail
WITH grouped AS (
  SELECT plans.plan_code AS _k0
  FROM (
    SELECT
      plans.plan_code AS plan_code,
      plans.plan_name AS plan_name,
      plans.line_of_business AS line_of_business
    FROM staging.plans__new AS plans
    WHERE plans._bucket IN ('out', 'unknown')
  ) AS plans
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage plans: key(plan_code)
WITH grouped AS (
  SELECT
    plans.plan_code AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      plans.plan_code AS plan_code,
      plans.plan_name AS plan_name,
      plans.line_of_business AS line_of_business
    FROM staging.plans__new AS plans
    WHERE plans._bucket IN ('out', 'unknown')
  ) AS plans
  GROUP BY plans.plan_code
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

-- stage plans: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'plans'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.plans__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage plans: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'plans',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.plans__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'plans'
    AND _known.content = now.content
));

-- stage plans: shown as plans
CREATE VIEW staging.plans AS
SELECT
  plans.plan_code,
  plans.plan_name,
  plans.line_of_business
FROM staging.plans__rows AS plans
WHERE plans._bucket = 'out';

-- stage plans: shown as plans__quarantine
CREATE VIEW quarantine.plans__quarantine AS
SELECT
  plans.plan_code,
  plans.plan_name,
  plans.line_of_business,
  plans._bucket,
  plans._content,
  'plans' AS _stage,
  _known.run_id AS _run_id
FROM staging.plans__rows AS plans
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'plans' AND _known.content = plans._content
WHERE plans._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage eligibility: the candidate, beside what stands
CREATE TABLE staging.eligibility__new AS
WITH typed AS (
  SELECT
    raw_eligibility.member_id AS member_id,
    raw_eligibility.plan_code AS plan_code,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_from, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_from AS DATE) END AS DATE) AS eligible_from,
    CAST(CASE WHEN regexp_matches(raw_eligibility.eligible_to, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29))[ \t\n\r\f]*$') THEN TRY_CAST(raw_eligibility.eligible_to AS DATE) END AS DATE) AS eligible_to,
    raw_eligibility.eligible_from IS NOT NULL AS _given_eligible_from,
    raw_eligibility.eligible_to IS NOT NULL AS _given_eligible_to
  FROM raw.raw_eligibility AS raw_eligibility
),
computed AS (
  SELECT
    LOWER(CASE WHEN typed.member_id LIKE ' %' OR typed.member_id LIKE '% ' THEN trim(typed.member_id, ' ') ELSE typed.member_id END) AS member_id,
    UPPER(CASE WHEN typed.plan_code LIKE ' %' OR typed.plan_code LIKE '% ' THEN trim(typed.plan_code, ' ') ELSE typed.plan_code END) AS plan_code,
    typed.eligible_from AS eligible_from,
    typed.eligible_to AS eligible_to,
    typed._given_eligible_from AND typed.eligible_from IS NULL AS _failed_eligible_from,
    typed._given_eligible_to AND typed.eligible_to IS NULL AS _failed_eligible_to,
    typed.eligible_from AS covered_from
  FROM typed
),
filtered AS (
  SELECT
    computed.member_id AS member_id,
    computed.plan_code AS plan_code,
    computed.eligible_from AS eligible_from,
    computed.eligible_to AS eligible_to,
    computed._failed_eligible_from AS _failed_eligible_from,
    computed._failed_eligible_to AS _failed_eligible_to,
    computed.covered_from AS covered_from,
    CASE WHEN (computed._failed_eligible_to OR computed._failed_eligible_from) AND (computed._failed_eligible_to OR (computed.eligible_to IS NULL) IS NOT TRUE) AND (computed._failed_eligible_from OR computed._failed_eligible_to OR (computed.eligible_from < computed.eligible_to) IS NOT TRUE) THEN 'rejected' WHEN (computed.eligible_to IS NULL OR computed.eligible_from < computed.eligible_to) IS NOT TRUE THEN 'filtered' ELSE NULL END AS _bucket
  FROM computed
),
windows AS (
  SELECT
    filtered.member_id AS member_id,
    filtered.plan_code AS plan_code,
    filtered.eligible_from AS eligible_from,
    filtered.eligible_to AS eligible_to,
    filtered._failed_eligible_from AS _failed_eligible_from,
    filtered._failed_eligible_to AS _failed_eligible_to,
    filtered.covered_from AS covered_from,
    ROW_NUMBER() OVER (PARTITION BY filtered._bucket IS NULL ORDER BY filtered.member_id NULLS LAST, filtered.plan_code NULLS LAST, filtered.eligible_from NULLS LAST, filtered.eligible_to NULLS LAST, filtered.covered_from NULLS LAST, filtered._failed_eligible_from NULLS LAST, filtered._failed_eligible_to NULLS LAST) AS _row,
    filtered._failed_eligible_to OR filtered._failed_eligible_from AS _failed_covered_to,
    filtered._bucket AS _bucket
  FROM filtered
),
windows_2 AS (
  SELECT
    windows.member_id AS member_id,
    windows.plan_code AS plan_code,
    windows._failed_eligible_from AS _failed_eligible_from,
    windows._failed_eligible_to AS _failed_eligible_to,
    windows.covered_from AS covered_from,
    windows._failed_covered_to AS _failed_covered_to,
    LEAST(windows.eligible_to, LEAD(windows.eligible_from) OVER (PARTITION BY windows.member_id, windows._bucket IS NULL ORDER BY windows.eligible_from NULLS LAST, windows.eligible_to NULLS LAST, windows._row NULLS LAST)) AS covered_to,
    windows._bucket AS _bucket
  FROM windows
),
_judged AS (
  SELECT
    windows_2.member_id AS member_id,
    windows_2.covered_from AS covered_from,
    windows_2.covered_to AS covered_to,
    windows_2.plan_code AS plan_code,
    CASE WHEN (windows_2._bucket IS NOT NULL) THEN windows_2._bucket WHEN (windows_2._failed_covered_to OR windows_2._failed_eligible_from) AND (windows_2._failed_covered_to OR (windows_2.covered_to IS NULL) IS NOT TRUE) AND (windows_2._failed_eligible_from OR windows_2._failed_covered_to OR (windows_2.covered_from < windows_2.covered_to) IS NOT TRUE) THEN 'rejected' WHEN (windows_2.covered_to IS NULL OR windows_2.covered_from < windows_2.covered_to) IS NOT TRUE THEN 'filtered' WHEN windows_2.member_id IS NULL OR windows_2.covered_from IS NULL OR windows_2._failed_eligible_from THEN 'rejected' WHEN windows_2._failed_eligible_from THEN 'quarantined' WHEN windows_2._failed_eligible_to THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN windows_2._failed_eligible_from OR windows_2._failed_eligible_to THEN ('[' || CONCAT_WS(',', CASE WHEN windows_2._failed_eligible_from THEN '"unreadable(eligible_from as date)"' END, CASE WHEN windows_2._failed_eligible_to THEN '"unreadable(eligible_to as date)"' END)) || ']' END AS _reasons
  FROM windows_2
)
SELECT
  _judged.member_id,
  _judged.covered_from,
  _judged.covered_to,
  _judged.plan_code,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.member_id) || ':' || _judged.member_id, '-') || COALESCE(length(CAST(_judged.covered_from AS VARCHAR)) || ':' || CAST(_judged.covered_from AS VARCHAR), '-') || COALESCE(length(CAST(_judged.covered_to AS VARCHAR)) || ':' || CAST(_judged.covered_to AS VARCHAR), '-') || COALESCE(length(_judged.plan_code) || ':' || _judged.plan_code, '-')) END AS _content
FROM _judged;

-- stage eligibility: what a person has discarded leaves quarantine, where there is any
UPDATE staging.eligibility__new
SET _bucket='discarded'
WHERE staging.eligibility__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.eligibility__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'eligibility'
);

-- stage eligibility: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN eligibility._bucket = 'rejected' THEN 1 END) AS f1,
  COUNT(CASE WHEN eligibility._bucket = 'filtered' THEN 1 END) AS f2,
  COUNT(CASE WHEN eligibility._bucket = 'quarantined' THEN 1 END) AS f3,
  COUNT(CASE WHEN eligibility._bucket = 'discarded' THEN 1 END) AS f4,
  COUNT(CASE WHEN eligibility._bucket = 'out' THEN 1 END) AS f5,
  COUNT(CASE WHEN eligibility._bucket = 'quarantined' AND CONTAINS(eligibility._reasons, '"unreadable(eligible_from as date)"') THEN 1 END) AS f6,
  COUNT(CASE WHEN eligibility._bucket = 'quarantined' AND CONTAINS(eligibility._reasons, '"unreadable(eligible_to as date)"') THEN 1 END) AS f7
FROM staging.eligibility__new AS eligibility;

-- stage eligibility: relationship(member_id -> members.member_id)
WITH failing AS (
  SELECT eligibility.member_id AS member_id
  FROM (
    SELECT
      eligibility.member_id AS member_id,
      eligibility.covered_from AS covered_from,
      eligibility.covered_to AS covered_to,
      eligibility.plan_code AS plan_code
    FROM staging.eligibility__new AS eligibility
    WHERE eligibility._bucket IN ('out', 'unknown')
  ) AS eligibility
  WHERE NOT EXISTS (
    SELECT 1
    FROM staging.members AS _target
    WHERE eligibility.member_id = _target.member_id
  )
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage eligibility: relationship(plan_code -> plans.plan_code)
WITH among AS (
  SELECT eligibility.plan_code AS plan_code
  FROM (
    SELECT
      eligibility.member_id AS member_id,
      eligibility.covered_from AS covered_from,
      eligibility.covered_to AS covered_to,
      eligibility.plan_code AS plan_code
    FROM staging.eligibility__new AS eligibility
    WHERE eligibility._bucket IN ('out', 'unknown')
  ) AS eligibility
  WHERE NOT EXISTS (
    SELECT 1
    FROM staging.plans AS _target
    WHERE eligibility.plan_code = _target.plan_code
  )
)
SELECT COUNT(CASE WHEN among.plan_code IS NOT NULL THEN 1 END) AS failing_rows
FROM among;

-- stage eligibility: key(member_id, covered_from), whether a row can fail
WITH grouped AS (
  SELECT
    eligibility.member_id AS _k0,
    eligibility.covered_from AS _k1
  FROM (
    SELECT
      eligibility.member_id AS member_id,
      eligibility.covered_from AS covered_from,
      eligibility.covered_to AS covered_to,
      eligibility.plan_code AS plan_code
    FROM staging.eligibility__new AS eligibility
    WHERE eligibility._bucket IN ('out', 'unknown')
  ) AS eligibility
)
SELECT count(*) - count(DISTINCT hash(grouped._k0, grouped._k1)) AS repeated
FROM grouped;

-- stage eligibility: key(member_id, covered_from)
WITH grouped AS (
  SELECT
    eligibility.member_id AS _k0,
    eligibility.covered_from AS _k1,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      eligibility.member_id AS member_id,
      eligibility.covered_from AS covered_from,
      eligibility.covered_to AS covered_to,
      eligibility.plan_code AS plan_code
    FROM staging.eligibility__new AS eligibility
    WHERE eligibility._bucket IN ('out', 'unknown')
  ) AS eligibility
  GROUP BY eligibility.member_id, eligibility.covered_from
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

-- stage eligibility: valid(covered_from, covered_to)
WITH periods AS (
  SELECT
    eligibility.covered_from AS covered_from,
    eligibility.covered_to AS covered_to,
    LEAD(eligibility.covered_from) OVER (PARTITION BY eligibility.member_id ORDER BY eligibility.covered_from NULLS LAST, eligibility.covered_to NULLS LAST) AS _next
  FROM (
    SELECT
      eligibility.member_id AS member_id,
      eligibility.covered_from AS covered_from,
      eligibility.covered_to AS covered_to,
      eligibility.plan_code AS plan_code
    FROM staging.eligibility__new AS eligibility
    WHERE eligibility._bucket IN ('out', 'unknown')
  ) AS eligibility
),
failing AS (
  SELECT periods.covered_from AS covered_from
  FROM periods
  WHERE (periods.covered_from IS NULL OR NOT periods.covered_from < periods.covered_to OR periods._next < periods.covered_to OR periods.covered_to IS NULL AND periods._next IS NOT NULL)
)
SELECT count(*) AS failing_rows
FROM failing;

-- stage eligibility: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'eligibility'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.eligibility__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage eligibility: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'eligibility',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.eligibility__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'eligibility'
    AND _known.content = now.content
));

-- stage eligibility: shown as eligibility
CREATE VIEW staging.eligibility AS
SELECT
  eligibility.member_id,
  eligibility.covered_from,
  eligibility.covered_to,
  eligibility.plan_code
FROM staging.eligibility__rows AS eligibility
WHERE eligibility._bucket = 'out';

-- stage eligibility: shown as eligibility__quarantine
CREATE VIEW quarantine.eligibility__quarantine AS
SELECT
  eligibility.member_id,
  eligibility.covered_from,
  eligibility.covered_to,
  eligibility.plan_code,
  eligibility._bucket,
  coalesce(eligibility._reasons, '[]') AS _reasons,
  eligibility._content,
  'eligibility' AS _stage,
  _known.run_id AS _run_id
FROM staging.eligibility__rows AS eligibility
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'eligibility' AND _known.content = eligibility._content
WHERE eligibility._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage claim_headers: the candidate, beside what stands
CREATE TABLE staging.claim_headers__new AS
WITH typed AS (
  SELECT
    raw_claim_headers.claim_id AS claim_id,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.claim_version, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_headers.claim_version AS BIGINT) END AS BIGINT) AS claim_version,
    raw_claim_headers.member_id AS member_id,
    raw_claim_headers.provider_npi AS provider_npi,
    raw_claim_headers.plan_code AS plan_code,
    raw_claim_headers.claim_type AS claim_type,
    raw_claim_headers.service_from AS service_from,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.received_at, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)?)[ \t\n\r\f]*$') THEN COALESCE(TRY_CAST(raw_claim_headers.received_at AS TIMESTAMP), TRY_CAST(trim(raw_claim_headers.received_at, E' \t\n\r\f') AS TIMESTAMP)) WHEN regexp_matches(raw_claim_headers.received_at, '^[ \t\n\r\f]*(((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))[ \t\n\r\f]*$') AND (raw_claim_headers.received_at NOT LIKE '%0001-01-01%' AND raw_claim_headers.received_at NOT LIKE '%9999-12-31%' OR TRY_CAST(regexp_replace(trim(raw_claim_headers.received_at, E' \t\n\r\f'), '^([^:]*:[0-9][0-9])([^:0-9])', '\1:00\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999') THEN TRY_CAST(regexp_replace(trim(raw_claim_headers.received_at, E' \t\n\r\f'), '^([^:]*:[0-9][0-9])([^:0-9])', '\1:00\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END AS TIMESTAMP) AS received_at,
    raw_claim_headers.status AS status,
    CAST(CASE WHEN regexp_matches(raw_claim_headers.total_charge, '^[ \t\n\r\f]*([+-]?(0{0,200}[0-9]{1,16}(\.[0-9]{0,2})?|\.[0-9]{1,2}))[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_headers.total_charge AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS total_charge,
    raw_claim_headers.claim_version IS NOT NULL AS _given_claim_version,
    raw_claim_headers.received_at IS NOT NULL AS _given_received_at,
    raw_claim_headers.total_charge IS NOT NULL AS _given_total_charge
  FROM raw.raw_claim_headers AS raw_claim_headers
),
computed AS (
  SELECT
    NULLIF(LOWER(CASE WHEN typed.claim_id LIKE ' %' OR typed.claim_id LIKE '% ' THEN trim(typed.claim_id, ' ') ELSE typed.claim_id END), '') AS claim_id,
    typed.claim_version AS claim_version,
    NULLIF(LOWER(CASE WHEN typed.member_id LIKE ' %' OR typed.member_id LIKE '% ' THEN trim(typed.member_id, ' ') ELSE typed.member_id END), '') AS member_id,
    UPPER(CASE WHEN typed.plan_code LIKE ' %' OR typed.plan_code LIKE '% ' THEN trim(typed.plan_code, ' ') ELSE typed.plan_code END) AS plan_code,
    CASE WHEN typed.claim_type = 'P' THEN 'professional' WHEN typed.claim_type = 'I' THEN 'institutional' WHEN typed.claim_type = 'R' THEN 'pharmacy' END AS claim_type,
    typed.received_at AS received_at,
    typed.status AS status,
    typed.total_charge AS total_charge,
    typed._given_claim_version AND typed.claim_version IS NULL AS _failed_claim_version,
    typed._given_received_at AND typed.received_at IS NULL AS _failed_received_at,
    typed._given_total_charge AND typed.total_charge IS NULL AS _failed_total_charge,
    CASE WHEN typed.provider_npi LIKE ' %' OR typed.provider_npi LIKE '% ' THEN trim(typed.provider_npi, ' ') ELSE typed.provider_npi END AS provider_id,
    typed.service_from IS NOT NULL AS _given_service_date,
    CAST(COALESCE(CASE WHEN regexp_matches(typed.service_from, '^[ \t\n\r\f]*((000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(0?1|0?2|0?3|0?4|0?5|0?6|0?7|0?8|0?9|10|11|12)-(0?[1-9]|1[0-9]|2[0-8])|(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(0?1|0?3|0?4|0?5|0?6|0?7|0?8|0?9|10|11|12)-(29|30)|(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(0?1|0?3|0?5|0?7|0?8|10|12)-31|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-(0?2)-29)[ \t\n\r\f]*$') THEN try_strptime(typed.service_from, '%Y-%m-%d') END, CASE WHEN regexp_matches(typed.service_from, '(?i)^[ \t\n\r\f]*((0?[1-9]|1[0-9]|2[0-8])-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})|(29|30)-(jan|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})|31-(jan|mar|may|jul|aug|oct|dec)-(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})|29-(feb)-([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00))[ \t\n\r\f]*$') THEN try_strptime(typed.service_from, '%d-%b-%Y') END) AS DATE) AS service_date
  FROM typed
),
computed_2 AS (
  SELECT
    computed.claim_id AS claim_id,
    computed.claim_version AS claim_version,
    computed.member_id AS member_id,
    computed.plan_code AS plan_code,
    computed.claim_type AS claim_type,
    computed.received_at AS received_at,
    computed.status AS status,
    computed.total_charge AS total_charge,
    computed._failed_claim_version AS _failed_claim_version,
    computed._failed_received_at AS _failed_received_at,
    computed._failed_total_charge AS _failed_total_charge,
    computed.provider_id AS provider_id,
    computed.service_date AS service_date,
    computed._given_service_date AND computed.service_date IS NULL AS _failed_service_date,
    CASE WHEN computed.claim_id IS NULL THEN 'rejected' WHEN computed._failed_claim_version OR computed._failed_received_at THEN 'rejected' ELSE NULL END AS _bucket
  FROM computed
),
ranked AS (
  SELECT
    computed_2.claim_id AS claim_id,
    computed_2.claim_version AS claim_version,
    computed_2.member_id AS member_id,
    computed_2.plan_code AS plan_code,
    computed_2.claim_type AS claim_type,
    computed_2.received_at AS received_at,
    computed_2.status AS status,
    computed_2.total_charge AS total_charge,
    computed_2._failed_claim_version AS _failed_claim_version,
    computed_2._failed_received_at AS _failed_received_at,
    computed_2._failed_total_charge AS _failed_total_charge,
    computed_2.provider_id AS provider_id,
    computed_2.service_date AS service_date,
    computed_2._failed_service_date AS _failed_service_date,
    ROW_NUMBER() OVER (PARTITION BY computed_2.claim_id, computed_2._bucket IS NULL ORDER BY computed_2.claim_version DESC NULLS LAST, computed_2.received_at DESC NULLS LAST, computed_2.member_id NULLS LAST, computed_2.provider_id NULLS LAST, computed_2.plan_code NULLS LAST, computed_2.claim_type NULLS LAST, computed_2.service_date NULLS LAST, computed_2.status NULLS LAST, computed_2.total_charge NULLS LAST, computed_2._failed_claim_version NULLS LAST, computed_2._failed_received_at NULLS LAST, computed_2._failed_total_charge NULLS LAST, computed_2._failed_service_date NULLS LAST) AS _rank,
    computed_2._bucket AS _bucket
  FROM computed_2
),
ranked_2 AS (
  SELECT
    ranked.claim_id AS claim_id,
    ranked.claim_version AS claim_version,
    ranked.member_id AS member_id,
    ranked.plan_code AS plan_code,
    ranked.claim_type AS claim_type,
    ranked.received_at AS received_at,
    ranked.status AS status,
    ranked.total_charge AS total_charge,
    ranked._failed_claim_version AS _failed_claim_version,
    ranked._failed_received_at AS _failed_received_at,
    ranked._failed_total_charge AS _failed_total_charge,
    ranked.provider_id AS provider_id,
    ranked.service_date AS service_date,
    ranked._failed_service_date AS _failed_service_date,
    NOT CASE WHEN ranked.provider_id IS NULL THEN NULL WHEN regexp_matches(ranked.provider_id, '^[0-9]{10}$') THEN (24 + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(ranked.provider_id AS BIGINT) // 1 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(ranked.provider_id AS BIGINT) // 100 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(ranked.provider_id AS BIGINT) // 10000 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(ranked.provider_id AS BIGINT) // 1000000 % 100 + 1] + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18][TRY_CAST(ranked.provider_id AS BIGINT) // 100000000 % 100 + 1]) % 10 = 0 ELSE FALSE END AS _held_5,
    CASE WHEN (ranked._bucket IS NOT NULL) THEN ranked._bucket WHEN ranked._rank > 1 THEN 'superseded' ELSE NULL END AS _bucket
  FROM ranked
),
_judged AS (
  SELECT
    ranked_2.claim_id AS claim_id,
    ranked_2.claim_version AS claim_version,
    ranked_2.member_id AS member_id,
    ranked_2.provider_id AS provider_id,
    ranked_2.plan_code AS plan_code,
    ranked_2.claim_type AS claim_type,
    ranked_2.service_date AS service_date,
    ranked_2.received_at AS received_at,
    ranked_2.status AS status,
    ranked_2.total_charge AS total_charge,
    CASE WHEN (ranked_2._bucket IS NOT NULL) THEN ranked_2._bucket WHEN ranked_2._failed_claim_version THEN 'quarantined' WHEN ranked_2._failed_received_at THEN 'quarantined' WHEN ranked_2._failed_total_charge THEN 'quarantined' WHEN ranked_2._failed_service_date THEN 'quarantined' WHEN ranked_2.member_id IS NULL OR ranked_2.provider_id IS NULL OR ranked_2.service_date IS NULL THEN 'quarantined' WHEN ranked_2._held_5 THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN ranked_2._failed_claim_version OR ranked_2._failed_received_at OR ranked_2._failed_total_charge OR ranked_2._failed_service_date OR ranked_2.member_id IS NULL OR ranked_2.provider_id IS NULL OR ranked_2.service_date IS NULL OR ranked_2._held_5 THEN ('[' || CONCAT_WS(',', CASE WHEN ranked_2._failed_claim_version THEN '"unreadable(claim_version as integer)"' END, CASE WHEN ranked_2._failed_received_at THEN '"unreadable(received_at as timestamp)"' END, CASE WHEN ranked_2._failed_total_charge THEN '"unreadable(total_charge as decimal(18,2))"' END, CASE WHEN ranked_2._failed_service_date THEN '"unreadable(service_date as date)"' END, CASE WHEN ranked_2.member_id IS NULL OR ranked_2.provider_id IS NULL OR ranked_2.service_date IS NULL THEN '"not_null(member_id, provider_id, service_date)"' END, CASE WHEN ranked_2._held_5 THEN '"expression(npi_valid(provider_id))"' END)) || ']' END AS _reasons
  FROM ranked_2
)
SELECT
  _judged.claim_id,
  _judged.claim_version,
  _judged.member_id,
  _judged.provider_id,
  _judged.plan_code,
  _judged.claim_type,
  _judged.service_date,
  _judged.received_at,
  _judged.status,
  _judged.total_charge,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.claim_id) || ':' || _judged.claim_id, '-') || COALESCE(length(CAST(_judged.claim_version AS VARCHAR)) || ':' || CAST(_judged.claim_version AS VARCHAR), '-') || COALESCE(length(_judged.member_id) || ':' || _judged.member_id, '-') || COALESCE(length(_judged.provider_id) || ':' || _judged.provider_id, '-') || COALESCE(length(_judged.plan_code) || ':' || _judged.plan_code, '-') || COALESCE(length(_judged.claim_type) || ':' || _judged.claim_type, '-') || COALESCE(length(CAST(_judged.service_date AS VARCHAR)) || ':' || CAST(_judged.service_date AS VARCHAR), '-') || COALESCE(length(strftime(_judged.received_at, '%Y-%m-%d %H:%M:%S.%f')) || ':' || strftime(_judged.received_at, '%Y-%m-%d %H:%M:%S.%f'), '-') || COALESCE(length(_judged.status) || ':' || _judged.status, '-') || COALESCE(length(CAST(_judged.total_charge AS VARCHAR)) || ':' || CAST(_judged.total_charge AS VARCHAR), '-')) END AS _content
FROM _judged;

-- stage claim_headers: what a person has discarded leaves quarantine, where there is any
UPDATE staging.claim_headers__new
SET _bucket='discarded'
WHERE staging.claim_headers__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.claim_headers__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'claim_headers'
);

-- stage claim_headers: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN claim_headers._bucket = 'rejected' THEN 1 END) AS f1,
  COUNT(CASE WHEN claim_headers._bucket = 'superseded' THEN 1 END) AS f2,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' THEN 1 END) AS f3,
  COUNT(CASE WHEN claim_headers._bucket = 'discarded' THEN 1 END) AS f4,
  COUNT(CASE WHEN claim_headers._bucket = 'out' THEN 1 END) AS f5,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' AND CONTAINS(claim_headers._reasons, '"unreadable(claim_version as integer)"') THEN 1 END) AS f6,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' AND CONTAINS(claim_headers._reasons, '"unreadable(received_at as timestamp)"') THEN 1 END) AS f7,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' AND CONTAINS(claim_headers._reasons, '"unreadable(total_charge as decimal(18,2))"') THEN 1 END) AS f8,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' AND CONTAINS(claim_headers._reasons, '"unreadable(service_date as date)"') THEN 1 END) AS f9,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' AND CONTAINS(claim_headers._reasons, '"not_null(member_id, provider_id, service_date)"') THEN 1 END) AS f10,
  COUNT(CASE WHEN claim_headers._bucket = 'quarantined' AND CONTAINS(claim_headers._reasons, '"expression(npi_valid(provider_id))"') THEN 1 END) AS f11,
  COUNT(CASE WHEN claim_headers._bucket = 'out' AND NOT claim_headers.service_date <= claim_headers.received_at THEN 1 END) AS f12,
  COUNT(CASE WHEN claim_headers._bucket = 'out' AND claim_headers.service_date < DATE '1900-01-01' THEN 1 END) AS f13,
  COUNT(CASE WHEN claim_headers._bucket = 'out' AND NOT claim_headers.status IN ('PAID', 'DENIED', 'REVERSED') THEN 1 END) AS f14,
  COUNT(CASE WHEN claim_headers._bucket = 'out' THEN 1 END) AS f15
FROM staging.claim_headers__new AS claim_headers;

-- stage claim_headers: relationship(plan_code -> plans.plan_code)
WITH among AS (
  SELECT claim_headers.plan_code AS plan_code
  FROM (
    SELECT
      claim_headers.claim_id AS claim_id,
      claim_headers.claim_version AS claim_version,
      claim_headers.member_id AS member_id,
      claim_headers.provider_id AS provider_id,
      claim_headers.plan_code AS plan_code,
      claim_headers.claim_type AS claim_type,
      claim_headers.service_date AS service_date,
      claim_headers.received_at AS received_at,
      claim_headers.status AS status,
      claim_headers.total_charge AS total_charge
    FROM staging.claim_headers__new AS claim_headers
    WHERE claim_headers._bucket IN ('out', 'unknown')
  ) AS claim_headers
  WHERE NOT EXISTS (
    SELECT 1
    FROM staging.plans AS _target
    WHERE claim_headers.plan_code = _target.plan_code
  )
)
SELECT COUNT(CASE WHEN among.plan_code IS NOT NULL THEN 1 END) AS failing_rows
FROM among;

-- stage claim_headers: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'claim_headers'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.claim_headers__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage claim_headers: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'claim_headers',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.claim_headers__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'claim_headers'
    AND _known.content = now.content
));

-- stage claim_headers: shown as claim_headers
CREATE VIEW staging.claim_headers AS
SELECT
  claim_headers.claim_id,
  claim_headers.claim_version,
  claim_headers.member_id,
  claim_headers.provider_id,
  claim_headers.plan_code,
  claim_headers.claim_type,
  claim_headers.service_date,
  claim_headers.received_at,
  claim_headers.status,
  claim_headers.total_charge
FROM staging.claim_headers__rows AS claim_headers
WHERE claim_headers._bucket = 'out';

-- stage claim_headers: shown as claim_headers__quarantine
CREATE VIEW quarantine.claim_headers__quarantine AS
SELECT
  claim_headers.claim_id,
  claim_headers.claim_version,
  claim_headers.member_id,
  claim_headers.provider_id,
  claim_headers.plan_code,
  claim_headers.claim_type,
  claim_headers.service_date,
  claim_headers.received_at,
  claim_headers.status,
  claim_headers.total_charge,
  claim_headers._bucket,
  coalesce(claim_headers._reasons, '[]') AS _reasons,
  claim_headers._content,
  'claim_headers' AS _stage,
  _known.run_id AS _run_id
FROM staging.claim_headers__rows AS claim_headers
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'claim_headers' AND _known.content = claim_headers._content
WHERE claim_headers._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage claim_lines: the candidate, beside what stands
CREATE TABLE staging.claim_lines__new AS
WITH typed AS (
  SELECT
    raw_claim_lines.line_id AS line_id,
    raw_claim_lines.claim_id AS claim_id,
    CAST(CASE WHEN regexp_matches(raw_claim_lines.line_number, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_lines.line_number AS BIGINT) END AS BIGINT) AS line_number,
    raw_claim_lines.procedure_code AS procedure_code,
    CAST(CASE WHEN regexp_matches(raw_claim_lines.units, '^[ \t\n\r\f]*([+-]?[0-9]+)[ \t\n\r\f]*$') THEN TRY_CAST(raw_claim_lines.units AS BIGINT) END AS BIGINT) AS units,
    raw_claim_lines.charged AS charged,
    raw_claim_lines.allowed AS allowed,
    raw_claim_lines.paid AS paid,
    raw_claim_lines.line_number IS NOT NULL AS _given_line_number,
    raw_claim_lines.units IS NOT NULL AS _given_units
  FROM raw.raw_claim_lines AS raw_claim_lines
),
computed AS (
  SELECT
    LOWER(CASE WHEN typed.line_id LIKE ' %' OR typed.line_id LIKE '% ' THEN trim(typed.line_id, ' ') ELSE typed.line_id END) AS line_id,
    NULLIF(LOWER(CASE WHEN typed.claim_id LIKE ' %' OR typed.claim_id LIKE '% ' THEN trim(typed.claim_id, ' ') ELSE typed.claim_id END), '') AS claim_id,
    typed.line_number AS line_number,
    UPPER(CASE WHEN typed.procedure_code LIKE ' %' OR typed.procedure_code LIKE '% ' THEN trim(typed.procedure_code, ' ') ELSE typed.procedure_code END) AS procedure_code,
    typed.units AS units,
    typed.charged AS charged,
    typed.allowed AS allowed,
    typed.paid AS paid,
    typed._given_line_number AND typed.line_number IS NULL AS _failed_line_number,
    typed._given_units AND typed.units IS NULL AS _failed_units,
    typed.charged IS NOT NULL AS _given__read_charged,
    CAST(CASE WHEN regexp_matches(typed.charged, '^[0-9]+(\.[0-9]{0,4})?$') THEN TRY_CAST(typed.charged AS DECIMAL(18, 4)) WHEN regexp_matches(typed.charged, '^[ \t\n\r\f]*((([+-]?(\$[ \t\n\r\f]*)?|(\$[ \t\n\r\f]*)[+-])(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})|(\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})(-|[ \t\n\r\f]*[Cc][Rr])|\((\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)|(\$[ \t\n\r\f]*)\((([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)))[ \t\n\r\f]*$') THEN CASE WHEN regexp_matches(typed.charged, '[-(Rr]') THEN -TRY_CAST(regexp_replace(typed.charged, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) ELSE TRY_CAST(regexp_replace(typed.charged, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) END END AS DECIMAL(18, 4)) AS _read_charged,
    typed.allowed IS NOT NULL AS _given__read_allowed,
    CAST(CASE WHEN regexp_matches(typed.allowed, '^[0-9]+(\.[0-9]{0,4})?$') THEN TRY_CAST(typed.allowed AS DECIMAL(18, 4)) WHEN regexp_matches(typed.allowed, '^[ \t\n\r\f]*((([+-]?(\$[ \t\n\r\f]*)?|(\$[ \t\n\r\f]*)[+-])(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})|(\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})(-|[ \t\n\r\f]*[Cc][Rr])|\((\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)|(\$[ \t\n\r\f]*)\((([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)))[ \t\n\r\f]*$') THEN CASE WHEN regexp_matches(typed.allowed, '[-(Rr]') THEN -TRY_CAST(regexp_replace(typed.allowed, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) ELSE TRY_CAST(regexp_replace(typed.allowed, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) END END AS DECIMAL(18, 4)) AS _read_allowed,
    typed.paid IS NOT NULL AS _given__read_paid,
    CAST(CASE WHEN regexp_matches(typed.paid, '^[0-9]+(\.[0-9]{0,4})?$') THEN TRY_CAST(typed.paid AS DECIMAL(18, 4)) WHEN regexp_matches(typed.paid, '^[ \t\n\r\f]*((([+-]?(\$[ \t\n\r\f]*)?|(\$[ \t\n\r\f]*)[+-])(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})|(\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})(-|[ \t\n\r\f]*[Cc][Rr])|\((\$[ \t\n\r\f]*)?(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)|(\$[ \t\n\r\f]*)\((([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})\)))[ \t\n\r\f]*$') THEN CASE WHEN regexp_matches(typed.paid, '[-(Rr]') THEN -TRY_CAST(regexp_replace(typed.paid, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) ELSE TRY_CAST(regexp_replace(typed.paid, '[^0-9.]', '', 'g') AS DECIMAL(18, 4)) END END AS DECIMAL(18, 4)) AS _read_paid
  FROM typed
),
computed_2 AS (
  SELECT
    computed.line_id AS line_id,
    computed.claim_id AS claim_id,
    computed.line_number AS line_number,
    computed.procedure_code AS procedure_code,
    computed.units AS units,
    CAST(CASE WHEN TRY_CAST(TRY_CAST(computed._read_charged AS DECIMAL(18, 2)) AS DECIMAL(18, 4)) = computed._read_charged THEN TRY_CAST(computed._read_charged AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS charged,
    CAST(CASE WHEN TRY_CAST(TRY_CAST(computed._read_allowed AS DECIMAL(18, 2)) AS DECIMAL(18, 4)) = computed._read_allowed THEN TRY_CAST(computed._read_allowed AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS allowed,
    CAST(CASE WHEN TRY_CAST(TRY_CAST(computed._read_paid AS DECIMAL(18, 2)) AS DECIMAL(18, 4)) = computed._read_paid THEN TRY_CAST(computed._read_paid AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS paid,
    computed._failed_line_number AS _failed_line_number,
    computed._failed_units AS _failed_units,
    computed._given__read_charged AND computed._read_charged IS NULL AS _failed__read_charged,
    computed._read_charged IS NOT NULL AS _given_charged,
    computed._given__read_allowed AND computed._read_allowed IS NULL AS _failed__read_allowed,
    computed._read_allowed IS NOT NULL AS _given_allowed,
    computed._given__read_paid AND computed._read_paid IS NULL AS _failed__read_paid,
    computed._read_paid IS NOT NULL AS _given_paid
  FROM computed
),
computed_3 AS (
  SELECT
    computed_2.line_id AS line_id,
    computed_2.claim_id AS claim_id,
    computed_2.line_number AS line_number,
    computed_2.procedure_code AS procedure_code,
    computed_2.units AS units,
    computed_2.charged AS charged,
    computed_2.allowed AS allowed,
    computed_2.paid AS paid,
    computed_2._failed_line_number AS _failed_line_number,
    computed_2._failed_units AS _failed_units,
    computed_2._failed__read_charged OR computed_2._given_charged AND computed_2.charged IS NULL AS _failed_charged,
    computed_2._failed__read_allowed OR computed_2._given_allowed AND computed_2.allowed IS NULL AS _failed_allowed,
    computed_2._failed__read_paid OR computed_2._given_paid AND computed_2.paid IS NULL AS _failed_paid,
    CASE WHEN computed_2.line_id IS NULL THEN 'rejected' WHEN computed_2._failed_line_number THEN 'rejected' ELSE NULL END AS _bucket
  FROM computed_2
),
ranked AS (
  SELECT
    computed_3.line_id AS line_id,
    computed_3.claim_id AS claim_id,
    computed_3.line_number AS line_number,
    computed_3.procedure_code AS procedure_code,
    computed_3.units AS units,
    computed_3.charged AS charged,
    computed_3.allowed AS allowed,
    computed_3.paid AS paid,
    computed_3._failed_line_number AS _failed_line_number,
    computed_3._failed_units AS _failed_units,
    computed_3._failed_charged AS _failed_charged,
    computed_3._failed_allowed AS _failed_allowed,
    computed_3._failed_paid AS _failed_paid,
    ROW_NUMBER() OVER (PARTITION BY computed_3.line_id, computed_3._bucket IS NULL ORDER BY computed_3.line_number NULLS LAST, computed_3.claim_id NULLS LAST, computed_3.procedure_code NULLS LAST, computed_3.units NULLS LAST, computed_3.charged NULLS LAST, computed_3.allowed NULLS LAST, computed_3.paid NULLS LAST, computed_3._failed_line_number NULLS LAST, computed_3._failed_units NULLS LAST, computed_3._failed_charged NULLS LAST, computed_3._failed_allowed NULLS LAST, computed_3._failed_paid NULLS LAST) AS _rank,
    computed_3._bucket AS _bucket
  FROM computed_3
),
_judged AS (
  SELECT
    ranked.line_id AS line_id,
    ranked.claim_id AS claim_id,
    ranked.line_number AS line_number,
    ranked.procedure_code AS procedure_code,
    ranked.units AS units,
    ranked.charged AS charged,
    ranked.allowed AS allowed,
    ranked.paid AS paid,
    CASE WHEN (ranked._bucket IS NOT NULL) THEN ranked._bucket WHEN ranked._rank > 1 THEN 'superseded' WHEN ranked._failed_line_number THEN 'quarantined' WHEN ranked._failed_units THEN 'quarantined' WHEN ranked._failed_charged THEN 'quarantined' WHEN ranked._failed_allowed THEN 'quarantined' WHEN ranked._failed_paid THEN 'quarantined' WHEN ranked.units < 1 OR ranked.units > 999 THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN ranked._failed_line_number OR ranked._failed_units OR ranked._failed_charged OR ranked._failed_allowed OR ranked._failed_paid OR ranked.units < 1 OR ranked.units > 999 THEN ('[' || CONCAT_WS(',', CASE WHEN ranked._failed_line_number THEN '"unreadable(line_number as integer)"' END, CASE WHEN ranked._failed_units THEN '"unreadable(units as integer)"' END, CASE WHEN ranked._failed_charged THEN '"unreadable(charged as decimal(18,2))"' END, CASE WHEN ranked._failed_allowed THEN '"unreadable(allowed as decimal(18,2))"' END, CASE WHEN ranked._failed_paid THEN '"unreadable(paid as decimal(18,2))"' END, CASE WHEN ranked.units < 1 OR ranked.units > 999 THEN '"range(units)"' END)) || ']' END AS _reasons
  FROM ranked
)
SELECT
  _judged.line_id,
  _judged.claim_id,
  _judged.line_number,
  _judged.procedure_code,
  _judged.units,
  _judged.charged,
  _judged.allowed,
  _judged.paid,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.line_id) || ':' || _judged.line_id, '-') || COALESCE(length(_judged.claim_id) || ':' || _judged.claim_id, '-') || COALESCE(length(CAST(_judged.line_number AS VARCHAR)) || ':' || CAST(_judged.line_number AS VARCHAR), '-') || COALESCE(length(_judged.procedure_code) || ':' || _judged.procedure_code, '-') || COALESCE(length(CAST(_judged.units AS VARCHAR)) || ':' || CAST(_judged.units AS VARCHAR), '-') || COALESCE(length(CAST(_judged.charged AS VARCHAR)) || ':' || CAST(_judged.charged AS VARCHAR), '-') || COALESCE(length(CAST(_judged.allowed AS VARCHAR)) || ':' || CAST(_judged.allowed AS VARCHAR), '-') || COALESCE(length(CAST(_judged.paid AS VARCHAR)) || ':' || CAST(_judged.paid AS VARCHAR), '-')) END AS _content
FROM _judged;

-- stage claim_lines: what a person has discarded leaves quarantine, where there is any
UPDATE staging.claim_lines__new
SET _bucket='discarded'
WHERE staging.claim_lines__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.claim_lines__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'claim_lines'
);

-- stage claim_lines: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN claim_lines._bucket = 'rejected' THEN 1 END) AS f1,
  SUM(CASE WHEN claim_lines._bucket = 'rejected' THEN claim_lines.charged END) AS f2,
  SUM(CASE WHEN claim_lines._bucket = 'rejected' THEN claim_lines.paid END) AS f3,
  COUNT(CASE WHEN claim_lines._bucket = 'superseded' THEN 1 END) AS f4,
  SUM(CASE WHEN claim_lines._bucket = 'superseded' THEN claim_lines.charged END) AS f5,
  SUM(CASE WHEN claim_lines._bucket = 'superseded' THEN claim_lines.paid END) AS f6,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' THEN 1 END) AS f7,
  SUM(CASE WHEN claim_lines._bucket = 'quarantined' THEN claim_lines.charged END) AS f8,
  SUM(CASE WHEN claim_lines._bucket = 'quarantined' THEN claim_lines.paid END) AS f9,
  COUNT(CASE WHEN claim_lines._bucket = 'discarded' THEN 1 END) AS f10,
  SUM(CASE WHEN claim_lines._bucket = 'discarded' THEN claim_lines.charged END) AS f11,
  SUM(CASE WHEN claim_lines._bucket = 'discarded' THEN claim_lines.paid END) AS f12,
  COUNT(CASE WHEN claim_lines._bucket = 'out' THEN 1 END) AS f13,
  SUM(CASE WHEN claim_lines._bucket = 'out' THEN claim_lines.charged END) AS f14,
  SUM(CASE WHEN claim_lines._bucket = 'out' THEN claim_lines.paid END) AS f15,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' AND CONTAINS(claim_lines._reasons, '"unreadable(line_number as integer)"') THEN 1 END) AS f16,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' AND CONTAINS(claim_lines._reasons, '"unreadable(units as integer)"') THEN 1 END) AS f17,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' AND CONTAINS(claim_lines._reasons, '"unreadable(charged as decimal(18,2))"') THEN 1 END) AS f18,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' AND CONTAINS(claim_lines._reasons, '"unreadable(allowed as decimal(18,2))"') THEN 1 END) AS f19,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' AND CONTAINS(claim_lines._reasons, '"unreadable(paid as decimal(18,2))"') THEN 1 END) AS f20,
  COUNT(CASE WHEN claim_lines._bucket = 'quarantined' AND CONTAINS(claim_lines._reasons, '"range(units)"') THEN 1 END) AS f21,
  COUNT(CASE WHEN claim_lines._bucket = 'out' AND NOT REGEXP_MATCHES(claim_lines.procedure_code, '^([0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})$') THEN 1 END) AS f22,
  COUNT(CASE WHEN claim_lines._bucket = 'out' AND NOT ABS(claim_lines.allowed) <= ABS(claim_lines.charged) THEN 1 END) AS f23,
  COUNT(CASE WHEN claim_lines._bucket = 'out' AND NOT ABS(claim_lines.paid) <= ABS(claim_lines.allowed) THEN 1 END) AS f24,
  COUNT(CASE WHEN claim_lines._bucket = 'out' AND NOT CAST(sign(claim_lines.allowed) AS BIGINT) * CAST(sign(claim_lines.charged) AS BIGINT) >= 0 THEN 1 END) AS f25,
  COUNT(CASE WHEN claim_lines._bucket = 'out' AND NOT CAST(sign(claim_lines.paid) AS BIGINT) * CAST(sign(claim_lines.charged) AS BIGINT) >= 0 THEN 1 END) AS f26
FROM staging.claim_lines__new AS claim_lines;

-- stage claim_lines: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'claim_lines'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.claim_lines__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage claim_lines: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'claim_lines',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.claim_lines__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'claim_lines'
    AND _known.content = now.content
));

-- stage claim_lines: shown as claim_lines
CREATE VIEW staging.claim_lines AS
SELECT
  claim_lines.line_id,
  claim_lines.claim_id,
  claim_lines.line_number,
  claim_lines.procedure_code,
  claim_lines.units,
  claim_lines.charged,
  claim_lines.allowed,
  claim_lines.paid
FROM staging.claim_lines__rows AS claim_lines
WHERE claim_lines._bucket = 'out';

-- stage claim_lines: shown as claim_lines__quarantine
CREATE VIEW quarantine.claim_lines__quarantine AS
SELECT
  claim_lines.line_id,
  claim_lines.claim_id,
  claim_lines.line_number,
  claim_lines.procedure_code,
  claim_lines.units,
  claim_lines.charged,
  claim_lines.allowed,
  claim_lines.paid,
  claim_lines._bucket,
  coalesce(claim_lines._reasons, '[]') AS _reasons,
  claim_lines._content,
  'claim_lines' AS _stage,
  _known.run_id AS _run_id
FROM staging.claim_lines__rows AS claim_lines
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'claim_lines' AND _known.content = claim_lines._content
WHERE claim_lines._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage adjustments: the candidate, beside what stands
CREATE TABLE staging.adjustments__new AS
WITH typed AS (
  SELECT
    raw_adjustments.adjustment_id AS adjustment_id,
    raw_adjustments.line_id AS line_id,
    CAST(CASE WHEN regexp_matches(raw_adjustments.amount, '^[ \t\n\r\f]*([+-]?(0{0,200}[0-9]{1,16}(\.[0-9]{0,2})?|\.[0-9]{1,2}))[ \t\n\r\f]*$') THEN TRY_CAST(raw_adjustments.amount AS DECIMAL(18, 2)) END AS DECIMAL(18, 2)) AS amount,
    raw_adjustments.reason AS reason,
    raw_adjustments.amount IS NOT NULL AS _given_amount
  FROM raw.raw_adjustments AS raw_adjustments
),
computed AS (
  SELECT
    LOWER(CASE WHEN typed.adjustment_id LIKE ' %' OR typed.adjustment_id LIKE '% ' THEN trim(typed.adjustment_id, ' ') ELSE typed.adjustment_id END) AS adjustment_id,
    LOWER(CASE WHEN typed.line_id LIKE ' %' OR typed.line_id LIKE '% ' THEN trim(typed.line_id, ' ') ELSE typed.line_id END) AS line_id,
    typed.amount AS amount,
    LOWER(typed.reason) AS reason,
    typed._given_amount AND typed.amount IS NULL AS _failed_amount
  FROM typed
),
computed_2 AS (
  SELECT
    computed.adjustment_id AS adjustment_id,
    computed.line_id AS line_id,
    computed.amount AS amount,
    computed.reason AS reason,
    computed._failed_amount AS _failed_amount,
    CASE WHEN computed.adjustment_id IS NULL THEN 'rejected' ELSE NULL END AS _bucket
  FROM computed
),
ranked AS (
  SELECT
    computed_2.adjustment_id AS adjustment_id,
    computed_2.line_id AS line_id,
    computed_2.amount AS amount,
    computed_2.reason AS reason,
    computed_2._failed_amount AS _failed_amount,
    ROW_NUMBER() OVER (PARTITION BY computed_2.adjustment_id, computed_2._bucket IS NULL ORDER BY computed_2.line_id NULLS LAST, computed_2.amount NULLS LAST, computed_2.reason NULLS LAST, computed_2._failed_amount NULLS LAST) AS _rank,
    computed_2._bucket AS _bucket
  FROM computed_2
),
_judged AS (
  SELECT
    ranked.adjustment_id AS adjustment_id,
    ranked.line_id AS line_id,
    ranked.amount AS amount,
    ranked.reason AS reason,
    CASE WHEN (ranked._bucket IS NOT NULL) THEN ranked._bucket WHEN ranked._rank > 1 THEN 'superseded' WHEN ranked._failed_amount THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN ranked._failed_amount THEN ('[' || CONCAT_WS(',', CASE WHEN ranked._failed_amount THEN '"unreadable(amount as decimal(18,2))"' END)) || ']' END AS _reasons
  FROM ranked
)
SELECT
  _judged.adjustment_id,
  _judged.line_id,
  _judged.amount,
  _judged.reason,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.adjustment_id) || ':' || _judged.adjustment_id, '-') || COALESCE(length(_judged.line_id) || ':' || _judged.line_id, '-') || COALESCE(length(CAST(_judged.amount AS VARCHAR)) || ':' || CAST(_judged.amount AS VARCHAR), '-') || COALESCE(length(_judged.reason) || ':' || _judged.reason, '-')) END AS _content
FROM _judged;

-- stage adjustments: what a person has discarded leaves quarantine, where there is any
UPDATE staging.adjustments__new
SET _bucket='discarded'
WHERE staging.adjustments__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND staging.adjustments__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'adjustments'
);

-- stage adjustments: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN adjustments._bucket = 'rejected' THEN 1 END) AS f1,
  COUNT(CASE WHEN adjustments._bucket = 'superseded' THEN 1 END) AS f2,
  COUNT(CASE WHEN adjustments._bucket = 'quarantined' THEN 1 END) AS f3,
  COUNT(CASE WHEN adjustments._bucket = 'discarded' THEN 1 END) AS f4,
  COUNT(CASE WHEN adjustments._bucket = 'out' THEN 1 END) AS f5,
  COUNT(CASE WHEN adjustments._bucket = 'quarantined' AND CONTAINS(adjustments._reasons, '"unreadable(amount as decimal(18,2))"') THEN 1 END) AS f6
FROM staging.adjustments__new AS adjustments;

-- stage adjustments: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'adjustments'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM staging.adjustments__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage adjustments: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'adjustments',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM staging.adjustments__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'adjustments'
    AND _known.content = now.content
));

-- stage adjustments: shown as adjustments
CREATE VIEW staging.adjustments AS
SELECT
  adjustments.adjustment_id,
  adjustments.line_id,
  adjustments.amount,
  adjustments.reason
FROM staging.adjustments__rows AS adjustments
WHERE adjustments._bucket = 'out';

-- stage adjustments: shown as adjustments__quarantine
CREATE VIEW quarantine.adjustments__quarantine AS
SELECT
  adjustments.adjustment_id,
  adjustments.line_id,
  adjustments.amount,
  adjustments.reason,
  adjustments._bucket,
  coalesce(adjustments._reasons, '[]') AS _reasons,
  adjustments._content,
  'adjustments' AS _stage,
  _known.run_id AS _run_id
FROM staging.adjustments__rows AS adjustments
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'adjustments' AND _known.content = adjustments._content
WHERE adjustments._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage adjustment_totals: the candidate, beside what stands
CREATE TABLE marts.adjustment_totals__new AS
WITH grouped AS (
  SELECT
    adjustments.line_id AS line_id,
    CAST(SUM(adjustments.amount) AS DECIMAL(38, 2)) AS adjustment,
    COUNT(adjustments.adjustment_id) AS adjustment_count,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM staging.adjustments AS adjustments
  GROUP BY adjustments.line_id
)
SELECT
  grouped.line_id,
  grouped.adjustment,
  grouped.adjustment_count,
  grouped._rows
FROM grouped;

-- stage adjustment_totals: what comes in from adjustments
SELECT count(*) AS rows_in
FROM staging.adjustments AS adjustments;

-- stage adjustment_totals: one scan for the ledger and the checks
SELECT
  coalesce(SUM(adjustment_totals._rows), 0) AS f1,
  COUNT(*) AS f2
FROM marts.adjustment_totals__new AS adjustment_totals;

-- stage adjustment_totals: shown as adjustment_totals
CREATE VIEW marts.adjustment_totals AS
SELECT
  adjustment_totals.line_id,
  adjustment_totals.adjustment,
  adjustment_totals.adjustment_count
FROM marts.adjustment_totals__rows AS adjustment_totals;

-- stage claims: the candidate, beside what stands
CREATE TABLE intermediate.claims__new AS
WITH input_rows AS (
  SELECT
    claim_lines.line_id AS line_id,
    claim_lines.claim_id AS claim_id,
    claim_lines.line_number AS line_number,
    claim_lines.procedure_code AS procedure_code,
    claim_lines.units AS units,
    claim_lines.charged AS charged,
    claim_lines.allowed AS allowed,
    claim_lines.paid AS paid,
    CASE WHEN claim_lines.claim_id IS NULL THEN 'no key' ELSE NULL END AS _bucket
  FROM staging.claim_lines AS claim_lines
),
_judged AS (
  SELECT
    input_rows.line_id AS line_id,
    input_rows.claim_id AS claim_id,
    input_rows.line_number AS line_number,
    input_rows.procedure_code AS procedure_code,
    input_rows.units AS units,
    input_rows.charged AS charged,
    input_rows.allowed AS allowed,
    input_rows.paid AS paid,
    claim_headers.member_id AS member_id,
    claim_headers.provider_id AS provider_id,
    claim_headers.plan_code AS plan_code,
    claim_headers.claim_type AS claim_type,
    claim_headers.service_date AS service_date,
    claim_headers.status AS status,
    claim_headers.total_charge AS total_charge,
    CASE WHEN (input_rows._bucket IS NOT NULL) THEN input_rows._bucket WHEN (claim_headers.status IS DISTINCT FROM 'REVERSED') IS NOT TRUE THEN 'filtered' WHEN NOT claim_headers.claim_id IS NOT NULL THEN 'quarantined' ELSE 'out' END AS _bucket,
    CASE WHEN NOT claim_headers.claim_id IS NOT NULL THEN ('[' || CONCAT_WS(',', CASE WHEN NOT claim_headers.claim_id IS NOT NULL THEN '"missing(claim_headers)"' END)) || ']' END AS _reasons
  FROM input_rows
  LEFT OUTER JOIN staging.claim_headers AS claim_headers ON input_rows.claim_id = claim_headers.claim_id
)
SELECT
  _judged.line_id,
  _judged.claim_id,
  _judged.line_number,
  _judged.procedure_code,
  _judged.units,
  _judged.charged,
  _judged.allowed,
  _judged.paid,
  _judged.member_id,
  _judged.provider_id,
  _judged.plan_code,
  _judged.claim_type,
  _judged.service_date,
  _judged.status,
  _judged.total_charge,
  _judged._bucket,
  _judged._reasons,
  CASE WHEN (_judged._bucket IN ('rejected', 'quarantined', 'quarantined with its group')) THEN md5(COALESCE(length(_judged.line_id) || ':' || _judged.line_id, '-') || COALESCE(length(_judged.claim_id) || ':' || _judged.claim_id, '-') || COALESCE(length(CAST(_judged.line_number AS VARCHAR)) || ':' || CAST(_judged.line_number AS VARCHAR), '-') || COALESCE(length(_judged.procedure_code) || ':' || _judged.procedure_code, '-') || COALESCE(length(CAST(_judged.units AS VARCHAR)) || ':' || CAST(_judged.units AS VARCHAR), '-') || COALESCE(length(CAST(_judged.charged AS VARCHAR)) || ':' || CAST(_judged.charged AS VARCHAR), '-') || COALESCE(length(CAST(_judged.allowed AS VARCHAR)) || ':' || CAST(_judged.allowed AS VARCHAR), '-') || COALESCE(length(CAST(_judged.paid AS VARCHAR)) || ':' || CAST(_judged.paid AS VARCHAR), '-') || COALESCE(length(_judged.member_id) || ':' || _judged.member_id, '-') || COALESCE(length(_judged.provider_id) || ':' || _judged.provider_id, '-') || COALESCE(length(_judged.plan_code) || ':' || _judged.plan_code, '-') || COALESCE(length(_judged.claim_type) || ':' || _judged.claim_type, '-') || COALESCE(length(CAST(_judged.service_date AS VARCHAR)) || ':' || CAST(_judged.service_date AS VARCHAR), '-') || COALESCE(length(_judged.status) || ':' || _judged.status, '-') || COALESCE(length(CAST(_judged.total_charge AS VARCHAR)) || ':' || CAST(_judged.total_charge AS VARCHAR), '-')) END AS _content
FROM _judged;

-- stage claims: what a person has discarded leaves quarantine, where there is any
UPDATE intermediate.claims__new
SET _bucket='discarded'
WHERE intermediate.claims__new._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  AND intermediate.claims__new._content IN (
  SELECT _framework.discards.content
  FROM _framework.discards
  WHERE _framework.discards.stage = 'claims'
);

-- stage claims: what comes in from claim_lines
SELECT
  count(*) AS rows_in,
  coalesce(sum(claim_lines.charged), 0) AS money_0,
  coalesce(sum(claim_lines.paid), 0) AS money_1
FROM staging.claim_lines AS claim_lines;

-- stage claims: one scan for the ledger and the checks
SELECT
  COUNT(CASE WHEN claims._bucket = 'no key' THEN 1 END) AS f1,
  SUM(CASE WHEN claims._bucket = 'no key' THEN claims.charged END) AS f2,
  SUM(CASE WHEN claims._bucket = 'no key' THEN claims.paid END) AS f3,
  COUNT(CASE WHEN claims._bucket = 'filtered' THEN 1 END) AS f4,
  SUM(CASE WHEN claims._bucket = 'filtered' THEN claims.charged END) AS f5,
  SUM(CASE WHEN claims._bucket = 'filtered' THEN claims.paid END) AS f6,
  COUNT(CASE WHEN claims._bucket = 'quarantined' THEN 1 END) AS f7,
  SUM(CASE WHEN claims._bucket = 'quarantined' THEN claims.charged END) AS f8,
  SUM(CASE WHEN claims._bucket = 'quarantined' THEN claims.paid END) AS f9,
  COUNT(CASE WHEN claims._bucket = 'discarded' THEN 1 END) AS f10,
  SUM(CASE WHEN claims._bucket = 'discarded' THEN claims.charged END) AS f11,
  SUM(CASE WHEN claims._bucket = 'discarded' THEN claims.paid END) AS f12,
  COUNT(CASE WHEN claims._bucket = 'out' THEN 1 END) AS f13,
  SUM(CASE WHEN claims._bucket = 'out' THEN claims.charged END) AS f14,
  SUM(CASE WHEN claims._bucket = 'out' THEN claims.paid END) AS f15,
  COUNT(CASE WHEN claims._bucket = 'quarantined' AND CONTAINS(claims._reasons, '"missing(claim_headers)"') THEN 1 END) AS f16
FROM intermediate.claims__new AS claims;

-- stage claims: one total in a claim
WITH grouped AS (
  SELECT
    claims.claim_id AS _k0,
    NOT COUNT(DISTINCT claims.total_charge) <= 1 AS _failing,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      claims.line_id AS line_id,
      claims.claim_id AS claim_id,
      claims.line_number AS line_number,
      claims.procedure_code AS procedure_code,
      claims.units AS units,
      claims.charged AS charged,
      claims.allowed AS allowed,
      claims.paid AS paid,
      claims.member_id AS member_id,
      claims.provider_id AS provider_id,
      claims.plan_code AS plan_code,
      claims.claim_type AS claim_type,
      claims.service_date AS service_date,
      claims.status AS status,
      claims.total_charge AS total_charge
    FROM intermediate.claims__new AS claims
    WHERE claims._bucket IN ('out', 'unknown')
  ) AS claims
  WHERE claims.claim_type = 'professional'
    AND claims.claim_id IS NOT NULL
  GROUP BY claims.claim_id
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

-- stage claims: the lines add up to the total
WITH grouped AS (
  SELECT
    claims.claim_id AS _k0,
    NOT ABS(SUM(claims.charged) - MAX(claims.total_charge)) <= 0 AS _failing,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      claims.line_id AS line_id,
      claims.claim_id AS claim_id,
      claims.line_number AS line_number,
      claims.procedure_code AS procedure_code,
      claims.units AS units,
      claims.charged AS charged,
      claims.allowed AS allowed,
      claims.paid AS paid,
      claims.member_id AS member_id,
      claims.provider_id AS provider_id,
      claims.plan_code AS plan_code,
      claims.claim_type AS claim_type,
      claims.service_date AS service_date,
      claims.status AS status,
      claims.total_charge AS total_charge
    FROM intermediate.claims__new AS claims
    WHERE claims._bucket IN ('out', 'unknown')
  ) AS claims
  WHERE claims.claim_type = 'professional'
    AND claims.claim_id IS NOT NULL
  GROUP BY claims.claim_id
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

-- stage claims: which run first held each row
DELETE FROM _framework.held
WHERE _framework.held.stage = 'claims'
  AND (_framework.held.content NOT IN (
  SELECT now.content
  FROM (
    SELECT DISTINCT held_back._content AS content
    FROM intermediate.claims__new AS held_back
    WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
  ) AS now
));

-- stage claims: which run first held each row
INSERT INTO _framework.held (stage, content, run_id)
SELECT
  'claims',
  now.content,
  :this_run AS anon_1
FROM (
  SELECT DISTINCT held_back._content AS content
  FROM intermediate.claims__new AS held_back
  WHERE held_back._bucket IN ('rejected', 'quarantined', 'quarantined with its group')
) AS now
WHERE NOT (EXISTS (
  SELECT 1
  FROM _framework.held AS _known
  WHERE _known.stage = 'claims'
    AND _known.content = now.content
));

-- stage claims: shown as claims
CREATE VIEW intermediate.claims AS
SELECT
  claims.line_id,
  claims.claim_id,
  claims.line_number,
  claims.procedure_code,
  claims.units,
  claims.charged,
  claims.allowed,
  claims.paid,
  claims.member_id,
  claims.provider_id,
  claims.plan_code,
  claims.claim_type,
  claims.service_date,
  claims.status,
  claims.total_charge
FROM intermediate.claims__rows AS claims
WHERE claims._bucket = 'out';

-- stage claims: shown as claims__quarantine
CREATE VIEW quarantine.claims__quarantine AS
SELECT
  claims.line_id,
  claims.claim_id,
  claims.line_number,
  claims.procedure_code,
  claims.units,
  claims.charged,
  claims.allowed,
  claims.paid,
  claims.member_id,
  claims.provider_id,
  claims.plan_code,
  claims.claim_type,
  claims.service_date,
  claims.status,
  claims.total_charge,
  claims._bucket,
  coalesce(claims._reasons, '[]') AS _reasons,
  claims._content,
  'claims' AS _stage,
  _known.run_id AS _run_id
FROM intermediate.claims__rows AS claims
LEFT OUTER JOIN _framework.held AS _known ON _known.stage = 'claims' AND _known.content = claims._content
WHERE claims._bucket IN ('rejected', 'quarantined', 'quarantined with its group');

-- stage dim_member: the candidate, beside what stands
CREATE TABLE marts.dim_member__new AS
SELECT
  md5(COALESCE(length(members.member_id) || ':' || members.member_id, '-')) AS member_key,
  members.member_id,
  members.birth_date,
  members.gender,
  members.zip,
  'out' AS _bucket
FROM staging.members AS members
UNION ALL
SELECT
  md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) AS member_key,
  CAST('UNKNOWN' AS VARCHAR) AS member_id,
  CAST(NULL AS DATE) AS birth_date,
  CAST('unknown' AS VARCHAR) AS gender,
  CAST(NULL AS VARCHAR) AS zip,
  'unknown' AS _bucket;

-- stage dim_member: what comes in from members
SELECT count(*) AS rows_in
FROM staging.members AS members;

-- stage dim_member: one scan for the ledger and the checks
SELECT COUNT(CASE WHEN dim_member._bucket = 'out' THEN 1 END) AS f1
FROM marts.dim_member__new AS dim_member;

-- stage dim_member: key(member_id), whether a row can fail
WITH grouped AS (
  SELECT dim_member.member_id AS _k0
  FROM (
    SELECT
      dim_member.member_key AS member_key,
      dim_member.member_id AS member_id,
      dim_member.birth_date AS birth_date,
      dim_member.gender AS gender,
      dim_member.zip AS zip
    FROM marts.dim_member__new AS dim_member
    WHERE dim_member._bucket IN ('out', 'unknown')
  ) AS dim_member
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage dim_member: key(member_id)
WITH grouped AS (
  SELECT
    dim_member.member_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      dim_member.member_key AS member_key,
      dim_member.member_id AS member_id,
      dim_member.birth_date AS birth_date,
      dim_member.gender AS gender,
      dim_member.zip AS zip
    FROM marts.dim_member__new AS dim_member
    WHERE dim_member._bucket IN ('out', 'unknown')
  ) AS dim_member
  GROUP BY dim_member.member_id
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

-- publish dim_member: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.dim_member AS
SELECT
  marts.dim_member__new.member_key,
  marts.dim_member__new.member_id,
  marts.dim_member__new.birth_date,
  marts.dim_member__new.gender,
  marts.dim_member__new.zip
FROM marts.dim_member__new
WHERE 1 = 0;

-- publish dim_member: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.dim_member__new.member_key AS member_key,
    marts.dim_member__new.member_id AS member_id,
    marts.dim_member__new.birth_date AS birth_date,
    marts.dim_member__new.gender AS gender,
    marts.dim_member__new.zip AS zip
  FROM marts.dim_member__new
  WHERE marts.dim_member__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.dim_member.member_key AS member_key,
    marts.dim_member.member_id AS member_id,
    marts.dim_member.birth_date AS birth_date,
    marts.dim_member.gender AS gender,
    marts.dim_member.zip AS zip,
    1 AS _stands
  FROM marts.dim_member
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.birth_date IS DISTINCT FROM standing.birth_date OR candidate.gender IS DISTINCT FROM standing.gender OR candidate.zip IS DISTINCT FROM standing.zip)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.birth_date IS DISTINCT FROM standing.birth_date OR candidate.gender IS DISTINCT FROM standing.gender OR candidate.zip IS DISTINCT FROM standing.zip)) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.member_key = standing.member_key;

-- publish dim_member: what makes it stand
DELETE FROM marts.dim_member
WHERE EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.dim_member__new.member_key AS member_key,
      marts.dim_member__new.member_id AS member_id,
      marts.dim_member__new.birth_date AS birth_date,
      marts.dim_member__new.gender AS gender,
      marts.dim_member__new.zip AS zip
    FROM marts.dim_member__new
    WHERE marts.dim_member__new._bucket IN ('out', 'unknown')
  ) AS candidate
  WHERE candidate.member_key = marts.dim_member.member_key
    AND (candidate.birth_date IS DISTINCT FROM marts.dim_member.birth_date OR candidate.gender IS DISTINCT FROM marts.dim_member.gender OR candidate.zip IS DISTINCT FROM marts.dim_member.zip)
);

-- publish dim_member: what makes it stand
INSERT INTO marts.dim_member (member_key, member_id, birth_date, gender, zip)
SELECT
  candidate.member_key,
  candidate.member_id,
  candidate.birth_date,
  candidate.gender,
  candidate.zip
FROM (
  SELECT
    marts.dim_member__new.member_key AS member_key,
    marts.dim_member__new.member_id AS member_id,
    marts.dim_member__new.birth_date AS birth_date,
    marts.dim_member__new.gender AS gender,
    marts.dim_member__new.zip AS zip
  FROM marts.dim_member__new
  WHERE marts.dim_member__new._bucket IN ('out', 'unknown')
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.dim_member AS standing
  WHERE candidate.member_key = standing.member_key
));

-- stage dim_provider: the candidate, beside what stands
CREATE TABLE marts.dim_provider__new AS
SELECT
  md5(COALESCE(length(providers.provider_id) || ':' || providers.provider_id, '-')) AS provider_key,
  providers.provider_id,
  providers.specialty_code,
  providers.state,
  'out' AS _bucket
FROM staging.providers AS providers
UNION ALL
SELECT
  md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) AS provider_key,
  CAST('UNKNOWN' AS VARCHAR) AS provider_id,
  CAST(NULL AS VARCHAR) AS specialty_code,
  CAST(NULL AS VARCHAR) AS state,
  'unknown' AS _bucket;

-- stage dim_provider: what comes in from providers
SELECT count(*) AS rows_in
FROM staging.providers AS providers;

-- stage dim_provider: one scan for the ledger and the checks
SELECT COUNT(CASE WHEN dim_provider._bucket = 'out' THEN 1 END) AS f1
FROM marts.dim_provider__new AS dim_provider;

-- stage dim_provider: key(provider_id), whether a row can fail
WITH grouped AS (
  SELECT dim_provider.provider_id AS _k0
  FROM (
    SELECT
      dim_provider.provider_key AS provider_key,
      dim_provider.provider_id AS provider_id,
      dim_provider.specialty_code AS specialty_code,
      dim_provider.state AS state
    FROM marts.dim_provider__new AS dim_provider
    WHERE dim_provider._bucket IN ('out', 'unknown')
  ) AS dim_provider
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage dim_provider: key(provider_id)
WITH grouped AS (
  SELECT
    dim_provider.provider_id AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      dim_provider.provider_key AS provider_key,
      dim_provider.provider_id AS provider_id,
      dim_provider.specialty_code AS specialty_code,
      dim_provider.state AS state
    FROM marts.dim_provider__new AS dim_provider
    WHERE dim_provider._bucket IN ('out', 'unknown')
  ) AS dim_provider
  GROUP BY dim_provider.provider_id
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

-- publish dim_provider: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.dim_provider AS
SELECT
  marts.dim_provider__new.provider_key,
  marts.dim_provider__new.provider_id,
  marts.dim_provider__new.specialty_code,
  marts.dim_provider__new.state
FROM marts.dim_provider__new
WHERE 1 = 0;

-- publish dim_provider: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.dim_provider__new.provider_key AS provider_key,
    marts.dim_provider__new.provider_id AS provider_id,
    marts.dim_provider__new.specialty_code AS specialty_code,
    marts.dim_provider__new.state AS state
  FROM marts.dim_provider__new
  WHERE marts.dim_provider__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.dim_provider.provider_key AS provider_key,
    marts.dim_provider.provider_id AS provider_id,
    marts.dim_provider.specialty_code AS specialty_code,
    marts.dim_provider.state AS state,
    1 AS _stands
  FROM marts.dim_provider
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.specialty_code IS DISTINCT FROM standing.specialty_code OR candidate.state IS DISTINCT FROM standing.state)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.specialty_code IS DISTINCT FROM standing.specialty_code OR candidate.state IS DISTINCT FROM standing.state)) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.provider_key = standing.provider_key;

-- publish dim_provider: what makes it stand
DELETE FROM marts.dim_provider
WHERE EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.dim_provider__new.provider_key AS provider_key,
      marts.dim_provider__new.provider_id AS provider_id,
      marts.dim_provider__new.specialty_code AS specialty_code,
      marts.dim_provider__new.state AS state
    FROM marts.dim_provider__new
    WHERE marts.dim_provider__new._bucket IN ('out', 'unknown')
  ) AS candidate
  WHERE candidate.provider_key = marts.dim_provider.provider_key
    AND (candidate.specialty_code IS DISTINCT FROM marts.dim_provider.specialty_code OR candidate.state IS DISTINCT FROM marts.dim_provider.state)
);

-- publish dim_provider: what makes it stand
INSERT INTO marts.dim_provider (provider_key, provider_id, specialty_code, state)
SELECT
  candidate.provider_key,
  candidate.provider_id,
  candidate.specialty_code,
  candidate.state
FROM (
  SELECT
    marts.dim_provider__new.provider_key AS provider_key,
    marts.dim_provider__new.provider_id AS provider_id,
    marts.dim_provider__new.specialty_code AS specialty_code,
    marts.dim_provider__new.state AS state
  FROM marts.dim_provider__new
  WHERE marts.dim_provider__new._bucket IN ('out', 'unknown')
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.dim_provider AS standing
  WHERE candidate.provider_key = standing.provider_key
));

-- stage dim_plan: the candidate, beside what stands
CREATE TABLE marts.dim_plan__new AS
SELECT
  md5(COALESCE(length(plans.plan_code) || ':' || plans.plan_code, '-')) AS plan_key,
  plans.plan_code,
  plans.plan_name,
  plans.line_of_business,
  'out' AS _bucket
FROM staging.plans AS plans
UNION ALL
SELECT
  md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) AS plan_key,
  CAST('UNKNOWN' AS VARCHAR) AS plan_code,
  CAST('Unknown plan' AS VARCHAR) AS plan_name,
  CAST('unknown' AS VARCHAR) AS line_of_business,
  'unknown' AS _bucket;

-- stage dim_plan: what comes in from plans
SELECT count(*) AS rows_in
FROM staging.plans AS plans;

-- stage dim_plan: one scan for the ledger and the checks
SELECT COUNT(CASE WHEN dim_plan._bucket = 'out' THEN 1 END) AS f1
FROM marts.dim_plan__new AS dim_plan;

-- stage dim_plan: key(plan_code), whether a row can fail
WITH grouped AS (
  SELECT dim_plan.plan_code AS _k0
  FROM (
    SELECT
      dim_plan.plan_key AS plan_key,
      dim_plan.plan_code AS plan_code,
      dim_plan.plan_name AS plan_name,
      dim_plan.line_of_business AS line_of_business
    FROM marts.dim_plan__new AS dim_plan
    WHERE dim_plan._bucket IN ('out', 'unknown')
  ) AS dim_plan
)
SELECT count(*) - count(DISTINCT hash(grouped._k0)) AS repeated
FROM grouped;

-- stage dim_plan: key(plan_code)
WITH grouped AS (
  SELECT
    dim_plan.plan_code AS _k0,
    COUNT(*) AS _n,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM (
    SELECT
      dim_plan.plan_key AS plan_key,
      dim_plan.plan_code AS plan_code,
      dim_plan.plan_name AS plan_name,
      dim_plan.line_of_business AS line_of_business
    FROM marts.dim_plan__new AS dim_plan
    WHERE dim_plan._bucket IN ('out', 'unknown')
  ) AS dim_plan
  GROUP BY dim_plan.plan_code
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
  marts.dim_plan__new.plan_code,
  marts.dim_plan__new.plan_name,
  marts.dim_plan__new.line_of_business
FROM marts.dim_plan__new
WHERE 1 = 0;

-- publish dim_plan: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.dim_plan__new.plan_key AS plan_key,
    marts.dim_plan__new.plan_code AS plan_code,
    marts.dim_plan__new.plan_name AS plan_name,
    marts.dim_plan__new.line_of_business AS line_of_business
  FROM marts.dim_plan__new
  WHERE marts.dim_plan__new._bucket IN ('out')
),
standing AS (
  SELECT
    marts.dim_plan.plan_key AS plan_key,
    marts.dim_plan.plan_code AS plan_code,
    marts.dim_plan.plan_name AS plan_name,
    marts.dim_plan.line_of_business AS line_of_business,
    1 AS _stands
  FROM marts.dim_plan
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.plan_name IS DISTINCT FROM standing.plan_name OR candidate.line_of_business IS DISTINCT FROM standing.line_of_business)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.plan_name IS DISTINCT FROM standing.plan_name OR candidate.line_of_business IS DISTINCT FROM standing.line_of_business)) THEN 1 END) AS unchanged,
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
INSERT INTO marts.dim_plan (plan_key, plan_code, plan_name, line_of_business)
SELECT
  marts.dim_plan__new.plan_key,
  marts.dim_plan__new.plan_code,
  marts.dim_plan__new.plan_name,
  marts.dim_plan__new.line_of_business
FROM marts.dim_plan__new
WHERE marts.dim_plan__new._bucket IN ('out', 'unknown');

-- stage fct_claims_monthly: the candidate, beside what stands, with claims_enriched, claims_monthly computed on the way
CREATE TABLE marts.fct_claims_monthly__new AS
WITH computed AS (
  SELECT
    claims.line_id AS line_id,
    claims.claim_id AS claim_id,
    claims.units AS units,
    claims.charged AS charged,
    claims.allowed AS allowed,
    claims.paid AS paid,
    claims.member_id AS member_id,
    claims.provider_id AS provider_id,
    claims.plan_code AS plan_code,
    claims.claim_type AS claim_type,
    CASE WHEN plans.plan_code IS NOT NULL THEN plans.plan_code ELSE 'UNKNOWN' END AS known_plan,
    eligibility.plan_code AS eligible_plan,
    CAST(date_trunc('month', claims.service_date) AS DATE) AS month,
    CAST(date_part('year', age(CAST(claims.service_date AS TIMESTAMP), CAST(members.birth_date AS TIMESTAMP))) AS BIGINT) AS age,
    CAST(claims.paid + COALESCE(adjustment_totals.adjustment, 0) AS DECIMAL(38, 2)) AS adjusted_paid
  FROM intermediate.claims AS claims
  LEFT OUTER JOIN staging.members AS members ON claims.member_id = members.member_id
  LEFT OUTER JOIN staging.providers AS providers ON claims.provider_id = providers.provider_id
  LEFT OUTER JOIN staging.plans AS plans ON claims.plan_code = plans.plan_code
  LEFT OUTER JOIN staging.eligibility AS eligibility ON claims.member_id = eligibility.member_id AND eligibility.covered_from <= claims.service_date AND claims.service_date < COALESCE(eligibility.covered_to, CAST('infinity' AS DATE))
  LEFT OUTER JOIN marts.adjustment_totals AS adjustment_totals ON claims.line_id = adjustment_totals.line_id
),
folded AS (
  SELECT
    computed.line_id AS line_id,
    computed.claim_id AS claim_id,
    computed.units AS units,
    computed.charged AS charged,
    computed.allowed AS allowed,
    computed.paid AS paid,
    computed.member_id AS member_id,
    computed.provider_id AS provider_id,
    computed.plan_code AS plan_code,
    computed.claim_type AS claim_type,
    computed.known_plan AS known_plan,
    computed.eligible_plan AS eligible_plan,
    computed.month AS month,
    computed.adjusted_paid AS adjusted_paid,
    computed.age < 0 OR computed.age > 120 AS _check_claims_enriched_0,
    computed.known_plan <> 'UNKNOWN' AND NOT computed.eligible_plan = computed.known_plan AS _check_claims_enriched_1,
    computed.known_plan <> 'UNKNOWN' AS _judged_claims_enriched_1,
    computed.charged AS _money_claims_enriched_0,
    computed.paid AS _money_claims_enriched_1
  FROM computed
),
grouped AS (
  SELECT
    folded.member_id AS member_id,
    folded.provider_id AS provider_id,
    folded.known_plan AS plan_code,
    folded.month AS month,
    folded.claim_type AS claim_type,
    COUNT(DISTINCT folded.claim_id) AS claim_count,
    COUNT(folded.line_id) AS line_count,
    COUNT(CASE WHEN folded.eligible_plan IS NOT NULL THEN folded.line_id END) AS covered_line_count,
    COUNT(CASE WHEN folded.eligible_plan = folded.known_plan THEN folded.line_id END) AS own_plan_line_count,
    CAST(SUM(folded.units) AS BIGINT) AS units,
    CAST(SUM(folded.charged) AS DECIMAL(38, 2)) AS charged,
    CAST(SUM(folded.allowed) AS DECIMAL(38, 2)) AS allowed,
    CAST(SUM(folded.paid) AS DECIMAL(38, 2)) AS paid,
    CAST(SUM(folded.adjusted_paid) AS DECIMAL(38, 2)) AS adjusted_paid,
    COUNT(CASE WHEN folded._check_claims_enriched_0 THEN 1 END) AS _check_claims_enriched_0,
    COUNT(CASE WHEN folded._check_claims_enriched_1 THEN 1 END) AS _check_claims_enriched_1,
    COUNT(CASE WHEN folded._judged_claims_enriched_1 THEN 1 END) AS _judged_claims_enriched_1,
    CAST(SUM(folded._money_claims_enriched_0) AS DECIMAL(38, 2)) AS _money_claims_enriched_0,
    CAST(SUM(folded._money_claims_enriched_1) AS DECIMAL(38, 2)) AS _money_claims_enriched_1,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM folded
  GROUP BY folded.member_id, folded.provider_id, folded.known_plan, folded.month, folded.claim_type
)
SELECT
  md5(COALESCE(length(grouped.member_id) || ':' || grouped.member_id, '-') || COALESCE(length(grouped.provider_id) || ':' || grouped.provider_id, '-') || COALESCE(length(grouped.plan_code) || ':' || grouped.plan_code, '-') || COALESCE(length(CAST(grouped.month AS VARCHAR)) || ':' || CAST(grouped.month AS VARCHAR), '-') || COALESCE(length(grouped.claim_type) || ':' || grouped.claim_type, '-')) AS claims_monthly_key,
  CASE WHEN dim_member_by_member_id.member_id IS NOT NULL THEN dim_member_by_member_id.member_key ELSE md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) END AS member_key,
  CASE WHEN dim_provider_by_provider_id.provider_id IS NOT NULL THEN dim_provider_by_provider_id.provider_key ELSE md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) END AS provider_key,
  CASE WHEN dim_plan_by_plan_code.plan_code IS NOT NULL THEN dim_plan_by_plan_code.plan_key ELSE md5(COALESCE(length('UNKNOWN') || ':' || 'UNKNOWN', '-')) END AS plan_key,
  grouped.member_id,
  grouped.provider_id,
  grouped.plan_code,
  grouped.month,
  grouped.claim_type,
  grouped.claim_count,
  grouped.line_count,
  grouped.covered_line_count,
  grouped.own_plan_line_count,
  grouped.units,
  grouped.charged,
  grouped.allowed,
  grouped.paid,
  grouped.adjusted_paid,
  grouped._check_claims_enriched_0,
  grouped._check_claims_enriched_1,
  grouped._judged_claims_enriched_1,
  grouped._money_claims_enriched_0,
  grouped._money_claims_enriched_1,
  NOT grouped.line_count >= grouped.claim_count AS _check_claims_monthly_1,
  grouped._rows
FROM grouped
LEFT OUTER JOIN marts.dim_member__next AS dim_member_by_member_id ON grouped.member_id = dim_member_by_member_id.member_id
LEFT OUTER JOIN marts.dim_provider__next AS dim_provider_by_provider_id ON grouped.provider_id = dim_provider_by_provider_id.provider_id
LEFT OUTER JOIN marts.dim_plan__next AS dim_plan_by_plan_code ON grouped.plan_code = dim_plan_by_plan_code.plan_code;

-- stage claims_enriched: what comes in from claims
SELECT
  count(*) AS rows_in,
  coalesce(sum(claims.charged), 0) AS money_0,
  coalesce(sum(claims.paid), 0) AS money_1
FROM intermediate.claims AS claims;

-- stage fct_claims_monthly: one scan for the ledger and the checks
SELECT
  coalesce(SUM(fct_claims_monthly._rows), 0) AS f1,
  SUM(fct_claims_monthly._money_claims_enriched_0) AS f2,
  SUM(fct_claims_monthly._money_claims_enriched_1) AS f3,
  coalesce(SUM(fct_claims_monthly._check_claims_enriched_0), 0) AS f4,
  coalesce(SUM(fct_claims_monthly._check_claims_enriched_1), 0) AS f5,
  coalesce(SUM(fct_claims_monthly._judged_claims_enriched_1), 0) AS f6,
  coalesce(SUM(fct_claims_monthly._rows), 0) AS f7,
  COUNT(*) AS f8,
  SUM(fct_claims_monthly.charged) AS f9,
  SUM(fct_claims_monthly.paid) AS f10,
  COUNT(*) AS f11,
  COUNT(CASE WHEN fct_claims_monthly._check_claims_monthly_1 THEN 1 END) AS f12,
  COUNT(*) AS f13,
  SUM(fct_claims_monthly.charged) AS f14,
  SUM(fct_claims_monthly.paid) AS f15
FROM marts.fct_claims_monthly__new AS fct_claims_monthly;

-- stage fct_claims_monthly: shown as claims_enriched
CREATE VIEW intermediate.claims_enriched AS
SELECT
  claims.line_id,
  claims.claim_id,
  claims.line_number,
  claims.procedure_code,
  claims.units,
  claims.charged,
  claims.allowed,
  claims.paid,
  claims.member_id,
  claims.provider_id,
  claims.plan_code,
  claims.claim_type,
  claims.service_date,
  claims.status,
  claims.total_charge,
  members.birth_date,
  members.gender,
  providers.specialty_code,
  CASE WHEN plans.plan_code IS NOT NULL THEN plans.plan_code ELSE 'UNKNOWN' END AS known_plan,
  CASE WHEN plans.plan_code IS NOT NULL THEN plans.line_of_business ELSE 'unknown' END AS line_of_business,
  eligibility.plan_code AS eligible_plan,
  adjustment_totals.adjustment,
  CAST(date_trunc('month', claims.service_date) AS DATE) AS month,
  CAST(date_part('year', age(CAST(claims.service_date AS TIMESTAMP), CAST(members.birth_date AS TIMESTAMP))) AS BIGINT) AS age,
  CAST(claims.paid + COALESCE(adjustment_totals.adjustment, 0) AS DECIMAL(38, 2)) AS adjusted_paid
FROM intermediate.claims AS claims
LEFT OUTER JOIN staging.members AS members ON claims.member_id = members.member_id
LEFT OUTER JOIN staging.providers AS providers ON claims.provider_id = providers.provider_id
LEFT OUTER JOIN staging.plans AS plans ON claims.plan_code = plans.plan_code
LEFT OUTER JOIN staging.eligibility AS eligibility ON claims.member_id = eligibility.member_id AND eligibility.covered_from <= claims.service_date AND claims.service_date < COALESCE(eligibility.covered_to, CAST('infinity' AS DATE))
LEFT OUTER JOIN marts.adjustment_totals AS adjustment_totals ON claims.line_id = adjustment_totals.line_id;

-- stage fct_claims_monthly: shown as claims_monthly
CREATE VIEW marts.claims_monthly AS
WITH grouped AS (
  SELECT
    claims_enriched.member_id AS member_id,
    claims_enriched.provider_id AS provider_id,
    claims_enriched.known_plan AS plan_code,
    claims_enriched.month AS month,
    claims_enriched.claim_type AS claim_type,
    COUNT(DISTINCT claims_enriched.claim_id) AS claim_count,
    COUNT(claims_enriched.line_id) AS line_count,
    COUNT(CASE WHEN claims_enriched.eligible_plan IS NOT NULL THEN claims_enriched.line_id END) AS covered_line_count,
    COUNT(CASE WHEN claims_enriched.eligible_plan = claims_enriched.known_plan THEN claims_enriched.line_id END) AS own_plan_line_count,
    CAST(SUM(claims_enriched.units) AS BIGINT) AS units,
    CAST(SUM(claims_enriched.charged) AS DECIMAL(38, 2)) AS charged,
    CAST(SUM(claims_enriched.allowed) AS DECIMAL(38, 2)) AS allowed,
    CAST(SUM(claims_enriched.paid) AS DECIMAL(38, 2)) AS paid,
    CAST(SUM(claims_enriched.adjusted_paid) AS DECIMAL(38, 2)) AS adjusted_paid,
    CAST(COUNT(*) AS BIGINT) AS _rows
  FROM intermediate.claims_enriched AS claims_enriched
  GROUP BY claims_enriched.member_id, claims_enriched.provider_id, claims_enriched.known_plan, claims_enriched.month, claims_enriched.claim_type
)
SELECT
  computed.member_id,
  computed.provider_id,
  computed.plan_code,
  computed.month,
  computed.claim_type,
  computed.claim_count,
  computed.line_count,
  computed.covered_line_count,
  computed.own_plan_line_count,
  computed.units,
  computed.charged,
  computed.allowed,
  computed.paid,
  computed.adjusted_paid
FROM (
  SELECT
    grouped.member_id AS member_id,
    grouped.provider_id AS provider_id,
    grouped.plan_code AS plan_code,
    grouped.month AS month,
    grouped.claim_type AS claim_type,
    grouped.claim_count AS claim_count,
    grouped.line_count AS line_count,
    grouped.covered_line_count AS covered_line_count,
    grouped.own_plan_line_count AS own_plan_line_count,
    grouped.units AS units,
    grouped.charged AS charged,
    grouped.allowed AS allowed,
    grouped.paid AS paid,
    grouped.adjusted_paid AS adjusted_paid,
    grouped._rows AS _rows
  FROM grouped
) AS computed;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _check_claims_enriched_0;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _check_claims_enriched_1;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _judged_claims_enriched_1;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _money_claims_enriched_0;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _money_claims_enriched_1;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _check_claims_monthly_1;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new DROP COLUMN _rows;

-- publish fct_claims_monthly: the candidate becomes the table, where there is none yet
ALTER TABLE marts.fct_claims_monthly__new RENAME TO fct_claims_monthly;

-- publish fct_claims_monthly: the table, where there is none yet
CREATE TABLE IF NOT EXISTS marts.fct_claims_monthly AS
SELECT
  marts.fct_claims_monthly__new.claims_monthly_key,
  marts.fct_claims_monthly__new.member_key,
  marts.fct_claims_monthly__new.provider_key,
  marts.fct_claims_monthly__new.plan_key,
  marts.fct_claims_monthly__new.member_id,
  marts.fct_claims_monthly__new.provider_id,
  marts.fct_claims_monthly__new.plan_code,
  marts.fct_claims_monthly__new.month,
  marts.fct_claims_monthly__new.claim_type,
  marts.fct_claims_monthly__new.claim_count,
  marts.fct_claims_monthly__new.line_count,
  marts.fct_claims_monthly__new.covered_line_count,
  marts.fct_claims_monthly__new.own_plan_line_count,
  marts.fct_claims_monthly__new.units,
  marts.fct_claims_monthly__new.charged,
  marts.fct_claims_monthly__new.allowed,
  marts.fct_claims_monthly__new.paid,
  marts.fct_claims_monthly__new.adjusted_paid
FROM marts.fct_claims_monthly__new
WHERE 1 = 0;

-- publish fct_claims_monthly: inserted, updated, unchanged, deleted
WITH candidate AS (
  SELECT
    marts.fct_claims_monthly__new.claims_monthly_key AS claims_monthly_key,
    marts.fct_claims_monthly__new.member_key AS member_key,
    marts.fct_claims_monthly__new.provider_key AS provider_key,
    marts.fct_claims_monthly__new.plan_key AS plan_key,
    marts.fct_claims_monthly__new.member_id AS member_id,
    marts.fct_claims_monthly__new.provider_id AS provider_id,
    marts.fct_claims_monthly__new.plan_code AS plan_code,
    marts.fct_claims_monthly__new.month AS month,
    marts.fct_claims_monthly__new.claim_type AS claim_type,
    marts.fct_claims_monthly__new.claim_count AS claim_count,
    marts.fct_claims_monthly__new.line_count AS line_count,
    marts.fct_claims_monthly__new.covered_line_count AS covered_line_count,
    marts.fct_claims_monthly__new.own_plan_line_count AS own_plan_line_count,
    marts.fct_claims_monthly__new.units AS units,
    marts.fct_claims_monthly__new.charged AS charged,
    marts.fct_claims_monthly__new.allowed AS allowed,
    marts.fct_claims_monthly__new.paid AS paid,
    marts.fct_claims_monthly__new.adjusted_paid AS adjusted_paid
  FROM marts.fct_claims_monthly__new
),
standing AS (
  SELECT
    marts.fct_claims_monthly.claims_monthly_key AS claims_monthly_key,
    marts.fct_claims_monthly.member_key AS member_key,
    marts.fct_claims_monthly.provider_key AS provider_key,
    marts.fct_claims_monthly.plan_key AS plan_key,
    marts.fct_claims_monthly.member_id AS member_id,
    marts.fct_claims_monthly.provider_id AS provider_id,
    marts.fct_claims_monthly.plan_code AS plan_code,
    marts.fct_claims_monthly.month AS month,
    marts.fct_claims_monthly.claim_type AS claim_type,
    marts.fct_claims_monthly.claim_count AS claim_count,
    marts.fct_claims_monthly.line_count AS line_count,
    marts.fct_claims_monthly.covered_line_count AS covered_line_count,
    marts.fct_claims_monthly.own_plan_line_count AS own_plan_line_count,
    marts.fct_claims_monthly.units AS units,
    marts.fct_claims_monthly.charged AS charged,
    marts.fct_claims_monthly.allowed AS allowed,
    marts.fct_claims_monthly.paid AS paid,
    marts.fct_claims_monthly.adjusted_paid AS adjusted_paid,
    1 AS _stands
  FROM marts.fct_claims_monthly
)
SELECT
  count(CASE WHEN (standing._stands IS NULL) THEN 1 END) AS inserted,
  count(CASE WHEN (standing._stands IS NOT NULL AND (candidate.member_key IS DISTINCT FROM standing.member_key OR candidate.provider_key IS DISTINCT FROM standing.provider_key OR candidate.plan_key IS DISTINCT FROM standing.plan_key OR candidate.claim_count IS DISTINCT FROM standing.claim_count OR candidate.line_count IS DISTINCT FROM standing.line_count OR candidate.covered_line_count IS DISTINCT FROM standing.covered_line_count OR candidate.own_plan_line_count IS DISTINCT FROM standing.own_plan_line_count OR candidate.units IS DISTINCT FROM standing.units OR candidate.charged IS DISTINCT FROM standing.charged OR candidate.allowed IS DISTINCT FROM standing.allowed OR candidate.paid IS DISTINCT FROM standing.paid OR candidate.adjusted_paid IS DISTINCT FROM standing.adjusted_paid)) THEN 1 END) AS updated,
  count(CASE WHEN (standing._stands IS NOT NULL AND NOT (candidate.member_key IS DISTINCT FROM standing.member_key OR candidate.provider_key IS DISTINCT FROM standing.provider_key OR candidate.plan_key IS DISTINCT FROM standing.plan_key OR candidate.claim_count IS DISTINCT FROM standing.claim_count OR candidate.line_count IS DISTINCT FROM standing.line_count OR candidate.covered_line_count IS DISTINCT FROM standing.covered_line_count OR candidate.own_plan_line_count IS DISTINCT FROM standing.own_plan_line_count OR candidate.units IS DISTINCT FROM standing.units OR candidate.charged IS DISTINCT FROM standing.charged OR candidate.allowed IS DISTINCT FROM standing.allowed OR candidate.paid IS DISTINCT FROM standing.paid OR candidate.adjusted_paid IS DISTINCT FROM standing.adjusted_paid)) THEN 1 END) AS unchanged,
  0 AS deleted
FROM candidate
LEFT OUTER JOIN standing ON candidate.claims_monthly_key = standing.claims_monthly_key;

-- publish fct_claims_monthly: what makes it stand
DELETE FROM marts.fct_claims_monthly
WHERE EXISTS (
  SELECT 1
  FROM (
    SELECT
      marts.fct_claims_monthly__new.claims_monthly_key AS claims_monthly_key,
      marts.fct_claims_monthly__new.member_key AS member_key,
      marts.fct_claims_monthly__new.provider_key AS provider_key,
      marts.fct_claims_monthly__new.plan_key AS plan_key,
      marts.fct_claims_monthly__new.member_id AS member_id,
      marts.fct_claims_monthly__new.provider_id AS provider_id,
      marts.fct_claims_monthly__new.plan_code AS plan_code,
      marts.fct_claims_monthly__new.month AS month,
      marts.fct_claims_monthly__new.claim_type AS claim_type,
      marts.fct_claims_monthly__new.claim_count AS claim_count,
      marts.fct_claims_monthly__new.line_count AS line_count,
      marts.fct_claims_monthly__new.covered_line_count AS covered_line_count,
      marts.fct_claims_monthly__new.own_plan_line_count AS own_plan_line_count,
      marts.fct_claims_monthly__new.units AS units,
      marts.fct_claims_monthly__new.charged AS charged,
      marts.fct_claims_monthly__new.allowed AS allowed,
      marts.fct_claims_monthly__new.paid AS paid,
      marts.fct_claims_monthly__new.adjusted_paid AS adjusted_paid
    FROM marts.fct_claims_monthly__new
  ) AS candidate
  WHERE candidate.claims_monthly_key = marts.fct_claims_monthly.claims_monthly_key
    AND (candidate.member_key IS DISTINCT FROM marts.fct_claims_monthly.member_key OR candidate.provider_key IS DISTINCT FROM marts.fct_claims_monthly.provider_key OR candidate.plan_key IS DISTINCT FROM marts.fct_claims_monthly.plan_key OR candidate.claim_count IS DISTINCT FROM marts.fct_claims_monthly.claim_count OR candidate.line_count IS DISTINCT FROM marts.fct_claims_monthly.line_count OR candidate.covered_line_count IS DISTINCT FROM marts.fct_claims_monthly.covered_line_count OR candidate.own_plan_line_count IS DISTINCT FROM marts.fct_claims_monthly.own_plan_line_count OR candidate.units IS DISTINCT FROM marts.fct_claims_monthly.units OR candidate.charged IS DISTINCT FROM marts.fct_claims_monthly.charged OR candidate.allowed IS DISTINCT FROM marts.fct_claims_monthly.allowed OR candidate.paid IS DISTINCT FROM marts.fct_claims_monthly.paid OR candidate.adjusted_paid IS DISTINCT FROM marts.fct_claims_monthly.adjusted_paid)
);

-- publish fct_claims_monthly: what makes it stand
INSERT INTO marts.fct_claims_monthly (claims_monthly_key, member_key, provider_key, plan_key, member_id, provider_id, plan_code, month, claim_type, claim_count, line_count, covered_line_count, own_plan_line_count, units, charged, allowed, paid, adjusted_paid)
SELECT
  candidate.claims_monthly_key,
  candidate.member_key,
  candidate.provider_key,
  candidate.plan_key,
  candidate.member_id,
  candidate.provider_id,
  candidate.plan_code,
  candidate.month,
  candidate.claim_type,
  candidate.claim_count,
  candidate.line_count,
  candidate.covered_line_count,
  candidate.own_plan_line_count,
  candidate.units,
  candidate.charged,
  candidate.allowed,
  candidate.paid,
  candidate.adjusted_paid
FROM (
  SELECT
    marts.fct_claims_monthly__new.claims_monthly_key AS claims_monthly_key,
    marts.fct_claims_monthly__new.member_key AS member_key,
    marts.fct_claims_monthly__new.provider_key AS provider_key,
    marts.fct_claims_monthly__new.plan_key AS plan_key,
    marts.fct_claims_monthly__new.member_id AS member_id,
    marts.fct_claims_monthly__new.provider_id AS provider_id,
    marts.fct_claims_monthly__new.plan_code AS plan_code,
    marts.fct_claims_monthly__new.month AS month,
    marts.fct_claims_monthly__new.claim_type AS claim_type,
    marts.fct_claims_monthly__new.claim_count AS claim_count,
    marts.fct_claims_monthly__new.line_count AS line_count,
    marts.fct_claims_monthly__new.covered_line_count AS covered_line_count,
    marts.fct_claims_monthly__new.own_plan_line_count AS own_plan_line_count,
    marts.fct_claims_monthly__new.units AS units,
    marts.fct_claims_monthly__new.charged AS charged,
    marts.fct_claims_monthly__new.allowed AS allowed,
    marts.fct_claims_monthly__new.paid AS paid,
    marts.fct_claims_monthly__new.adjusted_paid AS adjusted_paid
  FROM marts.fct_claims_monthly__new
) AS candidate
WHERE NOT (EXISTS (
  SELECT 1
  FROM marts.fct_claims_monthly AS standing
  WHERE candidate.claims_monthly_key = standing.claims_monthly_key
));
