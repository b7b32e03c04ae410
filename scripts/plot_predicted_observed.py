"""Draw predicted against observed test values, before and after transfer (figures 5 and 9).

    plot_predicted_observed.py \\
        --predictions results/predictions/electrodes/density_g_cm3/{graphite,nmc}.parquet \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"},
                    {"name": "nmc", "label": "NMC", "color": "#c8322b"}]' \\
        --properties '[{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]' \\
        --recipe robust --figure figure_5.svg figure_5.png

Shows the headline split (repeat 0). Several properties: all files of the first, then of the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table

MARKERS = "osD^vP"


def main(argv: Sequence[str] | None = None) -> None:
    """Read the predictions and draw two panels for each property."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--predictions",
        type=Path,
        nargs="+",
        required=True,
        help="prediction tables: the domains of the first property, then of the next",
    )
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="descriptions, the source first"
    )
    parser.add_argument(
        "--properties", type=cli.json_value, required=True, help="the properties' descriptions"
    )
    parser.add_argument("--recipe", required=True, help="whose predictions are drawn")
    options = parser.parse_args(argv)

    domains = Domain.many(options.domains)
    properties = Variable.many(options.properties)
    figures.pair(
        "--predictions", options.predictions, [(p, d) for p in properties for d in domains]
    )
    columns = 2 if len(domains) > 1 else 1
    figure, axes = figures.panels(
        len(properties), columns, width=4.3, height=4.1, origin=options.origin
    )
    for index, axis in enumerate(axes):
        variable, transferred = properties[index // columns], index % columns == 1
        first = index // columns * len(domains)
        shown = []
        for place in range(1 if transferred else 0, len(domains)):
            path = options.predictions[first + place]
            table = figures.chosen(
                read_table(path),
                path,
                method="adapter" if transferred else "pretrained",
                scheme="row",
                size="all",
                recipe=options.recipe,
                repeat=0,
            )
            shown.append((table, domains[place], MARKERS[place % len(MARKERS)]))
        draw(axis, shown, variable)
        title = "Transferred network" if transferred else "Pretrained network"
        figures.letter(axis, index, title)
    figures.save(figure, options.figure)


def draw(axis: Axes, shown: Sequence[tuple[pd.DataFrame, Domain, str]], variable: Variable) -> None:
    """Draw one panel: a point for each test row, the identity as a dashed line."""
    for table, domain, marker in shown:
        relative = (table["predicted"] - table["observed"]) / table["observed"]
        axis.scatter(
            table["observed"],
            table["predicted"],
            s=22,
            marker=marker,
            color=domain.color,
            alpha=0.75,
            linewidths=0,
            label=f"{domain.label} ({100 * relative.abs().mean():.1f} %)",
        )
    values = np.concatenate([table[["observed", "predicted"]].to_numpy() for table, _, _ in shown])
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - margin, high + margin
    axis.plot([low, high], [low, high], color="#808080", ls="--", lw=1, zorder=0)
    axis.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    for direction in (axis.xaxis, axis.yaxis):
        direction.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axis.set_xlabel(figures.titled(variable, "observed"))
    axis.set_ylabel(figures.titled(variable, "predicted"))
    figures.plain_numbers(axis)
    axis.legend(
        title="Test rows (MAPE)",
        fontsize=9 if len(shown) <= 3 else 7.5,
        title_fontsize=9 if len(shown) <= 3 else 7.5,
        handletextpad=0.2,
        borderpad=0.2,
        frameon=True,
        framealpha=0.7,
        edgecolor="none",
    )


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
