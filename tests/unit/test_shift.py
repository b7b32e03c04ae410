"""How far a target lies from its source, on samples whose answer is known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from adaptrode import shift

COLUMNS = ["a", "b", "c"]

# A small forest tells as much here, and sooner.
auc = partial(shift.classifier_auc, rounds=1, trees=15)


def sample(seed: int, rows: int = 60, moved: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 3)), columns=COLUMNS)
    return table.assign(a=table["a"] + moved, batch=[f"B{i // 6}" for i in range(rows)])


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_does_not_differ_from_itself(seed):
    one = sample(seed).assign(still=0.3)
    two = one.sample(frac=1.0, random_state=seed)
    sheet = shift.by_column(one, two, [*COLUMNS, "still"])
    for column in ("outside_share", "mean_difference_sd", "wasserstein_sd", "ks"):
        np.testing.assert_allclose(sheet[column], 0.0, atol=1e-12)
    assert not sheet["another_quantity"].any()
    assert sheet["constant_in_source"].to_list() == [False, False, False, True]
    assert shift.outside_any(one, two, COLUMNS) == 0.0


def test_equal_samples_cannot_be_told_apart():
    one = sample(1)
    assert auc(one, one, COLUMNS, seed=3) == pytest.approx(0.5, abs=0.1)
    assert auc(one, one, COLUMNS, seed=3, group="batch") == pytest.approx(0.5, abs=0.1)


def test_a_disjoint_column_is_flagged():
    one = sample(1)
    two = one.assign(a=one["a"] - 40.0)
    sheet = shift.by_column(one, two, COLUMNS).set_index("column")
    assert sheet["another_quantity"].to_dict() == {"a": True, "b": False, "c": False}
    line = sheet.loc["a"]
    assert line["outside_share"] == 1.0
    assert line["ks"] == 1.0
    spread = one["a"].std()
    assert line["mean_difference_sd"] == pytest.approx(-40.0 / spread)
    assert line["wasserstein_sd"] == pytest.approx(40.0 / spread)
    assert shift.outside_any(one, two, COLUMNS) == 1.0
    assert shift.outside_any(one, two, ["b", "c"]) == 0.0
    assert auc(one, two, COLUMNS, seed=1) > 0.99


def test_a_column_is_not_flagged_that_is_near_or_overlaps():
    one = sample(1)
    near = one.assign(a=one["a"] + 8.0 * one["a"].std())
    assert not shift.by_column(one, near, ["a"])["another_quantity"].any()
    overlapping = near.assign(a=one["a"] + 40.0)
    overlapping.loc[0, "a"] = one["a"].median()
    assert not shift.by_column(one, overlapping, ["a"])["another_quantity"].any()


def test_a_column_that_never_varied_gives_no_scale():
    one = sample(1).assign(a=0.3)
    two = sample(2).assign(a=[0.1 + 0.2] * 30 + [0.8] * 30)
    line = shift.by_column(one, two, ["a"]).iloc[0]
    assert line["constant_in_source"]
    assert line["outside_share"] == 0.5  # what rounding makes of 0.3 is no other value
    assert np.isnan(line["mean_difference_sd"])
    assert np.isnan(line["wasserstein_sd"])
    assert not shift.by_column(one, two.assign(a=90.0), ["a"])["another_quantity"].any()


def test_the_shares_outside_are_counted():
    one = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]})
    two = pd.DataFrame({"a": [0.0, 1.0, 3.0, 2.0], "b": [2.0, 4.0, 3.0, 1.0]})
    assert shift.by_column(one, two, ["a", "b"])["outside_share"].to_list() == [0.25, 0.25]
    assert shift.outside_any(one, two, ["a", "b"]) == 0.5
    assert np.isnan(shift.outside_any(one, two, []))


def test_groups_are_not_taken_for_a_shift():
    """Groups of one kind, drawn at random into two halves, do not differ but by chance."""
    rng = np.random.default_rng(5)
    centers = rng.normal(size=(40, 3))
    rows = np.repeat(centers, 5, axis=0) + 0.01 * rng.normal(size=(200, 3))
    table = pd.DataFrame(rows, columns=COLUMNS).assign(batch=np.repeat(np.arange(40), 5))
    one, two = table[table["batch"] % 2 == 0], table[table["batch"] % 2 == 1]
    assert auc(one, two, COLUMNS, seed=1) > 0.9
    assert auc(one, two, COLUMNS, seed=1, group="batch") < 0.7


def test_one_group_or_no_column_is_too_little_to_tell():
    one, two = sample(1), sample(2).assign(batch="B0")
    assert np.isnan(auc(one, two, COLUMNS, seed=1, group="batch"))
    assert np.isnan(auc(one, two, [], seed=1))


def test_the_seed_alone_decides():
    one, two = sample(1), sample(2, moved=1.2)
    first, again, other = (auc(one, two, COLUMNS, seed=s) for s in (1, 1, 2))
    assert first == again != other
    assert 0.5 < first < 0.9
