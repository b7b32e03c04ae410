"""Draw the source network's training and validation loss for each property (figures 4, S4).

    plot_source_loss.py --history models/electrodes/density_g_cm3/graphite.history.parquet \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"}]' \\
        --properties '[{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]' \\
        --recipe robust --loss mape --figure figure_4.svg figure_4.png

Lines are the headline split (repeat 0), bands 90 % of all repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table


def main(argv: Sequence[str] | None = None) -> None:
    """Read the histories and draw a panel for each property."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--history",
        type=Path,
        nargs="+",
        required=True,
        help="loss histories of the source, one for each property",
    )
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="descriptions, the source first"
    )
    parser.add_argument(
        "--properties", type=cli.json_value, required=True, help="the properties' descriptions"
    )
    parser.add_argument("--recipe", required=True, help="whose training is drawn")
    parser.add_argument("--loss", default="mape", help="the loss trained on")
    options = parser.parse_args(argv)

    source = Domain.many(options.domains)[0]
    properties = figures.pair("--history", options.history, Variable.many(options.properties))
    histories = [
        figures.chosen(
            read_table(path),
            path,
            method="pretrained",
            scheme="row",
            size="all",
            recipe=options.recipe,
        )
        for path in options.history
    ]
    figure = figures.loss_curves(
        histories,
        [f"{source.label}: {variable.label}" for variable in properties],
        [figures.loss_title(options.loss, variable.unit) for variable in properties],
        origin=options.origin,
    )
    figures.save(figure, options.figure)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
