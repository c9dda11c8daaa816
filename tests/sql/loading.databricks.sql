CREATE OR REPLACE TABLE raw.raw_lines (id string, `Paid Amount` string) TBLPROPERTIES ('delta.columnMapping.mode' = 'name')

CREATE VOLUME IF NOT EXISTS raw.framework_rows

SELECT CURRENT_CATALOG()

PUT '/tmp/framework-x/rows.parquet' INTO '/Volumes/claims/raw/framework_rows/framework-x.parquet' OVERWRITE

COPY INTO raw.raw_lines FROM '/Volumes/claims/raw/framework_rows/framework-x.parquet' FILEFORMAT = PARQUET

REMOVE '/Volumes/claims/raw/framework_rows/framework-x.parquet'

CREATE VOLUME IF NOT EXISTS raw.framework_rows

SELECT CURRENT_CATALOG()

PUT '/tmp/framework-x/rows.parquet' INTO '/Volumes/claims/raw/framework_rows/framework-x.parquet' OVERWRITE

COPY INTO raw.raw_lines FROM '/Volumes/claims/raw/framework_rows/framework-x.parquet' FILEFORMAT = PARQUET

REMOVE '/Volumes/claims/raw/framework_rows/framework-x.parquet'

