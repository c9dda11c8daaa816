"""How Snowflake reads and writes dates by a format, and what its other texts are made with."""

import re

from framework.expressions.lowering import verbatim
from framework.expressions.tree import Call, Expression, Reference
from framework.warehouses._snowflake_regex import matching

TEXT = r"TRIM({0}, ' \t\n\r\f')"
YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_KINDS = {"date": "DATE", "timestamp": "TIMESTAMP_NTZ"}


def quoted(text: str) -> str:
    """A text literal: a backslash in quotes is an escape."""
    for char, written in (("\\", "\\\\"), ("'", "''"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\f", "\\f")):
        text = text.replace(char, written)
    return verbatim(f"'{text}'")


def moment_of(e: Expression, place: str) -> str:
    """A column is cast to the type that it has: what else it may be, a format would mean another thing of."""
    return f"CAST({place} AS {_KINDS[e.type.name]})" if isinstance(e, Reference) else place


# -- formats of dates: strftime's letters, Snowflake's words for them, and what may stand there when one is read

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_WORDS = {"Y": "YYYY", "y": "YY", "m": "MM", "b": "MON", "B": "MMMM", "d": "DD", "a": "DY", "H": "HH24", "I": "HH12"}
_WORDS |= {"M": "MI", "S": "SS", "f": "FF6", "p": "AM"}
_SHAPES = dict.fromkeys("mdHIMS", "[0-9]{1,2}") | {"Y": YEAR, "y": "[0-9]{2}", "f": "[0-9]{1,6}"}
_SHAPES |= {"b": re.sub(r"(\w{3})\w*", r"\1", _MONTHS), "B": _MONTHS, "a": re.sub(r"(\w{3})\w*", r"\1", _DAYS)}
_SHAPES |= {"p": "[AP]M", "A": _DAYS}
_DIGITS = tuple("YymdHIMSf")
_COMPUTED = {f"-{n}": f"TO_VARCHAR(CAST(TO_VARCHAR({{0}}, '{_WORDS[n]}') AS INTEGER))" for n in "ymdHIMS"}
_COMPUTED |= {"j": "LPAD(TO_VARCHAR(DAYOFYEAR({0})), 3, '0')", "-j": "TO_VARCHAR(DAYOFYEAR({0}))"}
_COMPUTED |= {"u": "TO_VARCHAR(DAYOFWEEKISO({0}))", "V": "LPAD(TO_VARCHAR(WEEKISO({0})), 2, '0')"}
_COMPUTED |= {
    "G": "LPAD(TO_VARCHAR(YEAROFWEEKISO({0})), 4, '0')",
    "A": f"SPLIT_PART('{_DAYS}', '|', DAYOFWEEKISO({{0}}))",
}


def _pieces(format: str) -> list[tuple[str, str]]:
    """A strftime format as directives and the text between them: ('Y', ''), ('', '-')."""
    pieces = re.findall(r"%(-?[^%-])|((?:[^%]|%%)+)", format)
    return [(letter, text.replace("%%", "%")) for letter, text in pieces]


def _worded(text: str) -> str:
    """Text in a format: letters and digits stand in double quotes."""
    return f'"{text}"' if re.search(r"[^-/:., ]", text) else text


def _reading(format: str) -> str:
    """A text read by one format; its shape is tested first, as Snowflake is lenient about it."""
    words, shape, text = "", "", f"REGEXP_REPLACE({TEXT}, '[ \\t]+', ' ')" if " " in format else TEXT
    pieces = [(letter.removeprefix("-"), part) for letter, part in _pieces(format)]
    for index, (letter, part) in enumerate(pieces):
        if letter and letter not in _SHAPES:
            raise ValueError(f"no format of Snowflake reads %{letter}")
        if letter in ("a", "A"):  # of a weekday's names it knows the short ones alone
            text = f"TRIM(REGEXP_REPLACE({text}, {quoted(matching(f'(?i){_SHAPES[letter]}').text)}, ''))"
        plain = re.sub(r"[][\\^$.|?*+(){}]", r"\\\g<0>", part)
        regex = f"({_SHAPES[letter]})" if letter else re.sub(r"[ \t]+", r"[ \\t]+", plain)
        if any(p[0] in _DIGITS for p in (*pieces[max(index - 1, 0) : index], *pieces[index + 1 : index + 2])):
            regex = regex.replace("{1,2}", "{2}")  # digits beside digits: it must be plain where each ends
        word = {"": _worded(part), "f": "FF", "a": "", "A": ""}.get(letter)
        words, shape = words + (_WORDS[letter] if word is None else word), shape + regex
    value = f"TRY_TO_TIMESTAMP_NTZ({text}, {quoted(words.strip())})"
    if ("y", "") in pieces:  # 1969 to 2068, as POSIX has it
        value = f"CASE WHEN YEAR({value}) > 2068 THEN DATEADD('year', -100, {value}) ELSE {value} END"
    whole = quoted(rf"\s*{shape}\s*")
    return f"CASE WHEN REGEXP_LIKE({{0}}, {whole}, 'i') THEN {value} END"


def parsed(c: Call) -> str:
    read = ", ".join(_reading(format) for format in c.options)
    return f"CAST({f'COALESCE({read})' if len(c.options) > 1 else read} AS {{type}})"


def _written(letter: str, text: str) -> str:
    return (_COMPUTED.get(letter) or f"TO_VARCHAR({{0}}, '{_WORDS[letter]}')") if letter else quoted(text)


def formatted(c: Call) -> str:
    pieces = _pieces(c.options[0])
    text = " || ".join(_written(*piece) for piece in pieces) or "''"
    if not any(letter for letter, _ in pieces):
        return f"CASE WHEN {{0}} IS NOT NULL THEN {text} END"
    return text.replace("{0}", moment_of(c.args[0], "{0}"))
