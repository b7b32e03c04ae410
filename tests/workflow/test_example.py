"""The example's folder, copied and run as its README says, on tiny settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import read_config, snakemake, tiny, write_config

import new_study
import simulate_electrodes

DOMAIN = "hard_carbon"


def test_its_table_is_what_the_simulator_writes(root: Path, tmp_path: Path) -> None:
    simulate_electrodes.main(["--seed", "2024", "--output-dir", str(tmp_path), "--names", DOMAIN])
    shipped = root / "examples" / "sodium_ion" / "data" / f"{DOMAIN}.csv"
    assert (tmp_path / f"{DOMAIN}.csv").read_bytes() == shipped.read_bytes()


@pytest.mark.end_to_end
@pytest.mark.slow
def test_it_ends_in_a_verdict(root: Path, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    shutil.copytree(root / "examples" / "sodium_ion", lab)
    own = read_config(lab)
    settings = tiny({**read_config(root), **own}, "sodium_ion")
    # Only what the example itself sets: the rest comes from the project's config.yaml.
    kept = (*own, "training")
    write_config(lab, {key: settings[key] for key in kept})
    arguments = ("--snakefile", str(root / "Snakefile"), "--configfile", "config.yaml")
    snakemake(lab, *arguments, "--cores", "2", "results/tables/verdict.csv")

    rejected = pd.read_csv(lab / "results" / "clean" / f"{DOMAIN}.rejected.csv")
    assert sorted(rejected["column"]) == ["disc_mass_mg", "disc_thickness_um"]
    assert len(pd.read_parquet(lab / "results" / "clean" / f"{DOMAIN}.parquet")) == 40
    verdict = pd.read_csv(lab / "results" / "tables" / "verdict.csv")
    assert list(verdict["property"]) == ["density_g_cm3", "mass_loading_mg_cm2"]
    assert set(verdict["study"]) == {"sodium_ion"}
    assert set(verdict["domain"]) == {DOMAIN}
    assert verdict["mape_mean_pct"].gt(0).all()


@pytest.mark.end_to_end
@pytest.mark.slow
def test_a_proposed_study_runs_as_it_stands(root: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    options: list[str] = []
    for name, rows in {"--source pilot": 40, "--target new cell": 8}.items():
        option, _, stem = name.partition(" ")
        gap = rng.uniform(50, 300, rows).round(1)
        binder = np.where(np.arange(rows) % 3, "CMC", "PVDF")
        loading = 0.05 * gap * rng.normal(1.0, 0.05, rows) + (binder == "CMC")
        cells = {"Gap / µm": gap, "Binder": binder, "Loading (mg/cm²)": loading.round(3)}
        pd.DataFrame(cells).to_csv(tmp_path / f"{stem}.csv", index=False)
        options += [option, str(tmp_path / f"{stem}.csv")]
    new_study.main([*options, "--output", str(tmp_path / "config.yaml")])

    settings = tiny({**read_config(root), **read_config(tmp_path)}, "own_data")
    kept = ("split", "methods", "learning_curves", "training", "studies")
    write_config(tmp_path, {key: settings[key] for key in kept})
    arguments = ("--snakefile", str(root / "Snakefile"), "--configfile", "config.yaml")
    snakemake(tmp_path, *arguments, "--cores", "2", "results/tables/verdict.csv")
    verdict = pd.read_csv(tmp_path / "results" / "tables" / "verdict.csv")
    assert verdict[["property", "domain"]].to_numpy().tolist() == [["loading_mg_cm2", "new_cell"]]
