"""Draw the source network and the adapter behind it as nodes and edges (figure 10).

    plot_transfer_schematic.py \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"},
                    {"name": "nmc", "label": "NMC", "color": "#c8322b"}]' \\
        --features '[{"name": "comma_gap_um", "label": "Comma gap", "unit": "µm"}]' \\
        --properties '[{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]' \\
        --hidden '[[4, 4, 4, 4]]' --adapter '[[4]]' --figure figure_10.svg figure_10.png

Nothing is read but these settings: nodes, edges and parameter counts follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from adaptrode import cli, figures, schematics
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError

GAP, SPACING, NODE = 0.6, 0.36, 0.2  # inches: between layers, between nodes, a node
SAME_FEATURES = 1.0
MOST_NODES = 12
HEADING, FOOTING = 0.62, 0.62


def main(argv: Sequence[str] | None = None) -> None:
    """Draw a row of two networks for each property."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="descriptions, the source first"
    )
    parser.add_argument(
        "--features", type=cli.json_value, required=True, help="the features' descriptions"
    )
    parser.add_argument(
        "--properties", type=cli.json_value, required=True, help="the properties' descriptions"
    )
    parser.add_argument(
        "--hidden",
        type=cli.json_value,
        required=True,
        help="hidden layers' widths of the source network, a list for each property",
    )
    parser.add_argument(
        "--adapter",
        type=cli.json_value,
        required=True,
        help="hidden layers' widths of the adapter, a list for each property",
    )
    options = parser.parse_args(argv)

    source, *targets = Domain.many(options.domains)
    features, properties = Variable.many(options.features), Variable.many(options.properties)
    if not len(properties) == len(options.hidden) == len(options.adapter):
        raise InputError("--properties, --hidden and --adapter need one entry each per property")

    names = 0.35 + 0.09 * max(len(feature.title) for feature in features)
    outputs = 0.3 + 0.09 * max(max(len(p.label), len(p.unit)) for p in properties)
    own = [[len(features), *hidden, 1] for hidden in options.hidden]
    added = [[*adapter, 1] for adapter in options.adapter]
    deepest = max(len(o) + len(a) for o, a in zip(own, added, strict=True))
    left_b = names + GAP * (max(map(len, own)) - 1) + outputs + 0.2
    width = left_b + (SAME_FEATURES + GAP * (deepest - 1) + outputs if targets else 0.0)
    heights = [
        HEADING + FOOTING + SPACING * min(MOST_NODES, max(*o, *a))
        for o, a in zip(own, added, strict=True)
    ]
    figure, axis = schematics.sheet(width, sum(heights) + 0.5)
    top = sum(heights) + 0.5
    heading: dict[str, Any] = {"fontsize": 12, "va": "top"}
    axis.text(0.1, top - 0.12, "(a)", fontweight="bold", **heading)
    axis.text(0.45, top - 0.12, f"Source: {source.label}", color=source.color, **heading)
    if targets:
        axis.text(left_b, top - 0.12, "(b)", fontweight="bold", **heading)
        word = "Target:" if len(targets) == 1 else "Targets:"
        written = axis.text(left_b + 0.35, top - 0.12, word, **heading)
    for number, target in enumerate(targets, start=1):
        written = axis.annotate(
            target.label if number == len(targets) else f"{target.label},",
            xy=(1, 1),
            xycoords=written,
            xytext=(5, 0),
            textcoords="offset points",
            color=target.color,
            **heading,
        )
    top -= 0.5
    for index, variable in enumerate(properties):
        height = heights[index]
        middle = top - HEADING - (height - HEADING - FOOTING) / 2
        low = top - height + FOOTING
        draw(axis, own[index], [], (names, middle, low), features, variable, source.color)
        if targets:
            place = (left_b + SAME_FEATURES, middle, low)
            draw(axis, own[index], added[index], place, features, variable, "")
        top -= height
    figures.save(figure, options.figure)


def draw(
    axis: Axes,
    own: Sequence[int],
    added: Sequence[int],
    place: tuple[float, float, float],
    features: Sequence[Variable],
    variable: Variable,
    trained: str,
) -> None:
    """Draw one network: trained, or frozen with an adapter added."""
    left, middle, low = place
    base = schematics.FROZEN_COLOR if added else trained
    layers = schematics.draw_network(
        axis,
        [*own, *added],
        [base] * len(own) + [schematics.ADAPTER_COLOR] * len(added),
        left=left,
        middle=middle,
        gap=GAP,
        spacing=SPACING,
        node=NODE,
        most=MOST_NODES,
    )
    if added:
        axis.text(left - 0.2, middle, "same\nfeatures", ha="right", va="center")
    else:
        shown = list(features)
        if len(shown) > MOST_NODES:  # the nodes that draw_network leaves out
            half = MOST_NODES // 2
            shown = shown[:half] + shown[half - MOST_NODES + 1 :]
        for (x, y), feature in zip(layers[0], shown, strict=True):
            axis.text(x - 0.2, y, feature.title, ha="right", va="center")
    x, y = layers[-1][0]
    axis.text(x + 0.2, y, f"{variable.label}\n{variable.unit}".strip(), va="center")
    for layer, width in zip(layers, [*own, *added], strict=True):
        axis.text(layer[0][0], low - 0.1, str(width), ha="center", va="top")
    axis.text(left - 0.2, low - 0.1, "nodes", ha="right", va="top")

    highest = max(y for layer in layers for _, y in layer) + 0.2
    own_count, end = parameters(own), left + GAP * (len(own) - 1)
    if not added:
        bracket(axis, left, end, highest, f"trained: {own_count} parameters", trained)
        return
    bracket(axis, left, end, highest, f"❄ frozen: {own_count} parameters", figures.NOTE_COLOR)
    start, stop = end + 0.35 * GAP, end + GAP * len(added)
    text = f"adapter, trained:\n{parameters([1, *added])} parameters"
    bracket(axis, start, stop, highest, text, schematics.ADAPTER_COLOR)


def bracket(axis: Axes, left: float, right: float, y: float, text: str, color: str) -> None:
    """Name what lies below a line."""
    axis.plot([left, left, right, right], [y, y + 0.06, y + 0.06, y], color=color, lw=1.2)
    axis.text((left + right) / 2, y + 0.1, text, ha="center", va="bottom", color=color)


def parameters(widths: Sequence[int]) -> int:
    """Weights and biases of a fully connected network."""
    return sum((before + 1) * after for before, after in pairwise(widths))


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
