"""Networks, arrows and boxes drawn to scale in inches, for the figures that show no data."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from adaptrode import figures

FROZEN_COLOR = "#9aa3ad"
ADAPTER_COLOR = "#d9791c"


def sheet(width: float, height: float, *, origin: str = "measured") -> tuple[Figure, Axes]:
    """A blank drawing sheet whose coordinates are inches from the lower left corner."""
    figure = figures.canvas(width, height, origin=origin)
    figure.set_layout_engine("none")
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set(xlim=(0.0, width), ylim=(0.0, height))
    axis.set_axis_off()
    return figure, axis


def draw_network(
    axis: Axes,
    widths: Sequence[int],
    colors: Sequence[str],
    *,
    left: float,
    middle: float,
    gap: float,
    spacing: float,
    node: float,
    most: int = 12,
) -> list[list[tuple[float, float]]]:
    """Draw a fully connected network on a `sheet`; wide layers are shown in part.

    Parameters
    ----------
    widths
        Nodes of each layer, the inputs first.
    colors
        Of each layer's nodes and the edges that lead to them.
    left, middle
        Where the first layer stands and the height all are centred on.
    gap, spacing, node
        Between layers, between nodes, and a node's diameter, all in inches.
    most
        More nodes than this are drawn as a few, dots, and a few.

    Returns
    -------
    list
        Each layer's node positions, from the top.
    """
    layers: list[list[tuple[float, float]]] = []
    for index, (width, color) in enumerate(zip(widths, colors, strict=True)):
        x = left + index * gap
        count = min(width, most)
        top = middle + (count - 1) / 2 * spacing
        layer = [(x, top - place * spacing) for place in range(count)]
        if width > most:
            dots = layer.pop(count // 2)
            axis.text(*dots, "⋮", ha="center", va="center", fontsize=14, color=color, zorder=3)
        if layers:
            lines = [(start, end) for start in layers[-1] for end in layer]
            alpha = min(0.55, 0.15 + 8 / len(lines))  # or many edges run into a surface
            axis.add_collection(LineCollection(lines, colors=color, lw=0.8, alpha=alpha, zorder=1))
        for place in layer:
            axis.add_patch(Circle(place, node / 2, fc="white", ec=color, lw=1.6, zorder=2))
        layers.append(layer)
    return layers


def arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    """An arrow on a `sheet`."""
    style = {"arrowstyle": "-|>", "color": color, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", end, start, arrowprops=style)
