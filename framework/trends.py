"""Where a figure is to be expected, from the runs before."""

from collections.abc import Sequence

MOST = 50  # runs that are looked back at
_LEAST = 0.01  # of the figure: less than that is no scatter


def expected(earlier: Sequence[float], deviations: float) -> tuple[float, float]:
    """The bounds in which the next figure lies, given at least three earlier ones, the oldest first.

    The line and the scatter around it are robust: of ten runs four may have been anything.
    """
    from scipy.stats import median_abs_deviation, theilslopes

    figures = list(earlier[-MOST:])
    places = range(len(figures))
    line = theilslopes(figures, list(places), method="joint")
    off = [figure - (line.intercept + line.slope * place) for place, figure in zip(places, figures, strict=True)]
    middle = float(line.intercept + line.slope * len(figures))
    scatter = max(float(median_abs_deviation(off, scale="normal")), _LEAST * abs(middle))
    return middle - deviations * scatter, middle + deviations * scatter
