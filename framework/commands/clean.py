"""Remove target/ and candidates that a broken run left; never a published table or what stands."""

import argparse
import shutil
from pathlib import Path

import sqlalchemy as sa

from framework import project
from framework.artifacts import FOLDER
from framework.ddl import DropRelation
from framework.printing import SCHEMA_VERSION, as_json
from framework.target import connected, opened

LEFTOVERS = ("__new", "__next")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    removed: list[str] = []
    folder = here.root / FOLDER
    if folder.is_dir():
        shutil.rmtree(folder)
        removed.append(f"{FOLDER}/")
    with opened(here, options.target) as target, connected(target) as connection:
        for schema in sorted(set(here.schemas.values())):
            with connection.begin():
                found = target.warehouse.relations(connection, schema)
                names = sorted((n for n in found if n.endswith(LEFTOVERS)), key=lambda n: found[n] != "VIEW")
                for name in names:
                    connection.execute(DropRelation(sa.table(name, schema=schema), found[name]))
                    removed.append(f"{schema}.{name}")
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "removed": removed}))
    else:
        print("\n".join(f"removed {name}" for name in removed) or "nothing to remove")
    return 0
