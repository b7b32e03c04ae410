"""Draw the errors of all methods on every target and property, the best on top.

    plot_comparison.py --comparison results/tables/electrodes_comparison.csv \\
        --domains '[{"name": "nmc", "label": "NMC", "color": "#c8322b"}]' \\
        --properties '[{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]' \\
        --recipe robust --scheme campaign --figure comparison.svg comparison.png

The CSV has a line per property, domain, method, recipe and scheme. --domains are the
targets alone; --scheme is the kind of split to judge by. Where it is not by rows, the
means of splits by rows are drawn too, faintly: they show how much those flatter.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table
from adaptrode.methods import ADAPTER, NO_RECIPE
from adaptrode.numbers import percent
from adaptrode.splits import BY_ROW

ADAPTER_COLOR, ALONE_COLOR = "#d55e00", "#0072b2"  # Okabe and Ito's, for the colour-blind too
ROWS: dict[str, Any] = {"ls": "", "marker": "D", "ms": 4.4, "mfc": "#a9afb8", "mec": "white"}
LINE_INCHES = 0.16
LETTERS = 34  # of a line of a label


def main(argv: Sequence[str] | None = None) -> None:
    """Read the comparison and draw it."""
    parser = figures.parser(__doc__)
    parser.add_argument("--comparison", type=Path, required=True, help="CSV of all methods")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="targets (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--recipe", required=True, help="of the networks")
    parser.add_argument("--scheme", default=BY_ROW, help="the kind of split to judge by")
    options = parser.parse_args(argv)

    domains = Domain.many(options.domains)
    panels = list(product(Variable.many(options.properties), domains))
    table = read_table(options.comparison)
    # Read from CSV, the word "none" may come back as missing.
    table["recipe"] = table["recipe"].fillna(NO_RECIPE)
    table = table[table["recipe"].isin([options.recipe, NO_RECIPE])]
    parts = [
        (
            ordered(
                figures.chosen(
                    table,
                    options.comparison,
                    property=variable.name,
                    domain=domain.name,
                    scheme=options.scheme,
                )
            ),
            table[
                (table["property"] == variable.name)
                & (table["domain"] == domain.name)
                & (table["scheme"] == BY_ROW)
                & (options.scheme != BY_ROW)
            ],
        )
        for variable, domain in panels
    ]
    lines = max(sum(map(height_of, main["label"])) for main, _ in parts)
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure, axes = figures.panels(
        rows,
        columns,
        width=5.4 if columns > 1 else 7.5,
        height=0.95 + LINE_INCHES * lines + 0.6 / rows,
        origin=options.origin,
        used=len(panels),
    )
    for index, (axis, (variable, domain)) in enumerate(zip(axes, panels, strict=True)):
        draw(axis, *parts[index])
        figures.letter(axis, index, f"{variable.label}, {domain.label}")
        axis.set_xlabel("Mean test MAPE / %")
    flattered = any(len(rows_only) for _, rows_only in parts)
    figures.figure_legend(figure, legend(options.scheme, flattered))
    # Small text is wider at some resolutions than at others; the layout has to fit the file's.
    figure.set_dpi(figures.STYLE["savefig.dpi"])
    figures.save(figure, options.figure)


def ordered(part: pd.DataFrame) -> pd.DataFrame:
    """The methods by their mean error, the best first; errors that are no number last."""
    return part.sort_values("mape_mean_pct", kind="stable").reset_index(drop=True)


def height_of(label: str) -> float:
    """The room of a label, in that of a label of one line."""
    return 1.0 + 0.5 * (len(textwrap.wrap(label, LETTERS)) - 1)


def best_alone(main: pd.DataFrame) -> str | None:
    """The best method without the source: as the table says, else that of the lowest mean error.

    The table's column ``best_without_source`` allows for methods that were run on fewer splits.
    """
    alone = main[~main["uses_source"].astype(bool) & np.isfinite(main["mape_mean_pct"])]
    if "best_without_source" in main:
        alone = alone[alone["best_without_source"].astype(bool)]
    return None if alone.empty else str(alone["method"].iloc[0])


def draw(axis: Axes, main: pd.DataFrame, by_row: pd.DataFrame) -> None:
    """Draw one panel, a line for each method.

    Parameters
    ----------
    main
        As `ordered` gives it, of the splits to judge by.
    by_row
        The means of splits by rows; may be empty.
    """
    alone = best_alone(main)
    colors = {ADAPTER: ADAPTER_COLOR} | ({alone: ALONE_COLOR} if alone else {})
    flattering = by_row.set_index("method")["mape_mean_pct"]
    heights = np.array([height_of(label) for label in main["label"]], dtype=np.float64)
    places = np.cumsum(heights) - heights / 2
    means = np.concatenate([main["mape_mean_pct"], flattering])
    means = means[np.isfinite(means)]
    low, high = (0.65 * means.min(), 1.5 * means.max()) if len(means) else (1.0, 100.0)
    axis.set(xscale="log", axisbelow=True)
    axis.set_xlim(low, high)
    axis.set_ylim(heights.sum() + 0.3, -0.3)
    for name, color in colors.items():
        for mean in main.loc[main["method"] == name, "mape_mean_pct"]:
            axis.axvline(mean, color=color, lw=0.8, ls=":", zorder=1)
    for place, (_, line) in zip(places, main.iterrows(), strict=True):
        color = colors.get(line["method"], figures.INK)
        mean = float(line["mape_mean_pct"])
        if line["method"] in flattering.index:
            axis.plot(flattering[line["method"]], place, zorder=3.5, **ROWS)
        if np.isfinite(mean):
            ends = [line["mape_mean_low_pct"], line["mape_mean_high_pct"]]
            # The axis is logarithmic: an interval that reaches 0 reaches its left end.
            ends = np.clip(np.nan_to_num(ends, nan=mean), low / 2, high * 2)
            axis.plot(ends, [place, place], color=color, lw=1.3, zorder=3)
            fill = color if line["uses_source"] else "white"
            axis.plot(mean, place, "o", ms=5.4, mfc=fill, mec=color, mew=1.3, zorder=4)
        axis.text(
            1.012,
            place,
            # The median is constant by design.
            note(mean, 0.0 if line["method"] == "median" else float(line["dead_share"])),
            transform=axis.get_yaxis_transform(),
            va="center",
            fontsize=7.5,
            color=color,
        )
    axis.set_yticks(places, [textwrap.fill(label, LETTERS) for label in main["label"]])
    axis.tick_params(axis="y", length=0, labelsize=7.5)
    for text, name in zip(axis.get_yticklabels(), main["method"], strict=True):
        text.set(color=colors.get(name, figures.INK), linespacing=0.95)
        text.set_fontweight("bold" if name in colors else "normal")
    wide = high / low > 60
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 3) if wide else (1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(axis="x", color="#e6e6e6", lw=0.6)


def note(mean: float, dead: float) -> str:
    """The mean beside a line, and the share of constant predictions where there are any."""
    return percent(mean) + (f" · {max(100 * dead, 1):.0f} % dead" if dead > 0 else "")


def legend(scheme: str, flattered: bool) -> list[Line2D]:
    """What the markers mean."""

    def point(label: str, color: str, fill: str) -> Line2D:
        return Line2D([], [], ls="", marker="o", ms=5.4, mec=color, mfc=fill, mew=1.3, label=label)

    how = "rows" if scheme == BY_ROW else f"whole groups ({scheme})"
    made = [
        point("Filled: uses the source", figures.INK, figures.INK),
        point("Hollow: does without it", figures.INK, "white"),
        point("The paper's adapter", ADAPTER_COLOR, ADAPTER_COLOR),
        point("Best without the source", ALONE_COLOR, "white"),
        Line2D([], [], color=figures.INK, lw=1.3, label=f"95 % interval, by {how}"),
    ]
    if flattered:
        made.append(Line2D([], [], label="Mean of splits by rows", **ROWS))
    return made


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
