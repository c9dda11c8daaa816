"""Unit tests of stages: made rows in, the rows that must come out, on a DuckDB in memory.

`collecting` finds the tests of files and folders, `proving` holds them against the plan, `running` runs one, and
`comparing` tells what differs. `drafting` writes a first test of a stage.
"""
