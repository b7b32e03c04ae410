"""Learning curves and where the source stops paying, on constructed errors."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from adaptrode import curves
from adaptrode.errors import InputError
from adaptrode.splits import random_splits

SIZES = [5, 10, 20, 30]
ALL_ROWS = 42  # of 60, 18 are for the test
LEVELS = {"5": 5, "10": 10, "20": 20, "30": 30, "all": ALL_ROWS}
ALONE = ["ridge", "scratch"]


def known() -> pd.Series:
    splits = random_splits(
        np.arange(60),
        test_fraction=0.3,
        validation_fraction=0.1,
        repeats=4,
        seed=1,
        domain="oak",
        sizes=SIZES,
    )
    return curves.known_rows(splits, "row")


def errors(
    of: dict[str, Callable[[int], float]], repeats: int = 6, noise: float = 0.02
) -> pd.DataFrame:
    """Errors of methods that are functions of the known rows, but for a little noise."""
    lines = []
    for method, error in of.items():
        rng = np.random.default_rng([7, zlib.crc32(method.encode())])
        for size, rows in LEVELS.items():
            for repeat in range(2 * repeats if size == "all" else repeats):
                lines.append(
                    {
                        "method": method,
                        "scheme": "row",
                        "size": size,
                        "recipe": "robust" if method in ("adapter", "scratch") else "none",
                        "repeat": repeat,
                        "n_test": 18,
                        "mape_pct": error(rows) * np.exp(noise * rng.normal()),
                        "dead": False,
                    }
                )
    return pd.DataFrame(lines)


def compared(table: pd.DataFrame) -> pd.DataFrame:
    methods = list(dict.fromkeys(table["method"]))
    return curves.comparable(table, methods=methods, recipe="robust", scheme="row")


def test_known_rows_are_those_of_the_splits():
    assert known().to_dict() == {name: float(rows) for name, rows in LEVELS.items()}
    with pytest.raises(InputError, match="no such splits"):
        curves.known_rows(random_splits_of_rows(), "batch")


def random_splits_of_rows() -> pd.DataFrame:
    return random_splits(
        np.arange(20),
        test_fraction=0.3,
        validation_fraction=0.1,
        repeats=1,
        seed=1,
        domain="oak",
    )


@pytest.mark.parametrize("seed", range(5))
def test_intervals_hold_the_mean_and_widen_with_fewer_rows(seed):
    rng = np.random.default_rng(seed)
    table = errors({"ridge": lambda rows: 10.0}, noise=0.0)
    draws = rng.uniform(1, 20, 12)  # the same at every size: only the ratio differs
    table["mape_pct"] = draws[table["repeat"]]
    made = curves.summary(compared(table), known(), ["ridge"])
    assert made["size"].to_list() == list(LEVELS)
    assert (made["mape_mean_low_pct"] <= made["mape_mean_pct"]).all()
    assert (made["mape_mean_pct"] <= made["mape_mean_high_pct"]).all()
    assert (made["mape_mean_low_pct"] >= 0).all()
    np.testing.assert_allclose(made["mape_mean_pct"], draws[:6].mean())
    np.testing.assert_allclose(made["mape_median_pct"], np.median(draws[:6]))
    assert made["mape_mean_high_pct"].is_monotonic_decreasing


def test_only_repeats_present_at_every_size_are_kept():
    table = errors({"ridge": lambda rows: 1.0, "adapter": lambda rows: 1.0})
    table = table[~((table["method"] == "ridge") & (table["size"] == "10") & (table["repeat"] < 2))]
    kept = compared(table)
    repeats = kept.groupby(["method", "size"])["repeat"].agg(lambda r: sorted(r.tolist()))
    assert all(repeats["ridge", size] == [2, 3, 4, 5] for size in LEVELS)
    assert all(repeats["adapter", size] == [0, 1, 2, 3, 4, 5] for size in LEVELS)
    best = curves.catch_up(kept, known(), alone=ALONE).best
    assert best["splits"].to_list() == [4] * 5


def test_a_size_that_few_repeats_reach_is_left_out():
    table = errors({"ridge": lambda rows: 1.0})
    kept = compared(table[~((table["size"] == "30") & (table["repeat"] > 0))])
    assert set(kept["size"]) == set(LEVELS) - {"30"}
    assert kept["repeat"].nunique() == 6


def test_other_recipes_schemes_and_methods_do_not_matter():
    table = errors({"adapter": lambda rows: 5.0})
    others = [
        table.assign(recipe="literal", mape_pct=99.0),
        table.assign(scheme="batch", mape_pct=99.0),
        table.assign(method="unlisted", mape_pct=99.0),
    ]
    whole = pd.concat([table, *others])
    kept = curves.comparable(whole, methods=["adapter"], recipe="robust", scheme="row")
    pd.testing.assert_frame_equal(kept, compared(table))


@pytest.mark.parametrize("at", ["5", "10", "20", "30", "all"])
def test_the_catch_up_is_found_at_the_constructed_size(at):
    turn = LEVELS[at]
    table = errors(
        {
            "adapter": lambda rows: 10.0,
            "ridge": lambda rows: 9.0 if rows >= turn else 20.0,
            "scratch": lambda rows: 30.0,
            "pooled": lambda rows: 9.0 if rows >= turn else 4.0,
        }
    )
    found = curves.catch_up(compared(table), known(), alone=ALONE)
    assert found.over_adapter == at
    assert found.over_source == at
    assert set(found.best["alone"]) == {"ridge"}
    assert set(found.best["sourced"]) == {"pooled"}


def test_nothing_catches_up_with_a_source_that_stays_better():
    table = errors({"adapter": lambda rows: 3.0, "ridge": lambda rows: 9.0})
    found = curves.catch_up(compared(table), known(), alone=ALONE)
    assert found.over_adapter is None
    assert found.over_source is None
    assert (found.best["high"] < 1).all()


def test_a_source_that_pays_again_has_not_been_caught():
    table = errors(
        {"adapter": lambda rows: 9.0 if rows == 10 else 3.0, "ridge": lambda rows: 9.0},
    )
    found = curves.catch_up(compared(table), known(), alone=ALONE)
    assert found.over_source is None


def test_the_best_is_chosen_at_each_size():
    table = errors(
        {
            "adapter": lambda rows: 8.0,
            "ridge": lambda rows: 7.0,
            "scratch": lambda rows: 70.0 / rows,
        }
    )
    best = curves.catch_up(compared(table), known(), alone=ALONE).best
    assert best["alone"].to_list() == ["ridge", "ridge", "scratch", "scratch", "scratch"]


def test_an_error_that_is_no_number_is_never_the_best():
    table = errors(
        {
            "adapter": lambda rows: 8.0,
            "ridge": lambda rows: 9.0,
            "scratch": lambda rows: 1.0,
        }
    )
    table.loc[(table["method"] == "scratch") & (table["repeat"] == 1), "mape_pct"] = np.nan
    found = curves.catch_up(compared(table), known(), alone=ALONE)
    assert set(found.best["alone"]) == {"ridge"}
    assert found.over_adapter is None


def test_sides_that_were_not_run_are_left_open():
    found = curves.catch_up(compared(errors({"ridge": lambda r: 9.0})), known(), alone=ALONE)
    assert found.over_adapter is None
    assert found.over_source is None
    assert found.best["ratio"].isna().all()
