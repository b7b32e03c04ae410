"""Draw training against validation loss of networks trained on a target alone (figures S1, S2).

    plot_scratch_loss.py --history results/models/electrodes/density_g_cm3/nmc.history.parquet \\
        --domains '[{"name": "nmc", "label": "NMC", "color": "#c8322b"}]' \\
        --property '{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}' \\
        --recipe robust --loss mape --figure figure_s1.svg figure_s1.png

Lines are the headline split (repeat 0), bands 90 % of all repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table


def main(argv: Sequence[str] | None = None) -> None:
    """Read the histories and draw a panel for each target."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--history",
        type=Path,
        nargs="+",
        required=True,
        help="loss histories, one for each target",
    )
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="the targets' descriptions"
    )
    parser.add_argument(
        "--property", type=cli.json_value, required=True, help="the property's description"
    )
    parser.add_argument("--recipe", required=True, help="whose training is drawn")
    parser.add_argument("--loss", default="mape", help="the loss trained on")
    options = parser.parse_args(argv)

    targets = figures.pair("--history", options.history, Domain.many(options.domains))
    variable = Variable(**options.property)
    histories = [
        figures.chosen(
            read_table(path),
            path,
            method="scratch",
            scheme="row",
            size="all",
            recipe=options.recipe,
        )
        for path in options.history
    ]
    figure = figures.loss_curves(
        histories,
        [f"{target.label}: {variable.label}" for target in targets],
        [figures.loss_title(options.loss, variable.unit)] * len(targets),
        origin=options.origin,
    )
    figures.save(figure, options.figure)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
