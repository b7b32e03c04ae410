"""Summaries on samples whose moments and orders are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from adaptrode.summaries import distribution, importance, order_share


def test_distribution_of_known_samples() -> None:
    even = distribution(pd.Series([1.0, 2.0, 3.0, 4.0]))
    assert even == {"rows": 4, "mean": 2.5, "low": 1.0, "high": 4.0, "skewness": 0.0}
    sample = np.random.default_rng(3).exponential(size=20_000)
    assert distribution(pd.Series(sample))["skewness"] == pytest.approx(2.0, abs=0.2)
    assert distribution(pd.Series(-sample))["skewness"] < -1.5


def shapley() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "repeat": [0, 0, 1, 1],
            "shap_a": [-1.0, 3.0, 1.0, -1.0],  # mean |value| 2 and 1
            "shap_b": [0.5, -0.5, 2.0, 2.0],  # 0.5 and 2
            "shap_c": [0.0, 0.0, 0.0, 0.0],
        }
    )


def test_importance_averages_over_splits_and_sorts() -> None:
    table = importance(shapley(), ["c", "b", "a"]).set_index("feature")
    assert list(table.index) == ["a", "b", "c"]
    assert table.loc["a", "mean"] == 1.5
    assert table.loc["b", "mean"] == 1.25
    assert table.loc["c", "mean"] == 0.0
    assert table["first_share"].to_dict() == {"a": 0.5, "b": 0.5, "c": 0.0}
    assert (table["low"] <= table["mean"]).all()
    assert (table["mean"] <= table["high"]).all()


def test_order_share_counts_whole_orders_only() -> None:
    assert order_share(shapley(), ["a", "b"]) == 0.5
    assert order_share(shapley(), ["a", "b", "c"]) == 0.5
    assert order_share(shapley(), ["c", "a"]) == 0.0
    assert order_share(shapley().assign(shap_b=shapley()["shap_a"]), ["a", "b"]) == 0.0
