"""Draw shap's beeswarm of all test rows, a panel for each domain (figures 7 and S6).

    plot_shapley_beeswarm.py \\
        --shapley results/shapley/electrodes/density_g_cm3/graphite.parquet \\
        --clean results/clean/graphite.parquet \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"}]' \\
        --features '[{"name": "comma_gap_um", "label": "Comma gap", "unit": "µm"}]' \\
        --property '{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}' \\
        --recipe robust --seed 2024 --figure figure_7.svg figure_7.png

Shows the headline split (repeat 0). More than twelve features: the least important are summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shap

from adaptrode import cli, figures, shapley
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table

MOST_FEATURES = 12


def main(argv: Sequence[str] | None = None) -> None:
    """Read the Shapley values and draw a beeswarm for each domain."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--shapley", type=Path, nargs="+", required=True, help="values, one file for each domain"
    )
    parser.add_argument(
        "--clean", type=Path, nargs="+", required=True, help="clean tables, one for each domain"
    )
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="their names, labels and colours"
    )
    parser.add_argument(
        "--features", type=cli.json_value, required=True, help="the features' descriptions"
    )
    parser.add_argument(
        "--property", type=cli.json_value, required=True, help="the property's description"
    )
    parser.add_argument("--recipe", required=True, help="whose networks are shown")
    parser.add_argument("--seed", type=int, required=True, help="of the dots' drawing order")
    options = parser.parse_args(argv)

    domains = figures.pair("--shapley", options.shapley, Domain.many(options.domains))
    figures.pair("--clean", options.clean, domains)
    features, variable = Variable.many(options.features), Variable(**options.property)
    # shap shuffles the dots with NumPy's global generator.
    np.random.seed(options.seed)  # noqa: NPY002
    shown = min(len(features), MOST_FEATURES)
    columns = 1 if len(domains) <= 3 else 2
    figure, axes = figures.panels(
        -(-len(domains) // columns),
        columns,
        width=7.2,
        height=1.1 + 0.33 * max(shown, 4),
        origin=options.origin,
        used=len(domains),
    )
    for index, (axis, domain) in enumerate(zip(axes, domains, strict=True)):
        path = options.shapley[index]
        table = figures.chosen(
            read_table(path), path, scheme="row", recipe=options.recipe, repeat=0
        )
        shap.plots.beeswarm(
            shapley.for_plots(table, read_table(options.clean[index]), features),
            max_display=MOST_FEATURES,
            ax=axis,
            show=False,
            plot_size=None,
            s=18,
        )
        axis.set_xlabel(replace(variable, label="Shapley value").title)
        axis.xaxis.label.set_fontsize(10)
        axis.tick_params("x", labelsize=9)
        axis.tick_params("y", labelsize=10)
        figures.letter(axis, index, f"{domain.label}: {variable.label}")
        figures.plain_numbers(axis)
    for bar in figure.axes:
        if bar not in axes:  # shap's colour bars
            bar.tick_params(labelsize=9)
            bar.yaxis.label.set_fontsize(10)
            bar.yaxis.labelpad = 4
    figures.save(figure, options.figure)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
