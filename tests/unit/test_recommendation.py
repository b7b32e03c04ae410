from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import recommend
from adaptrode.categories import variables
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.files import write_table
from adaptrode.recommendation import Space, experiments, reach, trade_off, within
from adaptrode.surrogates import Neighborhood, Surrogate, surrogate_band

FEATURES = [Variable("a", "A", "µm", 0, 20), Variable("b", "B", "", 0.5, 20)]


def law(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {"y": rows[:, 0] * rows[:, 1], "z": 100 * rows[:, 0] / rows[:, 1]}


@pytest.fixture
def known():
    return np.random.default_rng(0).uniform([1, 1], [10, 10], (30, 2))


@pytest.fixture
def surrogates(known):
    noise = np.random.default_rng(1).lognormal(0, 0.01, 30)
    return {name: Surrogate(known, y * noise, log=True) for name, y in law(known).items()}


def test_wanted_values_are_reached_in_different_ways(known, surrogates):
    space = Space.of(FEATURES, known)
    found = reach(surrogates, space, {"y": 20.0}, count=3)
    assert len(found) == 3
    np.testing.assert_allclose(law(found)["y"], 20, rtol=0.03)
    assert space.apart(found[1:], found[0]).min() > 0.1
    assert ((found >= space.low) & (found <= space.high)).all()


def test_two_wanted_values_fix_the_settings(known, surrogates):
    found = reach(surrogates, Space.of(FEATURES, known), {"y": 20.0, "z": 80.0}, count=3)
    np.testing.assert_allclose(found[0], [4, 5], rtol=0.03)  # the law solved by hand
    assert len(found) == 1


def test_fixed_values_and_steps_are_kept(known, surrogates):
    space = Space.of(FEATURES, known, fixed={"b": 4.0}, steps={"a": 0.5})
    (found,) = reach(surrogates, space, {"y": 20.0})
    np.testing.assert_allclose(found, [5, 4])
    all_fixed = Space.of(FEATURES, known, fixed={"a": 3.0, "b": 4.0})
    np.testing.assert_allclose(reach(surrogates, all_fixed, {"y": 20.0}, count=2), [[3, 4]])


def test_the_box_may_be_widened_up_to_what_is_possible(known):
    space = Space.of(FEATURES, known, widen=2.0)
    np.testing.assert_allclose(space.low, [0, 0.5])
    np.testing.assert_allclose(space.high, [20, 20])


def test_exactly_one_level_of_a_category_is_chosen():
    features = [Variable(name, name, low=0, high=1) for name in ("x", "y", "z", "w")]
    known = np.array([[1.0, 0, 0, 0.2], [0, 1, 0, 0.9]])  # nothing is known of z
    space = Space.of(features, known, exclusive=[["x", "y", "z"]])
    drawn = space.draw(64, 0)
    assert set(map(tuple, drawn[:, :3])) == {(1, 0, 0), (0, 1, 0)}
    fixed = Space.of(features, known, exclusive=[["x", "y", "z"]], fixed={"y": 1})
    assert (fixed.draw(16, 0)[:, :3] == [0, 1, 0]).all()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"fixed": {"c": 1}}, "no such feature"),
        ({"fixed": {"a": 21}}, "cannot be fixed"),
        ({"steps": {"a": 0}}, "no multiple"),
        ({"steps": {"a": 50}}, "no multiple"),
    ],
)
def test_impossible_spaces_are_refused(known, given, text):
    with pytest.raises(InputError, match=text):
        Space.of(FEATURES, known, **given)


def test_a_trade_off_is_where_theory_puts_it(known, surrogates):
    """a * b and a / b are both large only for the largest a: b decides between them."""
    space = Space.of(FEATURES, known)
    found = trade_off(surrogates, space, {"y": "max", "z": "max"}, count=6)
    assert len(found) >= 4
    np.testing.assert_allclose(found[:, 0], space.high[0], rtol=0.02)
    costs = np.column_stack([-values for values in law(found).values()])
    assert (np.diff(costs[:, 0]) > 0).all()
    assert (np.diff(costs[:, 1]) < 0).all()


def test_one_goal_has_one_best(known, surrogates):
    found = trade_off(surrogates, Space.of(FEATURES, known), {"y": "max"})
    np.testing.assert_allclose(found, [known.max(axis=0)], rtol=0.02)


def test_nothing_is_promised_far_from_what_is_known(known, surrogates):
    wide = Space.of(FEATURES, known, widen=2.0)
    near = within(Neighborhood(known), 1.0, list(surrogates.values()))
    (free,) = trade_off(surrogates, wide, {"y": "max"})
    (kept,) = trade_off(surrogates, wide, {"y": "max"}, near=near)
    assert Neighborhood(known).remoteness(free[None])[0] > 2
    assert Neighborhood(known).remoteness(kept[None])[0] < 1.05
    promised = np.exp(surrogates["y"].moments(kept[None])[0][0])
    assert promised < 1.02 * law(known)["y"].max()


def test_remoteness_counts_in_distances_between_groups():
    known = np.array([[1.0], [np.e], [np.e**2], [np.e**3]])
    plain = Neighborhood(known)
    np.testing.assert_allclose(plain.remoteness(np.array([[np.e**5], [1.0]])), [2, 0])
    grouped = Neighborhood(known, np.array(["x", "x", "y", "y"]))
    np.testing.assert_allclose(grouped.remoteness(np.array([[np.e**5]])), [2 / 1.5])


def test_what_is_far_is_less_sure(known):
    y = law(known)["y"] * np.random.default_rng(2).lognormal(0, 0.03, 30)
    band = surrogate_band(known, y, np.array([[5.0, 5.0], [200.0, 0.02]]), log=True)
    width = np.log(band.high / band.low)
    assert width[1] > 1.5 * width[0]


def test_surrogate_intervals_cover():
    covered = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        rows = rng.uniform(1, 10, (70, 2))
        y = law(rows)["y"] * rng.lognormal(0, 0.05, 70)
        covered.append(surrogate_band(rows[:20], y[:20], rows[20:], log=True).covers(y[20:]).mean())
    assert 0.86 < np.mean(covered) < 0.98


def test_experiments_go_where_least_is_known():
    rng = np.random.default_rng(3)
    known = rng.uniform([1, 1], [3, 10], (25, 2))  # nothing of a above 3
    y = law(known)["y"] * rng.lognormal(0, 0.02, 25)
    space = Space(np.array([1.0, 1.0]), np.array([10.0, 10.0]), np.zeros(2))
    surrogate = Surrogate(known, y, log=True)
    chosen, left = experiments([surrogate], space, 4, choices=128, references=128)
    assert chosen[0, 0] > 5
    assert (np.diff(left) < 0).all()
    assert left[0] < 1
    # Conditioning on the first experiment gives what fitting with it gives.
    again, _ = experiments([surrogate], space, 4, choices=128, references=128)
    np.testing.assert_array_equal(again, chosen)


def test_an_experiment_teaches_what_was_foreseen():
    """The variance foreseen is that of the process with the experiment among its rows."""
    rng = np.random.default_rng(4)
    known = rng.uniform(1, 10, (12, 2))
    surrogate = Surrogate(known, law(known)["y"] * rng.lognormal(0, 0.1, 12), log=True)
    space = Space(np.array([1.0, 1.0]), np.array([10.0, 10.0]), np.zeros(2))
    references = space.draw(64, 0)
    before, noise = surrogate.covariance(references)
    (chosen,), (left,) = experiments([surrogate], space, 1, choices=64, references=64)
    process = surrogate.process.process_
    kernel = process.kernel_
    rows = np.vstack([process.X_train_, surrogate._columns(chosen[None])])
    asked = surrogate._columns(references) - np.array([0, 0, 0, 1000.0])
    cross = kernel(asked, rows)
    matrix = kernel(rows) + process.alpha * np.eye(len(rows))
    after = kernel.diag(asked) - np.sum(cross * np.linalg.solve(matrix, cross.T).T, axis=1) - noise
    assert left == pytest.approx(after.mean() / np.diag(before).mean(), rel=1e-3)


@pytest.fixture
def files(tmp_path, known):
    table = pd.DataFrame(known, columns=["a", "b"]).assign(**law(known))
    table.insert(0, "batch", [f"B{i // 3}" for i in range(30)])
    table.insert(0, "row", np.arange(2, 32))
    write_table(table, tmp_path / "clean.parquet")
    return tmp_path


def run(folder, *more):
    properties = [
        {"name": "y", "label": "Y", "unit": "mg", "low": 0, "high": 1000},
        {"name": "z", "label": "Z", "low": 0, "high": 1e6},
    ]
    features = [vars(variable) for variable in FEATURES]
    recommend.main(
        [
            *("--clean", str(folder / "clean.parquet"), "--features", json.dumps(features)),
            *("--properties", json.dumps(properties), "--seed", "1", "--origin", "simulated"),
            *("--settings", str(folder / "settings.csv"), "--markdown", str(folder / "r.md")),
            *("--experiments", str(folder / "next.csv"), *more),
        ]
    )
    return pd.read_csv(folder / "settings.csv"), pd.read_csv(folder / "next.csv")


def test_the_script_recommends_and_plans(files):
    settings, plan = run(
        files, "--wanted", '{"y": 20, "z": 80}', "--group", "batch", "--next", "2", "--count", "2"
    )
    assert settings["a"][0] == pytest.approx(4, rel=0.05)
    assert (settings["y_low"] <= settings["y_predicted"]).all()
    assert list(plan["order"]) == [1, 2]
    text = (files / "r.md").read_text("utf-8")
    assert "A / µm" in text
    assert "simulated" in text
    assert "Wanted: Y / mg: 20, Z: 80" in text


def test_the_script_plans_where_nothing_is_wanted(files):
    settings, plan = run(files, "--next", "1")
    assert settings.empty
    assert len(plan) == 1


@pytest.mark.parametrize(
    ("wanted", "text"),
    [('{"q": 1}', "no such property"), ('{"y": "much"}', "cannot"), ('{"y": -1}', "cannot")],
)
def test_impossible_wishes_are_refused(files, wanted, text):
    with pytest.raises(InputError, match=text):
        run(files, "--wanted", wanted)


WORDS = [{"name": "gap_um", "label": "Gap"}, {"name": "binder", "label": "B", "levels": ["a", "b"]}]


def test_a_word_is_held_as_its_columns():
    held = recommend.spelt_out({"binder": "b", "gap_um": 3}, variables(WORDS))
    assert held == {"gap_um": 3, "binder_a": 0.0, "binder_b": 1.0}


@pytest.mark.parametrize(
    "fixed",
    [{"binder": "c"}, {"binder_a": 1, "binder_b": 1}, {"binder_a": 0, "binder_b": 0}],
)
def test_contradictory_levels_are_refused(fixed):
    with pytest.raises(InputError, match="binder") as raised:
        recommend.spelt_out(fixed, variables(WORDS))
    assert raised.value.allowed
