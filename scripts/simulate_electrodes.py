"""Write the raw electrode tables, one CSV per chemistry, by simulation.

Needs a seed and a folder. The tables shipped in data/raw are what seed 2024 gives;
data/README.md says by which model and with which planted defects. ``--names`` asks for
others, such as ``hard_carbon``, the table of examples/sodium_ion.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli
from adaptrode.campaigns import EXAMPLES, PLANS, csv_text, raw_table
from adaptrode.files import write_text

logger = logging.getLogger("adaptrode")


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate every chemistry's campaigns and write their tables."""
    parser = cli.parser(__doc__)
    parser.add_argument("--seed", type=int, required=True, help="of every random draw")
    parser.add_argument("--output-dir", type=Path, required=True, help="where the CSVs go")
    parser.add_argument(
        "--names",
        nargs="+",
        choices=[*PLANS, *EXAMPLES],
        default=list(PLANS),
        help="chemistries (default: those of data/raw)",
    )
    arguments = parser.parse_args(argv)
    for name in arguments.names:
        table = raw_table(name, arguments.seed)
        path = arguments.output_dir / f"{name}.csv"
        write_text(csv_text(table), path)
        logger.info("%s: %d rows", path, len(table))


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
