"""Name the results that the settings no longer ask for, such as those of a removed domain.

Run it where snakemake runs; options after -- go to snakemake::

    python scripts/leftovers.py
    python scripts/leftovers.py -- -s ADAPTRODE/Snakefile --configfile config.yaml

Nothing is deleted unless --delete is given. What single commands make (trials,
sensitivity, predictions, recommendations, microstructures) and logs are left out.
"""

from __future__ import annotations

import csv
import logging
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from adaptrode import cli
from adaptrode.errors import InputError

logger = logging.getLogger("adaptrode")

RESULTS = Path("results")
KEPT = ("README.md", "settings.yaml", "report.html", "workflow_report.html")
ON_DEMAND = (
    "predicted",
    "recommended",
    "exported",
    "logs",
    "benchmarks",
    "trials",
    "sensitivity",
    "microstructures",
    "raw",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Ask snakemake what it would make, and list what else lies in results/."""
    parser = cli.parser(__doc__)
    parser.add_argument("--delete", action="store_true", help="delete the files that are named")
    parser.add_argument("snakemake", nargs="*", help="options for snakemake, after --")
    options = parser.parse_args(argv)

    found = leftovers(RESULTS, asked_for(options.snakemake))
    for path in found:
        print(path)
        if options.delete:
            path.unlink()
    logger.info("%d files are no longer asked for", len(found))


def asked_for(options: Sequence[str]) -> set[Path]:
    """Every output of the workflow as it is set now.

    Raises
    ------
    InputError
        When snakemake refuses the settings.
    """
    command = [sys.executable, "-m", "snakemake", "--summary", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(
            "snakemake cannot tell what there is to make",
            found=done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "nothing said",
            mend="run `snakemake --dry-run` and mend what it names",
        )
    rows = csv.DictReader(done.stdout.splitlines(), delimiter="\t")
    return {Path(row["output_file"]) for row in rows}


def leftovers(results: Path, wanted: Iterable[Path]) -> list[Path]:
    """Files below ``results`` that are not wanted, sorted; folders of single commands left out."""
    known = set(wanted)
    return sorted(
        path
        for path in results.rglob("*")
        if path.is_file()
        and path not in known
        and path.relative_to(results).parts[0] not in (*KEPT, *ON_DEMAND)
    )


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
