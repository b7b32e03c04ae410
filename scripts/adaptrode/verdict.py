"""Whether a transfer helped: a rule from the errors on many splits to plain words.

The rule compares what a laboratory could have with the source against what it could have
without: the automatic choice among methods that may use the source (``auto``) against
the automatic choice among those that do not (``auto_alone``). Both choose inside the
training rows, so that neither is flattered by having been picked for its test error.
Where one of them was not run, the methods of the lowest mean error stand in.

What is judged is the ratio of the two errors, split by split, in logarithms: a few small
training sets on which a method fails by orders of magnitude would decide a difference in
points, or hide one. The interval of its mean is that of Nadeau and Bengio, which allows
for the overlap of the splits: the transfer helps when all of it lies below a ratio of one,
hurts when all of it lies above, and otherwise it cannot be told. The paper's adapter is
judged by the same rule against the same method without the source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adaptrode.methods import ADAPTER, CHOICE, CHOICE_ALONE, Label, best, common
from adaptrode.metrics import Interval, mean_interval, paired_difference

HELPS, HURTS, UNKNOWN = "helps", "hurts", "cannot be told"

# Fewer splits than this say nothing about the spread between them.
FEWEST_SPLITS = 3

# A method is not recommended on less than this share of the splits that others were run on.
ENOUGH = 0.2

# Perfect predictions and those that are not finite have no logarithm.
ERRORS_PCT = (1e-9, 1e9)


@dataclass(frozen=True)
class Judgement:
    """One method with the source against one without.

    Parameters
    ----------
    outcome
        `HELPS`, `HURTS` or `UNKNOWN`.
    first, second
        The method with and the one without the source.
    ratio
        Of their errors on a typical split (geometric mean) with its interval; below 1 where
        the first is better.
    won
        Share of splits in which the first was better.
    splits
        How many pairs.
    """

    outcome: str
    first: str
    second: str
    ratio: Interval
    won: float
    splits: int


@dataclass(frozen=True)
class Verdict:
    """What is told of one target and property.

    Parameters
    ----------
    transfer
        With the source against without it, each done as well as the data let one choose;
        None where nothing was run with, or nothing without the source.
    adapter
        The paper's adapter against the same method without the source; None likewise.
    recommended
        The method of the lowest mean error, of those run on `ENOUGH` of the splits or more.
    error
        Its mean error in % with its interval.
    ties
        Methods whose mean error cannot be told from that of the recommended one.
    """

    transfer: Judgement | None
    adapter: Judgement | None
    recommended: str
    error: Interval
    ties: list[str]


def judge(errors: pd.DataFrame, first: str, second: str, test_ratio: float) -> Judgement:
    """Compare two methods on the splits on which both were run.

    Parameters
    ----------
    errors
        [repeats, methods], see `adaptrode.methods.judged`.
    test_ratio
        Test rows over training rows, see `adaptrode.metrics.mean_interval`.
    """
    pairs = common(errors, first, second)
    logs = np.log(pairs.clip(*ERRORS_PCT))
    found = paired_difference(logs[first], logs[second], test_ratio)
    ratio = Interval(*(math.exp(end) for end in (found.mean, found.low, found.high)))
    outcome = UNKNOWN
    if len(pairs) >= FEWEST_SPLITS:
        outcome = HELPS if ratio.high < 1 else HURTS if ratio.low > 1 else UNKNOWN
    return Judgement(outcome, first, second, ratio, found.won, len(pairs))


def decide(errors: pd.DataFrame, labels: Mapping[str, Label], test_ratio: float) -> Verdict:
    """Apply the rule to one target and property.

    Parameters
    ----------
    errors
        [repeats, methods], MAPE in % of the splits that are to judge by.
    labels
        Of every method: whether it uses the source.
    test_ratio
        Test rows over training rows.

    Raises
    ------
    ValueError
        When no method was run.
    """
    names = [str(name) for name in errors]
    with_source = [name for name in names if labels[name].uses_source]
    without = [name for name in names if not labels[name].uses_source]
    first = CHOICE if CHOICE in errors else best(errors, with_source)
    second = CHOICE_ALONE if CHOICE_ALONE in errors else best(errors, without)
    counts = errors.notna().sum()
    recommended = best(errors, [name for name in names if counts[name] >= ENOUGH * counts.max()])
    if recommended is None:
        raise ValueError("no method was run on a split that all methods share")
    alone = recommended if second is None else second
    return Verdict(
        transfer=judge(errors, first, second, test_ratio) if first and second else None,
        adapter=judge(errors, ADAPTER, alone, test_ratio) if ADAPTER in errors and second else None,
        recommended=recommended,
        error=mean_interval(errors[recommended].dropna(), test_ratio),
        ties=ties(errors, recommended, test_ratio),
    )


def ties(errors: pd.DataFrame, of: str, test_ratio: float) -> list[str]:
    """Methods that are not worse than this one beyond noise, the best first."""
    found = {}
    for name in errors.columns.drop(of):
        judgement = judge(errors, str(name), of, test_ratio)
        if judgement.splits >= FEWEST_SPLITS and judgement.outcome != HURTS:
            found[str(name)] = judgement.ratio.mean
    return sorted(found, key=lambda name: found[name])
