"""Codes of health-insurance claims."""

from framework.expressions.tree import Function


def _digit(position: int) -> str:
    return f"CAST(SUBSTRING({{0}}, {position}, 1) AS INTEGER)"


def _doubled(position: int) -> str:
    """A doubled digit, its own digits added up: 7 gives 14 gives 5."""
    return f"(2 * {_digit(position)} - CASE WHEN {_digit(position)} > 4 THEN 9 ELSE 0 END)"


# The Luhn sum over 80840 and the ten digits. The prefix 80840 (health, United States) adds 24; counted from
# the check digit on the right, every second digit is doubled: the odd positions of ten.
# Source: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit".
_SUM = " + ".join(["24", *(_doubled(i) if i % 2 else _digit(i) for i in range(1, 11))])

FUNCTIONS = (
    Function(
        "npi_valid",
        "(string) -> boolean",
        "Whether the text is a National Provider Identifier: ten digits whose check digit fits.",
        "npi_valid('1234567893') = true",
        lowering=(
            "CASE WHEN {0} IS NULL THEN NULL "
            "WHEN LENGTH({0}) = 10 AND TRANSLATE({0}, '0123456789', '') = '' "
            f"THEN MOD({_SUM}, 10) = 0 ELSE FALSE END"
        ),
    ),
)
