"""The one formatting rule; the page's half of it is compared in tests/browser."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_kit.films.numbers import number, product_sign

floats = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0"), (-0.0, "0"), (1.0, "1.00"), (-1.8, "−1.80"), (1230.0, "1230"),
    (0.00103, "0.00103"), (0.665, "0.665"), (12.34, "12.3"), (1e-4, "0.000100"),
    (9.994e-5, "9.99·10⁻⁵"), (999_400, "999000"), (1e6, "1.00·10⁶"), (4e-62, "4.00·10⁻⁶²"),
    (-1e300, "−1.00·10³⁰⁰"), (1e-300, "1.00·10⁻³⁰⁰"), (5e-324, "4.94·10⁻³²⁴"),
    (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "NaN"),
])  # fmt: skip
def test_examples(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (1005.0, "1010"), (-1005.0, "−1010"), (100.5, "101"), (0.5625, "0.563"), (2.125, "2.13"),
    (2.5 ** 2, "6.25"), (1.0625, "1.06"), (10.25, "10.3"), (999.5, "1000"), (99.95, "100"),
])  # fmt: skip
def test_ties_go_away_from_zero_and_only_true_ties_are_ties(value, text):
    # 99.95 has no exact double: the nearest one lies above, so it is no tie and rounds up anyway.
    assert number(value) == text


def test_a_rounded_up_number_takes_the_form_of_what_it_became():
    assert number(999_600) == "1.00·10⁶" and number(9.996e-5) == "0.000100"


def read(text: str) -> Fraction:
    head, _, power = text.replace("−", "-").partition("·10")
    power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return Fraction(head) * Fraction(10) ** int(power or 0)


@given(floats)
def test_what_is_shown_is_within_half_a_unit_of_the_third_digit(value):
    shown, exact = read(number(value)), Fraction(value)
    assert (shown < 0) == (exact < 0) and number(-value) == ("−" + number(value)).replace(
        "−−", ""
    ).replace("−0", "0", number(value) == "0")
    if exact:
        # 1000·half a unit is the number itself at worst, as its first digit is at least 1.
        assert abs(shown - exact) * 200 <= abs(exact)
        digits = number(value).split("·")[0].replace("−", "").replace(".", "").lstrip("0")
        assert len(digits.rstrip("0")) <= 3 <= len(digits)


def test_equal_only_if_the_shown_factors_give_the_shown_result():
    assert product_sign(-0.741, -0.897, 0.665) == "="
    assert product_sign(0.88, 1.02, 0.899) == "≈"
    assert product_sign(0, 5.0, 0) == "=" and product_sign(1e-200, 1e-200, 0.0) == "≈"
    assert product_sign(2.0, -3.0, 6.0) == "≈" and product_sign(math.inf, 1.0, math.inf) == "≈"


@given(floats, floats)
def test_the_sign_agrees_with_a_calculation_by_hand(a, b):
    result = a * b
    if not 1e-290 < abs(result) < 1e290:
        return
    shown = read(number(a)) * read(number(b))
    unit = Fraction(10) ** (len(str(int(abs(shown)))) - 3) if abs(shown) >= 1 else None
    if unit is not None:  # round by hand where the place of the third digit is easy to see
        by_hand = math.floor(abs(shown) / unit + Fraction(1, 2)) * unit
        assert (product_sign(a, b, result) == "=") == (by_hand == abs(read(number(result))))
