"""Text. Patterns are RE2. Postgres looks for the longest or the shortest match, RE2 for the first: a pattern of
`regexp_extract` or `regexp_replace` with which Postgres would find another text, and one with `\\p{...}`, is refused
when the pipeline is compiled for it (F506). Positions and lengths may be larger than any text.
"""

from framework.expressions.tree import Function

FUNCTIONS = (
    Function("upper", "(string) -> string", "The text in upper case.", "upper('ab') = 'AB'"),
    Function("lower", "(string) -> string", "The text in lower case.", "lower('AB') = 'ab'"),
    Function("trim", "(string) -> string", "The text without spaces at its ends.", "trim(' a ') = 'a'"),
    Function("ltrim", "(string) -> string", "The text without spaces at its start.", "ltrim(' a') = 'a'"),
    Function("rtrim", "(string) -> string", "The text without spaces at its end.", "rtrim('a ') = 'a'"),
    Function(
        "lpad",
        "(string, integer, string?) -> string",
        "The text filled at its start, or cut, to a length; filled with blanks unless told.",
        "lpad('7', 3, '0') = '007'",
    ),
    Function(
        "rpad",
        "(string, integer, string?) -> string",
        "The text filled at its end, or cut, to a length; filled with blanks unless told.",
        "rpad('7', 3, '0') = '700'",
    ),
    Function("length", "(string) -> integer", "The number of characters.", "length('año') = 3"),
    Function("left", "(string, integer) -> string", "The first characters.", "left('abc', 2) = 'ab'"),
    Function("right", "(string, integer) -> string", "The last characters.", "right('abc', 2) = 'bc'"),
    Function(
        "substring",
        "(string, integer, integer?) -> string",
        "The text from a position, counted from 1, for a length or to the end; nothing stands before 1.",
        "substring('abcd', 2, 2) = 'bc'",
    ),
    Function(
        "replace",
        "(string, string, string) -> string",
        "The text with each occurrence of one text replaced by another.",
        "replace('a-b', '-', '') = 'ab'",
    ),
    Function("reverse", "(string) -> string", "The characters in reverse order.", "reverse('abc') = 'cba'"),
    Function("repeat", "(string, integer) -> string", "The text a number of times.", "repeat('ab', 2) = 'abab'"),
    Function(
        "concat",
        "(string...) -> string",
        "The texts one after another; a null counts as empty.",
        "concat('a', null, 'b') = 'ab'",
        nulls="never",
    ),
    Function(
        "concat_ws",
        "(string, string...) -> string",
        "The texts that are not null, with a separator between them.",
        "concat_ws('-', 'a', null, 'b') = 'a-b'",
    ),
    Function(
        "||",
        "(string, string) -> string",
        "The texts one after another; null if one is.",
        "'a' || 'b' = 'ab'",
        lowering="{0} || {1}",
    ),
    Function(
        "split_part",
        "(string, string, integer) -> string",
        "The nth part of a text cut at a separator, counted from 1; empty text past the last.",
        "split_part('a-b', '-', 2) = 'b'",
    ),
    Function(
        "starts_with",
        "(string, string) -> boolean",
        "Whether the text begins with another.",
        "starts_with('abc', 'ab') = true",
    ),
    Function(
        "ends_with",
        "(string, string) -> boolean",
        "Whether the text ends with another.",
        "ends_with('abc', 'bc') = true",
    ),
    Function(
        "contains",
        "(string, string) -> boolean",
        "Whether the text holds another.",
        "contains('abc', 'b') = true",
    ),
    Function(
        "like",
        "(string, string) -> boolean",
        "Whether the whole text fits a pattern in which % stands for any text and _ for one character.",
        "'abc' like 'a%' = true",
        lowering="{0} LIKE {1}",
    ),
    Function(
        "regexp_matches",
        "(string, string) -> boolean",
        "Whether an RE2 pattern matches anywhere in the text.",
        "regexp_matches('C12', '[0-9]+') = true",
    ),
    Function(
        "regexp_replace",
        "(string, string, string) -> string",
        "The text with every match of an RE2 pattern replaced.",
        "regexp_replace('a1b2', '[0-9]', '') = 'ab'",
    ),
    Function(
        "regexp_extract",
        "(string, string, integer?) -> string",
        "The first match of an RE2 pattern, or a group of it; null where nothing matches.",
        "regexp_extract('C12', '[0-9]+') = '12'",
        nulls="always",
    ),
)
