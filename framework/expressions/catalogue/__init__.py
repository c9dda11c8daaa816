"""The closed catalogue of functions: one meaning each, equal on every warehouse.

A module here lists `FUNCTIONS`; all modules together are the language. An operator is a function
whose name is its sign.
"""

import sys
from functools import lru_cache

from framework import plugins
from framework.expressions.tree import Function


@lru_cache(maxsize=1)
def functions() -> dict[str, Function]:
    """Every function by name. Raises ValueError when two share one."""
    found: dict[str, Function] = {}
    for module in plugins.load_all(sys.modules[__name__]):
        for function in module.FUNCTIONS:
            if function.name in found:
                raise ValueError(f"two functions are named {function.name}")
            found[function.name] = function
    return found


def function(name: str) -> Function:
    return functions()[name]
