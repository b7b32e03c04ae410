"""Build and measure one batch of a design's samples.

Needs a design (design_microstructures.py). Writes one Parquet row a sample: the
design's columns and what was measured. A row depends on the design's row and the
model alone, not on the batch it is computed in. Compiled kernels are kept in the
folder that the environment variable NUMBA_CACHE_DIR names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, files
from adaptrode.batches import characterise_batch
from adaptrode.binder import MODELS
from adaptrode.microstructure import READINGS, Model


def main(argv: Sequence[str] | None = None) -> None:
    """Characterise the batch."""
    parser = cli.parser(__doc__)
    parser.add_argument("--design", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=0, help="which batch, from 0")
    parser.add_argument("--batch-size", type=int, default=6, help="samples a batch")
    parser.add_argument("--length", type=float, required=True, help="the window along x, in µm")
    parser.add_argument("--width", type=float, required=True, help="the window along y, in µm")
    parser.add_argument("--voxel", type=float, default=1.0, help="the voxel's edge, in µm")
    parser.add_argument("--binder", choices=[*MODELS, "none"], default="closing")
    parser.add_argument("--concentrations", choices=READINGS, default="uncompressed")
    parser.add_argument("--thickness", choices=READINGS, default="uncompressed")
    parser.add_argument("--memory-mb", type=float, help="what the job may use; default: no limit")
    parser.add_argument("--output", type=Path, required=True, help="the rows, Parquet")
    given = parser.parse_args(argv)
    model = Model(
        given.length, given.width, given.voxel, given.binder, given.concentrations, given.thickness
    )
    design = files.read_table(given.design)
    rows = characterise_batch(
        design, given.batch, given.batch_size, model, given.memory_mb, given.design
    )
    files.write_table(rows, given.output)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
