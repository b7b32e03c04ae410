"""Running Snakemake in a copy of the project, and reading what a dry run lists."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")

# What tells of the run itself and not of its results.
OF_THE_RUN = ("logs/", "benchmarks/", "workflow_report.html", "tables/seconds.")

PARTS = ("Snakefile", "config.yaml", "workflow", "scripts", "envs", "data")


def copy_project(root: Path, folder: Path) -> Path:
    """Copy what a run needs of the project, without results."""
    folder.mkdir(parents=True)
    for name in PARTS:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


def tiny(config: Mapping[str, Any], study: str = "electrodes") -> dict[str, Any]:
    """The project's settings for one study, cut down to a short run."""
    made = {**config, "studies": {study: config["studies"][study]}}
    made["split"] = {**config["split"], "repeats": 2, "sizes": [5, 10], "size_repeats": 2}
    made["methods"] = [
        *({"name": name} for name in ("median", "ridge_log", "hierarchical_ridge_log")),
        {"name": "auto", "settings": {"candidates": ["ridge_log", "hierarchical_ridge_log"]}},
        {"name": "auto_alone", "settings": {"candidates": ["ridge", "ridge_log"]}},
    ]
    made["application"] = {**config["application"], "repeats": 2}
    made["explanation"] = {**config["explanation"], "repeats": 1}
    made["learning_curves"] = ["adapter", "scratch", "ridge_log", "auto", "auto_alone"]
    recipes = {
        name: {**recipe, "restarts": min(2, recipe["restarts"])}
        for name, recipe in config["training"]["recipes"].items()
    }
    made["training"] = {**config["training"], "epochs": 4, "recipes": recipes}
    return made


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


def read_config(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    return loaded


def snakemake(
    folder: Path, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder; its output is in the result's ``stdout``."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": ""},
        timeout=1200,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"snakemake {' '.join(arguments)} failed:\n{done.stdout[-6000:]}")
    return done


def stale(folder: Path, *targets: str) -> dict[str, str]:
    """The outputs that the next run of some targets would make, each with its rule."""
    text = snakemake(folder, "--cores", "2", "--summary", *targets).stdout
    rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == 5]
    header, *rows = rows
    assert header[0] == "output_file", header
    return {row[0]: row[2] for row in rows if row[5] != "no update"}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start Snakemake in a folder and leave it to itself."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": ""},
    )


def wait_for(found: Callable[[], T | None], what: str, seconds: float = 120.0) -> T:
    """What a function gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if given := found():
            return given
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")


def digests(folder: Path) -> dict[str, str]:
    """Checksums of all results by path, but for what tells of the run itself."""
    results = folder / "results"
    names = {p.relative_to(results).as_posix(): p for p in results.rglob("*") if p.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(names.items())
        if not name.startswith(OF_THE_RUN)
        and not name.endswith(".seconds.parquet")
        and not path.name.startswith(".")
    }
