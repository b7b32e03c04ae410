from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import HuberRegressor

import rivals as script
from adaptrode import rivals
from adaptrode.errors import InputError
from adaptrode.files import read_table, write_table
from adaptrode.gaussian import GroupedGaussianProcess, LineAndCurve, coregionalised, line_and_curve
from adaptrode.networks import NetworkStack, save_stacks
from adaptrode.rivals import LINEAR_AND_LOG, Logs, Source, Task, alone, inner_folds, method, named
from adaptrode.selection import METHODS
from adaptrode.splits import random_splits
from adaptrode.transfers import align

LAW = np.array([1.0, -0.6, 0.3])
CHEAP = {"forest": {"trees": 20}, "forest_log": {"trees": 20}, "boosting": {"trees": 40}}


def law(inputs: np.ndarray, factor: float = 1.0) -> np.ndarray:
    return factor * np.exp(np.log(inputs) @ LAW)


def rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform([50, 20, 0.2], [300, 60, 1.0], (count, 3))


def make_task(
    target_rows: int = 20,
    factor: float = 1.4,
    noise: float = 0.01,
    *,
    grouped: bool = False,
    seed: int = 5,
) -> tuple[Task, np.ndarray, np.ndarray]:
    """A target that follows the source's law times a factor, and 200 rows to predict."""
    rng = np.random.default_rng(seed)
    first, second, new = rows(80, 1), rows(target_rows, seed), rows(200, 3)
    source = Source(
        first,
        law(first) * rng.lognormal(0, noise, 80),
        np.arange(80) // 5 if grouped else None,
        law,
    )
    task = Task(
        second,
        law(second, factor) * rng.lognormal(0, noise, target_rows),
        np.arange(target_rows) // 4 if grouped else None,
        source,
        seed=7,
    )
    return task, new, law(new, factor)


def mape(predicted: np.ndarray, observed: np.ndarray) -> float:
    return float(np.mean(np.abs(predicted / observed - 1)))


def test_registry_holds_what_was_asked_for():
    both = [
        *("ridge", "neighbors", "support_vectors", "forest", "boosting", "gp", "recalibration"),
        *("pooled_forest", "pooled_gp", "coregional_gp", "residual_gp"),
        *("hierarchical_ridge", "hierarchical_gp"),
    ]
    assert {"median", "auto", "auto_alone", *both, *(f"{name}_log" for name in both)} == set(
        METHODS
    )
    assert all(entry.name == name and entry.label for name, entry in METHODS.items())
    assert len({entry.label for entry in METHODS.values()}) == len(METHODS)
    assert not METHODS["gp_log"].uses_source
    assert METHODS["coregional_gp"].uses_source


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"median"}))
def test_every_method_beats_the_median_and_repeats_itself(name):
    task, new, truth = make_task()
    settings = CHEAP.get(name, {})
    predicted = METHODS[name].fit_predict(task, new, settings)
    assert predicted.shape == truth.shape
    assert mape(predicted, truth) < 0.8 * mape(METHODS["median"].fit_predict(task, new), truth)
    again = METHODS[name].fit_predict(make_task()[0], new, settings)
    np.testing.assert_array_equal(predicted, again)


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize("grouped", [False, True])
def test_every_method_survives_three_rows(name, grouped):
    task, new, _ = make_task(3, grouped=grouped)
    assert np.isfinite(METHODS[name].fit_predict(task, new, CHEAP.get(name, {}))).all()


@pytest.mark.parametrize("name", ["gp_log", "coregional_gp", "hierarchical_gp_log", "auto"])
def test_constant_columns_and_zeros_do_no_harm(name):
    task, new, truth = make_task()
    beside = np.column_stack([np.full(80, 0.3), np.zeros(80)])
    task = replace(
        task,
        source=replace(task.source, inputs=np.column_stack([task.source.inputs, beside])),
        inputs=np.column_stack([task.inputs, np.full(20, 0.3), np.zeros(20)]),
    )
    task = replace(task, source=replace(task.source, predict=lambda x: law(x[:, :3])))
    new = np.column_stack([new, np.full(200, 0.5), np.zeros(200)])
    assert mape(METHODS[name].fit_predict(task, new), truth) < 0.2


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("hierarchical_ridge_log", "ridge_log"),
        ("hierarchical_gp_log", "gp_log"),
        ("coregional_gp_log", "gp_log"),
        ("pooled_gp_log", "gp_log"),
    ],
)
def test_a_source_like_the_target_helps(name, without):
    errors = np.array(
        [
            [mape(METHODS[one].fit_predict(task, new), truth) for one in (name, without)]
            for task, new, truth in (make_task(10, 1.0, 0.05, seed=seed) for seed in range(6))
        ]
    )
    assert errors[:, 0].mean() < errors[:, 1].mean()


def test_recalibration_undoes_an_affine_change():
    task, new, _ = make_task()
    task = replace(task, observed=3.0 * law(task.inputs) + 2.0)
    np.testing.assert_allclose(
        METHODS["recalibration"].fit_predict(task, new), 3.0 * law(new) + 2.0, rtol=1e-10
    )
    task = replace(task, observed=3.0 * law(task.inputs) ** 0.7)
    np.testing.assert_allclose(
        METHODS["recalibration_log"].fit_predict(task, new), 3.0 * law(new) ** 0.7, rtol=1e-10
    )


def test_a_dead_or_negative_network_does_not_break_what_builds_on_it():
    task, new, truth = make_task()
    for answer in (0.0, -4.0):
        source = replace(task.source, predict=lambda x, answer=answer: np.full(len(x), answer))
        predicted = METHODS["residual_gp_log"].fit_predict(replace(task, source=source), new)
        assert mape(predicted, truth) < 0.1


def random_kernel(rng: np.random.Generator, *, grouped: bool, two: bool) -> LineAndCurve:
    levels = dict(zip(("line", "curve", "noise"), rng.uniform(0.1, 2, 3), strict=True))
    if grouped:
        levels["group"] = 0.4
    if two:
        levels |= {"offset": 0.7, "own": 0.3, "shared": 1.6}
    return LineAndCurve(rng.uniform(0.5, 2, 3), **levels)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("two", [False, True])
def test_kernel_gradient_definiteness_and_diagonal(grouped, two):
    rng = np.random.default_rng(3)
    kernel = random_kernel(rng, grouped=grouped, two=two)
    inputs = np.column_stack([rng.normal(size=(12, 3)), np.arange(12) % 2, np.arange(12) // 3])
    matrix, gradient = kernel(inputs, eval_gradient=True)
    np.testing.assert_allclose(matrix, kernel(inputs))
    np.testing.assert_allclose(np.diag(matrix), kernel.diag(inputs))
    np.testing.assert_allclose(
        matrix - kernel(inputs, inputs), kernel.noise * np.eye(12), atol=1e-12
    )
    assert np.linalg.eigvalsh(kernel(inputs, inputs)).min() > -1e-12
    assert gradient.shape == (12, 12, len(kernel.theta))
    for index, step in enumerate(1e-6 * np.eye(len(kernel.theta))):
        up, down = (kernel.clone_with_theta(kernel.theta + s)(inputs) for s in (step, -step))
        np.testing.assert_allclose(gradient[..., index], (up - down) / 2e-6, atol=1e-7)


def test_kernel_of_two_domains_is_that_of_one_where_they_are_one():
    rng = np.random.default_rng(3)
    plain = line_and_curve(3)
    joint = coregionalised(3).set_params(own=1e-12, offset=1e-12, shared=1.0)
    inputs = np.column_stack([rng.normal(size=(9, 3)), np.arange(9) % 2, np.zeros(9)])
    np.testing.assert_allclose(plain(inputs), joint(inputs), atol=1e-10)
    free = coregionalised(3).set_params(shared=1e-9)(inputs, inputs)
    np.testing.assert_allclose(free[::2, 1::2], 0.0, atol=1e-7)


def test_the_gradient_of_the_likelihood_is_that_of_its_differences():
    rng = np.random.default_rng(4)
    inputs, values = rng.normal(size=(15, 3)), rng.normal(size=15)
    process = GroupedGaussianProcess(coregionalised(3)).fit(
        inputs, values, domain=np.arange(15) % 2, groups=np.arange(15) // 3
    )
    likelihood = partial(process.process_.log_marginal_likelihood, clone_kernel=True)
    theta = process.kernel_.theta + 0.1
    _, gradient = likelihood(theta, eval_gradient=True)
    for index, step in enumerate(1e-5 * np.eye(len(theta))):
        slope = (likelihood(theta + step) - likelihood(theta - step)) / 2e-5
        assert gradient[index] == pytest.approx(slope, rel=1e-4, abs=1e-5)


def test_groups_with_offsets_do_not_mislead_a_grouped_process():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(8), 5)
    # Within a group nothing but noise; the features tell which group a row is of.
    inputs = np.column_stack([rng.normal(size=8)[group], rng.normal(size=40)])
    values = rng.normal(size=8)[group] + 0.1 * rng.normal(size=40)
    new = rng.normal(size=(100, 2))
    errors = [
        np.mean(
            GroupedGaussianProcess(line_and_curve(2))
            .fit(inputs, values - values.mean(), groups=groups)
            .predict(new)
            ** 2
        )
        for groups in (group, None)
    ]
    assert errors[0] < errors[1]


def test_scales_of_two_domains():
    task, new, _ = make_task()
    shifted = task.inputs + np.array([0.0, 5000.0, 0.0])  # means something else in the target
    still = np.column_stack([task.source.inputs[:, :2], np.full(80, 0.3)])
    task = replace(task, inputs=shifted, source=replace(task.source, inputs=still))
    made = align(task, new, log=False)
    assert made.foreign.tolist() == [False, True, False]
    np.testing.assert_allclose(made.source.std(axis=0), [1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(made.target.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(made.target.std(axis=0)[1:], 1)
    assert made.target.std(axis=0)[0] == pytest.approx(shifted[:, 0].std() / still[:, 0].std())
    domain = align(task, new, log=False, scaling="domain")
    np.testing.assert_allclose(domain.target.std(axis=0), 1)
    pooled = align(task, new, log=False, scaling="pooled")
    np.testing.assert_allclose(np.vstack([pooled.source, pooled.target]).mean(axis=0), 0, atol=1e-9)
    with pytest.raises(InputError, match="scaling"):
        align(task, new, log=True, scaling="none")


def test_logs_are_of_positive_columns_only():
    seen = np.array([[1.0, 0.0, -2.0], [np.e, 4.0, 2.0]])
    logs = Logs().fit(seen)
    np.testing.assert_allclose(logs.transform(seen), [[0, 0, -2], [1, 4, 2]])
    np.testing.assert_allclose(logs.transform([[0.0, 1.0, 1.0]]), [[np.log(0.5), 1, 1]])


def test_inner_folds_keep_groups_whole():
    groups = np.repeat([*"abcdef"], 4)
    for known, asked in inner_folds(24, groups, seed=1):
        assert not set(groups[known]) & set(groups[asked])
    assert len(inner_folds(4, np.array([*"aaab"]), seed=1)) == 4


def test_unknown_names_and_settings_are_reported():
    task, new, _ = make_task()
    with pytest.raises(InputError, match="no such method"):
        named("crystal_ball")
    with pytest.raises(InputError, match="trees"):
        METHODS["forest"].fit_predict(task, new, {"tree": 3})
    with pytest.raises(InputError, match="positive"):
        METHODS["ridge_log"].fit_predict(replace(task, observed=-task.observed), new)
    with pytest.raises(InputError, match="source"):
        METHODS["pooled_gp"].fit_predict(replace(task, source=None), new)
    bare = replace(task, source=replace(task.source, predict=None))
    with pytest.raises(InputError, match="network"):
        METHODS["recalibration"].fit_predict(bare, new)


def test_a_method_of_ones_own(monkeypatch):
    monkeypatch.setattr(rivals, "METHODS", dict(METHODS))

    @method("huber", "Huber regression", forms=LINEAR_AND_LOG)
    def huber(task, inputs, *, log, epsilon=1.35):
        return alone(HuberRegressor(epsilon=epsilon), task, inputs, log=log)

    task, new, truth = make_task()
    assert mape(named("huber_log").fit_predict(task, new, {"epsilon": 1.5}), truth) < 0.02
    assert dict(named("huber").defaults) == {"epsilon": 1.35}


# The script


@pytest.fixture
def files(tmp_path):
    """Clean tables, splits and networks of a source and a target, as options."""
    rng = np.random.default_rng(8)
    options = ["--study", "s", "--domain", "new", "--property", "y", "--seed", "3"]
    options += ["--features", '[{"name": "a", "label": "A"}, {"name": "b", "label": "B"}]']
    for domain, prefix, count in (("old", "source-", 40), ("new", "", 24)):
        values = rng.uniform(1, 3, (count, 2))
        clean = pd.DataFrame({"row": np.arange(count) + 2, "batch": np.arange(count) // 4})
        clean = clean.astype({"batch": str}).assign(a=values[:, 0], b=values[:, 1])
        clean["y"] = 2 * clean["a"] * clean["b"]
        splits = [
            random_splits(
                clean["row"],
                test_fraction=0.3,
                validation_fraction=0.1,
                repeats=3,
                seed=1,
                domain=domain,
                groups=groups,
                sizes=[] if prefix else [6],
            )
            for groups in (None, clean["batch"])
        ]
        write_table(clean, tmp_path / f"{domain}.parquet")
        write_table(pd.concat(splits), tmp_path / f"{domain}.splits.parquet")
        options += [f"--{prefix}clean", str(tmp_path / f"{domain}.parquet")]
        options += [f"--{prefix}splits", str(tmp_path / f"{domain}.splits.parquet")]
    members = pd.DataFrame(
        [(scheme, "all", "plain", r) for scheme in ("row", "batch") for r in range(3)],
        columns=["scheme", "size", "recipe", "repeat"],
    ).assign(restart=0, loss=0.0, validation_loss=0.0)
    count = len(members)
    stack = NetworkStack(
        (np.ones((count, 2, 1), np.float32),),
        (np.zeros((count, 1), np.float32),),
        np.zeros((count, 2)),
        np.ones((count, 2)),
        np.ones(count),
        members,
    )
    save_stacks({"pretrained": stack}, tmp_path / "old.npz")
    return [*options, "--source-networks", str(tmp_path / "old.npz"), "--recipe", "plain"]


def outputs(folder, name="run"):
    return [folder / f"{name}.{kind}.parquet" for kind in ("predictions", "seconds", "choices")]


def run(files, folder, methods, *more, name="run"):
    named_outputs = zip(
        ("--predictions", "--seconds", "--choices"), outputs(folder, name), strict=True
    )
    flat = [str(part) for pair in named_outputs for part in pair]
    script.main([*files, "--methods", methods, *flat, *more])
    return [read_table(path) for path in outputs(folder, name)]


def test_script_predicts_every_test_row_of_the_splits_asked_for(files, tmp_path):
    methods = (
        '[{"name": "ridge_log"}, {"name": "recalibration", "curve_repeats": 0},'
        ' {"name": "auto", "repeats": 2, "curve_repeats": 1}]'
    )
    predictions, seconds, choices = run(files, tmp_path, methods)
    runs = seconds.groupby(["method", "scheme", "size"]).size()
    assert (runs["ridge_log"] == 3).all()
    assert runs["recalibration"].to_dict() == {("batch", "all"): 3, ("row", "all"): 3}
    assert runs["auto"].xs("all", level="size").eq(2).all()
    assert runs["auto"].xs("6", level="size").eq(1).all()
    splits = read_table(tmp_path / "new.splits.parquet").query("role == 'test'")
    for keys, part in predictions.groupby(["method", "scheme", "size", "repeat"]):
        asked = splits[(splits[["scheme", "size", "repeat"]] == list(keys[1:])).all(axis=1)]
        assert sorted(part["row"]) == sorted(asked["row"])
    clean = read_table(tmp_path / "new.parquet").set_index("row")["y"]
    np.testing.assert_array_equal(predictions["observed"], clean[predictions["row"]])
    assert (predictions["recipe"] == "none").all()
    exact = predictions.query("method == 'ridge_log' and size == 'all'")
    np.testing.assert_allclose(exact["predicted"], exact["observed"], rtol=1e-2)
    weight = choices.groupby(["method", "scheme", "size", "repeat"])["weight"].sum()
    np.testing.assert_allclose(weight, 1.0)
    assert len(weight) == 6


def test_script_runs_one_method_and_gives_the_same_again(files, tmp_path):
    methods = '[{"name": "median"}, {"name": "forest", "settings": {"trees": 5}, "repeats": 1}]'
    first, _, _ = run(files, tmp_path, methods)
    only, _, choices = run(files, tmp_path, methods, "--only", "forest", name="only")
    pd.testing.assert_frame_equal(first.query("method == 'forest'").reset_index(drop=True), only)
    assert choices.empty
    other, _, _ = run(files, tmp_path, methods, "--only", "neighbors", name="other")
    assert set(other["method"]) == {"neighbors"}


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ('[{"name": "crystal_ball"}]', "no such method"),
        ('[{"name": "forest", "settings": {"tree": 5}}]', "no such setting"),
        ('[{"name": "forest", "repeat": 5}]', "not understood"),
        ('[{"name": "forest"}, {"name": "forest"}]', "twice"),
    ],
)
def test_script_reports_a_wrong_list(files, tmp_path, methods, message):
    with pytest.raises(InputError, match=message):
        run(files, tmp_path, methods)
    assert not any(path.exists() for path in outputs(tmp_path))


def test_script_reports_splits_without_a_source(files, tmp_path):
    path = tmp_path / "old.splits.parquet"
    write_table(read_table(path).query("repeat < 2"), path)
    with pytest.raises(InputError, match="no such split"):
        run(files, tmp_path, '[{"name": "median"}]')


def test_script_leaves_out_what_the_rows_do_not_allow(files, tmp_path, caplog):
    path = tmp_path / "new.parquet"
    clean = read_table(path)
    write_table(clean.assign(y=clean["y"] - clean["y"].mean()), path)
    with caplog.at_level("WARNING", "adaptrode"):
        predictions, _, _ = run(files, tmp_path, '[{"name": "ridge"}, {"name": "ridge_log"}]')
    assert set(predictions["method"]) == {"ridge"}
    assert "ridge_log" in caplog.text


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", ["gp_log", "pooled_gp", "residual_gp", "hierarchical_gp_log"])
def test_gaussian_processes_take_a_single_feature(name: str, grouped: bool) -> None:
    task, new, _ = make_task(12, grouped=grouped)
    assert task.source is not None
    source = replace(
        task.source, inputs=task.source.inputs[:, :1], predict=lambda inputs: inputs[:, 0]
    )
    narrow = replace(task, inputs=task.inputs[:, :1], source=source)
    assert np.isfinite(METHODS[name].fit_predict(narrow, new[:9, :1])).all()
