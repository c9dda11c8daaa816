"""Text -> syntax tree: SQL scalar syntax, one expression.

A parser of our own, because the language is closed: it has no statements, no subqueries and no
dialects, and each refusal names the word and what to write instead. Binding powers are SQL's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import inf

from framework.expressions.syntax import (
    Apply,
    Constant,
    Convert,
    Name,
    Node,
    Order,
    Over,
    Parameter,
    Span,
    SyntaxProblem,
)
from framework.expressions.types import MAX_PRECISION

MAX_DEPTH = 60  # nesting; deeper text is generated or a mistake, and would end in a stack overflow
MAX_HEIGHT = 150
KEYWORDS = frozenset(
    [
        "and",
        "as",
        "between",
        "case",
        "cast",
        "desc",
        "asc",
        "distinct",
        "else",
        "end",
        "false",
        "filter",
        "from",
        "in",
        "is",
        "like",
        "not",
        "null",
        "or",
        "over",
        "select",
        "then",
        "true",
        "try_cast",
        "when",
    ]
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # number text name quoted variable operator end
    text: str
    span: Span

    @property
    def word(self) -> str:
        """The token as a keyword or operator, in lower case; quoted names and texts are never one."""
        return self.text.lower() if self.kind in ("name", "operator") else ""


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<variable>:[A-Za-z_]\w*)
      | (?P<name>[^\W\d]\w*)
      | (?P<operator>\|\||<>|!=|<=|>=|=>|=<|::|==|&&|--|/\*|[-+*/%=<>(),.!;])""",
    re.VERBOSE,
)
_NO_COMMENT = "an expression has no comments; write one behind a # on a line of its own, outside the expression"
_WRITE_INSTEAD = {
    "::": "write cast(value as type)",
    "%": "write mod(a, b)",
    "!=": "write <>",
    "==": "write =",
    "=>": "write >=",
    "=<": "write <=",
    "&&": "write and",
    "!": "write not",
    "descending": "write desc",
    "ascending": "leave it out: the smallest comes first",
    "ilike": "write lower(...) like ...",
    "rlike": "write regexp_matches(value, 'pattern')",
    "regexp": "write regexp_matches(value, 'pattern')",
    "--": _NO_COMMENT,
    "/*": _NO_COMMENT,
    "[": "there are no arrays; of text write substring(...) or split_part(...)",
    ";": "an expression has no semicolon",
}


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad_character(text, at)
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match[0], match.span()))
        at = match.end()
    found.append(Token("end", "", (len(text), len(text))))
    return found


def _bad_character(text: str, at: int) -> SyntaxProblem:
    if text[at] == "'":
        return SyntaxProblem("this text has no closing quote", (at, len(text)), "close it with '")
    if text.startswith('""', at):
        return SyntaxProblem("a quoted name is empty", (at, at + 2), "a text is written '...'")
    if text[at] == '"':
        return SyntaxProblem("this quoted name has no closing quote", (at, len(text)), 'close it with "')
    return SyntaxProblem(f"`{text[at]}` means nothing in an expression", (at, at + 1), _WRITE_INSTEAD.get(text[at]))


@lru_cache(maxsize=65536)
def parse(text: str) -> Node:
    """The syntax tree of one expression. Raises SyntaxProblem with the place of the first mistake."""
    parser = _Parser(text)
    node = parser.expression()
    parser.finish()
    _refuse_tall(node)
    return node


def parse_order(text: str) -> tuple[Order, ...]:
    """`received_at desc, version`: what rows are ordered by. Raises SyntaxProblem."""
    parser = _Parser(text)
    orders = parser.orders()
    parser.finish()
    return orders


def _refuse_tall(node: Node) -> None:
    """Refuses a chain of operators that would overflow the stack later; each step is one level of the tree."""
    level, height = [node], 0
    while level:
        height += 1
        if height > MAX_HEIGHT:
            help = "compute parts of it in columns of their own; many `or`s over one column are one `in (...)`"
            raise SyntaxProblem(f"more than {MAX_HEIGHT} operators in one chain", level[0].span, help)
        level = [part for each in level for part in _parts(each)]


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Convert):
        return (node.value,)
    if isinstance(node, Order):
        return (node.key,)
    if not isinstance(node, Apply):
        return ()
    over = () if node.over is None else (*node.over.partition, *node.over.order)
    return (*node.args, *node.order, *(() if node.filter is None else (node.filter,)), *over)


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The parts of a condition between its top-level `and`s, in the order written."""
    if isinstance(node, Apply) and node.name == "and":
        return tuple(part for arg in node.args for part in conjuncts(arg))
    return (node,)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    # -- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        self.at = min(self.at + 1, len(self.tokens) - 1)  # never past the end
        return token

    def accept(self, *words: str) -> Token | None:
        """The next token if the words stand here, one after another; nothing is taken otherwise."""
        for ahead, word in enumerate(words):
            index = self.at + ahead
            if index >= len(self.tokens) or self.tokens[index].word != word:
                return None
        self.at += len(words)
        return self.tokens[self.at - 1]

    def expect(self, word: str, after: str) -> Token:
        token = self.accept(word)
        if token is None:
            help = _WRITE_INSTEAD.get(self.token.text)
            raise SyntaxProblem(f"expected `{word}` {after}", self._here(), help)
        return token

    def _here(self) -> Span:
        """The span of the next token; at the end of the text, of the last one."""
        if self.token.kind == "end" and self.at:
            end = self.tokens[self.at - 1].span[1]
            return (max(end - 1, 0), end)
        return self.token.span

    def finish(self) -> None:
        if self.token.kind == "end":
            return
        word = self.token.text
        help = _WRITE_INSTEAD.get(word.lower())
        before = self.tokens[self.at - 1].word
        if before == "interval":
            help = "write date_add(moment, number, 'day')"
        elif help is None and all(t.kind in ("name", "number", "end") for t in self.tokens):
            help = f"""a text is quoted twice in YAML: "'{self.text.strip()}'\""""
        raise SyntaxProblem(f"`{word}` was not expected here", self.token.span, help)

    # -- precedence: or < and < not < comparison < || < + - < * / < unary minus

    def expression(self) -> Node:
        self._deeper()
        node = self._binary(("or",), self._and)
        self.depth -= 1
        return node

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxProblem(
                f"nested deeper than {MAX_DEPTH} levels",
                self._here(),
                "compute parts of it in columns of their own",
            )

    def _and(self) -> Node:
        return self._binary(("and",), self._not)

    def _not(self) -> Node:
        if token := self.accept("not"):
            self._deeper()
            arg = self._not()
            self.depth -= 1
            return Apply((token.span[0], arg.span[1]), "not", (arg,), token.span)
        return self._comparison()

    def _binary(self, words: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        left = operand()
        while self.token.word in words:
            token = self.next()
            right = operand()
            left = _apply(token.word, left, right, token.span)
        return left

    def _comparison(self) -> Node:
        left = self._concat()
        while True:
            token, negated = self.token, False
            if token.word in ("=", "<>", "!=", "<", "<=", ">", ">="):
                self.next()
                left = _apply("<>" if token.word == "!=" else token.word, left, self._concat(), token.span)
                continue
            if token.word == "is":
                left = self._is(left)
                continue
            if token.word == "not" and self.tokens[self.at + 1].word in ("in", "between", "like"):
                negated = True
                self.next()
            if self.token.word not in ("in", "between", "like"):
                return left
            left = self._member(left, negated)

    def _is(self, left: Node) -> Node:
        start = self.next()
        negated = self.accept("not") is not None
        if self.accept("distinct", "from"):
            right = self._concat()
            name = "is not distinct from" if negated else "is distinct from"
            return _apply(name, left, right, start.span)
        word = self.token.word
        if word not in ("null", "true", "false"):
            raise SyntaxProblem(
                "expected `null`, `true`, `false` or `distinct from` after `is`",
                self._here(),
                "write = to compare",
            )
        end = self.next()
        name = f"is {'not ' if negated else ''}{word}"
        return Apply((left.span[0], end.span[1]), name, (left,), (start.span[0], end.span[1]))

    def _member(self, left: Node, negated: bool) -> Node:
        token = self.next()
        if token.word == "in":
            items = self._list("in")
            node = Apply((left.span[0], self._last()), "in", (left, *items), token.span)
        elif token.word == "between":
            low = self._concat()
            self.expect("and", "after the lower bound of `between`")
            high = self._concat()
            node = Apply((left.span[0], high.span[1]), "between", (left, low, high), token.span)
        else:
            node = _apply("like", left, self._concat(), token.span)
        return Apply(node.span, "not", (node,), token.span) if negated else node

    def _list(self, of: str) -> tuple[Node, ...]:
        self.expect("(", f"after `{of}`")
        self._refuse_subquery()
        items = [self.expression()]
        while self.accept(","):
            items.append(self.expression())
        self.expect(")", f"to close the list of `{of}`")
        return tuple(items)

    def _concat(self) -> Node:
        return self._binary(("||",), self._sum)

    def _sum(self) -> Node:
        return self._binary(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._binary(("*", "/"), self._unary)

    def _unary(self) -> Node:
        if token := self.accept("-"):
            self._deeper()
            arg = self._unary()
            self.depth -= 1
            if isinstance(arg, Constant) and arg.type_name in ("integer", "decimal", "double"):
                return _negative(arg, token.span[0])
            return Apply((token.span[0], arg.span[1]), "negate", (arg,), token.span)
        self.accept("+")
        return self._primary()

    # -- primaries

    def _primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            return _number(self.next())
        if token.kind == "text":
            self.next()
            return Constant(token.span, token.text[1:-1].replace("''", "'"), "string")
        if token.kind == "variable":
            self.next()
            return Parameter(token.span, token.text[1:])
        if token.kind == "quoted" or (token.kind == "name" and token.word not in KEYWORDS):
            return self._named()
        if token.word == "(":
            self.next()
            self._refuse_subquery()
            node = self.expression()
            self.expect(")", "to close the parenthesis")
            return node
        if token.word in ("true", "false"):
            self.next()
            return Constant(token.span, token.word == "true", "boolean")
        if token.word == "null":
            self.next()
            return Constant(token.span, None, "null")
        if token.word == "case":
            return self._case()
        if token.word in ("cast", "try_cast"):
            return self._cast()
        raise self._unexpected()

    def _unexpected(self) -> SyntaxProblem:
        if self.token.kind == "end":
            if self.at == 0:
                help = "write an expression; the empty text is \"''\""
                return SyntaxProblem("the expression is empty", self.token.span, help)
            return SyntaxProblem("the expression ends where a value is expected", self._here())
        word = self.token.text
        return SyntaxProblem(f"a value is expected where `{word}` stands", self.token.span, _WRITE_INSTEAD.get(word))

    def _refuse_subquery(self) -> None:
        if self.token.word == "select":
            raise SyntaxProblem(
                "an expression has no subquery",
                self.token.span,
                "use a lookup, a join, or a stage of kind `sql`",
            )

    def _named(self) -> Node:
        token = self.next()
        name = token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.text
        if token.word in ("date", "timestamp") and self.token.kind == "text":
            return self._moment(token)
        span, qualifier = token.span, None
        if self.accept("."):
            last = self.next()
            if last.kind not in ("name", "quoted"):
                raise SyntaxProblem("a name is expected after `.`", last.span)
            qualifier, name = name, last.text.strip('"')
            span = (span[0], last.span[1])
        if self.token.word == "(" and token.kind == "name":
            return self._call(f"{qualifier}.{name}".lower() if qualifier else name.lower(), span)
        return Name(span, name, qualifier)

    def _moment(self, token: Token) -> Node:
        text = self.next()
        read = date.fromisoformat if token.word == "date" else datetime.fromisoformat
        try:
            value = read(text.text[1:-1])
        except ValueError:
            shape = "2014-01-31" if token.word == "date" else "2014-01-31 23:59:00"
            raise SyntaxProblem(f"this is no {token.word}", text.span, f"write {token.word} '{shape}'") from None
        if isinstance(value, datetime) and value.tzinfo:
            raise SyntaxProblem("a timestamp is UTC and has no offset", text.span)
        return Constant((token.span[0], text.span[1]), value, token.word)

    def _call(self, name: str, name_span: Span) -> Node:
        self.next()
        distinct = self.accept("distinct") is not None
        args: list[Node] = []
        if star := self.accept("*"):
            args.append(Name(star.span, "*"))
        elif self.token.word != ")":
            self._refuse_subquery()
            args.append(self.expression())
            while self.accept(","):
                args.append(self.expression())
        order = self.orders() if self.accept("order", "by") else ()
        if name == "extract" and self.token.word == "from":
            raise SyntaxProblem("`extract` is not of this language", name_span, "write year(...), month(...), day(...)")
        self.expect(")", f"to close `{name}(`")
        filtered = self._filter() if self.accept("filter") else None
        over = self._over() if self.accept("over") else None
        return Apply((name_span[0], self._last()), name, tuple(args), name_span, distinct, order, filtered, over)

    def _last(self) -> int:
        return self.tokens[self.at - 1].span[1]

    def _filter(self) -> Node:
        self.expect("(", "after `filter`")
        self.expect_where()
        node = self.expression()
        self.expect(")", "to close `filter (`")
        return node

    def expect_where(self) -> None:
        if not self.accept("where"):
            raise SyntaxProblem("expected `where` in `filter (where ...)`", self._here())

    def orders(self) -> tuple[Order, ...]:
        orders = []
        while True:
            key = self.expression()
            descending = self.accept("desc") is not None
            if not descending:
                self.accept("asc")
            orders.append(Order((key.span[0], self._last()), key, descending))
            if not self.accept(","):
                return tuple(orders)

    def _over(self) -> Over:
        if self.token.word in ("partition", "order"):
            raise SyntaxProblem(
                "expected `(` after `over`", self.token.span, "write over (partition by ... order by ...)"
            )
        start = self.expect("(", "after `over`").span[0]
        partition: list[Node] = []
        if self.accept("partition", "by"):
            partition.append(self.expression())
            while self.accept(","):
                partition.append(self.expression())
        order = self.orders() if self.accept("order", "by") else ()
        frame = self._frame() if self.token.word in ("rows", "range") else None
        end = self.expect(")", "to close `over (`")
        return Over((start, end.span[1]), tuple(partition), order, frame)

    def _frame(self) -> str:
        unit = self.next()
        if unit.word == "range":
            raise SyntaxProblem("a frame is counted in rows", unit.span, "write rows between ... and ...")
        start = self.token.span[0]
        if self.accept("between"):
            low = self._bound()
            self.expect("and", "between the bounds of the frame")
            high = self._bound()
        else:
            low, high = self._bound(), "current row"
        if _distance(low) > _distance(high) or low == "unbounded following" or high == "unbounded preceding":
            raise SyntaxProblem(
                "this frame ends before it begins", (start, self._last()), "write the earlier row first"
            )
        return f"rows between {low} and {high}"

    def _bound(self) -> str:
        if self.accept("current", "row"):
            return "current row"
        token = self.next()
        side = self.next().word
        if (token.word != "unbounded" and not token.text.isdigit()) or side not in ("preceding", "following"):
            raise SyntaxProblem(
                "this is no bound of a frame",
                token.span,
                "write `current row`, or `unbounded` or a number before `preceding` or `following`",
            )
        return f"{token.text.lower()} {side}"

    def _case(self) -> Node:
        start = self.next()
        subject = None if self.token.word in ("when", "end") else self.expression()
        args: list[Node] = []
        while when := self.accept("when"):
            condition = self.expression()
            if subject is not None:
                condition = _apply("=", subject, condition, when.span, condition.span)
            self.expect("then", "after the condition of `when`")
            args += [condition, self.expression()]
        if not args:
            raise SyntaxProblem("a `case` needs at least one `when`", start.span)
        if self.accept("else"):
            args.append(self.expression())
        end = self.expect("end", "to close `case`")
        return Apply((start.span[0], end.span[1]), "case", tuple(args), start.span)

    def _cast(self) -> Node:
        start = self.next()
        self.expect("(", f"after `{start.word}`")
        value = self.expression()
        self.expect("as", f"and a type in `{start.word}(value as type)`")
        first = self.token.span[0]
        while self.token.kind in ("name", "number") or self.token.word in ("(", ","):
            if self.next().word == "(":
                while self.token.kind != "end" and not self.accept(")"):
                    self.next()
        last = self._last()
        text = "".join(t.text for t in self.tokens if first <= t.span[0] < last)
        end = self.expect(")", f"to close `{start.word}(`")
        return Convert((start.span[0], end.span[1]), value, text, (first, last), start.word == "cast")


def _apply(name: str, left: Node, right: Node, name_span: Span, span: Span | None = None) -> Apply:
    return Apply(span or (left.span[0], right.span[1]), name, (left, right), name_span)


def _distance(bound: str) -> float:
    """How many rows a bound of a frame lies behind the current one."""
    size, _, side = bound.partition(" ")
    rows = 0 if size == "current" else inf if size == "unbounded" else int(size)
    return -rows if side == "preceding" else rows


def _number(token: Token) -> Constant:
    if "e" in token.text.lower():
        value = float(token.text)
        if value == inf:
            raise SyntaxProblem("this number is too large for a double", token.span)
        return Constant(token.span, value, "double")
    if sum(c.isdigit() for c in token.text) > MAX_PRECISION:
        raise SyntaxProblem(f"a number has at most {MAX_PRECISION} digits", token.span)
    if token.text.isdigit() and int(token.text) < _INTEGERS:
        return Constant(token.span, int(token.text), "integer")
    return Constant(token.span, Decimal(token.text), "decimal")


_INTEGERS = 2**63  # an integer has 64 bits, and what is larger is a decimal


def _negative(number: Constant, start: int) -> Constant:
    span = (start, number.span[1])
    if number.value == _INTEGERS and "." not in str(number.value):
        return Constant(span, -_INTEGERS, "integer")
    # A decimal's own minus would round it to the digits that Python counts with.
    value = number.value.copy_negate() if isinstance(number.value, Decimal) else -number.value
    return Constant(span, value, number.type_name)
