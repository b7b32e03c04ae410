"""How far the binder model and the readings move the tortuosity.

Characterises the first samples of a design under every combination of binder model and
readings, with the same random streams. Writes a CSV with one row a sample and combination,
and prints the means. Combinations that cannot be built leave their numbers empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, files
from adaptrode.batches import sensitivity
from adaptrode.binder import MODELS
from adaptrode.microstructure import READINGS, Model


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table."""
    parser = cli.parser(__doc__)
    parser.add_argument("--design", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=8, help="how many of the design's rows")
    parser.add_argument("--length", type=float, required=True, help="the window along x, in µm")
    parser.add_argument("--width", type=float, required=True, help="the window along y, in µm")
    parser.add_argument("--voxel", type=float, default=2.0, help="the voxel's edge, in µm")
    parser.add_argument(
        "--binders", nargs="+", choices=[*MODELS, "none"], default=[*MODELS, "none"]
    )
    parser.add_argument("--readings", nargs="+", choices=READINGS, default=list(READINGS))
    parser.add_argument("--memory-mb", type=float, help="what the job may use; default: no limit")
    parser.add_argument("--output", type=Path, required=True, help="a CSV")
    given = parser.parse_args(argv)
    table = sensitivity(
        files.read_table(given.design).head(given.samples),
        Model(given.length, given.width, given.voxel),
        given.binders,
        given.readings,
        given.memory_mb,
    )
    files.write_table(table, given.output)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
