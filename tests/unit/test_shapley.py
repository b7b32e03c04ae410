from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shap

import explain
from adaptrode import shapley
from adaptrode.description import Variable
from adaptrode.networks import AdaptedStack, NetworkStack, save_stacks

RANDOM = np.random.default_rng(7)
WEIGHTS = np.array([2.0, -1.0, 0.5, 0.0])
BACKGROUND = RANDOM.normal(size=(150, 4))
ROWS = RANDOM.normal(size=(6, 4))


def linear(inputs):
    return inputs @ WEIGHTS + 3.0


def curved(inputs):
    return np.maximum(inputs[:, 0] + inputs[:, 1] * inputs[:, 2], 0.0) ** 2 + 5.0


def pairwise_only(inputs):
    return 4.0 + inputs @ np.arange(1.0, inputs.shape[1] + 1) + inputs[:, 0] * inputs[:, 2]


def test_a_linear_function_has_its_analytic_values():
    found = shapley.explain(linear, BACKGROUND, ROWS)
    expected = WEIGHTS * (ROWS - BACKGROUND.mean(axis=0))
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


def test_values_and_base_value_add_up_to_the_predictions():
    found = shapley.explain(curved, BACKGROUND, ROWS)
    np.testing.assert_allclose(found.base_value + found.values.sum(axis=1), curved(ROWS))
    np.testing.assert_array_equal(found.predicted, curved(ROWS))


def test_a_feature_that_does_not_matter_gets_nothing():
    np.testing.assert_array_equal(shapley.explain(curved, BACKGROUND, ROWS).values[:, 3], 0.0)


def test_a_constant_function_gives_zeros():
    found = shapley.explain(lambda x: np.full(len(x), 0.1), BACKGROUND, ROWS)
    np.testing.assert_array_equal(found.values, 0.0)


def test_kernel_explainer_agrees():
    background = BACKGROUND[:40]
    kernel = shap.KernelExplainer(curved, background)
    expected = kernel.shap_values(ROWS, nsamples=64, silent=True, l1_reg=False)
    found = shapley.explain(curved, background, ROWS)
    np.testing.assert_allclose(found.values, expected, atol=1e-8)


def test_the_whole_background_counts():
    # shap's masker takes 100 rows of it unless told otherwise.
    found = shapley.explain(curved, BACKGROUND, ROWS)
    assert found.base_value == pytest.approx(curved(BACKGROUND).mean(), rel=1e-12)
    halves = [shapley.explain(curved, half, ROWS).values for half in np.split(BACKGROUND, 2)]
    np.testing.assert_allclose(found.values, np.mean(halves, axis=0), atol=1e-12)


@pytest.mark.parametrize("scale", [1e-10, 1e10])
def test_values_do_not_depend_on_the_features_units(scale):
    found = shapley.explain(lambda x: curved(x / scale), BACKGROUND * scale, ROWS * scale)
    np.testing.assert_allclose(
        found.values, shapley.explain(curved, BACKGROUND, ROWS).values, atol=1e-9
    )


def test_one_feature_takes_the_whole_difference():
    found = shapley.explain(lambda x: x[:, 0] ** 2, BACKGROUND[:, :1], ROWS[:, :1])
    np.testing.assert_allclose(
        found.values[:, 0], ROWS[:, 0] ** 2 - (BACKGROUND[:, 0] ** 2).mean(), atol=1e-12
    )


def test_permutations_are_exact_for_pairwise_interactions():
    exact = shapley.explain(pairwise_only, BACKGROUND, ROWS, max_exact_features=4)
    sampled = shapley.explain(pairwise_only, BACKGROUND, ROWS, max_exact_features=3, seed=5)
    np.testing.assert_allclose(sampled.values, exact.values, atol=1e-10)


def test_permutations_follow_the_seed_and_add_up():
    random = np.random.default_rng(1)
    background, rows = random.normal(size=(20, 15)), random.normal(size=(3, 15))

    def product(inputs):
        return np.prod(1.0 + 0.3 * inputs, axis=1)

    first, again, other = (
        shapley.explain(product, background, rows, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)
    np.testing.assert_allclose(other.base_value + other.values.sum(axis=1), product(rows))


def test_predictions_that_are_no_numbers_are_refused():
    with pytest.raises(ArithmeticError, match="miss the prediction"):
        shapley.explain(lambda x: np.full(len(x), np.nan), BACKGROUND, ROWS)


@pytest.fixture
def clean():
    table = pd.DataFrame(np.random.default_rng(3).normal(size=(30, 2)), columns=["a_um", "b_pct"])
    table.insert(0, "row", np.arange(30) * 2 + 2)
    return table


@pytest.fixture
def splits(clean):
    random = np.random.default_rng(4)
    roles = ["test"] * 9 + ["validation"] * 2 + ["train"] * 19
    return pd.concat(
        pd.DataFrame(
            {
                "scheme": "row",
                "size": "all",
                "repeat": repeat,
                "row": random.permutation(clean["row"]),
                "role": roles,
            }
        )
        for repeat in range(2)
    )


def test_each_repeat_uses_its_own_rows_and_network(clean, splits):
    slopes = np.array([[1.0, -2.0], [3.0, 0.5]])
    table = shapley.explain_repeats(
        lambda repeat: lambda x: x @ slopes[repeat], clean, splits, ["a_um", "b_pct"]
    )
    assert list(table) == ["repeat", "row", "base_value", "predicted", "shap_a_um", "shap_b_pct"]
    by_row = clean.set_index("row")
    for repeat in range(2):
        split = splits[splits["repeat"] == repeat]
        part = table[table["repeat"] == repeat]
        assert list(part["row"]) == list(split.loc[split["role"] == "test", "row"])
        training = by_row.loc[split.loc[split["role"] != "test", "row"]]
        expected = slopes[repeat] * (by_row.loc[part["row"]] - training.mean())
        np.testing.assert_allclose(part[["shap_a_um", "shap_b_pct"]], expected, atol=1e-12)


def test_stored_values_are_paired_with_their_features(clean, splits):
    features = [Variable("a_um", "A", "µm"), Variable("b_pct", "B", "%")]
    table = shapley.explain_repeats(
        lambda repeat: lambda x: x.sum(axis=1), clean, splits, ["a_um", "b_pct"]
    )
    shown = shapley.for_plots(table[table["repeat"] == 1], clean, features)
    assert shown.feature_names == ["A / µm", "B / %"]
    np.testing.assert_allclose(shown.base_values + shown.values.sum(axis=1), shown.data.sum(axis=1))


def stack(inputs: int, hidden: int, seed: int) -> NetworkStack:
    random = np.random.default_rng(seed)
    members = pd.DataFrame(
        {
            "scheme": "row",
            "size": "all",
            "recipe": "robust",
            "repeat": [0, 1],
            "restart": 0,
            "loss": 1.0,
            "validation_loss": 1.0,
        }
    )
    return NetworkStack(
        kernels=(
            random.normal(size=(2, inputs, hidden)).astype(np.float32),
            random.normal(size=(2, hidden, 1)).astype(np.float32),
        ),
        biases=(
            random.normal(size=(2, hidden)).astype(np.float32),
            np.full((2, 1), 2.0, dtype=np.float32),
        ),
        input_shift=np.zeros((2, inputs)),
        input_scale=np.full((2, inputs), 0.8),
        output_scale=np.array([1.5, 0.7]),
        members=members,
    )


@pytest.mark.parametrize("transferred", [False, True])
def test_the_script_explains_what_the_networks_predict(tmp_path, clean, splits, transferred):
    source, adapter = stack(2, 4, 1), stack(1, 3, 2)
    clean.assign(p=1.0).to_parquet(tmp_path / "clean.parquet")
    splits.to_parquet(tmp_path / "splits.parquet")
    save_stacks({"pretrained": source}, tmp_path / "source.npz")
    save_stacks({"adapter": adapter, "frozen": source}, tmp_path / "target.npz")
    explain.main(
        [
            *("--clean", str(tmp_path / "clean.parquet")),
            *("--splits", str(tmp_path / "splits.parquet")),
            *("--features", json.dumps([{"name": n, "label": n} for n in ("a_um", "b_pct")])),
            *("--property", "p", "--recipe", "robust", "--repeats", "3", "--seed", "1"),
            *("--source-networks", str(tmp_path / "source.npz")),
            *(("--networks", str(tmp_path / "target.npz")) if transferred else ()),
            *("--shapley", str(tmp_path / "out.parquet")),
        ]
    )
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert list(table)[:3] == ["scheme", "recipe", "repeat"]
    network = AdaptedStack(source, adapter) if transferred else source
    by_row = clean.set_index("row")
    for repeat in range(2):
        part = table[table["repeat"] == repeat]
        expected = network.predict(by_row.loc[part["row"]])[repeat]
        np.testing.assert_allclose(part["predicted"], expected)
        total = part["base_value"] + part["shap_a_um"] + part["shap_b_pct"]
        np.testing.assert_allclose(total, expected)
