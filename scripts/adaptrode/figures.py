"""What all figures share: one style, panel grids, labels, and files that repeat bit for bit."""

from __future__ import annotations

import argparse
import string
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from adaptrode import cli
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.files import atomic

# As the paper colours its loss curves.
TRAINING_COLOR = "#1f5fbf"
VALIDATION_COLOR = "#c8322b"
INK = "#262626"
NOTE_COLOR = "#6b7280"

LOSS_LABELS = {"mape": ("MAPE", "%"), "mae": ("Mean absolute error", None), "mse": ("MSE", None)}

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # ships with Matplotlib, so that every machine draws the same
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 10.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.5,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "axes.formatter.useoffset": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "adaptrode",  # without it the ids in an SVG are random
}
# A date would make every file differ from the last one.
_METADATA = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}

_NOTE_INCHES = 0.22
_WIDEST_LINEAR = 30.0  # times the median loss; beyond, a linear axis shows the first epochs only

Record = TypeVar("Record")


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every figure's script has."""
    made = cli.parser(description)
    made.add_argument(
        "--origin",
        choices=("measured", "simulated"),
        default="measured",
        help="where the data come from; simulated data are marked as such",
    )
    made.add_argument(
        "--figure",
        type=Path,
        nargs="+",
        required=True,
        metavar="OUT",
        help="files to write, the format by the suffix (.svg, .png, .pdf)",
    )
    return made


def panels(
    rows: int,
    columns: int,
    *,
    width: float,
    height: float,
    origin: str = "measured",
    used: int | None = None,
    **subplot_options: Any,
) -> tuple[Figure, list[Axes]]:
    """A figure of equal panels in the shared style.

    Parameters
    ----------
    rows, columns
        The grid.
    width, height
        Of one panel, in inches, its labels included.
    origin
        ``simulated`` adds a small note below the panels.
    used
        How many panels are needed; the others are removed. All when not given.

    Returns
    -------
    figure, axes
        The axes in reading order.
    """
    figure = canvas(columns * width, rows * height, origin=origin)
    axes = list(figure.subplots(rows, columns, squeeze=False, **subplot_options).flat)
    keep = len(axes) if used is None else used
    for axis in axes[keep:]:
        axis.remove()
    return figure, axes[:keep]


def canvas(width: float, height: float, *, origin: str = "measured") -> Figure:
    """An empty figure, in inches, in the shared style with constrained layout.

    Sets Matplotlib's global style, which shap's own plots follow too.
    """
    matplotlib.use("Agg")
    matplotlib.rcParams.update(STYLE)
    simulated = origin == "simulated"
    note = _NOTE_INCHES / height if simulated else 0.0
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, rect=(0.0, note, 1.0, 1.0 - note))
    figure: Figure = plt.figure(figsize=(width, height), layout=layout)
    if simulated:
        figure.text(
            1.0 - 0.08 / width,
            0.06 / height,
            "simulated data",
            ha="right",
            va="bottom",
            fontsize=8,
            style="italic",
            color=NOTE_COLOR,
        )
    return figure


def grid(count: int, most_columns: int = 5) -> tuple[int, int]:
    """Rows and columns for a number of panels: up to three in a row, more when many."""
    columns = count if count <= 3 else min(most_columns, max(3, int(np.ceil(np.sqrt(count)))))
    if count == 4:
        columns = 2
    return -(-count // columns), columns


def panel_name(index: int) -> str:
    """(a), (b), … (z), (aa), …"""
    alphabet = string.ascii_lowercase
    return f"({alphabet[index // 26 - 1] if index >= 26 else ''}{alphabet[index % 26]})"


def letter(axis: Axes, index: int, title: str = "") -> None:
    """Name a panel above its upper left corner; its title follows the name."""
    lines = textwrap.fill(title, 42)
    axis.set_title(rf"$\mathbf{{{panel_name(index)}}}$ {lines}".strip(), loc="left")


def plain_numbers(axis: Axes) -> None:
    """Write very small or large ticks in full: a common factor would meet the axis' title."""
    for direction in (axis.xaxis, axis.yaxis):
        size = np.abs(direction.get_view_interval()).max()
        if not 1e-3 <= size < 1e5:
            direction.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            direction.set_major_formatter("{x:.4g}")


def titled(variable: Variable, addition: str) -> str:
    """A variable's axis title with a word after its label: ``Density, predicted / g/cm³``."""
    return replace(variable, label=f"{variable.label}, {addition}").title


def loss_title(loss: str, unit: str = "") -> str:
    """The axis title of a loss; ``unit`` is the property's."""
    label, own = LOSS_LABELS.get(loss, (loss.upper(), None))
    if loss == "mse" and unit:
        unit = f"({unit})²"
    return Variable("", label, own if own is not None else unit).title


def distributions(
    tables: Sequence[pd.DataFrame],
    domains: Sequence[Domain],
    variables: Sequence[Variable],
    *,
    origin: str = "measured",
    lettered: bool = False,
) -> Figure:
    """Histograms of every variable, the domains over one another in their colours.

    Parameters
    ----------
    tables, domains
        One clean table for each domain.
    variables
        The columns to draw, a panel each.
    lettered
        Whether panels are named (a), (b), …
    """
    rows, columns = grid(len(variables))
    figure, axes = panels(
        rows,
        columns,
        width=4.2 if columns <= 2 else 3.1,
        height=3.0 if columns <= 2 else 2.5,
        origin=origin,
        used=len(variables),
    )
    filling = 0.45 if len(domains) <= 3 else 0.12
    for index, (axis, variable) in enumerate(zip(axes, variables, strict=True)):
        given = [table[variable.name].dropna() for table in tables]
        samples = [values.to_numpy(dtype=np.float64) for values in given]
        edges = bins(samples)
        for sample, domain in zip(samples, domains, strict=True):
            axis.hist(sample, edges, histtype="stepfilled", color=domain.color, alpha=filling, lw=0)
            axis.hist(sample, edges, histtype="step", color=domain.color, lw=1.2)
        axis.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10]))
        axis.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        axis.set_xlabel(variable.title)
        if index % columns == 0:
            axis.set_ylabel("Counts")
        if lettered:
            letter(axis, index)
        plain_numbers(axis)
    swatches = [
        Patch(facecolor=domain.color, alpha=0.7, label=f"{domain.label} (n = {len(table)})")
        for domain, table in zip(domains, tables, strict=True)
    ]
    figure_legend(figure, swatches)
    return figure


def loss_curves(
    histories: Sequence[pd.DataFrame],
    titles: Sequence[str],
    loss_titles: Sequence[str],
    *,
    origin: str = "measured",
) -> Figure:
    """Training and validation loss by epoch, a panel for each history.

    Parameters
    ----------
    histories
        Tables of ``repeat, epoch, loss, validation_loss``. Repeat 0 is drawn as a
        line, the 5th to 95th percentile of all repeats as a band. The axis is
        logarithmic where a line begins far above its end.
    titles, loss_titles
        Each panel's title and vertical axis.
    """
    rows, columns = grid(len(histories))
    figure, axes = panels(rows, columns, width=4.0, height=3.1, origin=origin, used=len(histories))
    curves = (
        ("loss", "Training", TRAINING_COLOR),
        ("validation_loss", "Validation", VALIDATION_COLOR),
    )
    several = max(history["repeat"].nunique() for history in histories) > 1
    headlines = [history[history["repeat"] == 0].sort_values("epoch") for history in histories]
    logarithmic = any(_spread(first) > _WIDEST_LINEAR for first in headlines)
    for index, (axis, history) in enumerate(zip(axes, histories, strict=True)):
        first = headlines[index]
        by_epoch = history.groupby("epoch")[["loss", "validation_loss"]]
        low, high = by_epoch.quantile(0.05), by_epoch.quantile(0.95)
        for column, _, color in curves:
            if several:
                axis.fill_between(
                    low.index, low[column], high[column], color=color, alpha=0.15, lw=0
                )
            axis.plot(first["epoch"], first[column], color=color)
        axis.set_xlim(0, int(first["epoch"].max()))
        if logarithmic:
            axis.set_yscale("log", subs=(2, 3, 5))
            axis.yaxis.set_major_formatter("{x:g}")
        else:
            axis.set_ylim(0, 1.05 * float(first[["loss", "validation_loss"]].to_numpy().max()))
            plain_numbers(axis)
        axis.set_xlabel("Epoch")
        axis.set_ylabel(loss_titles[index])
        letter(axis, index, titles[index])
    handles: list[Artist] = [Line2D([], [], color=color, label=label) for _, label, color in curves]
    if several:
        count = max(history["repeat"].nunique() for history in histories)
        handles.append(Patch(color=INK, alpha=0.15, lw=0, label=f"90 % of {count} splits"))
    figure_legend(figure, handles)
    return figure


def _spread(history: pd.DataFrame) -> float:
    losses = history[["loss", "validation_loss"]].to_numpy(dtype=np.float64)
    return float(losses.max() / np.median(losses))


def bins(samples: Sequence[NDArray[np.float64]], count: int = 24) -> list[float]:
    """Edges of equal bins that hold all samples; a single value stands in the middle."""
    values = np.concatenate([np.asarray(sample, dtype=np.float64) for sample in samples])
    low, high = float(values.min()), float(values.max())
    if low == high:
        margin = abs(low) * 0.1 or 0.5
        low, high = low - margin, high + margin
    return [float(edge) for edge in np.linspace(low, high, count + 1)]


def figure_legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """One legend above all panels, broken into lines where the figure is narrow."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    fits = max(1, int(figure.get_figwidth() / (0.6 + 0.085 * longest)))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(fits, len(handles)))


def save(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write a figure, each file whole or not at all; equal figures give equal bytes."""
    settle(figure)
    for path in map(Path, paths):
        if path.suffix not in (".svg", ".png", ".pdf"):
            raise InputError(
                "no such figure format", file=path, found=path.suffix, allowed=".svg, .png, .pdf"
            )
        with atomic(path) as temporary:
            figure.savefig(temporary, metadata=_METADATA.get(path.suffix))
    plt.close(figure)


def settle(figure: Figure) -> None:
    """Lay a figure out once, in rounded numbers.

    The layout's solver visits its terms in the order of their addresses, so that the last
    digits differ from process to process, and with them the ids in an SVG.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axis in figure.axes:
        left, low, width, height = axis.get_position(original=True).bounds
        axis.set_position((round(left, 6), round(low, 6), round(width, 6), round(height, 6)))


def pair(option: str, files: Sequence[Path], records: Sequence[Record]) -> list[Record]:
    """Check that there is one file for each record, and return the records."""
    if len(files) != len(records):
        raise InputError(
            f"{option} needs one file for each of {len(records)} entries, in their order",
            found=f"{len(files)} files",
        )
    return list(records)


def chosen(table: pd.DataFrame, file: str | Path, **where: object) -> pd.DataFrame:
    """The rows whose columns equal the given values.

    Raises
    ------
    InputError
        When there are none.
    """
    mask = np.ones(len(table), dtype=bool)
    for column, value in where.items():
        mask &= (table[column] == value).to_numpy()
    if not mask.any():
        wanted = ", ".join(f"{column} = {value}" for column, value in where.items())
        raise InputError(
            f"no rows with {wanted}",
            file=file,
            mend="check the recipe's name, or delete the file and run `snakemake` again",
        )
    return table.loc[mask]
