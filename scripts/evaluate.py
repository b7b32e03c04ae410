"""Measure the errors of every method on the test rows, split by split.

Needs one or more files of predictions for one property of one domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli, files
from adaptrode.metrics import score


def main(argv: Sequence[str] | None = None) -> None:
    """Read predictions, write errors."""
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--predictions", type=Path, nargs="+", required=True, help="Parquet files of predictions"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="Parquet to write")
    options = parser.parse_args(argv)
    predictions = pd.concat(map(files.read_table, options.predictions), ignore_index=True)
    files.write_table(score(predictions), options.metrics)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
