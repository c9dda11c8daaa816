"""The checks: a file each, found by import."""
