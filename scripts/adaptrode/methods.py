"""What every method is called and whether it learns from the source: networks and rivals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

# In the place of a recipe, where a method has none.
NO_RECIPE = "none"

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


def judged(
    metrics: pd.DataFrame, recipe: str, scheme: str, size: str, *, value: str = "mape_pct"
) -> pd.DataFrame:
    """The errors of one scheme and size: of networks those of one recipe, of rivals all.

    Parameters
    ----------
    metrics
        As `adaptrode.metrics.score` gives them.
    value
        Another column of these.

    Returns
    -------
    DataFrame
        [repeats, methods], MAPE in %; NaN where a method was not run on a split, infinite
        where it was and its error is not a number.
    """
    chosen = metrics[
        (metrics["scheme"] == scheme)
        & (metrics["size"] == size)
        & metrics["recipe"].isin([recipe, NO_RECIPE])
    ]
    order = list(dict.fromkeys(map(str, chosen["method"])))
    values = chosen[value].astype(np.float64).fillna(np.inf)
    return chosen.assign(**{value: values}).pivot_table(value, "repeat", "method")[order]


def common(errors: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """[repeats, 2], the splits on which both methods were run."""
    return errors[[first, second]].dropna()


def means(errors: pd.DataFrame) -> pd.Series[float]:
    """Mean error of each method as if all had been run on the same splits, [methods].

    A method that was run on some of the splits only is compared on those with the best of
    the methods that were run on the most: easy splits do not count in its favour.

    Parameters
    ----------
    errors
        [repeats, methods], see `judged`.
    """
    values = errors.to_numpy(dtype=np.float64)
    counts = np.where(np.isinf(values).any(axis=0), -1, (~np.isnan(values)).sum(axis=0))
    reference = errors[errors.columns[counts == counts.max()]]
    reference = reference[reference.mean().idxmin()]
    made = [
        reference.mean() + (errors[name] - reference).mean() if count > 0 else np.inf
        for name, count in zip(errors, counts, strict=True)
    ]
    return pd.Series(made, index=errors.columns)


def best(errors: pd.DataFrame, among: Iterable[str]) -> str | None:
    """The method of the lowest mean error (see `means`); None when there is none."""
    known = means(errors)[[name for name in among if name in errors]]
    known = known[np.isfinite(known)]
    return None if known.empty else str(known.idxmin())
