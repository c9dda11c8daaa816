"""The work of other contenders as projects of dbt."""
