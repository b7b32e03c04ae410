"""A grid's shared trainings give what training each combination alone gives."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from network_cases import ADAPTER, FEATURES, HIDDEN, make_splits, make_table, make_task

import sensitivity_networks
from adaptrode import choices, grid, paper_networks
from adaptrode.errors import InputError
from adaptrode.networks import AdaptedStack
from adaptrode.tasks import Recipe, Schedule

GRID: dict[str, list[Any]] = {
    "scaling": ["source", "domain", "pooled"],
    "batch_size": [8, 16],
    "learning_rate": [0.01],
    "restarts": [1, 2],
    "property_scale": ["median"],
    "output_bias": ["median"],
    "adapter_input": ["raw", "standardised"],
}
SCHEDULE = Schedule(epochs=6, batch_size=0, loss="mape", seed=5)


@pytest.fixture(scope="module")
def errors() -> pd.DataFrame:
    return grid.errors(make_task(0), [make_task(1)], HIDDEN, ADAPTER, GRID, SCHEDULE)


def test_every_combination_has_each_method_domain_and_repeat(errors: pd.DataFrame) -> None:
    keys = [*choices.CHOICES, "method", "domain", "repeat"]
    assert not errors.duplicated(keys).any()
    points = 3 * 2 * 2 * 2
    assert len(errors[choices.CHOICES[0]]) == points * 2 * (1 + 3)
    assert errors[list(choices.CHOICES)].drop_duplicates().shape[0] == points
    assert errors["mape_pct"].notna().all()
    assert errors["dead"].dtype == bool
    methods = errors.groupby("domain")["method"].unique().map(set).to_dict()
    assert methods == {
        "domain_0": {"pretrained"},
        "domain_1": {"pretrained", "adapter", "scratch"},
    }


@pytest.mark.parametrize("scaling", GRID["scaling"])
@pytest.mark.parametrize("adapter_input", GRID["adapter_input"])
def test_shared_trainings_are_those_of_the_combination_alone(
    errors: pd.DataFrame, scaling: str, adapter_input: str
) -> None:
    source, target = make_task(0), make_task(1)
    recipe = Recipe("alone", 0.01, 2, "median", "median", adapter_input)
    schedule = dataclasses.replace(SCHEDULE, batch_size=8)
    beside = [target] if scaling == "pooled" else []
    pretrained, _ = paper_networks.pretrain(source, HIDDEN, [recipe], schedule, beside)
    adapted, scratch, _ = paper_networks.transfer(
        target, pretrained, HIDDEN, ADAPTER, [recipe], scaling, schedule
    )
    own = errors[
        (errors["scaling"] == scaling)
        & (errors["adapter_input"] == adapter_input)
        & (errors["batch_size"] == 8)
        & (errors["restarts"] == 2)
    ].set_index(["method", "domain", "repeat"])["mape_pct"]
    cases: list[tuple[str, Any, Any]] = [
        ("pretrained", pretrained, source),
        ("pretrained", adapted.source, target),
        ("adapter", AdaptedStack(adapted.source, adapted.adapter), target),
        ("scratch", scratch, target),
    ]
    for method, networks, task in cases:
        for answer, split in zip(networks.predict(task.inputs), task.splits, strict=True):
            error = np.abs(answer[split.test] / task.observed[split.test] - 1).mean() * 100
            assert own[method, task.domain, split.repeat] == pytest.approx(error, rel=1e-9)


def test_choices_that_a_network_does_not_see_leave_its_error(errors: pd.DataFrame) -> None:
    def levels(method: str, domain: str, choice: str) -> pd.Series:
        part = errors[(errors["method"] == method) & (errors["domain"] == domain)]
        others = [name for name in choices.CHOICES if name != choice]
        return part.groupby([*others, "repeat"])["mape_pct"].nunique()

    assert (levels("pretrained", "domain_0", "adapter_input") == 1).all()
    assert (levels("scratch", "domain_1", "adapter_input") == 1).all()
    assert (levels("scratch", "domain_1", "scaling") == 1).all()
    assert (levels("adapter", "domain_1", "adapter_input") == 2).any()
    assert (levels("pretrained", "domain_1", "scaling") > 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"momentum": [0.9]}, "each of the choices"),
        ({"scaling": ["elsewhere"]}, "levels of a choice"),
        ({"restarts": []}, "levels of a choice"),
        ({"batch_size": [8, 8]}, "levels of a choice"),
    ],
)
def test_grids_that_cannot_be_run_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        choices.check(GRID | change)
    missing = {name: levels for name, levels in GRID.items() if name != "scaling"}
    with pytest.raises(InputError, match="each of the choices"):
        choices.check(missing)


def test_the_script_takes_the_first_splits_by_rows(tmp_path: Path) -> None:
    for domain in (0, 1):
        make_table(domain).to_parquet(tmp_path / f"clean_{domain}.parquet")
        splits = make_splits(repeats=3, schemes=("row", "batch"))
        splits.to_parquet(tmp_path / f"splits_{domain}.parquet")
    small = GRID | {"scaling": ["source"], "batch_size": [8], "restarts": [1]}
    sensitivity_networks.main(
        [
            *("--study", "study", "--property", "mass_g", "--domains", "domain_0", "domain_1"),
            *("--clean", *(str(tmp_path / f"clean_{domain}.parquet") for domain in (0, 1))),
            *("--splits", *(str(tmp_path / f"splits_{domain}.parquet") for domain in (0, 1))),
            *("--features", json.dumps([{"name": name, "label": name} for name in FEATURES])),
            *("--hidden", json.dumps(HIDDEN), "--adapter", json.dumps(ADAPTER)),
            *("--grid", json.dumps(small), "--repeats", "2", "--epochs", "6"),
            *("--loss", "mape", "--seed", "5", "--errors", str(tmp_path / "errors.parquet")),
        ]
    )
    made = pd.read_parquet(tmp_path / "errors.parquet")
    assert set(made["scheme"]) == {"row"}
    assert set(made["repeat"]) == {0, 1}
    assert set(made["property"]) == {"mass_g"}
    assert len(made) == 2 * 2 * (1 + 3)
