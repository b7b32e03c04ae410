from __future__ import annotations

import json
import math
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

import predict_networks
import tabulate_architectures
import tabulate_errors
from adaptrode.errors import InputError
from adaptrode.networks import NetworkStack, save_stacks
from adaptrode.numbers import percent
from adaptrode.splits import random_splits

PROPERTIES = [{"name": "y", "label": "Density"}, {"name": "z", "label": "Mass loading"}]
DOMAINS = [
    {"name": "big", "label": "Big", "color": "#000000"},
    {"name": "small", "label": "Small", "color": "#ff0000"},
]
FEATURES = [{"name": "a", "label": "A"}, {"name": "b", "label": "B"}]
RECIPES = ["robust", "literal"]


def stack(layers, members: pd.DataFrame, seed: int) -> NetworkStack:
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(layers))
    count = len(members)
    return NetworkStack(
        kernels=tuple(rng.normal(size=(count, *p)).astype(np.float32) for p in pairs),
        biases=tuple(rng.normal(size=(count, p[1])).astype(np.float32) for p in pairs),
        input_shift=rng.normal(size=(count, layers[0])),
        input_scale=rng.uniform(1, 2, (count, layers[0])),
        output_scale=rng.uniform(1, 2, count),
        members=members,
    )


def members(sizes=("all",), repeats=2) -> pd.DataFrame:
    keys = product(["row", "batch"], sizes, RECIPES, range(repeats))
    table = pd.DataFrame(keys, columns=["scheme", "size", "recipe", "repeat"])
    return table.assign(restart=0, loss=1.0, validation_loss=1.0)


@pytest.fixture
def domain(tmp_path):
    """A domain's clean table and splits under two schemes, with a learning curve."""
    rng = np.random.default_rng(1)
    clean = pd.DataFrame(
        {"row": np.arange(40) * 2 + 3, "batch": [f"B{i // 4}" for i in range(40)]}
    ).assign(a=rng.normal(size=40), b=rng.normal(size=40), y=rng.uniform(1, 2, 40))
    parts = [
        random_splits(
            clean["row"],
            test_fraction=0.3,
            validation_fraction=0.1,
            repeats=2,
            seed=1,
            domain="small",
            groups=groups,
            sizes=[10],
        )
        for groups in (None, clean["batch"])
    ]
    clean.to_parquet(tmp_path / "clean.parquet")
    splits = pd.concat(parts, ignore_index=True)
    splits.to_parquet(tmp_path / "splits.parquet")
    return clean, splits


def predicted(tmp_path, *stacks) -> pd.DataFrame:
    paths = [tmp_path / f"{i}.npz" for i in range(len(stacks))]
    for path, content in zip(paths, stacks, strict=True):
        save_stacks(content, path)
    predict_networks.main(
        [
            *("--networks", *map(str, paths)),
            *("--clean", str(tmp_path / "clean.parquet")),
            *("--splits", str(tmp_path / "splits.parquet")),
            *("--features", json.dumps(FEATURES), "--property", "y"),
            *("--predictions", str(tmp_path / "predictions.parquet")),
        ]
    )
    return pd.read_parquet(tmp_path / "predictions.parquet")


def test_source_networks_predict_their_own_test_rows(tmp_path, domain):
    clean, splits = domain
    networks = stack((2, 3, 1), members(), 1)
    made = predicted(tmp_path, {"pretrained": networks})
    assert made.columns.to_list() == predict_networks.COLUMNS
    assert set(made["method"]) == {"pretrained"}
    key = {"scheme": "batch", "size": "all", "recipe": "literal", "repeat": 1}
    part = made[(made[list(key)] == pd.Series(key)).all(axis=1)]
    test = splits[(splits["scheme"] == "batch") & (splits["size"] == "all")]
    test = test[(test["repeat"] == 1) & (test["role"] == "test")]
    assert part["row"].to_list() == test["row"].to_list()
    rows = clean.set_index("row").loc[test["row"]]
    np.testing.assert_array_equal(part["observed"], rows["y"])
    answers = networks.select(**key).predict(rows[["a", "b"]].to_numpy())[0]
    np.testing.assert_allclose(part["predicted"], answers, rtol=1e-12)
    assert made["row"].dtype == np.int64


def test_a_target_has_three_methods(tmp_path, domain):
    clean, _ = domain
    target = members(("all", "10"))
    frozen = stack((2, 3, 1), target.assign(size="all"), 2)
    adapter, scratch = stack((1, 4, 1), target, 3), stack((2, 3, 1), target, 4)
    source = stack((2, 3, 1), members(), 5)
    made = predicted(
        tmp_path,
        {"pretrained": source},
        {"adapter": adapter, "scratch": scratch, "frozen": frozen},
    )
    sizes = made.groupby("method")["size"].unique().map(set)
    assert sizes.to_dict() == {
        "pretrained": {"all"},
        "adapter": {"all", "10"},
        "scratch": {"all", "10"},
    }
    keys = ["scheme", "size", "recipe", "repeat", "row"]
    assert not made.duplicated(["method", *keys]).any()
    line = made[(made["method"] == "adapter") & (made["size"] == "10")].iloc[0]
    inputs = clean.loc[clean["row"] == line["row"], ["a", "b"]].to_numpy()
    position = target.index[(target[keys[:-1]] == line[keys[:-1]]).all(axis=1)]
    below = frozen.take(position).predict(inputs)
    assert line["predicted"] == pytest.approx(adapter.take(position).predict(below[..., None]))
    untransferred = made[made["method"] == "pretrained"].set_index(keys)["predicted"]
    whole = (target[keys[:-1]] == line[keys[:-1]].replace("10", "all")).all(axis=1)
    alone = frozen.take(target.index[whole]).predict(inputs)
    place = (line["scheme"], "all", line["recipe"], line["repeat"], line["row"])
    assert untransferred[place] == pytest.approx(alone[0, 0])


def test_networks_of_other_splits_are_refused(tmp_path, domain):
    with pytest.raises(InputError, match="do not belong together"):
        predicted(tmp_path, {"pretrained": stack((2, 3, 1), members(repeats=3), 1)})


def metrics(mape, dead=False, **keys) -> pd.DataFrame:
    default = {"method": "pretrained", "scheme": "row", "size": "all", "recipe": "robust"}
    table = pd.DataFrame({"repeat": range(len(mape)), "mape_pct": np.array(mape, float)})
    return table.assign(n_test=12, rmse=1.0, r2=0.5, bias=0.0, dead=dead, **{**default, **keys})


@pytest.fixture
def errors(tmp_path):
    """The tables that the script writes for two properties and two domains."""
    files = []
    for variable, record in product(PROPERTIES, DOMAINS):
        shift = 10.0 if record["name"] == "small" else 0.0
        parts = [
            metrics([shift + 4, shift + 6, shift + 5]),
            metrics([1, 1, 1], recipe="literal"),
            metrics([90, 90, 90], scheme="batch"),
            metrics([80, 80, 80], recipe="unlisted"),
        ]
        if shift:
            parts += [
                metrics([123.4, 7, 9], dead=[True, False, False], method="adapter"),
                metrics([70, 70, 70], method="adapter", size="10"),
                metrics([3, 3, 3], method="scratch"),
            ]
        files.append(tmp_path / f"{variable['name']}_{record['name']}.parquet")
        pd.concat(parts).to_parquet(files[-1])
    published = {"y": {"pretrained": {"big": 4.53, "small": 78.8}, "adapter": {"small": 14.53}}}
    options = [
        *("--metrics", *map(str, files)),
        *("--properties", json.dumps(PROPERTIES), "--domains", json.dumps(DOMAINS)),
        *("--published", json.dumps(published), "--recipes", json.dumps(RECIPES)),
        *("--origin", "simulated", "--test-fraction", "0.3", "--seed", "2024"),
        *("--csv", str(tmp_path / "t.csv"), "--markdown", str(tmp_path / "t.md")),
    ]
    tabulate_errors.main(options)
    return pd.read_csv(tmp_path / "t.csv"), (tmp_path / "t.md").read_text("utf-8"), options


def test_error_table_summarises_the_asked_for_splits(errors):
    table, _, _ = errors
    keys = ["property", "domain", "method", "recipe"]
    assert not table.duplicated(keys).any()
    assert len(table) == 2 * (2 + 4)
    assert (table["origin"] == "simulated").all()
    line = table.set_index(keys).loc["y", "small", "adapter", "robust"]
    assert line["mape_published_pct"] == 14.53
    assert line["mape_headline_pct"] == 123.4
    assert line["mape_mean_pct"] == pytest.approx(139.4 / 3)
    assert line["mape_median_pct"] == 9
    assert line["dead_share"] == pytest.approx(1 / 3)
    assert line["splits"] == 3
    half = 4.302653 * np.std([123.4, 7, 9], ddof=1) * math.sqrt(1 / 3 + 3 / 7)
    assert line["mape_mean_high_pct"] - line["mape_mean_pct"] == pytest.approx(half, rel=1e-6)
    assert line["mape_mean_low_pct"] == 0  # where the t-interval would go below
    other = table.set_index(keys).loc["y", "small", "pretrained", "robust"]
    half = 4.302653 * math.sqrt(1 / 3 + 3 / 7)
    assert other["mape_mean_low_pct"] == pytest.approx(15 - half, rel=1e-6)


def test_error_table_is_laid_out_like_the_paper_s(errors):
    _, text, _ = errors
    assert "simulated data" in text.splitlines()[0]
    assert "seed 2024" in text.splitlines()[0]
    lines = [
        [c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line
    ]
    assert lines[0][3:] == [
        *("Density, Big", "Density, Small"),
        *("Mass loading, Big", "Mass loading, Small"),
    ]
    assert ["Pre-trained NN", "", "published", "4.53", "78.80", "–", "–"] in lines
    assert ["TL approach NN", "", "published", "–", "14.53", "–", "–"] in lines
    assert ["TL approach NN", "robust", "headline split", "–", "123", "–", "123"] in lines
    assert ["TL approach NN", "robust", "dead", "–", "33 %", "–", "33 %"] in lines
    assert ["Pre-trained NN", "robust", "median", "5.00", "15.0", "5.00", "15.0"] in lines
    assert not any(line[0] == "NN from scratch" and line[2] == "published" for line in lines)
    assert len({len(line) for line in lines}) == 1


def test_a_file_of_errors_too_few_is_refused(errors):
    _, _, options = errors
    with pytest.raises(InputError, match="per property and domain"):
        tabulate_errors.main([options[0], *options[2:]])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.534, "4.53"),
        (0.1234, "0.12"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (99.96, "100"),
        (1234.5, "1234"),
        (-12.34, "-12.3"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_figures_keep_what_matters(value, text):
    assert percent(value) == text


def test_architectures_are_counted_as_in_the_paper(tmp_path):
    shapes = {"y": ((6, 4, 4, 4, 4, 1), (1, 4, 1)), "z": ((6, 3, 3, 3, 1), (1, 3, 1))}
    files = []
    for variable, record in product(PROPERTIES, DOMAINS):
        source, adapter = shapes[variable["name"]]
        files.append(tmp_path / f"{variable['name']}_{record['name']}.npz")
        target = {"adapter": stack(adapter, members(), 1), "scratch": stack(source, members(), 2)}
        own = {"pretrained": stack(source, members(), 3)}
        save_stacks(own if record["name"] == "big" else target, files[-1])
    options = [
        *("--networks", *map(str, files)),
        *("--properties", json.dumps(PROPERTIES), "--domains", json.dumps(DOMAINS)),
        *("--csv", str(tmp_path / "t.csv"), "--markdown", str(tmp_path / "t.md")),
    ]
    tabulate_architectures.main(options)
    table = pd.read_csv(tmp_path / "t.csv").set_index(["network", "property"])
    assert table["parameters"].to_dict() == {
        ("pretrained", "y"): 93,
        ("pretrained", "z"): 49,
        ("adapter", "y"): 13,
        ("adapter", "z"): 10,
    }
    text = (tmp_path / "t.md").read_text("utf-8")
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]
    assert rows[2] == ["Pre-trained", "Density", "4", "4", "93"]
    assert rows[5][:2] == ["TL approach", "Mass loading"]
    assert rows[5][2].startswith("1 (plus the frozen")
    with pytest.raises(InputError, match="per property and domain"):
        tabulate_architectures.main([options[0], *options[2:]])
