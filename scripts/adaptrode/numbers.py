"""Numbers as a reader sees them: three significant figures, no more decimals than matter."""

from __future__ import annotations

import math

NONE = "–"


def percent(value: float) -> str:
    """Three significant figures where they matter, no more than two decimals."""
    if not math.isfinite(value):
        return NONE
    return f"{value:.{0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2}f}"


def signed(value: float) -> str:
    """As `percent`, with its sign."""
    text = percent(abs(value))
    if text in (NONE, "0.00"):
        return text
    return f"{'−' if value < 0 else '+'}{text}"


def span(mean: float, low: float, high: float, *, with_sign: bool = False) -> str:
    """A mean with its interval in brackets; a dash where there is no mean."""
    write = signed if with_sign else percent
    if not math.isfinite(mean):
        return NONE
    if not (math.isfinite(low) and math.isfinite(high)):
        return write(mean)
    return f"{write(mean)} [{write(low)}, {write(high)}]"


def share(value: float) -> str:
    """A share in per cent, without decimals."""
    return f"{100 * value:.0f} %" if math.isfinite(value) else NONE
