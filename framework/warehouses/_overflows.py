"""What an error of a calculation means to a user, by what was out of range: in the same words on every warehouse."""

from framework.warehouse import Refusal

INTEGER = Refusal(
    "an integer is out of range", "an integer has 64 bits: cast to decimal(38,0) before the calculation, not after it"
)
DECIMAL = Refusal(
    "a decimal is out of range",
    "its digits do not fit its type, and 38 is the most: keep fewer behind the point, or round before the calculation",
)
DOUBLE = Refusal("a double is out of range", "a double ends near 1.8e308: calculate with smaller numbers")
DATE = Refusal(
    "a date or a timestamp is out of range",
    "there is no such day, or its year is not one from 1 to 9999: check what make_date and date_add are given",
)
ARGUMENT = Refusal(
    "a number that a function is given is out of range",
    "check the lengths, positions, places and parts of dates that calls are given",
)
NUMBER = Refusal("a number is out of range", "check the calculations, and the types of their columns")
