"""The scripts that train and predict work together on files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from network_cases import ADAPTER, FEATURES, HIDDEN, LITERAL, ROBUST, make_splits, make_table

import predict_networks
import pretrain
import transfer
from adaptrode import rival_networks
from adaptrode.errors import InputError
from adaptrode.networks import load_stacks

RIVALS = list(rival_networks.RIVALS)
VARIABLES = json.dumps([{"name": name, "label": name} for name in FEATURES])


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for domain in (0, 1):
        make_table(domain).to_parquet(tmp_path / f"clean_{domain}.parquet")
        make_splits().to_parquet(tmp_path / f"splits_{domain}.parquet")
    return tmp_path


def options(tables: Path, folder: Path, domain: int, **changes: object) -> list[str]:
    named: dict[str, object] = {
        "study": "study",
        "property": "mass_g",
        "domain": f"domain_{domain}",
        "clean": tables / f"clean_{domain}.parquet",
        "splits": tables / f"splits_{domain}.parquet",
        "features": VARIABLES,
        "hidden": json.dumps(HIDDEN),
        "recipes": json.dumps([dataclasses.asdict(recipe) for recipe in (ROBUST, LITERAL)]),
        "epochs": 4,
        "batch-size": 8,
        "loss": "mape",
        "scaling": "source",
        "seed": 5,
        "networks": folder / f"{domain}.npz",
        "history": folder / f"{domain}.parquet",
        "keras": folder / f"{domain}.keras",
        "provenance": folder / f"{domain}.json",
    }
    if domain:
        named |= {"source-networks": folder / "0.npz", "adapter": json.dumps(ADAPTER)}
    named |= {name.replace("_", "-"): value for name, value in changes.items()}
    return [word for name, value in named.items() for word in (f"--{name}", str(value))]


def beside(tables: Path, domain: int, prefix: str) -> dict[str, object]:
    return {
        f"{prefix}_clean": tables / f"clean_{domain}.parquet",
        f"{prefix}_splits": tables / f"splits_{domain}.parquet",
    }


def run(tables: Path, folder: Path, threads: int = 1, scaling: str = "source") -> dict[str, bytes]:
    pooled = beside(tables, 1, "pooled") if scaling == "pooled" else {}
    pretrain.main(options(tables, folder, 0, threads=threads, scaling=scaling, **pooled))
    source = beside(tables, 0, "source")
    further = {"threads": threads, "scaling": scaling, "rivals": json.dumps(RIVALS)}
    transfer.main(options(tables, folder, 1, **further, **source))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_scripts_write_the_same_bytes_twice(tables: Path) -> None:
    first, second = run(tables, tables / "a", 1), run(tables, tables / "b", 2)
    assert len(first) == 8
    record, again = json.loads(first.pop("1.json")), json.loads(second.pop("1.json"))
    assert len(record["inputs"]) == 5
    assert list(record["inputs"].values()) == list(again["inputs"].values())
    assert record["parameters"] == {
        "adapter": {"trainable": 7, "frozen": 16},
        "scratch": {"trainable": 16, "frozen": 0},
        "fine_tuned": {"trainable": 16, "frozen": 0},
        "last_layer": {"trainable": 4, "frozen": 12},
        "pooled": {"trainable": 19, "frozen": 0},
    }
    assert record["settings"] == again["settings"]
    assert first == second


def test_every_network_in_the_files_is_predicted(tables: Path) -> None:
    folder = tables / "a"
    run(tables, folder)
    stacks = load_stacks(folder / "1.npz")
    assert set(stacks) == {"adapter", "scratch", "frozen", *RIVALS}
    history = pd.read_parquet(folder / "1.parquet")
    assert set(history["method"]) == {"adapter", "scratch", *RIVALS}
    predict_networks.main(
        [
            *("--networks", str(folder / "0.npz"), str(folder / "1.npz")),
            *("--clean", str(tables / "clean_1.parquet")),
            *("--splits", str(tables / "splits_1.parquet")),
            *("--features", VARIABLES, "--property", "mass_g"),
            *("--predictions", str(tables / "predictions.parquet")),
        ]
    )
    made = pd.read_parquet(tables / "predictions.parquet")
    assert list(made["method"].unique()) == ["pretrained", "adapter", "scratch", *RIVALS]
    assert made.groupby("method").size().nunique() == 1
    clean = make_table(1).set_index("row")
    line = made[(made["method"] == "pooled") & (made["recipe"] == "literal")].iloc[0]
    network = stacks["pooled"].select(recipe="literal", repeat=line["repeat"])
    own = network.predict(clean.loc[[line["row"]], FEATURES])
    assert line["predicted"] == pytest.approx(own[0, 0])


def test_without_rivals_only_the_papers_networks_are_trained(tables: Path) -> None:
    run(tables, tables / "a")
    transfer.main(options(tables, tables / "a", 1, networks=tables / "fewer.npz"))
    fewer, whole = load_stacks(tables / "fewer.npz"), load_stacks(tables / "a" / "1.npz")
    assert set(fewer) == {"adapter", "scratch", "frozen"}
    for name, stack in fewer.items():
        np.testing.assert_array_equal(stack.kernels[0], whole[name].kernels[0])


def test_pooled_scales_go_from_the_source_to_the_target(tables: Path) -> None:
    folder = tables / "a"
    run(tables, folder, scaling="pooled")
    source, target = load_stacks(folder / "0.npz")["pretrained"], load_stacks(folder / "1.npz")
    for name in ("frozen", "fine_tuned", "last_layer"):
        np.testing.assert_array_equal(target[name].input_scale, source.input_scale)
    inputs = json.loads((folder / "0.json").read_text())["inputs"]
    assert len(inputs) == 4
    with pytest.raises(InputError, match="needs the targets' tables"):
        pretrain.main(options(tables, folder, 0, scaling="pooled"))


def test_rivals_that_cannot_be_trained_are_refused(tables: Path) -> None:
    with pytest.raises(InputError, match="no such network") as error:
        transfer.main(options(tables, tables, 1, rivals='["tuned"]'))
    assert "fine_tuned" in str(error.value)
    with pytest.raises(InputError, match="--source-clean"):
        transfer.main(options(tables, tables, 1, rivals='["pooled"]'))
