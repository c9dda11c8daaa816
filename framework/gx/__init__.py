"""Great Expectations, of which nothing else here knows: suites of a plan, its judgement, its files and pages.

It takes seconds to import, and is imported where it is used.
"""
