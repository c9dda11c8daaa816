"""Expectations of texts: how long they are, and what patterns they fit.

```yaml
checks:
  - expect_column_value_lengths_to_be_between: {column: zip, min_value: 5, max_value: 9}
  - expect_column_value_lengths_to_equal: {column: npi, value: 10}
  - expect_column_values_to_match_regex: {column: npi, regex: "^[0-9]{10}$"}
  - expect_column_values_to_not_match_regex: {column: note, regex: "[0-9]{3}-[0-9]{2}-[0-9]{4}"}
  - expect_column_values_to_match_regex_list: {column: code, regex_list: ["^[0-9]{5}$", "^[A-V]"], match_on: any}
  - expect_column_values_to_not_match_regex_list: {column: code, regex_list: ["^0{5}$", "^9{5}$"]}
  - expect_column_values_to_match_like_pattern: {column: claim_id, like_pattern: "C%"}
  - expect_column_values_to_not_match_like_pattern: {column: claim_id, like_pattern: "T!_%", escape: "!"}
  - expect_column_values_to_match_like_pattern_list: {column: claim_id, like_pattern_list: ["C%", "D%"], match_on: any}
  - expect_column_values_to_not_match_like_pattern_list: {column: claim_id, like_pattern_list: ["T%", "X%"]}
```
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt

from framework.assertion import Place, RowTest
from framework.clauses.bounds import outside
from framework.clauses.texts import fits, length_of, searched
from framework.clauses.values import IDLE, there
from framework.draft import Draft
from framework.expectations.official import Ends, OfColumn, Official
from framework.expressions.strictness import either, every
from framework.expressions.tree import FALSE, Expression
from framework.expressions.typed import call, literal
from framework.model import Name

Patterns = Annotated[tuple[str, ...], Field(min_length=1)]
MatchOn = Annotated[Literal["any", "all"], Field(description="Whether one pattern must fit, or each of them.")]
Escape = Annotated[
    str | None,
    Field(min_length=1, max_length=1, description="The character that makes the `%` or `_` behind it one of the text."),
]


# -- lengths


class Lengths(Ends):
    bounded = "a length needs"
    least = 0

    column: Name
    min_value: NonNegativeInt | None = Field(None, strict=True, description="At least so many characters.")
    max_value: NonNegativeInt | None = Field(None, strict=True, description="At most so many characters.")


class ExpectColumnValueLengthsToBeBetween(Official, check="expect_column_value_lengths_to_be_between"):
    """The text has between `min_value` and `max_value` characters; null passes."""

    expect_column_value_lengths_to_be_between: Lengths

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        limits = self.expect_column_value_lengths_to_be_between
        found = length_of(draft, limits.column, place)
        if found is None:
            return None
        column, length = found
        ends = [None if end is None else literal(end) for end in limits.limits]
        return RowTest(outside(length, ends, limits.open_ends) or FALSE, judged=there(column))


class ExactLength(OfColumn):
    value: NonNegativeInt = Field(strict=True, description="How many characters.")


class ExpectColumnValueLengthsToEqual(Official, check="expect_column_value_lengths_to_equal"):
    """The text has `value` characters; null passes."""

    expect_column_value_lengths_to_equal: ExactLength

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        found = length_of(draft, self.expect_column_value_lengths_to_equal.column, place)
        if found is None:
            return None
        value = literal(self.expect_column_value_lengths_to_equal.value)
        return RowTest(call("<>", found[1], value), judged=there(found[0]))


# -- patterns

Fit = Callable[[Expression, str, Place], Expression | None]  # whether a column fits what stands at a place


class Regex(OfColumn):
    regex: str = Field(description="An RE2 pattern, found anywhere in the text.")


class RegexList(OfColumn):
    regex_list: Patterns = Field(description="RE2 patterns, each found anywhere in the text.")


class MatchingRegexList(RegexList):
    match_on: MatchOn = "any"


class Like(OfColumn):
    like_pattern: str = Field(description="What the whole text fits: % is any text, _ one character.")
    escape: Escape = None


class LikeList(OfColumn):
    like_pattern_list: Patterns = Field(description="What the whole text fits: % is any text, _ one character.")
    escape: Escape = None


class MatchingLikeList(LikeList):
    match_on: MatchOn = "any"


def _found(
    draft: Draft, column: str, key: str, patterns: str | tuple[str, ...], fit: Fit, place: Place
) -> tuple[Expression, list[Expression]] | None:
    """The column, and whether it fits each of the patterns; None, with findings, where one is wrong."""
    reference = searched(draft, column, place)
    if reference is None:
        return None
    paths: Iterable[tuple[str, Place]] = (
        [(patterns, (*place, key))]
        if isinstance(patterns, str)
        else [(pattern, (*place, key, index)) for index, pattern in enumerate(patterns)]
    )
    found = [fit(reference, pattern, path) for pattern, path in paths]
    sound = [one for one in found if one is not None]
    return (reference, sound) if len(sound) == len(found) else None


def _unlike(found: tuple[Expression, list[Expression]] | None, match_on: str) -> RowTest | None:
    """Fails where none of the patterns fits, or not all of them do."""
    if found is None:
        return None
    column, fitting = found
    fit = either(*fitting) if match_on == "any" else every(*fitting)
    return RowTest(call("not", fit or FALSE), judged=there(column))


def _alike(found: tuple[Expression, list[Expression]] | None) -> RowTest | None:
    """Fails where one of the patterns fits."""
    return None if found is None else RowTest(either(*found[1]) or FALSE, judged=there(found[0]))


def _regex(draft: Draft) -> Fit:
    return lambda column, pattern, place: fits(draft, column, pattern, place)


def _like(draft: Draft, escape: str | None) -> Fit:
    def fit(column: Expression, pattern: str, place: Place) -> Expression | None:
        if pattern.strip("%") == "" and pattern:
            message, help = "every text fits the pattern", "write what must be found, or leave the check out"
            draft.findings.error(IDLE, (*draft.place, *place), message, help)
            return None
        if escape is None:
            return call("like", column, literal(pattern))
        return call("regexp_matches", column, literal(_as_regex(pattern, escape)))

    return fit


def _as_regex(pattern: str, escape: str) -> str:
    """A pattern of `like` with an escape, which not every warehouse's `like` has, as one of RE2."""
    parts, rest = [], iter(pattern)
    for char in rest:
        if char == escape:
            parts.append(_quoted(next(rest, escape)))
        else:
            parts.append({"%": ".*", "_": "."}.get(char) or _quoted(char))
    return rf"(?s)^(?:{''.join(parts)})$"


def _quoted(char: str) -> str:
    return f"\\{char}" if char.isascii() and not char.isalnum() else char


class ExpectColumnValuesToMatchRegex(Official, check="expect_column_values_to_match_regex"):
    """The pattern is found in the text; null passes."""

    expect_column_values_to_match_regex: Regex

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_match_regex
        return _unlike(_found(draft, it.column, "regex", it.regex, _regex(draft), place), "all")


class ExpectColumnValuesToNotMatchRegex(Official, check="expect_column_values_to_not_match_regex"):
    """The pattern is not found in the text; null passes."""

    expect_column_values_to_not_match_regex: Regex

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_not_match_regex
        return _alike(_found(draft, it.column, "regex", it.regex, _regex(draft), place))


class ExpectColumnValuesToMatchRegexList(Official, check="expect_column_values_to_match_regex_list"):
    """One of the patterns, or each of them, is found in the text; null passes."""

    expect_column_values_to_match_regex_list: MatchingRegexList

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_match_regex_list
        return _unlike(_found(draft, it.column, "regex_list", it.regex_list, _regex(draft), place), it.match_on)


class ExpectColumnValuesToNotMatchRegexList(Official, check="expect_column_values_to_not_match_regex_list"):
    """None of the patterns is found in the text; null passes."""

    expect_column_values_to_not_match_regex_list: RegexList

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_not_match_regex_list
        return _alike(_found(draft, it.column, "regex_list", it.regex_list, _regex(draft), place))


class ExpectColumnValuesToMatchLikePattern(Official, check="expect_column_values_to_match_like_pattern"):
    """The whole text fits the pattern, capitals told apart; null passes."""

    expect_column_values_to_match_like_pattern: Like

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_match_like_pattern
        return _unlike(_found(draft, it.column, "like_pattern", it.like_pattern, _like(draft, it.escape), place), "all")


class ExpectColumnValuesToNotMatchLikePattern(Official, check="expect_column_values_to_not_match_like_pattern"):
    """The whole text does not fit the pattern, capitals told apart; null passes."""

    expect_column_values_to_not_match_like_pattern: Like

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_not_match_like_pattern
        return _alike(_found(draft, it.column, "like_pattern", it.like_pattern, _like(draft, it.escape), place))


class ExpectColumnValuesToMatchLikePatternList(Official, check="expect_column_values_to_match_like_pattern_list"):
    """The whole text fits one of the patterns, or each of them, capitals told apart; null passes."""

    expect_column_values_to_match_like_pattern_list: MatchingLikeList

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_match_like_pattern_list
        fit = _like(draft, it.escape)
        return _unlike(_found(draft, it.column, "like_pattern_list", it.like_pattern_list, fit, place), it.match_on)


class ExpectColumnValuesToNotMatchLikePatternList(
    Official, check="expect_column_values_to_not_match_like_pattern_list"
):
    """The whole text fits none of the patterns, capitals told apart; null passes."""

    expect_column_values_to_not_match_like_pattern_list: LikeList

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_values_to_not_match_like_pattern_list
        fit = _like(draft, it.escape)
        return _alike(_found(draft, it.column, "like_pattern_list", it.like_pattern_list, fit, place))
