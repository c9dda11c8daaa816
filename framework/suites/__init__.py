"""Suites: checks kept in `checks/*.yaml` with parameters, and put in where a pipeline uses them."""

from framework.suites.expanding import expanded
from framework.suites.folder import is_suite
from framework.suites.proving import prove, same_names

__all__ = ["expanded", "is_suite", "prove", "same_names"]
