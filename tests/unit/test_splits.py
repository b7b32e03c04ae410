from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import split as script
from adaptrode.errors import InputError
from adaptrode.splits import random_splits

ROWS = np.arange(2, 55)  # 53 rows, as a spreadsheet numbers them
GROUPS = pd.Series([f"C{i // 7}" for i in range(53)], name="campaign")
SETTINGS = {
    "test_fraction": 0.3,
    "validation_fraction": 0.1,
    "repeats": 20,
    "seed": 1,
    "domain": "a",
}


def splits(rows=ROWS, **changes) -> pd.DataFrame:
    return random_splits(rows, **{**SETTINGS, **changes})


def rows_of(table: pd.DataFrame, *roles: str) -> dict[tuple[str, int], set[int]]:
    chosen = table[table["role"].isin(roles)]
    return {key: set(part["row"]) for key, part in chosen.groupby(["size", "repeat"])}


@pytest.mark.parametrize(
    ("count", "train", "validation", "test"),
    [(235, 148, 16, 71), (53, 33, 4, 16), (63, 40, 4, 19), (8, 5, 1, 2), (4, 2, 1, 1)],
)
def test_shares_of_rows(count, train, validation, test):
    table = splits(np.arange(count))
    counts = table.groupby(["repeat", "role"]).size().reset_index(name="n")
    expected = {"train": train, "validation": validation, "test": test}
    assert (counts["n"] == counts["role"].map(expected)).all()
    assert len(counts) == 3 * SETTINGS["repeats"]


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_every_row_has_one_role_in_every_repeat(groups):
    table = splits(groups=groups)
    assert table.columns.to_list() == ["scheme", "size", "repeat", "row", "role"]
    assert set(table["scheme"]) == {"row" if groups is None else "campaign"}
    for _, part in table.groupby("repeat"):
        assert part["row"].to_list() == list(ROWS)
        assert set(part["role"]) == {"train", "validation", "test"}


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_more_repeats_or_sizes_leave_the_earlier_splits(groups):
    few = splits(groups=groups, repeats=3)
    many = splits(groups=groups, repeats=7, sizes=[5, 10])
    kept = many[(many["repeat"] < 3) & (many["size"] == "all")].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, kept)


def test_seed_domain_and_repeat_each_change_the_draw():
    first = rows_of(splits(), "test")
    assert len({frozenset(rows) for rows in first.values()}) == SETTINGS["repeats"]
    assert first != rows_of(splits(seed=2), "test")
    assert first != rows_of(splits(domain="b"), "test")
    assert first == rows_of(splits(), "test")


def test_every_row_is_tested_equally_often():
    table = splits(repeats=400)
    tested = table[table["role"] == "test"]["row"].value_counts()
    expected = 400 * 16 / 53
    deviation = np.sqrt(400 * (16 / 53) * (37 / 53))
    assert len(tested) == 53
    assert (abs(tested - expected) < 4.5 * deviation).all()


def test_groups_are_held_out_whole():
    table = splits(groups=GROUPS).merge(
        pd.DataFrame({"row": ROWS, "group": GROUPS.to_numpy()}), on="row"
    )
    for _, part in table.groupby("repeat"):
        tested = set(part.loc[part["role"] == "test", "group"])
        others = set(part.loc[part["role"] != "test", "group"])
        assert tested
        assert others
        assert not tested & others
        # Groups of 7 and one of 4: half a group is the farthest from 15.9 rows.
        assert abs((part["role"] == "test").sum() - 15.9) <= 3.5


def test_validation_takes_whole_groups_where_they_fit():
    groups = pd.Series(np.arange(60) // 3, name="batch").astype(str)
    table = splits(np.arange(60), groups=groups)
    table["group"] = groups.to_numpy()[table["row"]]
    roles = table.groupby(["repeat", "group"])["role"].nunique()
    assert (roles == 1).all()
    large = pd.Series(["a"] * 30 + ["b"] * 30, name="batch")
    counts = splits(np.arange(60), groups=large)["role"].value_counts() / SETTINGS["repeats"]
    assert counts.to_dict() == {"test": 30, "train": 27, "validation": 3}


@pytest.mark.parametrize("sizes", [(1, 29), (29, 1), (2, 2, 2), (50, 1, 1)])
def test_uneven_groups_leave_something_on_each_side(sizes):
    labels = pd.Series(np.repeat([f"g{i}" for i in range(len(sizes))], sizes), name="batch")
    table = splits(np.arange(len(labels)), groups=labels)
    for _, part in table.groupby("repeat"):
        assert set(part["role"]) == {"train", "validation", "test"}
        held = set(labels[part.loc[part["role"] == "test", "row"]])
        assert len(held) < len(sizes)


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_learning_curves_are_nested_and_keep_the_test_rows(groups):
    table = splits(groups=groups, sizes=[20, 5, 10, 30, 1000])
    known = rows_of(table, "train", "validation")
    test = rows_of(table, "test")
    validation = rows_of(table, "validation")
    for repeat in range(SETTINGS["repeats"]):
        previous: set[int] = set()
        for size, count in (("5", 1), ("10", 1), ("20", 2), ("30", 3)):
            assert len(known[size, repeat]) == int(size)
            assert previous < known[size, repeat] <= known["all", repeat]
            assert test[size, repeat] == test["all", repeat]
            assert len(validation[size, repeat]) == count
            previous = known[size, repeat]
    assert "1000" not in set(table["size"])


REFUSED = {
    "no rows": ([], {}, "too few rows"),
    "one row": ([2], {}, "too few rows"),
    "three rows": ([2, 3, 4], {}, "too few rows"),
    "one group": (ROWS, {"groups": pd.Series(["a"] * 53, name="campaign")}, "too few groups"),
    "tiny size": (ROWS, {"sizes": [2]}, "too small a size"),
}


@pytest.mark.parametrize(("rows", "changes", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_split_is_refused(rows, changes, said):
    with pytest.raises(InputError, match=said) as refused:
        splits(rows, **changes)
    assert refused.value.allowed


def options_of(tmp_path, schemes: str) -> list[str]:
    table = pd.DataFrame({"row": ROWS, "campaign": GROUPS, "x": 1.0})
    table.to_parquet(tmp_path / "clean.parquet")
    return [
        *("--clean", str(tmp_path / "clean.parquet"), "--domain", "a", "--schemes", schemes),
        *("--sizes", "[5]", "--test-fraction", "0.3", "--validation-fraction", "0.1"),
        *("--size-scheme", "campaign", "--size-repeats", "2"),
        *("--repeats", "4", "--seed", "1", "--splits", str(tmp_path / "splits.parquet")),
    ]


def test_script_splits_under_every_scheme(tmp_path):
    script.main(options_of(tmp_path, '["row", "campaign"]'))
    made = pd.read_parquet(tmp_path / "splits.parquet")
    by_row = splits(repeats=4)
    by_group = splits(repeats=4, sizes=[5], size_repeats=2, groups=GROUPS)
    assert by_group.loc[by_group["size"] == "5", "repeat"].max() == 1
    pd.testing.assert_frame_equal(made, pd.concat([by_row, by_group], ignore_index=True))


def test_script_refuses_an_unknown_scheme(tmp_path):
    with pytest.raises(InputError, match="no such column"):
        script.main(options_of(tmp_path, '["slurry"]'))
    assert not (tmp_path / "splits.parquet").exists()
