"""Batch systems of this machine's own, and a run small enough to go through each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import daemons
import gridengine
import pytest
import slurm as slurm_daemons
from running import copy_project, read_config, snakemake, tiny, write_config

# What tells of the run itself and not of its results.
OF_THE_RUN = ("logs/", "benchmarks/", "report.html", "tables/seconds.")
# The last step of each branch.
TABLES = {"errors": "errors", "layers": "architectures", "importance": "importance"}
WANTED = [f"results/tables/{name}.csv" for name in TABLES]
KEPT = ("title", "origin", "source", "features", "measurements", "constants", "relations")


def smaller(config: Mapping[str, Any]) -> dict[str, Any]:
    """The tiny run with one target, one property and no figures."""
    made = tiny(config)
    [(name, study)] = made["studies"].items()
    target = study["targets"][-1]
    property_settings = {k: v for k, v in study["properties"][0].items() if k != "published"}
    dropped = {record["name"] for record in study["properties"][1:]}
    made["studies"] = {
        name: {
            **{key: study[key] for key in KEPT},
            "targets": [target],
            "domains": {domain: study["domains"][domain] for domain in (study["source"], target)},
            "properties": [property_settings],
            "equations": {k: v for k, v in study["equations"].items() if k not in dropped},
            "figures": {},
            "tables": {name: {"kind": kind} for name, kind in TABLES.items()},
        }
    }
    return made


def digests(folder: Path) -> dict[str, str]:
    """Checksums of all results by path."""
    results = folder / "results"
    names = {p.relative_to(results).as_posix(): p for p in results.rglob("*") if p.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(names.items())
        if not name.startswith(OF_THE_RUN)
    }


@pytest.fixture(scope="session")
def local(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small run, finished on this machine without any batch system."""
    folder = copy_project(root, tmp_path_factory.mktemp("local") / "project")
    write_config(folder, smaller(read_config(folder)))
    snakemake(folder, "--cores", "2", *WANTED)
    return folder


@pytest.fixture(scope="session")
def slurm() -> Iterator[slurm_daemons.Slurm]:
    if reason := daemons.why_not(slurm_daemons.PROGRAMS, slurm_daemons.PACKAGES):
        pytest.skip(f"no SLURM: {reason}")
    if reason := slurm_daemons.in_the_way():
        pytest.skip(f"no SLURM: {reason}")
    engine = slurm_daemons.Slurm()
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def grid_engine() -> Iterator[gridengine.GridEngine]:
    if reason := daemons.why_not(gridengine.PROGRAMS, gridengine.PACKAGES):
        pytest.skip(f"no Grid Engine: {reason}")
    engine = gridengine.GridEngine()
    yield engine
    engine.stop()
