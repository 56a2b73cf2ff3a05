"""The one rule by which numbers are written.

``widgets/static/numbers.js`` is the same rule in the page.
"""

import math
from decimal import Decimal

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _rounded(digits: int, exponent: int) -> tuple[int, int]:
    """Three leading digits of ``digits · 10**exponent`` (ties go up), and the first one's power."""
    drop = len(str(digits)) - 3
    if drop > 0:
        digits = (digits + 10**drop // 2) // 10**drop
        if digits == 1000:
            digits, drop = 100, drop + 1
    else:
        digits *= 10**-drop
    return digits, exponent + drop + 2


def _parts(value: float) -> tuple[int, int]:
    _, digits, exponent = Decimal(abs(value)).as_tuple()
    return _rounded(int("".join(map(str, digits))), int(exponent))


def number(value: float) -> str:
    """Write a number with three significant digits.

    Ties go away from zero, the minus is a true one, and −0.0 is ``0``. From 1e-4 up to a million
    the number is written plainly (``0.00103``, ``1.00``, ``1230``), otherwise as ``4.00·10⁻⁶²``.
    Infinities are ``∞`` and ``−∞``; what is not a number is ``NaN``.
    """
    value = float(value)
    if math.isnan(value):
        return "NaN"
    minus = "−" if value < 0 else ""
    if math.isinf(value):
        return minus + "∞"
    if value == 0:
        return "0"
    digits, exponent = _parts(value)
    if not -4 <= exponent < 6:
        text = str(digits)
        return f"{minus}{text[0]}.{text[1:]}·10{str(exponent).translate(_RAISED)}"
    return minus + format(
        Decimal(digits).scaleb(exponent - 2).quantize(Decimal(1).scaleb(min(0, exponent - 2))), "f"
    )


def product_sign(a: float, b: float, result: float) -> str:
    """Tell which sign may stand in ``a × b … result`` once all three are rounded.

    ``=`` if the two factors *as they are shown* give the result as it is shown, else ``≈``.
    """
    if not all(map(math.isfinite, (a, b, result))):
        return "≈"
    if a == 0 or b == 0 or result == 0:
        return "=" if (a == 0 or b == 0) and result == 0 else "≈"
    (m, e), (n, f) = _parts(a), _parts(b)
    same_sign = (a < 0) != (b < 0) if result < 0 else (a < 0) == (b < 0)
    return "=" if same_sign and _rounded(m * n, e + f - 4) == _parts(result) else "≈"


def shown(value: float) -> float:
    """The number that a reader of `number(value)` sees: three significant digits of it."""
    if not math.isfinite(value) or value == 0:
        return value
    digits, exponent = _parts(value)
    return math.copysign(float(Decimal(digits).scaleb(exponent - 2)), value)


def equals(result: float, from_shown: float) -> str:
    """Tell which sign may stand before a result.

    `=` if the numbers *as they are shown*, which give `from_shown`, come to the result as it is
    shown; else `≈`.
    """
    return "=" if number(result) == number(from_shown) else "≈"
