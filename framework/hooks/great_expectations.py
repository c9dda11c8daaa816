"""Great Expectations: official suites, validation results and Data Docs of what a run found."""

from framework.hooks import Hook


class GreatExpectations(Hook):
    """x"""
