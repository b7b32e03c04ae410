from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

import rivals as script
from adaptrode.entries import Entry
from adaptrode.methods import Label, best, judged, means
from adaptrode.metrics import score
from adaptrode.networks import NetworkStack
from adaptrode.selection import LABELS
from adaptrode.splits import ALL, BY_ROW, held_out_ratio, random_splits
from adaptrode.verdict import HELPS, HURTS, UNKNOWN, Verdict, decide, judge

LAW = np.array([1.0, -0.6, 0.3])
OTHER_LAW = np.array([-0.8, 1.2, -1.0])
FEATURES = ["gap_um", "speed_m_min", "share"]
METHODS = Entry.many(
    [
        {"name": "ridge_log"},
        {"name": "hierarchical_ridge_log"},
        {"name": "recalibration_log"},
        {"name": "auto", "settings": {"candidates": ["ridge_log", "recalibration_log"]}},
        {"name": "auto_alone", "settings": {"candidates": ["ridge_log"]}},
    ]
)
REPEATS = 12


def truth(inputs: np.ndarray, law: np.ndarray) -> np.ndarray:
    """LAW has a wave that a dozen rows do not show and a large source does."""
    wave = 0.4 if law is LAW else 0.0
    return np.exp(np.log(inputs) @ law + wave * np.sin(inputs[:, 0] / 25.0))


def table(rows: int, law: np.ndarray, *, factor: float, noise: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    inputs = rng.uniform([50, 20, 0.2], [300, 60, 1.0], (rows, 3))
    made = pd.DataFrame(inputs, columns=FEATURES)
    made["y"] = factor * truth(inputs, law) * rng.lognormal(0, noise, rows)
    made.insert(0, "row", np.arange(2, rows + 2))
    return made


def domain(clean: pd.DataFrame, name: str) -> script.Table:
    splits = random_splits(
        clean["row"],
        test_fraction=0.3,
        validation_fraction=0.1,
        repeats=REPEATS,
        seed=1,
        domain=name,
    )
    return script.Table(clean, splits, clean[FEATURES].to_numpy(), clean["y"].to_numpy())


class Network:
    """Stands for the source's network: it has learnt the law of the source."""

    def select(self, **_: object) -> Network:
        return self

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return truth(inputs, LAW)[None]


def verdict_of(target: script.Table, source: script.Table) -> Verdict:
    network: NetworkStack = Network()  # type: ignore[assignment]
    made = [
        script.run_repeat(
            METHODS,
            script.source_of(source, network, BY_ROW, repeat),
            target,
            (BY_ROW, repeat),
            [1],
        )
        for repeat in range(REPEATS)
    ]
    predictions, *_ = script.tables(made)
    # The recalibrated network is what an adapter comes down to.
    predictions["method"] = predictions["method"].replace("recalibration_log", "adapter")
    errors = judged(score(predictions), "none", BY_ROW, ALL)
    return decide(errors, LABELS, held_out_ratio(target.splits, BY_ROW))


@functools.cache
def source() -> script.Table:
    return domain(table(120, LAW, factor=1.0, noise=0.05, seed=3), "old")


def test_a_target_that_equals_the_source_is_helped() -> None:
    verdict = verdict_of(domain(table(14, LAW, factor=1.0, noise=0.05, seed=4), "new"), source())
    assert verdict.transfer.outcome == HELPS
    assert LABELS[verdict.recommended].uses_source
    assert verdict.adapter.outcome == HELPS


def test_a_scaled_source_is_helped() -> None:
    verdict = verdict_of(domain(table(14, LAW, factor=3.0, noise=0.05, seed=5), "new"), source())
    assert verdict.transfer.outcome == HELPS
    assert LABELS[verdict.recommended].uses_source
    assert verdict.adapter.outcome == HELPS


def test_an_unrelated_source_does_not_help_and_its_adapter_hurts() -> None:
    unrelated = table(40, OTHER_LAW, factor=1.0, noise=0.05, seed=6)
    verdict = verdict_of(domain(unrelated, "new"), source())
    assert verdict.transfer.outcome != HELPS
    assert verdict.adapter.outcome == HURTS
    assert "adapter" not in [verdict.recommended, *verdict.ties]


def test_eight_rows_of_noise_tell_nothing() -> None:
    noisy = table(8, np.zeros(3), factor=5.0, noise=0.3, seed=7)
    verdict = verdict_of(domain(noisy, "new"), source())
    assert verdict.transfer.outcome == UNKNOWN


def test_eight_rows_of_a_clear_law_are_enough_to_be_helped() -> None:
    verdict = verdict_of(domain(table(8, LAW, factor=1.5, noise=0.03, seed=8), "new"), source())
    assert verdict.transfer.outcome == HELPS


def errors_of(**columns: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(columns)


NOISE = np.random.default_rng(0).normal(size=50)


@pytest.mark.parametrize(
    ("shift", "outcome"), [(-3.0, HELPS), (3.0, HURTS), (0.0, UNKNOWN), (-0.3, UNKNOWN)]
)
def test_the_interval_decides(shift: float, outcome: str) -> None:
    errors = errors_of(auto=np.exp(0.1 * (shift + NOISE)), auto_alone=np.ones(50))
    assert judge(errors, "auto", "auto_alone", 0.43).outcome == outcome


def test_overlapping_splits_need_a_clearer_difference() -> None:
    errors = errors_of(auto=np.exp(0.1 * NOISE - 0.04), auto_alone=np.ones(50))
    assert judge(errors, "auto", "auto_alone", 0.0).outcome == HELPS
    assert judge(errors, "auto", "auto_alone", 0.43).outcome == UNKNOWN


def test_one_disaster_does_not_decide() -> None:
    alone = np.exp(0.01 * NOISE)
    errors = errors_of(auto=0.5 * alone, auto_alone=np.where(np.arange(50) == 7, 20.0, alone))
    judgement = judge(errors, "auto", "auto_alone", 0.43)
    assert judgement.outcome == HELPS
    assert judgement.ratio.mean == pytest.approx(0.5, rel=0.25)


def test_two_splits_tell_nothing() -> None:
    errors = errors_of(auto=np.array([1.0, 1.1]), auto_alone=np.array([9.0, 9.1]))
    assert judge(errors, "auto", "auto_alone", 0.43).outcome == UNKNOWN


def test_without_the_automatic_choices_the_best_stand_in() -> None:
    errors = errors_of(adapter=5 + 0.1 * NOISE, pooled=4 + 0.1 * NOISE, median=9 + 0.1 * NOISE)
    verdict = decide(errors, LABELS, 0.43)
    assert (verdict.transfer.first, verdict.transfer.second) == ("pooled", "median")
    assert verdict.recommended == "pooled"
    assert verdict.ties == []


def test_nothing_without_a_source_gives_no_verdict() -> None:
    verdict = decide(errors_of(adapter=5 + NOISE), LABELS, 0.43)
    assert verdict.transfer is None
    assert verdict.adapter is None


def test_easy_splits_do_not_count_in_favour() -> None:
    hard = np.repeat([1.0, 10.0], 10)
    errors = errors_of(a=hard, b=np.where(hard < 5, hard + 0.5, np.nan), c=hard + 9.0)
    assert errors["b"].mean() < errors["a"].mean()
    assert means(errors)["b"] == pytest.approx(errors["a"].mean() + 0.5)
    assert best(errors, ["a", "b", "c"]) == "a"


def test_what_failed_once_is_never_the_best() -> None:
    errors = errors_of(a=np.array([1.0, np.inf, 1.0]), b=np.array([5.0, 5.0, 5.0]))
    assert best(errors, ["a", "b"]) == "b"
    assert best(errors, ["a"]) is None
    labels = {"a": Label("A", uses_source=True), "b": Label("B", uses_source=False)}
    assert decide(errors, labels, 0.4).recommended == "b"
