"""Verdicts in plain words that their numbers imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from adaptrode.curves import CatchUp
from adaptrode.description import Domain, Variable
from adaptrode.methods import ADAPTER, CHOICE, Label
from adaptrode.numbers import percent, share, span
from adaptrode.verdict import HELPS, HURTS, UNKNOWN, Judgement, Verdict

SHOWN_TIES = 4


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on.

    Parameters
    ----------
    scheme
        How the splits that judge were drawn; ``groups`` is 0 where by rows.
    errors, splits
        Mean error in % and number of splits of each method, [methods].
    by_row
        Mean errors of splits by rows where whole groups judge.
    remarks
        More sentences: of the features' shift, of learning curves.
    """

    property: Variable
    target: Domain
    source: Domain
    origin: str
    scheme: str
    rows: int
    groups: int
    verdict: Verdict
    errors: pd.Series[float]
    splits: pd.Series[int]
    by_row: pd.Series[float] | None = None
    remarks: list[str] = field(default_factory=list)


def heading(evidence: Evidence) -> str:
    """The answer in a line."""
    transfer = evidence.verdict.transfer
    outcome = f"the transfer {transfer.outcome}" if transfer else "there is no transfer to judge"
    if transfer and transfer.outcome == UNKNOWN:
        outcome = "whether the transfer helps cannot be told"
    return f"{evidence.property.label}, {evidence.target.label}: {outcome}"


def overview(evidence: Evidence, labels: Mapping[str, Label]) -> dict[str, str]:
    """One line of a table of all answers."""
    verdict = evidence.verdict
    answers = {
        title: judgement.outcome if judgement else "not run"
        for title, judgement in (
            ("Transfer", verdict.transfer),
            ("The paper's adapter", verdict.adapter),
        )
    }
    error = verdict.error
    return {
        "Property": evidence.property.label,
        "Source": evidence.source.label,
        "Target": evidence.target.label,
        **answers,
        "Use": labels[verdict.recommended].text,
        "Mean error / %": span(error.mean, max(error.low, 0.0), error.high),
        "Splits": str(evidence.splits[verdict.recommended]),
    }


def inline(label: Label) -> str:
    """A method's label within a sentence."""
    return label.text if label.text.startswith("Gaussian") else lower_first(label.text)


def lower_first(text: str) -> str:
    """With a small first letter."""
    return text[:1].lower() + text[1:]


def paragraph(evidence: Evidence, labels: Mapping[str, Label]) -> str:
    """The whole answer as a list in Markdown."""
    verdict = evidence.verdict
    lines = []
    if verdict.transfer:
        lines.append(_transfer(verdict.transfer, evidence, labels))
    lines.append(_recommended(evidence, labels))
    if verdict.adapter:
        lines.append(_adapter(verdict.adapter, evidence, labels))
    lines.append(_basis(evidence))
    lines += evidence.remarks
    return "\n".join(f"- {line}" for line in lines)


def said(judgement: Judgement) -> str:
    """The outcome in words."""
    if judgement.outcome == UNKNOWN:
        return "whether it helps **cannot be told**"
    return f"it **{judgement.outcome}**"


def _transfer(judgement: Judgement, evidence: Evidence, labels: Mapping[str, Label]) -> str:
    with_source, alone = inline(labels[judgement.first]), inline(labels[judgement.second])
    errors = evidence.errors
    return (
        f"With the {evidence.source.label} data ({with_source}) the mean error is "
        f"{percent(errors[judgement.first])} %, without it ({alone}) "
        f"{percent(errors[judgement.second])} %. On a typical split it is {_change(judgement)}. "
        f"It is lower in {share(judgement.won)} of {judgement.splits} splits."
    )


def _change(judgement: Judgement) -> str:
    """The relative difference and how far it is known."""
    ratio = judgement.ratio
    if not np.isfinite(ratio.low):
        return f"{_moved(ratio.mean)}; one split does not tell how sure this is"
    if judgement.outcome in (HELPS, HURTS):
        return f"{_moved(ratio.mean)} (95 % interval: {_moved(ratio.low)} to {_moved(ratio.high)})"
    return (
        f"{_moved(ratio.mean)}, but the 95 % interval reaches from {_moved(ratio.low)} to "
        f"{_moved(ratio.high)}: these rows cannot tell"
    )


def _moved(ratio: float) -> str:
    if ratio >= 2:
        return f"{ratio:.2g} times as high"
    size = f"{abs(100 * (ratio - 1)):.0f} %"
    return "the same" if size == "0 %" else f"{size} {'lower' if ratio < 1 else 'higher'}"


def _recommended(evidence: Evidence, labels: Mapping[str, Label]) -> str:
    verdict = evidence.verdict
    error = verdict.error
    name = verdict.recommended
    text = (
        f"Use: **{labels[name].text}**, mean error in % "
        f"{span(error.mean, max(error.low, 0.0), error.high)} over {evidence.splits[name]} splits."
    )
    if name != CHOICE and CHOICE in evidence.errors:
        text += (
            f" It was picked for the lowest error of {len(evidence.errors)} methods, which "
            "flatters it a little; the automatic choice, made without the test rows, has "
            f"{percent(evidence.errors[CHOICE])} %."
        )
    others = [inline(labels[tie]) for tie in verdict.ties]
    if others:
        more = f" and {len(others) - SHOWN_TIES} more" if len(others) > SHOWN_TIES else ""
        text += f" Not distinguishable from it: {'; '.join(others[:SHOWN_TIES])}{more}."
    return text


def _adapter(judgement: Judgement, evidence: Evidence, labels: Mapping[str, Label]) -> str:
    own, other = evidence.errors[ADAPTER], evidence.errors[judgement.second]
    return (
        f"The paper's adapter has {percent(own)} % against {percent(other)} % of "
        f"the best without the source ({inline(labels[judgement.second])}). Beside that "
        f"{said(judgement)}: on a typical split, of {judgement.splits}, its error is "
        f"{_change(judgement)}."
    )


def _basis(evidence: Evidence) -> str:
    name = evidence.verdict.recommended
    rows = f"{evidence.rows} rows of {evidence.origin} data"
    if evidence.by_row is None:
        return f"It rests on {rows}, split at random by rows."
    random = evidence.by_row[name]
    return (
        f"It rests on {rows} in {evidence.groups} groups ('{evidence.scheme}'), whole groups held "
        f"out. Splits by random rows would have shown {percent(random)} %, which flatters it by a "
        f"factor of {evidence.errors[name] / random:.2g}."
    )


def shift_remarks(sheet: pd.DataFrame, labels: Mapping[str, str], source: str) -> list[str]:
    """What of the features' shift one must know before trusting a transfer.

    Parameters
    ----------
    sheet
        The lines of one target in the shift sheet, see `adaptrode.shift.by_column`.
    labels
        Of every feature.
    source
        The source's label.
    """
    features = sheet[sheet["kind"] == "feature"]
    named = features["column"].map(labels)
    said = []
    foreign = list(named[features["another_quantity"].astype(bool)])
    if foreign:
        said.append(
            f"Check the meaning of {', '.join(foreign)}: its values lie so far outside those of "
            f"{source} that it may be another quantity."
        )
    still = features["constant_in_source"].astype(bool) & (features["outside_share"] > 0)
    if still.any():
        said.append(
            f"{source} says nothing of {', '.join(named[still])}, which never varied there and "
            "has other values here."
        )
    rest = features[~features["another_quantity"].astype(bool) & ~still]
    outside = rest[rest["outside_share"] > 0.5]
    if len(outside):
        said.append(
            f"Most rows lie outside the range of {source} in "
            f"{', '.join(outside['column'].map(labels))}."
        )
    return said


def catch_up_remarks(found: CatchUp, known: pd.Series[float]) -> list[str]:
    """From how many rows on learning without a source does as well."""
    said = []
    if found.over_adapter is not None:
        said.append(
            f"Without the source the best method of the learning curves is no worse than the "
            f"paper's adapter from {known[found.over_adapter]:.0f} rows on."
        )
    smallest = str(found.best["size"].iloc[0])
    if found.over_source is None:
        said.append("The best method with the source is still ahead with all the rows there are.")
    elif found.over_source == smallest:
        said.append(
            f"At no number of rows, from {known[smallest]:.0f} on, is the best method with the "
            "source better beyond noise."
        )
    else:
        said.append(
            f"The best method with the source is ahead beyond noise with fewer than "
            f"{known[found.over_source]:.0f} rows."
        )
    return said
