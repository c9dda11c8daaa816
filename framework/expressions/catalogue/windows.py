"""Window functions: `... over (partition by ... order by ...)`."""

from framework.expressions.tree import Function


def _window(name: str, signature: str, summary: str, nulls: str = "always") -> Function:
    never = nulls == "never"
    example = f"{name}({'paid' if '(T' in signature else ''}) over (partition by member_id order by service_date)"
    return Function(name, signature, summary, example, "window", "never" if never else "always")


FUNCTIONS = (
    _window("row_number", "() -> integer", "The row's number in its window, from 1.", "never"),
    _window(
        "rank", "() -> integer", "The row's rank; rows that the order finds equal share one and leave a gap.", "never"
    ),
    _window(
        "dense_rank",
        "() -> integer",
        "The row's rank; rows that the order finds equal share one, without gaps.",
        "never",
    ),
    _window(
        "lag",
        "(T, integer?, T?) -> T",
        "The value some rows before, one unless told; null or a default outside.",
    ),
    _window(
        "lead",
        "(T, integer?, T?) -> T",
        "The value some rows after, one unless told; null or a default outside.",
    ),
    _window("first_value", "(T) -> T", "The value in the first row of the frame."),
    _window(
        "last_value",
        "(T) -> T",
        "The value in the last row of the frame, which is the current row unless `rows ...` says otherwise.",
    ),
)
