"""Train a property's networks under every combination of the choices the paper leaves unstated.

Needs the source's and all targets' clean tables and splits, the source's first. Only
splits by rows of all rows are trained, the first --repeats of them. Writes one line per
combination, domain, method and repeat with the test error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from adaptrode import choices, cli, files, grid, tasks
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.splits import ALL, BY_ROW
from adaptrode.training import LOSSES


def main(argv: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="the study's name")
    parser.add_argument("--property", required=True, help="the column to predict")
    parser.add_argument("--domains", required=True, nargs="+", help="names, the source's first")
    parser.add_argument("--clean", required=True, type=Path, nargs="+", help="in that order")
    parser.add_argument("--splits", required=True, type=Path, nargs="+", help="in that order")
    parser.add_argument("--features", required=True, type=cli.json_value, help="variables (JSON)")
    parser.add_argument("--hidden", required=True, type=cli.json_value, help="e.g. [4, 4, 4, 4]")
    parser.add_argument("--adapter", required=True, type=cli.json_value, help="e.g. [4]")
    parser.add_argument(
        "--grid",
        required=True,
        type=cli.json_value,
        help=f"JSON: the levels of each of {', '.join(choices.CHOICES)}",
    )
    parser.add_argument("--repeats", required=True, type=int, help="splits of each domain")
    parser.add_argument("--epochs", required=True, type=int)
    parser.add_argument("--loss", required=True, choices=LOSSES)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--errors", required=True, type=Path, help="output: .parquet or .csv")
    args = parser.parse_args(argv)

    if not len(args.domains) == len(args.clean) == len(args.splits):
        raise InputError(
            "every domain needs a clean table and splits",
            found=f"{len(args.domains)} domains, {len(args.clean)} clean tables and "
            f"{len(args.splits)} of splits",
        )
    features = [variable.name for variable in Variable.many(args.features)]
    source, *targets = (
        first_splits(
            tasks.read(args.study, args.property, clean, splits, features, domain), args.repeats
        )
        for domain, clean, splits in zip(args.domains, args.clean, args.splits, strict=True)
    )
    # The grid says the batch sizes.
    schedule = tasks.Schedule(args.epochs, 0, args.loss, args.seed, args.threads)
    table = grid.errors(source, targets, args.hidden, args.adapter, args.grid, schedule)
    table.insert(0, "property", args.property)
    files.write_table(table, args.errors)


def first_splits(task: tasks.Task, repeats: int) -> tasks.Task:
    """The same rows with the first of their splits by rows alone."""
    kept = [
        split
        for split in task.splits
        if split.scheme == BY_ROW and split.size == ALL and split.repeat < repeats
    ]
    return dataclasses.replace(task, splits=kept)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
