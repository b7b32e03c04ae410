"""Batch systems of this machine's own, and a run small enough to go through each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import daemons
import gridengine
import pytest
import slurm as slurm_daemons
from running import copy_project, read_config, snakemake, write_config
from small import WANTED, smaller


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
