"""A statement laid out for people: one column to a line, a query in brackets further in. Only white space changes."""

import re
from dataclasses import dataclass

# Texts and names are one token, whatever is in them; a backslash escapes where the warehouse says so.
_ESCAPED = r"'(?:[^'\\]|\\.|'')*'"
_PLAIN = rf"\b[eE]{_ESCAPED}|'(?:[^']|'')*'"  # E marks a text in which it does so anywhere
_REST = r"|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|[\w$]+|[^\w\s]"
_TOKENS = {escapes: re.compile(f"{text}{_REST}", re.DOTALL) for escapes, text in ((False, _PLAIN), (True, _ESCAPED))}

_QUERY = ("SELECT", "WITH")
_JOIN = ("LEFT", "RIGHT", "FULL", "INNER", "CROSS", "JOIN")
_CLAUSES = {
    *("FROM", "WHERE", "HAVING", "QUALIFY", "LIMIT", "OFFSET", "WINDOW"),
    *("UNION", "EXCEPT", "INTERSECT", "SET", "VALUES", "USING", "WHEN", *_JOIN),
}
_CONDITIONS = ("WHERE", "HAVING", "QUALIFY")
_STEP = "  "


@dataclass(slots=True)
class _Level:
    """What is open: a query, or a bracket in an expression, where nothing is broken. `clause` is the one that a token
    stands in, `listed` whether each item of it has a line."""

    query: bool
    indent: int
    clause: str = ""
    listed: bool = False
    cases: int = 0
    between: bool = False


def laid_out(statement: str, *, escapes: bool) -> str:
    """`escapes`: whether a backslash escapes in a text of the warehouse. With comments, or texts that are marked in
    another way, a statement stays as it is."""
    layout = _Layout(statement, escapes)
    return statement if layout.has_others() else layout.text()


class _Layout:
    def __init__(self, statement: str, escapes: bool) -> None:
        found = list(_TOKENS[escapes].finditer(statement))
        self.tokens = [match[0] for match in found]
        ends = [0, *(match.end() for match in found)]
        self.apart = [match.start() > end for match, end in zip(found, ends, strict=False)]
        self.levels = [_Level(True, 0)]
        self.lines: list[str] = [""]

    def has_others(self) -> bool:
        """Whether tokens stand in it that this knows nothing of."""
        if any("$$" in token and token[0] not in "'\"`" for token in self.tokens):
            return True
        pairs = zip(self.tokens, self.tokens[1:], self.apart[1:], strict=False)
        glued = [(a, b) for a, b, apart in pairs if not apart]
        return any(a + b in ("--", "/*") or (b[0] == "'" and a[-1].isalnum()) for a, b in glued)

    def text(self) -> str:
        for at, token in enumerate(self.tokens):
            self._place(at, token)
        return "\n".join(line.rstrip() for line in self.lines if line.strip())

    def _place(self, at: int, token: str) -> None:
        level, word = self.levels[-1], token.upper()
        if token == ")":
            if len(self.levels) > 1:
                self.levels.pop()
            if level.query:
                self._line(level.indent - 1)
        elif level.query and self._begins(at, word, level):
            self._line(level.indent)
            level.clause, level.listed, level.between = word, word in ("WITH", "SET"), False
        elif level.query and level.clause in _CONDITIONS and word == "AND" and not level.cases:
            if not level.between:
                self._line(level.indent + 1)
            level.between = False
        self._write(at, token)
        match word:
            case "(":
                query = self._next(at) in _QUERY
                inside = level.indent + (level.listed and level.clause != "WITH") + query
                self.levels.append(_Level(query, inside))
                if query:
                    self._line(inside)
            case "CASE":
                level.cases += 1
            case "END":
                level.cases = max(level.cases - 1, 0)
            case "BETWEEN":
                level.between = True
            case "SELECT" if level.query:
                level.clause, level.listed = word, self._several(at)
                if level.listed:
                    self._line(level.indent + 1)
            case "," if level.query and level.listed and not level.cases:
                self._line(level.indent + (level.clause != "WITH"))

    def _begins(self, at: int, word: str, level: _Level) -> bool:
        """Whether a token begins a clause of a query, or the query itself."""
        if level.cases or self.tokens[at - 1 : at] == ["."]:
            return False
        if word in _QUERY:
            return True
        if word in ("GROUP", "ORDER"):
            return self._next(at) == "BY"
        if word == "FROM":
            return self._before(at) not in ("DISTINCT", "DELETE")
        if word in _JOIN:
            return self._next(at) != "(" and self._before(at) not in (*_JOIN, "OUTER", "LATERAL")
        return word in _CLAUSES and self._next(at) != "."

    def _several(self, at: int) -> bool:
        """Whether a SELECT has more than one item."""
        depth = 0
        for place in range(at + 1, len(self.tokens)):
            token = self.tokens[place]
            depth += (token == "(") - (token == ")")
            if depth < 0 or (depth == 0 and token.upper() == "FROM" and self._before(place) != "DISTINCT"):
                return False
            if depth == 0 and token == ",":
                return True
        return False

    def _next(self, at: int) -> str:
        return self.tokens[at + 1].upper() if at + 1 < len(self.tokens) else ""

    def _before(self, at: int) -> str:
        return self.tokens[at - 1].upper() if at else ""

    def _line(self, indent: int) -> None:
        if self.lines[-1].strip():
            self.lines.append("")
        self.lines[-1] = _STEP * indent

    def _write(self, at: int, token: str) -> None:
        apart = self.apart[at] and self.lines[-1].strip()
        self.lines[-1] += f" {token}" if apart else token
