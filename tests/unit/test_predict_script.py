from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from onnx.reference import ReferenceEvaluator

import export_model
import predict
import tabulate_coverage
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.estimators import RegistryRegressor, load, save, source_of, with_groups
from adaptrode.files import write_table
from adaptrode.networks import AdaptedStack, NetworkStack, load_stacks, save_stacks
from adaptrode.onnx_export import onnx_model, save_onnx
from adaptrode.provenance import sha256
from adaptrode.splits import random_splits

FEATURES = [
    {"name": "a", "label": "A", "unit": "µm", "low": 0, "high": 50},
    {"name": "b", "label": "B", "low": 0, "high": 50},
]
PROPERTIES = [{"name": "y", "label": "Density", "unit": "g/cm³", "low": 0, "high": 500}]
DOMAINS = [
    {"name": "big", "label": "Big", "color": "#000000"},
    {"name": "small", "label": "Small", "color": "#ff0000"},
]
CANDIDATES = "a,b,who\n2,3,Ann\n4,5,Bob\n"
REPEATS = 8


def table(count: int, seed: int, high: float = 10.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = rng.uniform(1, high, (count, 2))
    made = pd.DataFrame(rows, columns=["a", "b"])
    made["y"] = made["a"] * made["b"] * rng.lognormal(0, 0.05, count)
    made.insert(0, "batch", [f"B{i // 4}" for i in range(count)])
    made.insert(0, "row", np.arange(count) + 2)
    return made


def networks(layers, seed: int) -> NetworkStack:
    rng = np.random.default_rng(seed)
    members = pd.DataFrame(
        [
            {"scheme": scheme, "size": "all", "recipe": "robust", "repeat": repeat}
            for scheme in ("row", "batch")
            for repeat in range(REPEATS)
        ]
    ).assign(restart=0, loss=1.0, validation_loss=1.0)
    count = len(members)
    pairs = list(pairwise(layers))
    return NetworkStack(
        kernels=tuple(rng.uniform(0, 1, (count, *p)).astype(np.float32) for p in pairs),
        biases=tuple(rng.uniform(0, 1, (count, p[1])).astype(np.float32) for p in pairs),
        input_shift=np.zeros((count, layers[0])),
        input_scale=np.ones((count, layers[0])),
        output_scale=np.ones(count),
        members=members,
    )


@pytest.fixture
def lab(tmp_path):
    source, target = table(40, 1, 12.0), table(32, 2)
    write_table(source, tmp_path / "big.parquet")
    write_table(target, tmp_path / "small.parquet")
    parts = [
        random_splits(
            target["row"],
            test_fraction=0.3,
            validation_fraction=0.1,
            repeats=REPEATS,
            seed=1,
            domain="small",
            groups=groups,
        )
        for groups in (None, target["batch"])
    ]
    write_table(pd.concat(parts), tmp_path / "splits.parquet")
    frozen = networks((2, 3, 1), 1)
    save_stacks({"pretrained": frozen}, tmp_path / "big.npz")
    stacks = {"adapter": networks((1, 3, 1), 2), "frozen": frozen}
    save_stacks(stacks, tmp_path / "small.npz")
    (tmp_path / "new.csv").write_text(CANDIDATES, "utf-8")
    return tmp_path


def run(lab, *more, method="ridge_log"):
    predict.main(
        [
            *("--candidates", str(lab / "new.csv"), "--features", json.dumps(FEATURES)),
            *("--properties", json.dumps(PROPERTIES), "--clean", str(lab / "small.parquet")),
            *("--method", method, "--seed", "1", "--origin", "simulated"),
            *("--csv", str(lab / "p.csv"), "--markdown", str(lab / "p.md"), *more),
        ]
    )
    return pd.read_csv(lab / "p.csv"), (lab / "p.md").read_text("utf-8")


def with_adapters(lab):
    return (
        *("--source-clean", str(lab / "big.parquet"), "--source-networks", str(lab / "big.npz")),
        *("--networks", str(lab / "small.npz"), "--splits", str(lab / "splits.parquet")),
    )


def test_candidates_are_predicted_and_kept(lab):
    made, text = run(lab)
    assert list(made["who"]) == ["Ann", "Bob"]
    assert list(made["row"]) == [2, 3]
    np.testing.assert_allclose(made["y_predicted"], [6, 20], rtol=0.1)
    assert ((made["y_low"] < made["y_predicted"]) & (made["y_predicted"] < made["y_high"])).all()
    assert (made["coverage_pct"] == 90).all()
    assert "Density / g/cm³" in text
    assert "simulated" in text
    assert "Every candidate lies within" in text


def test_a_spreadsheet_of_another_country_is_read(lab):
    (lab / "new.csv").write_text("who;b;a\nAnn;3,0;2,0\n", "utf-8")
    made, _ = run(lab)
    np.testing.assert_allclose(made.loc[0, ["a", "b"]].astype(float), [2, 3])


def test_rows_outside_are_marked_with_their_features(lab):
    (lab / "new.csv").write_text("a,b\n5,5\n5,11\n40,30\n", "utf-8")
    made, text = run(lab, "--source-clean", str(lab / "big.parquet"))
    assert list(made["outside_target"].fillna("")) == ["", "b", "a, b"]
    assert list(made["outside_all_data"].fillna("")) == ["", "", "a, b"]
    assert "Outside all data" in text


def test_adapters_predict_beside_the_method(lab):
    made, text = run(lab, *with_adapters(lab), method="recalibration_log")
    assert list(made["method"]) == ["recalibration_log", "adapter"] * 2
    assert made.notna().all(axis=None) or made["outside_target"].isna().all()
    assert "The paper's adapter" in text


def test_new_groups_are_less_certain_than_known_ones(lab):
    target = table(32, 2)
    rng = np.random.default_rng(0)
    target["y"] *= np.repeat(rng.lognormal(0, 0.5, 8), 4)
    write_table(target, lab / "small.parquet")
    by_row, _ = run(lab, method="neighbors_log")
    by_group, text = run(lab, "--group", "batch", method="neighbors_log")
    assert (by_group["y_high"] / by_group["y_low"]).mean() > 0.9 * (
        by_row["y_high"] / by_row["y_low"]
    ).mean()
    assert "rows of a new batch" in text


def test_rows_without_the_property_are_left_out(lab):
    target = table(32, 2)
    before, _ = run(lab)
    write_table(
        pd.concat([target, target.tail(3).assign(y=np.nan, row=[90, 91, 92])]),
        lab / "small.parquet",
    )
    after, _ = run(lab)
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize(
    ("text", "message", "row", "column"),
    [
        ("a,c\n1,2\n", "column is missing", None, "b"),
        ("a,b,b\n1,2,3\n", "more than once", None, "b"),
        ("a,b\n1,\n", "empty cell", 2, "b"),
        ("a,b\n1,2\n1,wide\n", "text in place of a number", 3, "b"),
        ("a,b\n1,99\n", "impossible value", 2, "b"),
        ("a,b\n1,inf\n", "infinite value", 2, "b"),
        ("a,b,y_low\n1,2,3\n", "name that the predictions need", None, "y_low"),
        ("a,b\n", "no rows", None, None),
    ],
)
def test_defective_candidates_are_refused(lab, text, message, row, column):
    (lab / "new.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match=message) as raised:
        run(lab)
    assert raised.value.row == row
    assert raised.value.column == column
    assert not (lab / "p.csv").exists()


@pytest.mark.parametrize(
    ("more", "method", "message"),
    [
        ((), "guess", "no such method"),
        ((), "recalibration", "cannot be used"),
        (("--settings", '{"depth": 3}'), "ridge", "no such setting"),
        (("--coverage", "90"), "ridge", "no such coverage"),
        (("--networks", "small.npz"), "ridge", "need the splits"),
    ],
)
def test_impossible_options_are_refused(lab, more, method, message):
    with pytest.raises(InputError, match=message):
        run(lab, *more, method=method)


def test_networks_of_another_recipe_are_refused(lab):
    with pytest.raises(InputError, match="no such networks"):
        run(lab, *with_adapters(lab), "--recipe", "literal")


def test_coverage_is_counted_for_every_scheme_and_method(lab):
    tabulate_coverage.main(
        [
            *("--domains", json.dumps(DOMAINS), "--features", json.dumps(FEATURES)),
            *("--properties", json.dumps(PROPERTIES), "--method", "ridge_log", "--seed", "1"),
            *("--clean", str(lab / "big.parquet"), str(lab / "small.parquet")),
            *("--splits", str(lab / "splits.parquet"), "--networks", str(lab / "small.npz")),
            *("--source-networks", str(lab / "big.npz"), "--origin", "simulated"),
            *("--repeats", "6", "--csv", str(lab / "c.csv"), "--markdown", str(lab / "c.md")),
        ]
    )
    made = pd.read_csv(lab / "c.csv")
    assert list(made["scheme"]) == ["row", "row", "batch", "batch"]
    assert list(made["method"]) == ["ridge_log", "adapter"] * 2
    assert list(made["repeats"]) == [6, 0, 6, 0]
    assert made["coverage_pct"].between(70, 100).all()
    assert (made["width_pct"] > 0).all()
    assert "a new batch" in (lab / "c.md").read_text("utf-8")


@pytest.mark.parametrize("group", [None, "batch"])
def test_a_saved_model_predicts_as_before(tmp_path, group):
    source, target = table(40, 1), table(20, 2)
    inputs, observed = target[["a", "b"]].to_numpy(), target["y"].to_numpy()
    groups = None if group is None else target[group].to_numpy(dtype=str)
    beside = source_of(source, ["a", "b"], "y", group, networks((2, 3, 1), 1))
    grouped = group is not None
    regressor = RegistryRegressor("residual_gp_log", {"iterations": 5}, beside, 3, grouped)
    regressor.fit(with_groups(inputs, groups), observed)
    save(tmp_path / "model", regressor, ["a", "b"], Variable("y", "Y", "mg"))
    loaded = load(tmp_path / "model")
    new = inputs[:4] * 1.1
    np.testing.assert_array_equal(loaded.predict(new), regressor.predict(new))
    if grouped:
        coded = with_groups(new, np.array(["p", "q", "q", "r"]))
        np.testing.assert_array_equal(loaded.predict(coded), loaded.predict(new))


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match="no model") as raised:
        load(tmp_path)
    assert raised.value.file == tmp_path


@pytest.mark.parametrize("scheme", ["row", "batch"])
def test_the_onnx_graph_answers_as_the_adapters_do(lab, scheme):
    stacks = load_stacks(lab / "small.npz")
    both = AdaptedStack(stacks["frozen"], stacks["adapter"]).select(scheme=scheme)
    rows = np.random.default_rng(0).uniform(1, 10, (5, 2))
    for networks in (both, both.take(range(7)), both.take([2])):
        save_onnx(onnx_model(networks, "small"), lab / "a.onnx")
        session = ReferenceEvaluator(str(lab / "a.onnx"))
        (answers,) = session.run(None, {"features": rows})
        np.testing.assert_allclose(answers, np.median(networks.predict(rows), axis=0), rtol=1e-12)


def test_a_model_is_exported_with_its_card(lab):
    metrics = pd.DataFrame(
        {
            "method": ["ridge_log", "adapter", "forest"],
            "scheme": "row",
            "size": "all",
            "recipe": ["none", "robust", "none"],
            "repeat": 0,
            "mape_pct": [3.2, 9.1, 5.0],
            "rmse": 0.1,
        }
    )
    write_table(metrics, lab / "metrics.parquet")
    export_model.main(
        [
            *("--study", "Foils", "--domains", json.dumps(DOMAINS), "--origin", "simulated"),
            *("--property", json.dumps(PROPERTIES[0]), "--features", json.dumps(FEATURES)),
            *("--clean", str(lab / "small.parquet"), "--method", "ridge_log", "--seed", "1"),
            *("--metrics", str(lab / "metrics.parquet"), "--folder", str(lab / "model")),
            *with_adapters(lab),
        ]
    )
    card = json.loads((lab / "model" / "card.json").read_text("utf-8"))
    assert [line["mape_pct"] for line in card["errors"]] == [3.2, 9.1]
    assert card["validity"]["target"]["a"][0] >= 1
    assert card["checksums"]["small.parquet"] == sha256(lab / "small.parquet")
    text = (lab / "model" / "card.md").read_text("utf-8")
    assert "simulated" in text
    assert "Domain of validity" in text
    np.testing.assert_allclose(load(lab / "model").predict([[2, 3]]), 6, rtol=0.1)
