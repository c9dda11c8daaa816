"""Sources as they really are: their columns and types, held against the contract or proposed as one.

Files are read by DuckDB as a run reads them, whatever the target is; tables are asked of their warehouse. No value of a
cell leaves this package: only counts and types do.
"""
