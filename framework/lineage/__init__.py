"""What each column of a plan is made of, and what decides which rows are there: from the plan alone.

`tracing.py` follows each stage's steps once; `graph.py` puts the stages together, across pipelines; `tree.py`,
`diagrams.py` and `listing.py` write what is found as text.
"""
