"""Where Great Expectations is installed: what it says of the same rows, and of the same names."""
