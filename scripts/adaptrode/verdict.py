"""Whether a transfer helped: a rule from the errors on many splits to plain words.

The rule compares what a laboratory could have with the source against what it could have
without: the automatic choice among methods that may use the source (``auto``) against
the automatic choice among those that do not (``auto_alone``). Both choose inside the
training rows, so that neither is flattered by having been picked for its test error.
Where one of them was not run, the methods of the lowest mean error stand in.

The difference is judged with the interval of Nadeau and Bengio, which allows for the
overlap of the splits: the transfer helps when all of it lies below zero, hurts when all
of it lies above, and otherwise it cannot be told. The paper's adapter is judged by the
same rule against the same method without the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from adaptrode.methods import ADAPTER, CHOICE, CHOICE_ALONE, Label, best, common
from adaptrode.metrics import Difference, Interval, mean_interval, paired_difference

HELPS, HURTS, UNKNOWN = "helps", "hurts", "cannot be told"

# Fewer splits than this say nothing about the spread between them.
FEWEST_SPLITS = 3


@dataclass(frozen=True)
class Judgement:
    """One method with the source against one without.

    Parameters
    ----------
    outcome
        `HELPS`, `HURTS` or `UNKNOWN`.
    first, second
        The method with and the one without the source.
    difference
        Of their errors in points of per cent, paired; negative where the first is better.
    relative
        The same ends over the second's mean error.
    splits
        How many pairs.
    """

    outcome: str
    first: str
    second: str
    difference: Difference
    relative: Interval
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
        The method of the lowest mean error.
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
    difference = paired_difference(pairs[first], pairs[second], test_ratio)
    base = float(pairs[second].mean())
    relative = Interval(difference.mean / base, difference.low / base, difference.high / base)
    outcome = UNKNOWN
    if len(pairs) >= FEWEST_SPLITS:
        outcome = HELPS if difference.high < 0 else HURTS if difference.low > 0 else UNKNOWN
    return Judgement(outcome, first, second, difference, relative, len(pairs))


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
    with_source = [name for name in errors if labels[str(name)].uses_source]
    without = [name for name in errors if not labels[str(name)].uses_source]
    first = CHOICE if CHOICE in errors else best(errors, with_source)
    second = CHOICE_ALONE if CHOICE_ALONE in errors else best(errors, without)
    recommended = best(errors, errors.columns)
    if recommended is None:
        raise ValueError("no method was run on a split that all methods share")
    alone = recommended if second is None else second
    return Verdict(
        transfer=judge(errors, first, second, test_ratio) if first and second else None,
        adapter=judge(errors, ADAPTER, alone, test_ratio)
        if ADAPTER in errors and second
        else None,
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
            found[str(name)] = judgement.difference.mean
    return sorted(found, key=lambda name: found[name])
