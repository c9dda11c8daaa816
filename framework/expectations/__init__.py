"""The expectations of Great Expectations as checks, under their official names: a family in a file, found by import."""
