"""Good pipelines: nothing is reported of them, and they give the rows that plain SQL gives."""
