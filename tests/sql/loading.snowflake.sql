CREATE TEMPORARY STAGE IF NOT EXISTS raw.framework_rows

CREATE TABLE raw.raw_lines (id TEXT, "Paid Amount" TEXT)

PUT 'file://raw_lines.parquet' @raw.framework_rows/raw_lines AUTO_COMPRESS = FALSE OVERWRITE = TRUE

COPY INTO raw.raw_lines FROM @raw.framework_rows/raw_lines FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE PURGE = TRUE FORCE = TRUE

CREATE TEMPORARY STAGE IF NOT EXISTS raw.framework_rows

PUT 'file://raw_lines.parquet' @raw.framework_rows/raw_lines AUTO_COMPRESS = FALSE OVERWRITE = TRUE

COPY INTO raw.raw_lines FROM @raw.framework_rows/raw_lines FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE PURGE = TRUE FORCE = TRUE

CREATE TEMPORARY STAGE IF NOT EXISTS raw.framework_rows

PUT 'file://raw_lines.parquet' @raw.framework_rows/raw_lines AUTO_COMPRESS = FALSE OVERWRITE = TRUE

DELETE FROM raw.raw_lines

COPY INTO raw.raw_lines FROM @raw.framework_rows/raw_lines FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE PURGE = TRUE FORCE = TRUE

COMMIT

