"""Tabulate where a run's time and memory went, from Snakemake's benchmark files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli
from adaptrode.files import write_table, write_text


def main(argv: Sequence[str] | None = None) -> None:
    """Sum the seconds of each rule's jobs; keep its largest memory."""
    parser = cli.parser(__doc__)
    parser.add_argument("--benchmarks", type=Path, nargs="+", required=True, help=".tsv files")
    parser.add_argument("--rules", nargs="+", required=True, help="the rule of each file")
    parser.add_argument("--csv", type=Path, required=True, help="the table to write")
    parser.add_argument("--markdown", type=Path, required=True, help="the same, for reading")
    arguments = parser.parse_args(argv)
    jobs = pd.concat(
        [
            pd.read_csv(path, sep="\t", na_values="-").assign(rule=rule)
            for path, rule in zip(arguments.benchmarks, arguments.rules, strict=True)
        ]
    )
    table = (
        jobs.groupby("rule")
        .agg(
            jobs=("s", "size"),
            wall_s=("s", "sum"),
            cpu_s=("cpu_time", "sum"),
            memory_mb=("max_rss", "max"),
        )
        .sort_values("cpu_s", ascending=False)
        .reset_index()
        .round(1)
    )
    write_table(table, arguments.csv)
    titles = {
        "rule": "Rule",
        "jobs": "Jobs",
        "wall_s": "Wall time, all jobs / s",
        "cpu_s": "CPU time, all jobs / s",
        "memory_mb": "Largest memory of a job / MB",
    }
    text = (
        "The rules whose jobs take more than a few seconds. Jobs run side by side, so the wall "
        "times add up to more than the run took.\n\n"
    )
    write_text(
        text + table.rename(columns=titles).to_markdown(index=False) + "\n", arguments.markdown
    )


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
