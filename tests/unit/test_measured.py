"""Rows that lack a property leave a split as if they had never been drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from adaptrode.errors import InputError
from adaptrode.measured import SPLIT, measured
from adaptrode.splits import ALL, random_splits


def tables(missing: list[int], count: int = 30) -> tuple[pd.DataFrame, pd.DataFrame]:
    clean = pd.DataFrame({"row": np.arange(2, count + 2), "x": 1.0, "y": 2.0, "z": 3.0})
    clean.loc[clean["row"].isin(missing), "y"] = np.nan
    splits = random_splits(
        clean["row"],
        test_fraction=0.3,
        validation_fraction=0.1,
        repeats=4,
        seed=3,
        domain="mine",
        sizes=[4, 10],
    )
    return clean, splits


def test_a_complete_property_changes_nothing() -> None:
    clean, splits = tables([])
    assert measured(clean, splits, "y", "mine") == (clean, splits)
    clean, splits = tables([5])
    assert measured(clean, splits, "z", "mine") == (clean, splits)


def test_rows_without_the_property_are_in_neither_table() -> None:
    clean, splits = tables([3, 7, 11])
    kept, rows = measured(clean, splits, "y", "mine")
    assert set(clean["row"]) - set(kept["row"]) == {3, 7, 11}
    assert kept.index.to_list() == list(range(27))
    assert kept["y"].notna().all()
    expected = splits[~splits["row"].isin([3, 7, 11])]
    pd.testing.assert_frame_equal(rows, expected.reset_index(drop=True))


@pytest.mark.parametrize("role", ["train", "test"])
def test_a_split_that_loses_a_role_is_one_message(role: str) -> None:
    clean, splits = tables([])
    whole = splits[(splits["size"] == ALL) & (splits["repeat"] == 2)]
    lost = whole.loc[whole["role"] == role, "row"]
    clean.loc[clean["row"].isin(lost), "y"] = np.nan
    with pytest.raises(InputError, match=f"without {role} rows of 'y'") as refused:
        measured(clean, splits, "y", "mine")
    assert f"repeat 2; {30 - len(lost)} of 30" in str(refused.value)
    assert refused.value.mend


def test_a_small_split_without_training_rows_is_dropped_alone() -> None:
    clean, splits = tables([])
    small = (splits["size"] == "4") & (splits["repeat"] == 1) & (splits["role"] != "test")
    clean.loc[clean["row"].isin(splits.loc[small, "row"]), "y"] = np.nan
    _, rows = measured(clean, splits, "y", "mine")
    drawn = set(splits[SPLIT].itertuples(index=False, name=None))
    left = set(rows[SPLIT].itertuples(index=False, name=None))
    assert drawn - left == {("row", "4", 1)}


def test_a_row_that_the_table_never_had_stays_for_others_to_find() -> None:
    clean, splits = tables([3])
    _, rows = measured(clean[clean["row"] != 4], splits, "y", "mine")
    assert (rows["row"] == 4).any()
