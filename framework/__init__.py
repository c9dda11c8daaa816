"""Declarative data pipelines in YAML: proved before they run, compiled for a warehouse, accounted for to the row."""

__version__ = "0.1.0"
