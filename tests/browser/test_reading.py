"""The reader itself: it would notice a wrong digit."""

import pytest
from reading import fits, numbers_in, parse


@pytest.mark.parametrize(("text", "value"), [
    ("−0.762", -0.762), ("1.25", 1.25), ("0", 0.0), ("4.00·10⁻⁶²", 4e-62), ("−1.80·10⁷", -1.8e7),
    ("123000", 123000.0), ("−∞", float("-inf")),
])  # fmt: skip
def test_a_text_is_read(text, value):
    assert parse(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", ["–", "", "NaN", "1,25", "-0.762", "h"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="no number"):
        parse(text)


def test_a_wrong_last_digit_is_noticed():
    assert fits("−0.762", -0.7616) and fits("0.288", 0.28776) and fits("4.00·10⁻⁶²", 3.9951e-62)
    assert not fits("−0.763", -0.7616) and not fits("0.762", -0.7616) and not fits("0", 1e-9)
    assert not fits("0.288", 0.2871) and fits("0", 0.0) and not fits("1.00·10⁻⁹", 0.0)


def test_numbers_of_a_sentence():
    said = "At the hidden sums: −0.0643, 0.659, −0.299."
    assert numbers_in(said) == ["−0.0643", "0.659", "−0.299"]
    assert numbers_in("Now W₁ moves by 0.25") == ["0.25"]
