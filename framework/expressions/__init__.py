"""Scalar expressions: text -> syntax -> typed tree -> one SQLAlchemy element; the catalogue of functions."""
