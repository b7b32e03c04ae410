"""Draw one sample of a design: a cut-open view and a slice, with one shortest path.

    plot_microstructure.py --design design.csv --sample gdl_200_001 --length 2000 \\
        --width 200 --figure sample.svg sample.png

The sample is built again from its row of the design, so no image needs to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, figures
from adaptrode.batches import rebuild
from adaptrode.binder import MODELS
from adaptrode.files import read_table
from adaptrode.microstructure import READINGS, Model
from adaptrode.rendering import picture


def main(argv: Sequence[str] | None = None) -> None:
    """Build the sample and draw it."""
    parser = figures.parser(__doc__)
    parser.add_argument("--design", type=Path, required=True)
    parser.add_argument("--sample", required=True, help="which sample_id")
    parser.add_argument("--title", default="", help="what stands above the picture")
    parser.add_argument("--length", type=float, required=True, help="the window along x, in µm")
    parser.add_argument("--width", type=float, required=True, help="the window along y, in µm")
    parser.add_argument("--voxel", type=float, default=1.0, help="the voxel's edge, in µm")
    parser.add_argument("--binder", choices=[*MODELS, "none"], default="closing")
    parser.add_argument("--concentrations", choices=READINGS, default="uncompressed")
    parser.add_argument("--thickness", choices=READINGS, default="uncompressed")
    parser.add_argument("--pixels", type=int, default=1700, help="the view's width")
    given = parser.parse_args(argv)
    model = Model(
        given.length, given.width, given.voxel, given.binder, given.concentrations, given.thickness
    )
    built = rebuild(read_table(given.design), given.sample, model, given.design)
    figures.save(picture(built.phases, given.voxel, given.title, given.pixels), given.figure)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
