"""Generated microstructures: the shipped tables, batches, resuming and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import copy_project, read_config, snakemake, stale, write_config

from adaptrode.batches import characterise_batch
from adaptrode.microstructure import Model

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

TINY = {"length_um": 60, "width_um": 50, "memory_mb": 1000}


@pytest.mark.parametrize(
    ("domain", "rows"), [("gdl_200", [0, 133]), ("gdl_1000", [40])], ids=["gdl_200", "gdl_1000"]
)
def test_shipped_rows_are_built_again_as_they_are(root: Path, domain: str, rows: list[int]) -> None:
    settings = read_config(root)["microstructures"]
    window = settings["domains"][domain]
    shipped = pd.read_csv(root / "data" / "raw" / f"{domain}.csv").iloc[rows]
    design = shipped[["sample_id", "domain", "seed", *(r["name"] for r in settings["ranges"])]]
    model = Model(
        length_um=window["length_um"],
        width_um=window["width_um"],
        voxel_um=settings["voxel_um"],
        binder=settings["binder"],
        concentrations=settings["concentrations"],
        thickness=settings["thickness"],
    )
    again = characterise_batch(
        design.reset_index(drop=True), 0, len(rows), model, memory_mb=window["memory_mb"]
    )
    for column in ("geometric_tortuosity", "tortuosity_eikonal", "porosity", "t33", "fibers"):
        np.testing.assert_allclose(again[column], shipped[column], rtol=1e-6, err_msg=column)


def test_shipped_tables_hold_what_was_asked_for(root: Path) -> None:
    settings = read_config(root)["microstructures"]
    for domain, window in settings["domains"].items():
        table = pd.read_csv(root / "data" / "raw" / f"{domain}.csv")
        assert len(table) == window["samples"]
        for record in settings["ranges"]:
            assert table[record["name"]].between(record["low"], record["high"]).all()
        for part in ("fiber", "binder"):
            miss = table[f"{part}_achieved_pct"] - table[f"{part}_concentration_pct"]
            assert miss.abs().max() < 0.05
        assert table[["t11", "t22", "t33"]].mean().to_numpy() == pytest.approx(
            [0.4966, 0.4966, 0.0068], abs=2e-3
        )
        assert table["geometric_tortuosity"].skew() > 0


@pytest.fixture
def small(root: Path, tmp_path: Path) -> Path:
    """A project that generates five tiny samples in batches of two."""
    folder = copy_project(root, tmp_path / "project")
    config = read_config(folder)
    settings = config["microstructures"]
    settings["batch_size"], settings["voxel_um"] = 2, 2
    settings["domains"] = {"gdl_200": {**TINY, "samples": 5, "plan": "uniform"}}
    write_config(folder, config)
    return folder


def test_batches_go_on_where_a_run_was_stopped(small: Path) -> None:
    first = "results/microstructures/gdl_200/batch_0001.parquet"
    snakemake(small, "--cores", "1", first)
    finished = (small / first).stat().st_mtime_ns
    todo = stale(small, "microstructures")
    assert set(todo.values()) == {"characterise_microstructures", "collect_microstructures"}
    assert first not in todo
    snakemake(small, "--cores", "2", "microstructures")
    assert (small / first).stat().st_mtime_ns == finished
    table = pd.read_csv(small / "results" / "raw" / "gdl_200.csv")
    assert list(table["sample_id"]) == [f"gdl_200_{number}" for number in range(1, 6)]
    assert table["geometric_tortuosity"].between(1.0, 3.0).all()
    assert stale(small, "microstructures") == {}


def test_jobs_ask_for_no_more_memory_than_there_is(small: Path) -> None:
    shown = snakemake(small, "--cores", "8", "--dry-run", "microstructures").stdout
    assert "batch_0002" in shown or "batch 0002" in shown
    run = snakemake(small, "--cores", "8", "results/microstructures/gdl_200/design.csv").stdout
    assert "Provided resources: mem_mb=" in run


def test_what_cannot_be_packed_stops_before_any_work(small: Path) -> None:
    config = read_config(small)
    for record in config["microstructures"]["ranges"]:
        if record["name"] == "compression":
            record["low"], record["high"] = 1.0, 1.0
    write_config(small, config)
    done = snakemake(small, "--cores", "1", "microstructures", check=False)
    assert done.returncode != 0
    assert "compression" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (small / "results" / "raw" / "gdl_200.csv").exists()
