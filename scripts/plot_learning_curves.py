"""Draw the error by the number of known rows, a panel for each property and target.

    plot_learning_curves.py --curves results/tables/electrodes_curves.csv \\
        --domains '[{"name": "nmc", "label": "NMC", "color": "#c8322b"}]' \\
        --properties '[{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]' \\
        --figure curves.svg curves.png

Takes the tidy table of tabulate_learning_curves.py. A method has its colour in every
panel, by its place in that table; --domains are the targets alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table
from adaptrode.methods import ADAPTER, UNTRANSFERRED

# Okabe and Ito's colours, which the colour-blind tell apart, without the yellow, which
# white paper hides, and Tol's wine red. Beyond so many methods they come again with other markers.
COLORS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", figures.INK, "#882255")
EMPHASIS = "#d55e00"
MARKERS = "osD^v"
MOST_BANDS = 4  # more would hide one another
NEAREST_TICKS = 1.18  # a ratio of neighbouring numbers of rows; their texts would overlap below


def main(argv: Sequence[str] | None = None) -> None:
    """Read the table and draw it."""
    parser = figures.parser(__doc__)
    parser.add_argument("--curves", type=Path, required=True, help="CSV of the learning curves")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="targets (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    options = parser.parse_args(argv)

    domains = Domain.many(options.domains)
    panels = list(product(Variable.many(options.properties), domains))
    table = read_table(options.curves)
    styles = {name: style(place, name) for place, name in enumerate(_names(table))}
    handles = legend(table, styles)
    rows = len(panels) // len(domains)
    beside = len(domains) == 1
    figure, axes = figures.panels(
        rows,
        len(domains),
        width=9.2 if beside else 4.6,
        # A legend of two columns stands above several panels.
        height=3.6 if beside else 3.2 + 0.2 * -(-len(handles) // 2) / rows,
        origin=options.origin,
    )
    for index, (axis, (variable, domain)) in enumerate(zip(axes, panels, strict=True)):
        part = figures.chosen(table, options.curves, property=variable.name, domain=domain.name)
        draw(axis, part, styles)
        figures.letter(axis, index, f"{variable.label}, {domain.label}")
        if index % len(domains) == 0:
            axis.set_ylabel("Mean test MAPE / %")
        if index >= len(panels) - len(domains):
            axis.set_xlabel("Known rows of the target")
    if beside:
        figure.legend(handles=handles, loc="outside right upper")
    else:
        figures.figure_legend(figure, handles)
    figures.save(figure, options.figure)


def _names(table: pd.DataFrame) -> list[str]:
    """The methods in the table's order; those with a colour of their own take none of the rest."""
    names = [str(name) for name in dict.fromkeys(table["method"])]
    return sorted(names, key=lambda name: name in (ADAPTER, UNTRANSFERRED))


def style(place: int, name: str) -> dict[str, Any]:
    """How a method is drawn wherever it occurs."""
    if name == ADAPTER:
        return {"color": EMPHASIS, "lw": 2.6, "marker": "o", "ms": 6.5, "zorder": 4}
    if name == UNTRANSFERRED:
        return {"color": figures.NOTE_COLOR, "lw": 1.5, "marker": "x", "ms": 5, "zorder": 3}
    marker = MARKERS[(place // len(COLORS) + place) % len(MARKERS)]
    return {"color": COLORS[place % len(COLORS)], "lw": 1.5, "marker": marker, "ms": 5, "zorder": 3}


def dress(uses_source: bool) -> dict[str, Any]:
    """Filled and drawn through with the source, hollow and dashed without."""
    return {"ls": "-", "mfc": None} if uses_source else {"ls": (0, (4, 1.6)), "mfc": "white"}


def draw(axis: Axes, part: pd.DataFrame, styles: dict[str, dict[str, Any]]) -> None:
    """Draw one panel; the untransferred network, which knows no rows, is a dotted level."""
    axis.set(xscale="log", yscale="log", axisbelow=True)
    banded = bands(part)
    span = part["known_rows"].min() / 1.12, part["known_rows"].max() * 1.12
    for method, curve in part.groupby("method", sort=False):
        look = styles[str(method)]
        curve = curve.sort_values("known_rows")
        if method == UNTRANSFERRED and len(curve) == 1:
            axis.axhline(curve["mape_mean_pct"].iloc[0], color=look["color"], lw=1.2, ls=":")
            continue
        means = curve["mape_mean_pct"]
        sourced = bool(curve["uses_source"].iloc[0])
        if method in banded:
            # A logarithmic axis has no place for 0.
            low = curve["mape_mean_low_pct"].clip(lower=1e-3 * means.min())
            high = curve["mape_mean_high_pct"]
            axis.fill_between(curve["known_rows"], low, high, color=look["color"], alpha=0.15, lw=0)
            if len(curve) == 1:  # a band of no width
                axis.vlines(curve["known_rows"], low, high, color=look["color"], lw=1.2)
        axis.plot(curve["known_rows"], means, **look | dress(sourced))
    axis.set_xlim(span)
    means = part["mape_mean_pct"]
    axis.set_ylim(0.6 * means.min(), 1.5 * means.max())
    axis.xaxis.set_major_locator(FixedLocator(ticks(part["known_rows"])))
    axis.xaxis.set_major_formatter("{x:.0f}")
    axis.xaxis.set_minor_locator(NullLocator())
    few = means.max() / means.min() > 30
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 3) if few else (1, 2, 3, 5, 7)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.grid(axis="y", color="#e3e3e3", lw=0.6, zorder=0)


def bands(part: pd.DataFrame) -> list[str]:
    """Whose interval is drawn: of all, or where they are many of the adapter and the best two.

    The best with and the best without the source, at the most rows.
    """
    names = [str(name) for name in dict.fromkeys(part["method"])]
    if len(names) <= MOST_BANDS:
        return names
    last = part[part["known_rows"] == part["known_rows"].max()].sort_values("mape_mean_pct")
    return [ADAPTER, *last.drop_duplicates("uses_source")["method"]]


def ticks(rows: pd.Series[float]) -> list[float]:
    """The numbers of rows whose texts have room, the greatest always."""
    kept: list[float] = []
    for value in sorted(set(rows), reverse=True):
        if not kept or kept[-1] / value >= NEAREST_TICKS:
            kept.append(value)
    return kept[::-1]


def legend(table: pd.DataFrame, styles: dict[str, dict[str, Any]]) -> list[Line2D | Patch]:
    """A line for each method in the table's order, and what the band and the dashes mean."""
    made: list[Line2D | Patch] = []
    for name, lines in table.groupby("method", sort=False):
        look = dict(styles[str(name)])
        if name == UNTRANSFERRED and lines["size"].nunique() == 1:
            look |= {"ls": ":", "lw": 1.2, "marker": ""}
        else:
            look |= dress(bool(lines["uses_source"].iloc[0]))
        made.append(Line2D([], [], label=lines["label"].iloc[0], **look))
    made.append(
        Line2D(
            [],
            [],
            color=figures.NOTE_COLOR,
            ls=(0, (4, 1.6)),
            label="Hollow, dashed: without the source",
        )
    )
    of = "" if len(styles) <= MOST_BANDS else ": adapter, best with, best without"
    made.append(Patch(color=figures.INK, alpha=0.15, lw=0, label=f"95 % interval{of}"))
    return made


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
