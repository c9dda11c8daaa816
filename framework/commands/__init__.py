"""The commands: a file each, found by its name and imported when chosen.

A command has `arguments(parser)` and `run(options) -> exit code`; the first line of its docstring is its help.
One that has `OUTPUTS` prints in these forms; the others as text and JSON.
"""
