"""Errors on test rows, and what many overlapping splits say about them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from adaptrode.errors import InputError

KEYS = ["method", "scheme", "size", "recipe", "repeat"]

# A network whose rectifiers are all off answers the same for every row.
DEAD_SPREAD = 1e-6
FEWEST_TO_TELL_DEAD = 3


def score(predictions: pd.DataFrame) -> pd.DataFrame:
    """Errors of every method, split by split.

    Parameters
    ----------
    predictions
        ``method, scheme, size, recipe, repeat, row, observed, predicted``, one line per
        test row. The recipe may be missing (NA) where a method has none.

    Returns
    -------
    DataFrame
        One line per method, scheme, size, recipe and repeat:

        - ``n_test``: the number of test rows;
        - ``mape_pct``: mean of |predicted - observed| / |observed|, in per cent;
        - ``rmse`` and ``bias``: root mean square and mean of predicted - observed, in the
          property's unit;
        - ``r2``: 1 - SSE / SST, NaN where all observed values are equal;
        - ``dead``: whether the prediction is constant, its spread below 1e-6 of its size;
          never said of fewer than three rows.

        Errors are NaN where any prediction is not finite.

    Raises
    ------
    InputError
        When a test row is predicted twice by one method, or an observed value is zero.
    """
    _check(predictions)
    observed, predicted = predictions["observed"], predictions["predicted"]
    finite = predicted.where(np.isfinite(predicted))
    groups = predictions.groupby(KEYS, sort=False, dropna=False)
    error = finite - observed
    parts = predictions[KEYS].assign(
        relative=100.0 * (error / observed).abs(),
        square=error**2,
        error=error,
        deviation=(observed - groups["observed"].transform("mean")) ** 2,
        predicted=finite,
        size_of_prediction=finite.abs(),
    )
    groups = parts.groupby(KEYS, sort=False, dropna=False)
    means = groups[["relative", "square", "error", "deviation"]].mean(skipna=False)
    count = groups.size()
    spread = groups["predicted"].max(skipna=False) - groups["predicted"].min(skipna=False)
    constant = spread <= DEAD_SPREAD * groups["size_of_prediction"].max(skipna=False)
    varied = means["deviation"].where(means["deviation"] > 0)
    made = pd.DataFrame(
        {
            "n_test": count.astype("int64"),
            "mape_pct": means["relative"],
            "rmse": np.sqrt(means["square"]),
            "r2": 1.0 - means["square"] / varied,
            "bias": means["error"],
            "dead": constant & (count >= FEWEST_TO_TELL_DEAD),
        }
    )
    return made.reset_index()


def _check(predictions: pd.DataFrame) -> None:
    twice = predictions.duplicated([*KEYS, "row"])
    if twice.any():
        first = predictions[twice].iloc[0]
        raise InputError(
            "a test row is predicted twice by one method",
            row=int(first["row"]),
            found=", ".join(f"{key} {first[key]}" for key in KEYS),
            mend="give each file of predictions once",
        )
    zero = predictions["observed"] == 0
    if zero.any():
        raise InputError(
            "an observed value is zero, its percentage error undefined",
            row=int(predictions.loc[zero, "row"].iloc[0]),
            mend="reject such rows by the property's range in the config",
        )


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; the ends are NaN for a single value."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Interval):
    """A mean paired difference, with what it takes to judge it.

    Parameters
    ----------
    p_value
        Two-sided, of no difference; NaN for a single pair.
    won
        The share of pairs in which the first was smaller, a tie counting half.
    """

    p_value: float
    won: float


def mean_interval(values: ArrayLike, test_ratio: float = 0.0, confidence: float = 0.95) -> Interval:
    """Mean over splits with its confidence interval.

    Random splits of the same rows overlap, so their errors are correlated and the usual
    standard error, ``sd / sqrt(J)``, is too small. Nadeau and Bengio replace the
    variance of the mean by ``(1 / J + n_test / n_train) * sd**2``.

    Parameters
    ----------
    values
        One error per split, [J].
    test_ratio
        ``n_test / n_train`` of a split, the training rows with those for validation; 0
        gives the usual t-interval, for independent values.
    confidence
        Of the interval.

    References
    ----------
    C. Nadeau, Y. Bengio, Inference for the generalization error, Machine Learning 52
    (2003) 239-281.
    """
    array = np.asarray(values, dtype=np.float64)
    mean, error = _mean_and_error(array, test_ratio)
    half = float(stats.t.ppf(0.5 + confidence / 2, max(len(array) - 1, 1))) * error
    return Interval(mean, mean - half, mean + half)


def paired_difference(
    first: ArrayLike, second: ArrayLike, test_ratio: float = 0.0, confidence: float = 0.95
) -> Difference:
    """Mean of ``first - second`` on the same splits, corrected as in `mean_interval`.

    Negative means that the first method's errors are smaller.

    Parameters
    ----------
    first, second
        One error per split and method, [J], in the same order of splits.

    Raises
    ------
    ValueError
        When the two differ in length.
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape:
        raise ValueError(f"pairs are needed, not {one.shape} and {two.shape}")
    interval = mean_interval(one - two, test_ratio, confidence)
    mean, error = _mean_and_error(one - two, test_ratio)
    if math.isnan(error):
        p_value = math.nan
    elif error == 0:
        p_value = 1.0 if mean == 0 else 0.0
    else:
        p_value = float(2 * stats.t.sf(abs(mean) / error, len(one) - 1))
    won = float(np.mean((one < two) + 0.5 * (one == two)))
    return Difference(interval.mean, interval.low, interval.high, p_value, won)


def _mean_and_error(values: np.ndarray, test_ratio: float) -> tuple[float, float]:
    if len(values) == 0:
        return math.nan, math.nan
    if len(values) == 1:
        return float(values[0]), math.nan
    variance = float(np.var(values, ddof=1))
    return float(np.mean(values)), math.sqrt((1 / len(values) + test_ratio) * variance)
