"""The kinds of stages: a file each, found by import."""
