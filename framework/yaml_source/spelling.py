"""How a text is spelt in YAML so that it stays that text for every reader, of YAML 1.1 or 1.2."""

from __future__ import annotations

import json
import re
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# What some reader takes for a truth value, for nothing, or for a number.
_WORDS: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
# Beside what JSON escapes: what YAML admits nowhere, and what it takes for the end of a line.
_ESCAPED: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def spelt(text: str, *, always: bool = False) -> str:
    """The text as a scalar of one line: plain where that is safe everywhere, else (or `always`) in double quotes."""
    if not always and _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
