"""`${VAR}` and `${VAR:-default}` in paths, tables and settings."""

import os
import re
from collections.abc import Mapping

from framework.warehouse import MISSING_VARIABLE, SourceProblem

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def expand_variables(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text with its variables by their values. Raises SourceProblem where one is not set."""

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1]) or match[2]
        if found is None:
            raise SourceProblem(
                MISSING_VARIABLE,
                f"the environment variable {match[1]} is not set",
                f"set it: export {match[1]}=...",
            )
        return found

    return _VARIABLE.sub(value, text)
