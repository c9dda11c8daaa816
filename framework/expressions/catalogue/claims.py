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

_DIGITS, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TEXT = "TRIM({0}, ' ')"
_CAPITALS = f"TRANSLATE({_TEXT}, '{_LETTERS.lower()}', '{_LETTERS}')"


def _shape(text: str, **kinds: str) -> str:
    """The text with each character of a kind as the letter that stands for it: `9999-99` for a number."""
    chars = "".join(kinds.values())
    return f"TRANSLATE({text}, '{chars}', '{''.join(letter.strip('_') * len(k) for letter, k in kinds.items())}')"


def _one_of(*shapes: str) -> str:
    return f"IN ({', '.join(repr(shape) for shape in shapes)})"


_NUMBER = _shape(_TEXT, _9=_DIGITS)

# An NDC names labeler, product and package. FDA assigns 10 digits as 4-4-2, 5-3-2 or 5-4-1 (21 CFR 207.33); billing
# uses 11, 5-4-2, with a zero before the part that is one short. Without hyphens it is not known which part that is.
_PARTS = " || ".join(f"LPAD(SPLIT_PART({_TEXT}, '-', {i}), {width}, '0')" for i, width in ((1, 5), (2, 4), (3, 2)))
_NDC = (
    f"CASE WHEN {_NUMBER} {_one_of('9999-9999-99', '99999-999-99', '99999-9999-9', '99999-9999-99')} THEN {_PARTS} "
    f"WHEN {_NUMBER} = '99999999999' THEN {_TEXT} END"
)
_ZIP = f"CASE WHEN {_NUMBER} {_one_of('99999', '99999-9999', '999999999')} THEN LEFT({_TEXT}, 5) END"

# A diagnosis (ICD-10-CM) has three to seven characters: a letter, a digit, then either; a dot may follow the third.
# A procedure (ICD-10-PCS) has seven, digits and letters but I and O. Source: CMS, ICD-10-CM Official Guidelines for
# Coding and Reporting, and ICD-10-PCS Reference Manual.
_ANY = _shape(_CAPITALS, X=_DIGITS + _LETTERS)
_BEGINNING = f"LEFT({_shape(_CAPITALS, _9=_DIGITS, A=_LETTERS)}, 2)"
_DIAGNOSES = _one_of(*("X" * n for n in range(3, 8)), *(f"XXX.{'X' * n}" for n in range(1, 5)))
_PROCEDURE = _shape(_CAPITALS, X=_DIGITS + _LETTERS.replace("I", "").replace("O", ""))
_ICD10 = (
    f"CASE WHEN {_BEGINNING} = 'A9' AND {_ANY} {_DIAGNOSES} THEN REPLACE({_CAPITALS}, '.', '') "
    f"WHEN {_PROCEDURE} = 'XXXXXXX' AND {_ANY} = 'XXXXXXX' THEN {_CAPITALS} END"
)

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
    Function(
        "normalize_ndc",
        "(string) -> string",
        "A National Drug Code as eleven digits, 5-4-2 without hyphens; null for ten without hyphens, which can be "
        "read in three ways, and for what is no NDC.",
        "normalize_ndc('0002-1433-80') = '00002143380'",
        nulls="always",
        lowering=_NDC,
    ),
    Function(
        "normalize_icd10",
        "(string) -> string",
        "A diagnosis (ICD-10-CM) or a procedure (ICD-10-PCS) in capitals without its dot; null for what has not the "
        "form of one.",
        "normalize_icd10('e11.9') = 'E119'",
        nulls="always",
        lowering=_ICD10,
    ),
    Function(
        "normalize_zip",
        "(string) -> string",
        "The five digits of a ZIP code, from five, nine, or five and four with a hyphen; null for what is none.",
        "normalize_zip('02139-4307') = '02139'",
        nulls="always",
        lowering=_ZIP,
    ),
)
