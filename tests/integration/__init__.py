"""Whole pipelines, through the command line, on every warehouse that tests can start."""
