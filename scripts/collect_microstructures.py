"""Put a design's characterised batches together as one raw table.

Needs the design and all of its batches (characterise_microstructures.py). Writes a CSV:
sample_id, the parameters, geometric_tortuosity, then the other measured columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, files
from adaptrode.batches import collect_batches


def main(argv: Sequence[str] | None = None) -> None:
    """Collect the batches."""
    parser = cli.parser(__doc__)
    parser.add_argument("--design", type=Path, required=True)
    parser.add_argument("--batches", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--output", type=Path, required=True, help="the raw table, a CSV")
    given = parser.parse_args(argv)
    batches = [files.read_table(path) for path in given.batches]
    files.write_table(collect_batches(files.read_table(given.design), batches), given.output)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
