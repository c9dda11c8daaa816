"""A project loaded and every model of it rendered in one process; runs in SQLMesh's environment.

python loading.py PROJECT
"""

import sys
import time

from sqlmesh import Context


def main(folder: str) -> None:
    """Prints how long each phase took."""
    start = time.perf_counter()
    project = Context(paths=folder)
    loaded = time.perf_counter()
    texts = [model.render_query_or_raise().sql(dialect="duckdb") for model in project.models.values() if model.is_sql]
    rendered = time.perf_counter()
    print(f"{len(texts)} models: load {loaded - start:.2f} s, render {rendered - loaded:.2f} s")


if __name__ == "__main__":
    main(sys.argv[1])
