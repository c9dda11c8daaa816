"""Source files: where they are, what columns they have, what a record is, and how DuckDB reads them.

DuckDB is the one reader of files, so that a file means the same whatever warehouse it is loaded into.
A csv is read as text; what the text means is decided by the stage that reads the source.
"""
