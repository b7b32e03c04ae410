"""All methods of one target side by side, over the same splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from adaptrode.methods import ADAPTER, Label, best
from adaptrode.metrics import mean_interval, paired_difference


def compare(errors: pd.DataFrame, labels: Mapping[str, Label], ratio: float) -> pd.DataFrame:
    """One line per method, those of the lowest mean error first.

    Parameters
    ----------
    errors
        [repeats, methods], MAPE in %, see `adaptrode.methods.judged`.
    labels
        Of every method.
    ratio
        Test rows over training rows.

    Returns
    -------
    DataFrame
        ``method, label, uses_source, repeats, mape_mean_pct`` with ``_low`` and ``_high``,
        ``mape_median_pct``; against ``to_adapter`` and ``to_alone`` (the best method
        without a source): the paired ``difference_`` in points with its ends, and
        ``won_``, the share of splits with the lower error.
    """
    alone = best(errors, [name for name in map(str, errors) if not labels[name].uses_source])
    rivals = {"adapter": ADAPTER if ADAPTER in errors else None, "alone": alone}
    lines = []
    for name in map(str, errors.columns):
        own = errors[name].dropna()
        interval = mean_interval(own, ratio)
        line: dict[str, Any] = {
            "method": name,
            "label": labels[name].text,
            "uses_source": labels[name].uses_source,
            "repeats": len(own),
            "mape_mean_pct": interval.mean,
            # A mean error cannot be negative, whatever the t-distribution says.
            "mape_mean_low_pct": np.maximum(interval.low, 0.0),
            "mape_mean_high_pct": interval.high,
            "mape_median_pct": own.median(),
            "best_without_source": name == alone,
        }
        for to, other in rivals.items():
            if other is None or other == name:
                values = [np.nan] * 4
            else:
                pair = errors[[name, other]].dropna()
                found = paired_difference(pair[name], pair[other], ratio)
                values = [found.mean, found.low, found.high, found.won]
            keys = ("difference", "difference_low", "difference_high", "won")
            line |= {f"{key}_to_{to}": value for key, value in zip(keys, values, strict=True)}
        lines.append(line)
    table = pd.DataFrame(lines)
    return table.sort_values("mape_mean_pct", kind="stable", ignore_index=True)
