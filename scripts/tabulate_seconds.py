"""Tabulate where a run's time and memory went, from Snakemake's benchmark files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli
from adaptrode.files import read_table, write_table, write_text
from adaptrode.selection import LABELS
from adaptrode.splits import ALL


def main(argv: Sequence[str] | None = None) -> None:
    """Sum the seconds of each rule's jobs; keep its largest memory."""
    parser = cli.parser(__doc__)
    parser.add_argument("--benchmarks", type=Path, nargs="+", required=True, help=".tsv files")
    parser.add_argument("--rules", nargs="+", required=True, help="the rule of each file")
    parser.add_argument("--csv", type=Path, required=True, help="the table to write")
    parser.add_argument("--markdown", type=Path, required=True, help="the same, for reading")
    parser.add_argument(
        "--fits", type=Path, nargs="*", default=[], help="Parquet files: method and CPU seconds"
    )
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
    text += table.rename(columns=titles).to_markdown(index=False) + "\n"
    if arguments.fits:
        text += "\n" + fits(pd.concat(map(read_table, arguments.fits), ignore_index=True))
    write_text(text, arguments.markdown)


def fits(taken: pd.DataFrame) -> str:
    """What one fit of each method takes, the mean over splits of all targets.

    Parameters
    ----------
    taken
        ``method, seconds`` and for rivals ``size``: only fits of all rows count.
    """
    if "size" in taken:
        taken = taken[taken["size"].fillna(ALL) == ALL]
    means = taken.groupby("method")["seconds"].mean().sort_values(ascending=False)
    shown = pd.DataFrame(
        {
            "Method": [LABELS[str(name)].text for name in means.index],
            "CPU time of a fit / ms": [f"{1e3 * value:.3g}" for value in means],
        }
    )
    caption = (
        "One fit of each method: of a network with its restarts and its share of the compilation, "
        "of an automatic choice with its inner folds.\n\n"
    )
    return caption + shown.to_markdown(index=False, disable_numparse=True) + "\n"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
