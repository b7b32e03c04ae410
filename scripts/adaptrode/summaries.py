"""Summaries of clean tables and of Shapley values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats


def distribution(values: pd.Series) -> dict[str, float]:
    """Count, mean, range and skewness of a property.

    Returns
    -------
    dict
        ``rows``, ``mean``, ``low``, ``high`` in the property's unit and ``skewness``, the
        bias-corrected Fisher-Pearson coefficient, positive when the right tail is longer.
    """
    sample = values.to_numpy(dtype=np.float64)
    return {
        "rows": len(sample),
        "mean": float(sample.mean()),
        "low": float(sample.min()),
        "high": float(sample.max()),
        "skewness": float(stats.skew(sample, bias=False)) if len(sample) > 2 else float("nan"),
    }


def importance(shapley: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Mean absolute Shapley value of each feature, over the splits.

    Parameters
    ----------
    shapley
        Columns ``repeat`` and ``shap_<feature>``; one row for each test row of a split.
    features
        Which features.

    Returns
    -------
    DataFrame
        One row a feature: ``feature``; ``mean`` and ``low``, ``high`` (5th and 95th
        percentile over the splits) of the split's mean |value|, in the property's unit;
        ``first_share``, the share of splits in which it is the most important. Sorted by
        ``mean``, the most important first.
    """
    columns = [f"shap_{name}" for name in features]
    by_split = shapley[columns].abs().groupby(shapley["repeat"].to_numpy()).mean()
    first = by_split.to_numpy().argmax(axis=1)
    table = pd.DataFrame(
        {
            "feature": list(features),
            "mean": by_split.mean().to_numpy(),
            "low": by_split.quantile(0.05).to_numpy(),
            "high": by_split.quantile(0.95).to_numpy(),
            "first_share": [float(np.mean(first == index)) for index in range(len(features))],
        }
    )
    return table.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


def order_share(shapley: pd.DataFrame, order: Sequence[str]) -> float:
    """Share of splits in which the features' mean |Shapley value| falls in this order.

    ``order`` names the features whose order is asked for, the most important first;
    others do not matter. Equal values do not count as ordered.
    """
    columns = [f"shap_{name}" for name in order]
    by_split = shapley[columns].abs().groupby(shapley["repeat"].to_numpy()).mean().to_numpy()
    return float(np.mean(np.all(np.diff(by_split, axis=1) < 0.0, axis=1)))
