"""Clauses that stage kinds share: what they say (models) and what they do to a draft."""
