"""The tiny run through real batch systems, by their own records: SLURM and Grid Engine."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from daemons import call, wait_until
from gridengine import GridEngine
from running import copy_project, digests, read_config, snakemake
from slurm import NODES, Slurm
from small import WANTED

for plugin in ("slurm", "cluster_generic"):
    pytest.importorskip(f"snakemake_executor_plugin_{plugin}", reason=f"no plugin {plugin}")

pytestmark = [pytest.mark.cluster, pytest.mark.end_to_end, pytest.mark.slow]

# The profiles as they are, but for the seconds between looks at the queue.
PROFILES = Path("workflow") / "profiles"
SLURM = ("--profile", str(PROFILES / "slurm"), "--slurm-init-seconds-before-status-checks", "1")
GENERIC = ("--profile", str(PROFILES / "generic"), "--seconds-between-status-checks", "1")
GRID_ENGINE = ("--profile", str(PROFILES / "generic-sge"), "--seconds-between-status-checks", "1")

TRAINED = ("pretrain", "transfer")


def target_networks(folder: Path) -> Path:
    """The networks of the small run's target."""
    [study] = read_config(folder)["studies"].values()
    [networks] = (folder / "results" / "models").rglob(f"{study['targets'][0]}.npz")
    return networks


def networks(finished: Path) -> list[str]:
    """All networks of a finished run: what another run is asked for."""
    models = (finished / "results" / "models").rglob("*.npz")
    return [path.relative_to(finished).as_posix() for path in models]


def assert_part_of(made: Path, finished: Path) -> None:
    """What one run made is what the other made, to the byte."""
    first, second = digests(finished), digests(made)
    assert second
    assert [name for name in second if second[name] != first.get(name)] == []


def test_slurm_makes_what_a_local_run_makes(slurm: Slurm, local: Path, tmp_path: Path) -> None:
    project = copy_project(local, tmp_path / "project")
    snakemake(project, *SLURM, *WANTED)
    jobs = slurm.jobs(folder=project)
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert {job["NodeList"] for job in jobs} == set(NODES)
    for rule in TRAINED:
        assert sum(f"rule_{rule}_" in job["Comment"] for job in jobs) == 1
    assert set(digests(project)) == set(digests(local))
    assert_part_of(project, local)


def test_slurm_loses_a_job_and_a_node(slurm: Slurm, local: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(local, project)
    missing = target_networks(project)
    missing.unlink()
    wanted = missing.relative_to(project).as_posix()

    def running_job() -> dict[str, str]:
        jobs = wait_until(lambda: slurm.jobs("RUNNING", folder=project), "no job runs")
        time.sleep(3)  # well into its work
        return jobs[0]

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(snakemake, project, *SLURM, "--retries", "0", wanted, check=False)
        call("scancel", running_job()["JobId"])
        done = run.result()
        assert done.returncode != 0, done.stdout
        assert "Transferring" in done.stdout
        assert not missing.exists()

        run = pool.submit(snakemake, project, *SLURM, wanted)
        node = running_job()["NodeList"]
        call("scontrol", "update", f"nodename={node}", "state=down", "reason=a test")
        try:
            run.result()
        finally:
            # It may have come back of itself: its daemon never stopped.
            call("scontrol", "update", f"nodename={node}", "state=resume", check=False)
    wait_until(lambda: slurm.states()[node] == "IDLE", f"{node} stays away")

    jobs = slurm.jobs(folder=project)
    assert [job["JobState"] for job in jobs] == ["CANCELLED", "NODE_FAIL", "COMPLETED"]
    assert {job["NodeList"] for job in jobs[1:]} == set(NODES)
    first, second = (int(job["MinMemoryNode"].removesuffix("M")) for job in jobs[1:])
    assert second == 2 * first
    assert all("rule_transfer_" in job["Comment"] for job in jobs)
    assert digests(project) == digests(local)


def test_sbatch_by_the_generic_profile(slurm: Slurm, local: Path, tmp_path: Path) -> None:
    project = copy_project(local, tmp_path / "project")
    snakemake(project, *GENERIC, *networks(local))
    jobs = slurm.jobs(folder=project)
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert {job["NodeList"] for job in jobs} <= set(NODES)
    assert set(TRAINED) <= {job["JobName"] for job in jobs}
    assert_part_of(project, local)


def test_grid_engine_by_the_generic_profile(
    grid_engine: GridEngine, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in grid_engine.environment.items():
        monkeypatch.setenv(name, value)
    project = copy_project(local, tmp_path / "project")
    snakemake(project, *GRID_ENGINE, *networks(local))
    jobs = wait_until(
        lambda: [job for job in grid_engine.finished() if job["jobname"] in TRAINED],
        "nothing in the accounting",
    )
    assert {job["jobname"]: job["exit_status"] for job in jobs} == dict.fromkeys(TRAINED, "0")
    assert {job["hostname"] for job in jobs} == {"localhost"}
    assert_part_of(project, local)


def test_the_words_for_a_slurm_job(slurm: Slurm, root: Path, tmp_path: Path) -> None:
    status = str(root / PROFILES / "generic" / "status.sh")

    def submitted(command: str) -> str:
        return call("sbatch", "--parsable", "--output=/dev/null", f"--wrap={command}").strip()

    def becomes(job: str, word: str) -> None:
        wait_until(lambda: call(status, job).strip() == word, f"not '{word}'", 20)

    good, bad, endless = submitted("true"), submitted("false"), submitted("sleep 60")
    becomes(good, "success")
    becomes(bad, "failed")
    becomes(endless, "running")
    call("scancel", endless)
    becomes(endless, "failed")
    becomes("999999", "failed")
