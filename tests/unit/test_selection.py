from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adaptrode import rivals
from adaptrode.errors import InputError
from adaptrode.rivals import Source, Task, method
from adaptrode.selection import METHODS, RECOMMENDED, chosen, inner_errors, weights


def task(count: int = 40, *, linear: bool = False, seed: int = 0) -> tuple[Task, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(1, 3, (count + 100, 2))
    plain = inputs[:, 0] * inputs[:, 1] ** 2
    if linear:
        plain = 20.0 - 5.0 * inputs[:, 0] + inputs[:, 1]
    observed = plain * rng.lognormal(0, 0.01, len(plain))
    source = Source(inputs[:30], observed[:30], None, lambda x: np.ones(len(x)))
    made = Task(inputs[:count], observed[:count], None, source, seed=seed)
    return made, np.column_stack([inputs[count:], observed[count:]])


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(rivals, "METHODS", dict(METHODS))


def mape(predicted, observed) -> float:
    return float(np.mean(np.abs(predicted / observed - 1)))


@pytest.mark.parametrize(("linear", "best"), [(False, "ridge_log"), (True, "ridge")])
def test_the_right_form_is_chosen(linear, best):
    made, new = task(linear=linear)
    candidates = ["ridge", "ridge_log", "median"]
    predicted = METHODS["auto"].fit_predict(made, new[:, :2], {"candidates": candidates})
    assert made.notes[best] > 0.95
    alone = METHODS[best].fit_predict(made, new[:, :2])
    assert mape(predicted, new[:, 2]) < 1.1 * mape(alone, new[:, 2])


def test_what_is_learnt_by_heart_is_not_chosen(registry):
    @method("parrot", "Knows its training rows and nothing else")
    def parrot(task, inputs):
        known = {
            row.tobytes(): value for row, value in zip(task.inputs, task.observed, strict=True)
        }
        return np.array([known.get(row.tobytes(), task.observed.mean()) for row in inputs])

    made, new = task()
    METHODS["auto_alone"].fit_predict(made, new[:, :2], {"candidates": ["parrot", "ridge_log"]})
    assert made.notes == {"ridge_log": 1.0}


def test_with_groups_the_choice_is_for_new_groups(registry):
    """A method that recognises groups wins by rows and must lose by groups."""

    @method("group_mean", "Mean of the rows of the same slurry, else of all")
    def group_mean(task, inputs):
        return np.array(
            [
                task.observed[near].mean() if near.any() else 100.0
                for near in (task.inputs[:, 1] == value for value in inputs[:, 1])
            ]
        )

    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(8), 6)
    inputs = np.column_stack([rng.uniform(1, 2, 48), 1.0 + group])
    observed = 10.0 + rng.normal(0, 2.0, 8)[group] + 0.1 * inputs[:, 0]
    candidates = ["group_mean", "median"]
    for groups, expected in ((None, "group_mean"), (group, "median")):
        made = Task(inputs, observed, groups)
        METHODS["auto_alone"].fit_predict(made, inputs[:1], {"candidates": candidates})
        assert max(made.notes, key=made.notes.get) == expected


def test_an_unrelated_source_is_left_aside():
    rng = np.random.default_rng(3)
    made, new = task()
    far = rng.uniform(1, 3, (60, 2))
    source = Source(far, rng.lognormal(3, 1, 60), None, lambda x: np.exp(5 * np.sin(9 * x[:, 0])))
    predicted = METHODS["auto"].fit_predict(replace(made, source=source), new[:, :2])
    alone = METHODS["auto_alone"].fit_predict(made, new[:, :2])
    assert mape(predicted, new[:, 2]) < 1.1 * mape(alone, new[:, 2])


def test_test_rows_do_not_matter_to_the_choice():
    made, new = task()
    METHODS["auto"].fit_predict(made, new[:, :2])
    other = replace(made, notes={})
    METHODS["auto"].fit_predict(other, 5 * new[:3, :2])
    assert made.notes == other.notes


def test_weights_choose_or_average():
    assert weights({"a": 0.1, "b": 0.1}, 6.0) == {"a": 0.5, "b": 0.5}
    assert weights({"a": 0.1, "b": 0.3, "c": np.inf}, 6.0) == {"a": 1.0}
    assert weights({"a": 0.0, "b": 0.1}, 6.0) == {"a": 1.0}
    assert weights({"a": np.inf}, 6.0) == {}
    made = weights({"a": 0.10, "b": 0.12}, 6.0)
    assert made["a"] == pytest.approx(1.2**6 / (1 + 1.2**6))
    many = weights({str(i): 1.0 for i in range(50)}, 6.0)
    assert len(many) == 50
    assert sum(many.values()) == pytest.approx(1.0)


def test_a_failing_candidate_has_no_say(registry):
    @method("broken", "Gives no number")
    def broken(task, inputs):
        return np.full(len(inputs), np.nan)

    made, new = task()
    assert inner_errors(made, ["broken"]) == {"broken": np.inf}
    settings = {"candidates": ["broken", "ridge"]}
    assert np.isfinite(METHODS["auto"].fit_predict(made, new[:, :2], settings)).all()
    lonely = METHODS["auto"].fit_predict(made, new[:, :2], {"candidates": ["broken"]})
    assert (lonely == np.median(made.observed)).all()


def test_candidates_have_settings():
    made, _ = task()
    plain = inner_errors(made, ["forest"])
    small = inner_errors(made, [{"name": "forest", "settings": {"trees": 2}}])
    assert plain["forest"] < small["forest"]


def test_wrong_candidates_are_reported():
    made, new = task()
    for candidates, message in (
        (["auto"], "own candidate"),
        (["nothing"], "no such method"),
    ):
        with pytest.raises(InputError, match=message):
            METHODS["auto"].fit_predict(made, new[:, :2], {"candidates": candidates})
    with pytest.raises(InputError, match="uses the source"):
        METHODS["auto_alone"].fit_predict(made, new[:, :2], {"candidates": ["pooled_gp"]})


VERDICTS = pd.DataFrame(
    {
        "domain": ["new", "new", "other"],
        "property": ["y", "z", "y"],
        "recommended": ["ridge_log", "pooled", "gp"],
    }
)


def test_the_verdict_says_what_is_recommended():
    assert chosen("gp_log", None, "new", "y") == "gp_log"
    assert chosen(RECOMMENDED, VERDICTS, "new", "y") == "ridge_log"
    assert chosen(RECOMMENDED, VERDICTS, "new", "z") == "auto"  # a network is not in the registry


@pytest.mark.parametrize(
    ("method", "verdicts", "domain", "said"),
    [
        ("gp_lg", None, "new", "no such method"),
        (RECOMMENDED, None, "new", "for the verdict"),
        (RECOMMENDED, VERDICTS, "unknown", "no verdict"),
    ],
)
def test_nothing_is_recommended_without_a_verdict(method, verdicts, domain, said):
    with pytest.raises(InputError, match=said):
        chosen(method, verdicts, domain, "y")
