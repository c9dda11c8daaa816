"""Publications without a transaction: what is to be done, written down until it is done."""

from collections.abc import Sequence

import sqlalchemy as sa

from framework.ddl import FRAMEWORK_SCHEMA
from framework.standing.tables import PREPARED
from framework.warehouse import Warehouse


def publication(pipeline: str, run_id: str, statements: Sequence[str]) -> sa.Insert:
    """The statement after which the others will be done, by this run or the next."""
    told = {"pipeline": pipeline, "run_id": run_id}
    return PREPARED.insert().values([{**told, "position": i, "statement": t} for i, t in enumerate(statements)])


def prepared(connection: sa.Connection, warehouse: Warehouse, pipeline: str) -> tuple[str, tuple[str, ...]] | None:
    """The run of a pipeline that was cut off while it published, and what it was to do; None where there is none."""
    if PREPARED.name not in warehouse.relations(connection, FRAMEWORK_SCHEMA):
        return None
    wanted = sa.select(PREPARED.c.run_id, PREPARED.c.statement).where(PREPARED.c.pipeline == pipeline)
    found = connection.execute(wanted.order_by(PREPARED.c.position)).all()
    return (str(found[0][0]), tuple(str(text) for _, text in found)) if found else None


def publication_done(connection: sa.Connection, pipeline: str, run_id: str) -> None:
    connection.execute(PREPARED.delete().where(PREPARED.c.pipeline == pipeline, PREPARED.c.run_id == run_id))
