"""Dates and timestamps, in UTC."""

from framework.expressions.tree import Function

_TIME_UNITS = "{year|quarter|month|week|day|hour|minute|second}"


def _part(name: str, summary: str, example: str) -> Function:
    return Function(name, "(moment) -> integer", summary, example, lowering=f"EXTRACT({name.upper()} FROM {{0}})")


FUNCTIONS = (
    Function("current_date", "() -> date", "The day on which the run started.", "current_date", nulls="never"),
    Function("now", "() -> timestamp", "The moment at which the run started.", "now()", nulls="never"),
    Function(
        "date_trunc",
        f"({_TIME_UNITS}, moment) -> moment",
        "The start of the unit; keeps its argument's type.",
        "date_trunc('month', date '2024-03-05') = date '2024-03-01'",
    ),
    Function(
        "date_diff",
        f"({_TIME_UNITS}, moment, moment) -> integer",
        "How many boundaries of the unit lie between the first and the second.",
        "date_diff('year', date '2023-12-31', date '2024-01-01') = 1",
    ),
    Function(
        "date_add",
        f"(moment, integer, {_TIME_UNITS}) -> moment",
        "The moment a number of units later; a day that the month has not becomes its last. One outside of the years "
        "1 to 9999 is refused.",
        "date_add(date '2024-01-31', 1, 'month') = date '2024-02-29'",
    ),
    Function(
        "full_years",
        "(moment, moment) -> integer",
        "Whole years elapsed: an age.",
        "full_years(date '2000-03-01', date '2024-02-29') = 23",
    ),
    Function(
        "full_months",
        "(moment, moment) -> integer",
        "Whole months elapsed.",
        "full_months(date '2024-01-31', date '2024-02-29') = 0",
    ),
    Function(
        "period_end",
        "(moment) -> moment",
        "The end of a period, past every moment where it is null and the period open.",
        "period_end(date '2024-03-05') = date '2024-03-05'",
        nulls="never",
        lowering="COALESCE({0}, CAST('9999-12-31' AS {type}))",
    ),
    Function(
        "last_day",
        "(moment) -> date",
        "The last day of the month.",
        "last_day(date '2024-02-05') = date '2024-02-29'",
    ),
    Function(
        "make_date",
        "(integer, integer, integer) -> date",
        "A date from year, month and day; a day that there is not, or a year outside of 1 to 9999, is refused.",
        "make_date(2024, 3, 5) = date '2024-03-05'",
    ),
    _part("year", "The year.", "year(date '2024-03-05') = 2024"),
    _part("quarter", "The quarter, 1 to 4.", "quarter(date '2024-03-05') = 1"),
    _part("month", "The month, 1 to 12.", "month(date '2024-03-05') = 3"),
    _part("day", "The day of the month.", "day(date '2024-03-05') = 5"),
    Function(
        "day_of_week",
        "(moment) -> integer",
        "The day of the week by ISO 8601: Monday 1 to Sunday 7.",
        "day_of_week(date '2024-03-05') = 2",
        lowering="EXTRACT(ISODOW FROM {0})",
    ),
    _part("hour", "The hour, 0 to 23.", "hour(timestamp '2024-03-05 06:07:08') = 6"),
    _part("minute", "The minute.", "minute(timestamp '2024-03-05 06:07:08') = 7"),
    _part("second", "The whole second.", "second(timestamp '2024-03-05 06:07:08') = 8"),
    Function(
        "format_date",
        "(moment, format) -> string",
        "The moment as text, by a strftime format.",
        "format_date(date '2024-03-05', '%Y%m') = '202403'",
    ),
)
