"""Learning curves: the error by the number of known rows, and where the source stops paying."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adaptrode.errors import InputError
from adaptrode.methods import ADAPTER, NO_RECIPE
from adaptrode.methods import best as best_of
from adaptrode.metrics import mean_interval
from adaptrode.splits import ALL
from adaptrode.verdict import judge

TEST = "test"
BEST = [
    *("size", "known_rows", "splits", "adapter_pct", "alone", "alone_pct"),
    *("sourced", "sourced_pct", "ratio", "low", "high"),
]


@dataclass(frozen=True)
class CatchUp:
    """Where methods without a source catch up; sizes as in the table of splits.

    Parameters
    ----------
    over_adapter
        The smallest size at which the best method without a source is no worse than the
        paper's adapter, by the mean over their common splits; None where it never is.
    over_source
        The smallest size from which on the best method with the source is no longer
        better than the best one without it beyond noise; None where it is better still
        at the largest size, or where there is nothing to compare.
    best
        One line per size, in ascending order: ``size``, ``known_rows``, ``splits`` (that
        all methods share), ``adapter_pct``, ``alone`` and ``alone_pct`` (the best method
        without a source and its mean error), ``sourced`` and ``sourced_pct`` (the best
        with it), ``ratio``, ``low``, ``high`` (of their errors on a typical split, with over
        without, see `adaptrode.verdict.judge`). NaN where there is no such method.
    """

    over_adapter: str | None
    over_source: str | None
    best: pd.DataFrame


def known_rows(splits: pd.DataFrame, scheme: str) -> pd.Series[float]:
    """Rows known to a method (training and validation) by size: the median over the repeats.

    Parameters
    ----------
    splits
        As `adaptrode.splits.random_splits` gives them.
    scheme
        Which kind of split.

    Returns
    -------
    Series
        Indexed by ``size`` (text), in ascending order.

    Raises
    ------
    InputError
        When there are no such splits.
    """
    known = splits[(splits["scheme"] == scheme) & (splits["role"] != TEST)]
    if known.empty:
        raise InputError(
            "there are no such splits",
            found=scheme,
            allowed=", ".join(sorted(set(splits["scheme"]))),
            mend="name the scheme `row` or the column of groups",
        )
    counts = known.groupby(["size", "repeat"]).size()
    return counts.groupby("size").median().astype("float64").sort_values(kind="stable")


def comparable(
    metrics: pd.DataFrame, *, methods: Sequence[str], recipe: str, scheme: str
) -> pd.DataFrame:
    """The lines that learning curves may be drawn from.

    Of each method, only repeats present at every size that it has: an error that falls
    because hard splits dropped out would be no learning. A size that fewer than half of
    the repeats reach is left out instead.

    Parameters
    ----------
    metrics
        As `adaptrode.metrics.score` gives them, of one property and domain.
    methods
        Names; others are left out.
    recipe
        Of the networks; lines of the recipe "none" are kept too.
    scheme
        Which kind of split.
    """
    chosen = metrics[
        metrics["method"].isin(methods)
        & (metrics["scheme"] == scheme)
        & metrics["recipe"].isin([recipe, NO_RECIPE])
    ]
    reached = chosen.groupby(["method", "size"])["repeat"].transform("nunique")
    limited = reached.where(chosen["size"] != ALL)
    most = limited.groupby(chosen["method"]).transform("max")
    chosen = chosen[~(limited < most / 2)]
    sizes = chosen.groupby("method")["size"].transform("nunique")
    present = chosen.groupby(["method", "repeat"])["size"].transform("nunique")
    return chosen[present == sizes].reset_index(drop=True)


def summary(errors: pd.DataFrame, known: pd.Series[float], methods: Sequence[str]) -> pd.DataFrame:
    """One line per method and size, in the order of ``methods``; MAPE in %.

    Parameters
    ----------
    errors
        As `comparable` gives them.
    known
        As `known_rows` gives them; other sizes are left out.

    Returns
    -------
    DataFrame
        ``method, size, known_rows, repeats, mape_mean_pct, mape_mean_low_pct,
        mape_mean_high_pct, mape_median_pct``; the interval is the 95 % one of
        `adaptrode.metrics.mean_interval` with the ratio of test to all known rows: two splits
        share no more rows when each learns from a few of them.
    """
    lines = []
    for method in methods:
        for size, rows, group in _by_size(errors[errors["method"] == method], known):
            interval = mean_interval(group["mape_pct"], _ratio(group, known))
            lines.append(
                {
                    "method": method,
                    "size": size,
                    "known_rows": rows,
                    "repeats": len(group),
                    "mape_mean_pct": interval.mean,
                    # A mean error cannot be negative, whatever the t-distribution says.
                    "mape_mean_low_pct": np.maximum(interval.low, 0.0),
                    "mape_mean_high_pct": interval.high,
                    "mape_median_pct": group["mape_pct"].median(),
                }
            )
    return pd.DataFrame(lines)


def catch_up(errors: pd.DataFrame, known: pd.Series[float], *, alone: Collection[str]) -> CatchUp:
    """Find the sizes at which methods without a source catch up.

    At each size, methods are compared on the splits that all of them have. The best of
    each side is that with the least mean error at the size; it is chosen by the test
    errors themselves, on both sides alike, so that the side of more methods is flattered
    a little.

    Parameters
    ----------
    errors
        As `comparable` gives them.
    known
        As `known_rows` gives them.
    alone
        Names of the methods that do without the source; all others use it.
    """
    lines = []
    for size, rows, group in _by_size(errors, known):
        table = group.set_index(["repeat", "method"])["mape_pct"].unstack()  # noqa: PD010
        table = table.loc[group.groupby("repeat")["method"].nunique() == len(table.columns)]
        table = table.fillna(np.inf)  # an error that is not a number is as bad as can be
        means = table.mean()
        without = best_of(table, [name for name in means.index if name in alone])
        sourced = best_of(table, [name for name in means.index if name not in alone])
        line = {
            "size": size,
            "known_rows": rows,
            "splits": len(table),
            "adapter_pct": float(means.get(ADAPTER, np.nan)),
            "alone": without,
            "alone_pct": np.nan if without is None else float(means[without]),
            "sourced": sourced,
            "sourced_pct": np.nan if sourced is None else float(means[sourced]),
        }
        if without is not None and sourced is not None:
            found = judge(table, sourced, without, _ratio(group, known)).ratio
            line |= {"ratio": found.mean, "low": found.low, "high": found.high}
        lines.append(line)
    best = pd.DataFrame(lines, columns=BEST)
    level = best[(best["alone_pct"] <= best["adapter_pct"]) & np.isfinite(best["alone_pct"])]
    return CatchUp(str(level["size"].iloc[0]) if len(level) else None, _from_on(best), best)


def _ratio(group: pd.DataFrame, known: pd.Series[float]) -> float:
    return float(group["n_test"].median()) / float(known.max())


def _by_size(
    errors: pd.DataFrame, known: pd.Series[float]
) -> Iterator[tuple[str, float, pd.DataFrame]]:
    for size, rows in known.items():
        group = errors[errors["size"] == size]
        if len(group):
            yield str(size), float(rows), group


def _from_on(best: pd.DataFrame) -> str | None:
    """The first size of the last run in which the source is not better beyond noise."""
    found: str | None = None
    compared = best[best["ratio"].notna()]
    for size, high in zip(compared["size"][::-1], compared["high"][::-1], strict=True):
        if high < 1:
            break
        found = str(size)
    return found
