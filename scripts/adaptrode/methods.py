"""What every method is called and whether it learns from the source: networks and rivals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

ADAPTER = "adapter"
UNTRANSFERRED = "pretrained"


@dataclass(frozen=True)
class Label:
    """What a reader sees of a method."""

    text: str
    uses_source: bool


NETWORKS: dict[str, Label] = {
    UNTRANSFERRED: Label("Untransferred network", uses_source=True),
    ADAPTER: Label("The paper's adapter", uses_source=True),
    "scratch": Label("Network from scratch", uses_source=False),
    "fine_tuned": Label("Fine-tuned network", uses_source=True),
    "last_layer": Label("Fine-tuned last layer", uses_source=True),
    "pooled": Label("Pooled network", uses_source=True),
}

# What chooses for itself among others, inside the training rows.
CHOICE, CHOICE_ALONE = "auto", "auto_alone"


def labels_of(rivals: Mapping[str, Label]) -> dict[str, Label]:
    """Networks' labels and those of the rivals."""
    return {**NETWORKS, **rivals}


def judged(metrics: pd.DataFrame, recipe: str, scheme: str, size: str) -> pd.DataFrame:
    """The errors of one scheme and size: of networks those of one recipe, of rivals all.

    Parameters
    ----------
    metrics
        As `adaptrode.metrics.score` gives them.

    Returns
    -------
    DataFrame
        [repeats, methods], MAPE in %; NaN where a method was not run on a split, infinite
        where it was and its error is not a number.
    """
    chosen = metrics[
        (metrics["scheme"] == scheme)
        & (metrics["size"] == size)
        & metrics["recipe"].isin([recipe, "none"])
    ]
    chosen = chosen.assign(mape_pct=chosen["mape_pct"].fillna(np.inf))
    order = list(dict.fromkeys(chosen["method"]))
    return chosen.pivot(index="repeat", columns="method", values="mape_pct")[order]


def common(errors: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """[repeats, 2], the splits on which both methods were run."""
    return errors[[first, second]].dropna()


def best(errors: pd.DataFrame, among: Iterable[str]) -> str | None:
    """The method of the lowest mean error over the splits on which all of them were run."""
    names = [name for name in among if name in errors]
    if not names:
        return None
    known = errors[names].dropna()
    if known.empty:
        return None
    return str(known.mean().idxmin())
