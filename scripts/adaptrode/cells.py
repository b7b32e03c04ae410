"""Numbers as laboratories write them into a table's cells."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

_EXPONENT = r"([eE][+-]?[0-9]+)?"
# "1,234" is a decimal in one country and a thousand in another, "0,234" is not.
_AMBIGUOUS = r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+"
_COMMA_DECIMAL = rf"[+-]?([0-9]*|[0-9]{{1,3}}(\.[0-9]{{3}})+),[0-9]+{_EXPONENT}"
_POINT_DECIMAL = rf"[+-]?([0-9]*|[0-9]{{1,3}}(,[0-9]{{3}})+)\.[0-9]+{_EXPONENT}"
_GROUPED = r"[+-]?[0-9]{1,3}([ \u00a0\u202f'’.,][0-9]{3})+([.,][0-9]+)?"
_MISSING = {"nan", "na", "n/a", "null", "none", "nil", "-", "--", "?", "missing", "<na>"}
_INFINITE = {"inf", "infinity", "∞"}
# Spreadsheets take 1.5 for the first of May where decimals are commas.
_MONTH = r"(jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*"
_DATE = (
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,4}}[-. ]+{_MONTH}|{_MONTH}[-. ]+[0-9]{{1,4}})([-/., t].*)?"
)


def is_number(text: str) -> bool:
    """Whether a cell can be meant as nothing but a number, in any country's notation."""
    return re.fullmatch(rf"[+-]?[0-9.,]*[0-9][.,]?{_EXPONENT}", text) is not None


def mostly_decimal_commas(columns: Iterable[pd.Series[str]], delimiter: str = ",") -> bool:
    """Whether more cells are certainly written with decimal commas than with points.

    Where no cell is certain, a file whose cells are not separated by commas comes from
    a country of decimal commas, and "1,234" is one and a quarter there.
    """
    commas = points = unsure = 0
    for text in columns:
        with_comma = text[text.str.contains(",", regex=False)]
        ambiguous = with_comma.str.fullmatch(_AMBIGUOUS)
        commas += int((with_comma.str.fullmatch(_COMMA_DECIMAL) & ~ambiguous).sum())
        points += int(text.str.fullmatch(_POINT_DECIMAL).sum())
        unsure += int(ambiguous.sum())
    if delimiter != "," and commas == points == 0:
        return unsure > 0
    return commas > points


def numbers(text: pd.Series[str], decimal_comma: bool = False) -> pd.Series[float]:
    """Text cells as float64; whatever is not one finite plain number becomes NaN."""
    mark = "," if decimal_comma else r"\."
    plain = rf"[+-]?([0-9]+{mark}?[0-9]*|{mark}[0-9]+){_EXPONENT}"
    valid = text.str.fullmatch(plain)
    digits = text.where(valid, "nan")
    if decimal_comma:
        digits = digits.str.replace(",", ".", regex=False)
    # Python's own conversion: pandas' and Arrow's differ in what they accept.
    values = digits.to_numpy(object).astype(np.float64)
    values[np.isinf(values)] = np.nan
    return pd.Series(values, index=text.index, name=text.name)


def missing(text: pd.Series[str]) -> pd.Series[bool]:
    """Which cells are empty or say in so many words that there is no value."""
    return text.str.lower().isin({"", "+nan", "-nan", *_MISSING})


def why_no_number(text: str, decimal_comma: bool = False) -> str:
    """Say why `numbers` makes NaN of a cell."""
    bare = text.lower().lstrip("+-")
    if not text:
        return "empty cell"
    if text.lower() in _MISSING or bare in _MISSING:
        return "no value"
    if bare in _INFINITE:
        return "infinite value"
    if text.startswith("#"):
        return "error of the spreadsheet"
    if re.fullmatch(_DATE, text, re.IGNORECASE):
        return "date in place of a number"
    if not decimal_comma and re.fullmatch(_AMBIGUOUS, text):
        return "thousands separator or decimal comma"
    if not decimal_comma and re.fullmatch(_COMMA_DECIMAL, text):
        return "decimal comma in a file of decimal points"
    if decimal_comma and re.fullmatch(_POINT_DECIMAL, text):
        return "decimal point or thousands separator in a file of decimal commas"
    if re.fullmatch(_GROUPED, text):
        return "thousands separator"
    if re.fullmatch(r"[+-]?[0-9]*[.,]?[0-9]+" + _EXPONENT, text):
        return "too large a number"
    if re.match(r"[<>~≈±+-]?\s*[0-9]", text):
        return "text beside the number"
    return "text in place of a number"
