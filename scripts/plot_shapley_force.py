"""Draw shap's force plot of one random test row for each domain (figures 6 and S5).

    plot_shapley_force.py \\
        --shapley results/shapley/electrodes/density_g_cm3/graphite.parquet \\
        --clean results/clean/graphite.parquet \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"}]' \\
        --features '[{"name": "comma_gap_um", "label": "Comma gap", "unit": "µm"}]' \\
        --property '{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}' \\
        --recipe robust --seed 2024 --figure figure_6.svg figure_6.png

The row is drawn from the headline split (repeat 0) by the seed and the domain's name.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import shap
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from adaptrode import cli, figures, shapley
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table

WIDTH, PANEL_HEIGHT = 13.0, 2.6  # inches
# shap places its texts in units of the bar's height; this many inches keep them apart.
AXES_HEIGHT, AXES_BOTTOM = 2.1, -0.8
# Features below this share of the effect are not named; raised if names do not fit
# without the bar becoming too short.
LEAST_SHARES = (0.03, 0.05, 0.07, 0.1, 0.13, 0.16, 0.2, 0.25)
SHORTEST_BAR = 0.4
GAP_POINTS = 2.0


class HeldAxes(Axes):
    """Axes whose horizontal range is chosen beforehand, whatever is drawn on them.

    shap widens the range after it has placed some names, which then overlap.
    """

    held: tuple[float, float] | None = None

    def set_xlim(self, *args: Any, **options: Any) -> tuple[float, float]:
        """Set the held range, or without one the range asked for."""
        if self.held is not None:
            return super().set_xlim(*self.held)
        return super().set_xlim(*args, **options)


def main(argv: Sequence[str] | None = None) -> None:
    """Read the Shapley values, draw a row for each domain and plot it."""
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
    parser.add_argument("--seed", type=int, required=True, help="of the random choice of a row")
    options = parser.parse_args(argv)

    domains = figures.pair("--shapley", options.shapley, Domain.many(options.domains))
    figures.pair("--clean", options.clean, domains)
    features, variable = Variable.many(options.features), Variable(**options.property)

    figure = figures.canvas(WIDTH, PANEL_HEIGHT * len(domains) + 0.25, origin=options.origin)
    figure.set_layout_engine("none")
    for index, domain in enumerate(domains):
        path = options.shapley[index]
        table = figures.chosen(
            read_table(path), path, scheme="row", recipe=options.recipe, repeat=0
        )
        random = np.random.default_rng([options.seed, zlib.crc32(domain.name.encode())])
        row = table.iloc[[int(random.integers(len(table)))]]
        explanation = shapley.for_plots(row, read_table(options.clean[index]), features)[0]
        bottom = PANEL_HEIGHT * (len(domains) - 1 - index) + 0.25
        height = PANEL_HEIGHT * len(domains) + 0.25
        axis = HeldAxes(
            figure, (0.015, (bottom + AXES_BOTTOM) / height, 0.97, AXES_HEIGHT / height)
        )
        figure.add_axes(axis)
        draw(axis, explanation, features, variable)
        top = (bottom + PANEL_HEIGHT - 0.1) / height
        figure.text(0.01, top, figures.panel_name(index), fontsize=12, fontweight="bold", va="top")
        figure.text(0.036, top, f"{domain.label}, row {row['row'].item()}", fontsize=12, va="top")
    figures.save(figure, options.figure)


def draw(
    axis: HeldAxes, explanation: shap.Explanation, features: Sequence[Variable], variable: Variable
) -> None:
    """Draw shap's force plot so that all its texts lie within the axes, side by side."""
    predicted = float(explanation.base_values + explanation.values.sum())
    if np.abs(explanation.values).max() <= 1e-9 * abs(predicted):
        axis.set_axis_off()
        text = f"The network predicts {predicted:.4g} {variable.unit}".strip()
        text += ", whatever the features."
        axis.text(0.5, 0.75, text, transform=axis.transAxes, ha="center", fontsize=12)
        return
    for share in LEAST_SHARES:
        axis.held = None
        shortest = np.inf
        while True:
            shap_force(axis, explanation, features, variable, share)
            tidy(axis, explanation, variable)
            low, high = drawn_range(axis)
            left, right = axis.get_xlim()
            shortest = min(shortest, (right - left) / SHORTEST_BAR)
            if left <= low and high <= right:
                return
            margin = 0.02 * (right - left)
            axis.held = (min(left, low - margin), max(right, high + margin))
            if axis.held[1] - axis.held[0] > shortest:
                break


def shap_force(
    axis: HeldAxes,
    explanation: shap.Explanation,
    features: Sequence[Variable],
    variable: Variable,
    share: float,
) -> None:
    """Let shap draw on these axes; by itself it makes a figure of its own."""
    axis.clear()
    values = [
        f"{value:.4g} {feature.unit}".strip()
        for value, feature in zip(explanation.data, features, strict=True)
    ]
    figure = axis.get_figure(root=True)
    assert figure is not None
    assert isinstance(figure.canvas, FigureCanvasAgg)
    renderer = figure.canvas.get_renderer()

    # shap draws the whole figure after each name to learn how wide the name is.
    def measure() -> None:
        for text in axis.texts:
            text.update_bbox_position_size(renderer)

    stand_in = SimpleNamespace(canvas=SimpleNamespace(draw=measure))
    plt.sca(axis)
    with (
        mock.patch("matplotlib.pyplot.subplots", return_value=(stand_in, axis)),
        np.errstate(divide="ignore"),  # a share where one feature is the whole effect
    ):
        shap.plots.force(
            float(explanation.base_values),
            explanation.values,
            np.array(values),
            [feature.label for feature in features],
            out_names=variable.title,
            matplotlib=True,
            show=False,
            contribution_threshold=share,
        )


def tidy(axis: HeldAxes, explanation: shap.Explanation, variable: Variable) -> None:
    """Move apart what shap's plot lets touch where bars are short, and give all digits."""
    axis.patch.set_visible(False)
    axis.tick_params(labelsize=9)
    axis.set_axisbelow(False)  # or the lines above the bar strike through its numbers
    base = float(explanation.base_values)
    predicted = base + float(explanation.values.sum())
    left, right = axis.get_xlim()
    inch = (right - left) / axis.get_window_extent().width * axis.figure.dpi
    marks = np.array([base, predicted])
    edge = 0.35 * inch
    ticks = [tick for tick in axis.get_xticks() if left + edge <= tick <= right - edge]
    axis.set_xticks([tick for tick in ticks if np.abs(tick - marks).min() > 0.25 * inch])
    if not 1e-3 <= abs(predicted) < 1e5:
        axis.xaxis.set_major_formatter("{x:.4g}")
    for line in axis.lines:
        if line.get_color() == "#F2F2F2":  # where base value and prediction stand
            line.set_color("#8c8c8c")
            line.set_linewidth(1.2)
    for text in axis.texts:
        x, y = text.get_position()
        if text.get_text() == "base value":
            side = 1 if base >= predicted else -1
            text.set_text(f"base value {base:.4g}")
            widths = [t.get_window_extent().width for t in axis.texts if t.get_position()[1] == y]
            apart = (sum(widths) / 2 / axis.figure.dpi + 0.2) * inch
            text.set_x(predicted + side * max(abs(base - predicted), apart))
        elif text.get_text() in ("higher", "lower"):
            text.set_x(predicted + (0.15 if text.get_text() == "lower" else -0.15) * inch)
        elif text.get_fontweight() == "bold":
            text.set_text(f"{predicted:.4g}")
        elif y < 0:
            shift = GAP_POINTS if text.get_horizontalalignment() == "left" else -GAP_POINTS
            text.set_x(x + shift / 72 * inch)


def drawn_range(axis: HeldAxes) -> tuple[float, float]:
    """From where to where the axes' texts and lines go, in data units."""
    boxes = [text.get_window_extent().transformed(axis.transData.inverted()) for text in axis.texts]
    ends = [np.asarray(line.get_xdata(), dtype=np.float64) for line in axis.lines]
    ends += [np.array([box.x0, box.x1]) for box in boxes]
    places = np.concatenate(ends)
    return float(places.min()), float(places.max())


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
