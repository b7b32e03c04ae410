"""One finished tiny run, made once and copied by every test that changes something."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from running import copy_project, read_config, snakemake, tiny, write_config


@pytest.fixture(scope="session")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the tiny run has been made on two cores."""
    folder = copy_project(root, tmp_path_factory.mktemp("finished") / "project")
    write_config(folder, tiny(read_config(folder)))
    snakemake(folder, "--cores", "2")
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A finished run of one's own; file times are those of the original."""
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    return folder
