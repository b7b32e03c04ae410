"""A whole run on tiny settings: what it makes, and that it always makes the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from running import copy_project, digests, read_config, snakemake, tiny, write_config

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def test_everything_in_the_config_is_made(finished: Path) -> None:
    study = read_config(finished)["studies"]["electrodes"]
    results = finished / "results"
    for name in study["figures"]:
        assert (results / "figures" / f"{name}.svg").stat().st_size > 5_000
        assert (results / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    for name in study["tables"]:
        for suffix in ("csv", "md", "html"):
            assert (results / "tables" / f"{name}.{suffix}").stat().st_size > 0
    page = (results / "report.html").read_text("utf-8")
    for words in (study["title"], "figure_5", "table_1", "simulated"):
        assert words in page


def test_parameters_are_those_of_the_paper(finished: Path) -> None:
    table = pd.read_csv(finished / "results" / "tables" / "table_3.csv")
    counts = table.filter(regex="parameters").to_numpy().ravel()
    assert sorted(set(counts)) == [10, 13, 49, 93]


def test_every_raw_row_is_kept_or_rejected(finished: Path) -> None:
    for domain in ("graphite", "si_gra", "nmc"):
        kept = pd.read_parquet(finished / "results" / "clean" / f"{domain}.parquet")["row"]
        rejected = pd.read_csv(finished / "results" / "clean" / f"{domain}.rejected.csv")["row"]
        lines = (finished / "data" / "raw" / f"{domain}.csv").read_text("utf-8").splitlines()
        assert sorted([*kept, *rejected]) == list(range(2, len(lines) + 1))


def test_results_do_not_depend_on_cores_or_repetition(finished: Path, tmp_path: Path) -> None:
    again = copy_project(finished, tmp_path / "again")
    snakemake(again, "--cores", "1")
    first, second = digests(finished), digests(again)
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_raw_electrodes_are_the_shipped_files(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    snakemake(folder, "--cores", "2", "raw_electrodes")
    for name in ("graphite", "si_gra", "nmc"):
        shipped = folder / "data" / "raw" / f"{name}.csv"
        assert (folder / "results" / "raw" / f"{name}.csv").read_bytes() == shipped.read_bytes()


def test_the_second_study_runs_from_another_folder(root: Path, tmp_path: Path) -> None:
    write_config(tmp_path, tiny(read_config(root), "gdl"))
    done = snakemake(
        tmp_path,
        *("--snakefile", str(root / "Snakefile"), "--configfile", "config.yaml"),
        *("--cores", "2", "results/tables/table_2.csv", "results/tables/table_4.csv"),
    )
    results = tmp_path / "results"
    errors = pd.read_csv(results / "tables" / "table_2.csv")
    assert set(errors["domain"]) == {"gdl_200", "gdl_1000"}, done.stdout
    counts = pd.read_csv(results / "tables" / "table_4.csv").filter(regex="parameters")
    assert sorted(set(counts.to_numpy().ravel())) == [10, 46]
    kept = [len(pd.read_parquet(results / "clean" / f"gdl_{size}.parquet")) for size in (200, 1000)]
    assert kept == [240, 78]


def test_bad_settings_stop_with_one_message(root: Path, tmp_path: Path) -> None:
    config = read_config(root)
    config["split"]["repeat"] = 3
    write_config(tmp_path, config)
    arguments = ("--snakefile", str(root / "Snakefile"), "--configfile", "config.yaml")
    done = snakemake(tmp_path, *arguments, "--cores", "1", check=False)
    assert done.returncode != 0
    assert "unknown key 'repeat' in split" in done.stdout
    assert "Traceback" not in done.stdout


def test_bad_data_stop_with_one_message_at_the_end(root: Path, tmp_path: Path) -> None:
    write_config(tmp_path, tiny(read_config(root)))
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    text = (root / "data" / "raw" / "nmc.csv").read_text("utf-8")
    (raw / "nmc.csv").write_text(text.replace("roll_gap_um", "roll_gp_um", 1), encoding="utf-8")
    arguments = ("--snakefile", str(root / "Snakefile"), "--configfile", "config.yaml")
    done = snakemake(tmp_path, *arguments, "--cores", "1", "results/clean/nmc.parquet", check=False)
    assert done.returncode != 0
    last = done.stdout[done.stdout.rindex("error: ") :]
    for words in ("nmc.csv", "roll_gap_um", "roll_gp_um", "to mend", "log:"):
        assert words in last
    assert not (tmp_path / "results" / "clean" / "nmc.parquet").exists()


def test_the_spelling_of_the_snakefile_does_not_matter(root: Path, tmp_path: Path) -> None:
    write_config(tmp_path, tiny(read_config(root)))
    relative = Path(os.path.relpath(root, tmp_path)) / "Snakefile"
    target = "results/clean/nmc.parquet"
    for snakefile in (root / "Snakefile", relative):
        done = snakemake(
            tmp_path,
            *("--snakefile", str(snakefile), "--configfile", "config.yaml"),
            *("--cores", "1", target),
        )
    assert "Nothing to be done" in done.stdout


def test_a_forgotten_activate_does_no_harm(root: Path, tmp_path: Path) -> None:
    write_config(tmp_path, tiny(read_config(root)))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")),
            *("--configfile", "config.yaml", "--cores", "1", "results/clean/nmc.parquet"),
        ],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
