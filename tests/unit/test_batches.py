from __future__ import annotations

import pandas as pd
import pytest

import characterise_microstructures as characterise
import collect_microstructures as collect
from adaptrode.batches import PARAMETERS, characterise_batch, collect_batches
from adaptrode.errors import InputError
from adaptrode.files import read_table, write_table
from adaptrode.microstructure import Model

MODEL = Model(length_um=60.0, width_um=40.0)
TIMES = ["cpu_seconds"]


@pytest.fixture(scope="module")
def design() -> pd.DataFrame:
    rows = [
        ("left_1", "left", 3, 6.0, 15.0, 5.0, 30.0, 0.0),
        ("left_2", "left", 3, 8.0, 12.0, 5.0, 30.0, 0.3),
        ("left_3", "left", 3, 6.5, 20.0, 8.0, 25.0, 0.1),
    ]
    return pd.DataFrame(rows, columns=["sample_id", "domain", "seed", *PARAMETERS])


def test_rows_do_not_depend_on_the_batch(design: pd.DataFrame) -> None:
    whole = characterise_batch(design, 0, 3, MODEL)
    parts = [characterise_batch(design, batch, 2, MODEL) for batch in (1, 0)]
    pd.testing.assert_frame_equal(
        collect_batches(design, parts).drop(columns=TIMES),
        collect_batches(design, [whole]).drop(columns=TIMES),
    )


def test_scripts_make_the_raw_table(design: pd.DataFrame, tmp_path) -> None:
    write_table(design, tmp_path / "design.csv")
    for batch in (0, 1):
        characterise.main(
            f"--design {tmp_path}/design.csv --batch {batch} --batch-size 2 "
            f"--length 60 --width 40 --output {tmp_path}/{batch}.parquet".split()
        )
    collect.main(
        f"--design {tmp_path}/design.csv --batches {tmp_path}/1.parquet {tmp_path}/0.parquet "
        f"--output {tmp_path}/raw.csv".split()
    )
    raw = read_table(tmp_path / "raw.csv")
    assert list(raw.columns[:7]) == ["sample_id", *PARAMETERS, "geometric_tortuosity"]
    assert list(raw["sample_id"]) == list(design["sample_id"])
    assert (raw["geometric_tortuosity"] > 1.0).all()
    assert (raw["tortuosity_min"] <= raw["geometric_tortuosity"]).all()
    assert (raw["binder"] == "closing").all()


def test_a_bad_row_is_found_before_any_work(design: pd.DataFrame) -> None:
    bad = design.copy()
    bad.loc[2, "compression"] = 1.0
    with pytest.raises(InputError, match="row 4, column 'compression'"):
        characterise_batch(bad, 0, 3, MODEL, file=None)


def test_batches_that_are_not_the_designs_are_refused(design: pd.DataFrame) -> None:
    rows = characterise_batch(design, 0, 3, MODEL)
    with pytest.raises(InputError, match="no such batch"):
        characterise_batch(design, 1, 3, MODEL)
    with pytest.raises(InputError, match="missing: left_2"):
        collect_batches(design, [rows.drop(index=1)])
    other = design.copy()
    other.loc[0, "thickness_um"] = 31.0
    with pytest.raises(InputError, match="another design"):
        collect_batches(other, [rows])
    with pytest.raises(InputError, match="lacks a column"):
        characterise_batch(design.drop(columns="compression"), 0, 3, MODEL)
