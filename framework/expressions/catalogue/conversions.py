"""Text to values and back. The strict form refuses what it cannot read; its `try_` twin gives null."""

from framework.expressions.tree import Function


def _twins(name: str, signature: str, summary: str, example: str) -> tuple[Function, Function]:
    strict = Function(
        name, signature, f"{summary}; text that cannot be read is refused.", example, tolerant=f"try_{name}"
    )
    tolerant = Function(
        f"try_{name}",
        signature,
        f"{summary}; null where the text cannot be read.",
        f"try_{example}",
        nulls="always",
    )
    return strict, tolerant


FUNCTIONS = (
    *_twins("cast", "(any) -> same", "The value as another type", "cast('1' as integer) = 1"),
    *_twins(
        "parse_date",
        "(string, format...) -> date",
        "A date read by the first strftime format that fits",
        "parse_date('05-Mar-2024', '%d-%b-%Y') = date '2024-03-05'",
    ),
    *_twins(
        "parse_timestamp",
        "(string, format...) -> timestamp",
        "A timestamp read by the first strftime format that fits",
        "parse_timestamp('2024-03-05 06:07', '%Y-%m-%d %H:%M') = timestamp '2024-03-05 06:07:00'",
    ),
    *_twins(
        "parse_decimal",
        "(string) -> decimal(18,4)",
        "An amount as people write it: `$1,234.50`, `$ 5`, `.5`, `5.`; negative as `-12.00`, `-$12.00`, `$-12.00`, "
        "`(12.00)`, `($12.00)`, `$(12.00)`, `12.00-`, `12.00CR` or `12.00 cr`; commas at every thousand or nowhere; at "
        "most four decimals",
        "parse_decimal('(12.00)') = -12",
    ),
    *_twins(
        "parse_integer",
        "(string) -> integer",
        "A whole number as people write it: `1,234`",
        "parse_integer('1,234') = 1234",
    ),
    Function(
        "md5",
        "(string) -> string",
        "The MD5 digest in hexadecimal.",
        "md5('a') = '0cc175b9c0f1b6a831c399e269772661'",
    ),
    Function("sha256", "(string) -> string", "The SHA-256 digest in hexadecimal.", "length(sha256('a')) = 64"),
    Function(
        "hash_key",
        "(any...) -> string",
        "MD5 over the values as canonical text, each with its length, a null as `-`; equal on every warehouse.",
        "hash_key('a|b', 'c') <> hash_key('a', 'b|c')",
        nulls="never",
    ),
    Function(
        "key_text",
        "(any) -> string",
        "A value as the canonical text that `hash_key` reads, with its length.",
        "key_text('ab') = '2:ab'",
        nulls="never",
    ),
)
