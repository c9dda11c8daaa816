"""What Postgres's errors mean to a user: by their codes, for their texts can hold values of cells."""

import re
from dataclasses import replace

from framework.warehouse import Refusal
from framework.warehouses import _overflows

_LOST = Refusal("the connection to Postgres was lost", "run again; what was not published is not there")
# By the whole code or by its class, the first two characters.
_REFUSALS = {
    "08": _LOST,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": Refusal("the Postgres server is starting or stopping", "run again in a moment"),
    "57014": Refusal("Postgres cancelled a statement", "it ran into a statement_timeout, or somebody cancelled it"),
    "28P01": Refusal("Postgres refused the password", "check the user and the password in `url`"),
    "28": Refusal("Postgres refused the user", "check the user in `url`, and the server's pg_hba.conf"),
    "3D000": Refusal("the database does not exist", "create it, or name another in `url`"),
    "3F000": Refusal("a schema does not exist"),
    "42883": Refusal(
        "a function does not exist, or not for such arguments", "check the calls of `native.` functions in the stage"
    ),
    "42P01": Refusal("a table does not exist", "check `table` of the pipeline's sources"),
    "53100": Refusal("the disk of the Postgres server is full", "free space on it"),
    "53200": Refusal("the Postgres server is out of memory", "lower its work_mem, or give it more memory"),
    "53300": Refusal("the Postgres server has no connection left", "raise max_connections, or lower threads"),
    "53": Refusal("the Postgres server lacks resources ({code})"),
    "55P03": Refusal("a lock was not given in time", "another session holds the table; run again later"),
    "40P01": Refusal("two sessions waited for each other", "run again"),
    "40001": Refusal("another session changed the same rows", "run again"),
    "2BP01": Refusal(
        "other objects depend on a table that would be replaced", "drop the views over it that others made"
    ),
    "25006": Refusal("the database is read-only", "use the address of the primary server"),
    "22008": _overflows.DATE,
    "22021": Refusal("a text holds a character that Postgres cannot store", "remove NUL characters"),
    "54": Refusal("a limit of Postgres is exceeded ({code})"),
}
_CONNECTING = (
    (("password authentication failed", "no password supplied"), _REFUSALS["28P01"]),
    (("no pg_hba.conf entry", "authentication failed"), _REFUSALS["28"]),
    (('role "',), _REFUSALS["28"]),
    (('database "',), _REFUSALS["3D000"]),
    (("too many clients", "connection slots"), _REFUSALS["53300"]),
    (("starting up", "shutting down"), _REFUSALS["57P03"]),
    (
        ("resolve", "translate host name", "name or service not known"),
        Refusal("the host of `url` is unknown", "check the host in `url`"),
    ),
    (
        ("connection refused", "no such file"),
        Refusal("no Postgres server answers there", "check host and port in `url`, and whether it runs"),
    ),
    (
        ("timeout", "timed out"),
        Refusal("the Postgres server did not answer in time", "check the network and the firewall"),
    ),
    (("closed", "lost", "terminat", "eof detected", "broken pipe", "reset by peer"), _LOST),
    (("ssl", "certificate"), Refusal("the encrypted connection failed", "check `sslmode` in `url`")),
)


# What has nothing to do with the statement.
_OF_TARGET = ("08", "25006", "28", "3D", "42501", "53", "57P")


def refusal(error: BaseException) -> Refusal:
    """By the error's code; its text can hold values of cells, and is only searched for known words."""
    code = getattr(error, "sqlstate", None)
    return replace(_meaning(error, code), of_target=code is None or code.startswith(_OF_TARGET))


def _meaning(error: BaseException, code: str | None) -> Refusal:
    if code is None:
        return _unconnected(str(error).lower())
    if code == "42501":
        return _forbidden(str(error))
    if code == "22003":
        return _overflow(str(error))
    known = _REFUSALS.get(code) or _REFUSALS.get(code[:2])
    if known is not None:
        return replace(known, message=known.message.format(code=code))
    return Refusal(f"Postgres refused a statement ({_class_of(error)}, {code})")


def _unconnected(message: str) -> Refusal:
    """What stopped a connection: the driver gives no code for it."""
    for words, found in _CONNECTING:
        if any(word in message for word in words):
            return found
    return Refusal("Postgres cannot be reached")


_KINDS = ("database", "schema", "table", "view", "materialized view", "sequence", "function", "large object")
_DENIED = re.compile(rf"(permission denied for|must be owner of) ({'|'.join(_KINDS)})\b")


def _forbidden(message: str) -> Refusal:
    """Says which kind of right is missing; the object's name stays in the server's log."""
    advice = "grant it to the user of the target's `url`, or use another user"
    match = _DENIED.search(message)
    if match is None:
        return Refusal("the user of `url` lacks a right", advice)
    if match[1].startswith("must"):
        return Refusal(f"the user of `url` does not own a {match[2]} that would be replaced", advice)
    return Refusal(f"the user of `url` lacks a right on a {match[2]}", advice)


# The end of a message, for values stand before it; a server that speaks another language is told of in general.
_OVERFLOWS = (
    (("bigint out of range", "for type bigint"), _overflows.INTEGER),
    (("integer out of range", "for type integer", "smallint out of range"), _overflows.ARGUMENT),
    (("numeric field overflow", "overflows numeric format"), _overflows.DECIMAL),
    (("out of range: overflow", "out of range: underflow", "for type double precision"), _overflows.DOUBLE),
)


def _overflow(message: str) -> Refusal:
    """Which kind of number was out of range: the server's code is the same for all."""
    first = message.partition("\n")[0]
    found = (refusal for endings, refusal in _OVERFLOWS if first.endswith(endings))
    return next(found, _overflows.NUMBER)


def _class_of(error: BaseException) -> str:
    """`UniqueViolation` as `unique violation`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
