"""Engines for the tests that no account is needed for: a stand-in for Snowflake, and Spark for what Databricks runs.

The stand-in translates to DuckDB: it proves the path to an account, and not what a function means there.
"""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Mistakes of its own are mended: what it has no words for it answers as a server that is broken, and the driver tries
# that again for minutes; a timestamp that is null it sends as the first second of 1970; it sums decimals as doubles. A
# wrong password it refuses with the code that the driver knows. It is given a port, and a folder for its databases.
_SERVE = """
import gzip, json, logging, sys
logging.disable(logging.CRITICAL)
import duckdb, fakesnow, pyarrow
from fakesnow import arrow, server, transforms
from fakesnow.instance import FakeSnow
import fakesnow.server as serving
from starlette.responses import JSONResponse
from starlette.routing import Route
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import Error, ProgrammingError
execute = FakeSnowflakeCursor.execute
def refusing(self, *args, **options):
    try:
        return execute(self, *args, **options)
    except (Error, duckdb.TransactionException):
        raise
    except Exception as error:
        raise ProgrammingError(msg=str(error), errno=9999, sqlstate="99999") from error
FakeSnowflakeCursor.execute = refusing
sent = arrow.timestamp_to_sf_struct
def with_nulls(values):
    found = sent(values)
    fields = [found.type.field(i) for i in range(found.type.num_fields)]
    return pyarrow.StructArray.from_arrays(found.flatten(), fields=fields, mask=values.is_null().combine_chunks())
arrow.timestamp_to_sf_struct = with_nulls
transforms.numeric_agg_implicit_cast = lambda expression: expression
def refused(code, message):
    return JSONResponse({"data": {}, "code": code, "message": message, "success": False, "headers": None})
async def login(request):
    told = json.loads(gzip.decompress(await request.body()))["data"]
    if told.get("PASSWORD") != "snow":
        return refused("390100", "Incorrect username or password was specified.")
    return await serving.login_request(request)
serving.app.router.routes.insert(0, Route("/session/v1/login-request", login, methods=["POST"]))
if sys.argv[2:]:
    serving.shared_fs = FakeSnow(db_path=sys.argv[2])
with server(port=int(sys.argv[1])) as place:
    print(json.dumps(place), flush=True)
    sys.stdin.read()
"""


def no_snowflake() -> str | None:
    """Why there is no stand-in for Snowflake; None where there is one."""
    return None if find_spec("fakesnow") else "no stand-in for Snowflake: pip install 'fakesnow[server]'"


def no_spark() -> str | None:
    """Why there is no Spark; None where there is one."""
    if find_spec("pyspark") is None or find_spec("snowpark_connect_deps_iceberg") is None:
        return "no Spark: make the environment of .ci/engines"
    return None


@contextmanager
def snowflake_server(port: int = 0, folder: Path | None = None) -> Iterator["SnowflakeServer"]:
    """A server of our own, on loopback, which ends with this process. With a folder it keeps its databases there."""
    given = [str(port), *([str(folder)] if folder else [])]
    command = [sys.executable, "-W", "ignore", "-c", _SERVE, *given]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            place = json.loads(process.stdout.readline())
            told = {name: str(place[name]) for name in ("account", "user", "password", "host", "port", "protocol")}
            yield SnowflakeServer(told, process)
        finally:
            process.stdin.close()
            process.terminate()


@dataclass(frozen=True)
class SnowflakeServer:
    """`settings` are those of targets, which add their database: see `new_snowflake_database`."""

    settings: dict[str, str]
    process: subprocess.Popen[bytes]


def new_snowflake_database(server: dict[str, str]) -> dict[str, str]:
    """The settings of a target that is fresh and empty."""
    import snowflake.connector

    name = f"t{uuid.uuid4().hex}"
    arguments = {**server, "port": int(server["port"])}
    with snowflake.connector.connect(**arguments) as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
    return {"warehouse": "snowflake", **server, "database": name}


def new_spark_catalog() -> dict[str, str]:
    """The settings of a target that is fresh and empty, on the one Spark that a process has."""
    name = f"c{uuid.uuid4().hex}"
    session = _spark()
    session.conf.set(f"spark.sql.catalog.{name}", "org.apache.iceberg.spark.SparkCatalog")
    session.conf.set(f"spark.sql.catalog.{name}.catalog-impl", "org.apache.iceberg.inmemory.InMemoryCatalog")
    return {"warehouse": "spark", "catalog": name}


def _spark() -> Any:
    """Spark with Iceberg, whose tables are kept in memory."""
    import snowpark_connect_deps_iceberg
    from pyspark.sql import SparkSession

    folder = Path(next(iter(snowpark_connect_deps_iceberg.__path__))) / "jars"
    (runtime,) = folder.glob("iceberg-spark-runtime-3.5_2.12-*.jar")
    settings = {
        "spark.jars": str(runtime),
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.sql.shuffle.partitions": "1",
        "spark.default.parallelism": "1",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="framework-spark-"),
        "spark.log.level": "OFF",
        # Tables of a few rows: what makes long queries quick only makes these slow.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.ui.showConsoleProgress": "false",
    }
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
