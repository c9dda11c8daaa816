"""The work of other contenders as projects of SQLMesh."""
