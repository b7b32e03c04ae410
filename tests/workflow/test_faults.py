"""Killed runs, a full disk, data edited under way, two runs at once: nothing is lost or mixed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import psutil
import pytest
from running import digests, snakemake, start, wait_for

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

# Made in seconds, by a dozen short jobs of every kind that writes files.
QUICK = [
    "results/tables/electrodes_shift.csv",
    "results/tables/electrodes_distributions.html",
    "results/tables/methods.csv",
    "results/figures/figure_2.svg",
    "results/figures/figure_3.svg",
]
NETWORKS = "results/models/electrodes/density_g_cm3/graphite.npz"


def check_whole(path: Path) -> None:
    """Read a result to its end; half a file fails."""
    match path.suffix:
        case ".parquet":
            pd.read_parquet(path)
        case ".csv":
            assert path.read_text("utf-8").endswith("\n")
            pd.read_csv(path)
        case ".npz" | ".keras":
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
        case ".json":
            json.loads(path.read_text("utf-8"))
        case ".svg":
            ElementTree.parse(path)
        case ".png":
            assert path.read_bytes().endswith(b"IEND\xaeB`\x82")
        case ".html":
            assert path.read_text("utf-8").rstrip().endswith("</html>")
        case ".md":
            assert path.read_text("utf-8").endswith("\n")


def results_of(folder: Path) -> Iterator[Path]:
    """Results that have their names; what was being written is hidden."""
    for path in (folder / "results").rglob("*"):
        kept = path.relative_to(folder / "results").parts[0] not in ("logs", "benchmarks")
        if path.is_file() and kept and not path.name.startswith("."):
            yield path


def start_over(finished: Path, folder: Path) -> Path:
    """The finished project without its results."""
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("results", ".snakemake"))
    return folder


def kill_all(process: subprocess.Popen[str]) -> None:
    """SIGKILL for Snakemake; its jobs, which it can no longer stop, are ended with it."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    for child in family:
        if child.is_running():
            child.kill()
    process.wait()


def go_on(folder: Path, *targets: str) -> str:
    """What the README says to do after a kill."""
    snakemake(folder, "--unlock")
    return snakemake(folder, "--cores", "2", "--rerun-incomplete", *targets).stdout


def assert_same(folder: Path, finished: Path) -> None:
    own, all_of_them = digests(folder), digests(finished)
    assert own
    assert {name for name in own if own[name] != all_of_them[name]} == set()


def test_killed_at_any_time_nothing_is_half_written(finished: Path, tmp_path: Path) -> None:
    folder = start_over(finished, tmp_path / "project")
    draw = random.Random(2024)
    for _ in range(4):
        process = start(folder, "--cores", "2", "--rerun-incomplete", *QUICK)
        try:
            process.wait(timeout=draw.uniform(3.0, 12.0))
        except subprocess.TimeoutExpired:
            kill_all(process)
        for path in results_of(folder):
            check_whole(path)
        snakemake(folder, "--unlock")
    go_on(folder, *QUICK)
    assert_same(folder, finished)


def test_a_killed_job_fails_the_run_and_only_it_is_made_again(
    finished: Path, tmp_path: Path
) -> None:
    folder = start_over(finished, tmp_path / "project")
    process = start(folder, "--cores", "1", NETWORKS)

    def training() -> psutil.Process | None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it may have ended meanwhile
                if "pretrain.py" in " ".join(child.cmdline()) and "python" in child.name():
                    return child
        return None

    job = wait_for(training, "the training job")
    time.sleep(1.0)
    job.kill()
    said, _ = process.communicate()
    assert process.returncode != 0
    assert "pretrain" in said
    assert not (folder / NETWORKS).exists()
    again = snakemake(folder, "--cores", "1", NETWORKS).stdout
    assert "rule pretrain" in again or "Training the density" in again
    assert "Cleaning the raw table" not in again
    assert_same(folder, finished)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte, where mounting one is allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk of one's own can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_loses_nothing(finished: Path, tmp_path: Path, small_disk: Path) -> None:
    folder = start_over(finished, tmp_path / "project")
    (folder / "results").symlink_to(small_disk)
    blocker = small_disk / "blocker"
    blocker.write_bytes(b"x" * 900_000)
    done = snakemake(folder, "--cores", "2", "--keep-going", *QUICK, check=False)
    assert done.returncode != 0
    assert "No space left on device" in done.stdout
    blocker.unlink()
    for path in results_of(folder):
        check_whole(path)
    grow = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(grow, check=True, capture_output=True)
    go_on(folder, *QUICK)
    assert_same(folder, finished)


def test_a_second_run_in_the_same_folder_is_refused(finished: Path, tmp_path: Path) -> None:
    folder = start_over(finished, tmp_path / "project")
    first = start(folder, "--cores", "1", *QUICK)
    wait_for(lambda: list((folder / ".snakemake" / "locks").glob("*.output.lock")), "a lock")
    second = snakemake(folder, "--cores", "1", "--rerun-incomplete", *QUICK, check=False)
    assert second.returncode != 0
    assert "lock" in second.stdout.lower()
    said, _ = first.communicate()
    assert first.returncode == 0, said
    assert_same(folder, finished)


def test_data_edited_while_they_are_read_fail_the_job(finished: Path, tmp_path: Path) -> None:
    """The job sees two versions and says so; no result of either is left."""
    script = tmp_path / "edited.py"
    raw = tmp_path / "nmc.csv"
    shutil.copy2(finished / "data" / "raw" / "nmc.csv", raw)
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = [{str(finished / 'scripts')!r}]\n"
        "import clean\n"
        "from adaptrode import cli\n"
        "read = clean.read_raw\n"
        "def read_and_edit(path, *rest):\n"
        "    table = read(path, *rest)\n"
        "    with open(path, 'a') as file:\n"
        "        file.write('\\n')\n"
        "    return table\n"
        "clean.read_raw = read_and_edit\n"
        "raise SystemExit(cli.run(clean.main))\n",
        encoding="utf-8",
    )
    log = (finished / "results" / "logs" / "clean" / "nmc.log").read_text("utf-8")
    command = log.splitlines()[0].removeprefix("command: ")
    python, _, rest = command.split(" ", 2)
    rest = rest.replace("data/raw/nmc.csv", str(raw)).replace("results/", f"{tmp_path}/results/")
    done = subprocess.run(
        f"{python} {script} {rest}", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "changed while" in done.stderr
    assert not (tmp_path / "results" / "clean" / "nmc.parquet").exists()


def test_data_edited_after_they_were_read_are_stale(project: Path) -> None:
    """The run under way ends on the version that it read; the next one starts from the new."""
    raw = project / "data" / "raw" / "nmc.csv"
    text = raw.read_text("utf-8").splitlines(keepends=True)
    (project / "results" / "tables" / "electrodes_shift.csv").unlink()
    process = start(project, "--cores", "1", "results/tables/electrodes_shift.csv")
    raw.write_text("".join(text[:-1]), encoding="utf-8")
    said, _ = process.communicate()
    rows = pd.read_parquet(project / "results" / "clean" / "nmc.parquet")["row"]
    if process.returncode == 0 and len(text) in set(rows):
        again = snakemake(project, "--cores", "2", "--dry-run").stdout
        assert "Cleaning the raw table of nmc" in again
    else:  # it saw the edit in time
        assert len(text) not in set(rows), said
