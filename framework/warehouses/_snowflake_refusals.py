"""What Snowflake's errors mean to a user: by their codes, for their texts can hold values of cells."""

from dataclasses import replace

from framework.warehouse import Refusal
from framework.warehouses import _overflows

_LOST = Refusal(
    "the connection to Snowflake was lost", "run again; what was not published is not there", of_target=True
)
_MISSING = Refusal(
    "a database, schema, table or function does not exist, or the role may not see it",
    "check `database` and `role` of the target, `table` of the pipeline's sources, and calls of `native.` functions",
)
# By the state of the SQL standard, the whole of it or its class.
_STATES = {
    "08": _LOST,
    "42501": Refusal(
        "the role lacks a right", "grant it to the `role` of the target, or use another role", of_target=True
    ),
    "42S02": _MISSING,
    "02000": _MISSING,
    "57014": Refusal("Snowflake cancelled a statement", "it ran into a timeout, or somebody cancelled it"),
    "22003": _overflows.NUMBER,
    "22007": _overflows.DATE,
    "22008": _overflows.DATE,
}
# By the words of a login that failed: no statement has been sent by then, so there is no value in them.
_CONNECTING = (
    (
        ("incorrect username or password", "jwt token is invalid", "authentication", "failed to authenticate"),
        Refusal("Snowflake refused the user", "check `user`, and `private_key_path` or `password`"),
    ),
    (
        ("private key", "passphrase", "could not deserialize"),
        Refusal("the private key cannot be read", "check `private_key_path` and `private_key_passphrase`"),
    ),
    (
        ("404", "not found", "name or service not known", "failed to resolve", "getaddrinfo"),
        Refusal("no Snowflake account answers under that name", "check `account`, and `host` if there is one"),
    ),
    (
        ("refused", "timed out", "timeout", "max retries", "unreachable", "could not connect"),
        Refusal(
            "Snowflake does not answer", "check `account` and the network, and `host` and `port` if they are given"
        ),
    ),
)


def refusal(error: BaseException) -> Refusal:
    state, number = getattr(error, "sqlstate", None), getattr(error, "errno", None)
    if state in (None, "n/a", "08001", "08004", "28000"):
        said = str(error).lower()
        known = (found for words, found in _CONNECTING if any(word in said for word in words))
        return replace(next(known, Refusal("Snowflake cannot be reached")), of_target=True)
    found = _STATES.get(str(state)) or _STATES.get(str(state)[:2])
    return found or Refusal(f"Snowflake refused a statement ({state}, {number})")
