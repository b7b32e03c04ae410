"""What a job costs beside its work: on this machine, by SLURM, by a submit command.

A Snakefile of trivial jobs is run in a temporary folder, once for each way in one go;
the seconds of a run with a single job are taken off. The batch system is the one of
the tests: two nodes of one core each on this machine, so that a job's own processor
seconds are what counts; on a real cluster they are spent on its nodes.

Needs what tests/cluster needs (root, Debian's SLURM). Usage:
    python benchmarks/overhead.py [--jobs 20]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

import daemons  # noqa: E402
import slurm  # noqa: E402

SNAKEFILE = """\
localrules: all

rule all:
    input: expand("{{number}}.txt", number=range({jobs}))

rule trivial:
    output: "{{number}}.txt"
    resources: mem_mb=100, runtime=1
    shell: "touch {{output}}"
"""
PROFILES = ROOT / "workflow" / "profiles"
WAYS = {
    "local": ("--cores", "2"),
    "generic": (
        *("--profile", str(PROFILES / "generic"), "--seconds-between-status-checks", "1"),
        *("--cores", "2"),
    ),
    "slurm": (
        *("--profile", str(PROFILES / "slurm"), "--cores", "2"),
        *("--slurm-init-seconds-before-status-checks", "1"),
    ),
}

# A local job costs so little that only many show it.
MORE = {"local": 25}


def seconds(way: str, jobs: int) -> float:
    """Wall seconds of a run of trivial jobs."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        (Path(folder) / "Snakefile").write_text(SNAKEFILE.format(jobs=jobs), encoding="utf-8")
        start = time.perf_counter()
        command = [sys.executable, "-m", "snakemake", "--quiet", "all", *WAYS[way]]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return time.perf_counter() - start


def main() -> None:
    """Print what a job costs, a line for each way."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=20)
    jobs = options.parse_args().jobs
    if reason := daemons.why_not(slurm.PROGRAMS, slurm.PACKAGES) or slurm.in_the_way():
        raise SystemExit(reason)
    engine = slurm.Slurm()
    try:
        print(f"{'way':10}{'jobs':>6}{'s per job':>12}{'times local':>13}")
        local = 0.0
        for way in WAYS:
            count = jobs * MORE.get(way, 1)
            # Two at a time: a job holds its slot for twice what it adds to the run.
            each = 2 * (seconds(way, count) - seconds(way, 1)) / (count - 1)
            local = local or each
            print(f"{way:10}{count:6}{each:12.2f}{each / local:13.0f}", flush=True)
    finally:
        engine.stop()


if __name__ == "__main__":
    main()
