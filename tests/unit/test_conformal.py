from __future__ import annotations

import numpy as np
import pytest

from adaptrode.conformal import (
    Band,
    cross_conformal,
    ensemble,
    few,
    plus_bounds,
    proportional,
    unbounded,
)
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.estimators import RegistryRegressor, Validity
from adaptrode.rivals import METHODS, method

PLAIN = Variable("y", "Y")
POSITIVE = Variable("y", "Y", low=0, high=100)


def rows(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    inputs = rng.uniform(1, 3, (count, 2))
    return inputs, inputs[:, 0] ** 2 * inputs[:, 1] * rng.lognormal(0, 0.1, count)


@pytest.mark.parametrize("folds", [None, 5])
def test_new_rows_are_covered_as_often_as_promised(folds):
    covered = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        inputs, observed = rows(25, rng)
        new, truth = rows(100, rng)
        band = cross_conformal(
            RegistryRegressor("ridge_log", log=True), inputs, observed, new, folds=folds
        )
        covered.append(band.covers(truth).mean())
    # At least 24 of 26 ranks; the standard error over the tables is about 2 %.
    assert 0.86 < np.mean(covered) < 0.98


def test_intervals_follow_the_unit():
    """In logarithms a factor of the property is a factor of everything."""
    rng = np.random.default_rng(1)
    inputs, observed = rows(20, rng)
    regressor = RegistryRegressor("ridge_log", log=True)
    one = cross_conformal(regressor, inputs, observed, inputs[:3])
    other = cross_conformal(regressor, inputs, 1000 * observed, inputs[:3])
    np.testing.assert_allclose(other.low, 1000 * one.low)
    np.testing.assert_allclose(other.high, 1000 * one.high)


def test_the_bounds_are_those_of_barber_et_al():
    """Written out for nine rows: the tenth smallest of ten is the largest of nine."""
    centers, margins = np.arange(18.0).reshape(9, 2), np.full((9, 2), 0.5)
    low, high = plus_bounds(centers, margins, 0.9)
    np.testing.assert_array_equal(low, [-0.5, 0.5])
    np.testing.assert_array_equal(high, [16.5, 17.5])
    low, high = plus_bounds(centers, margins, 0.5)  # the fifth of nine
    np.testing.assert_array_equal(low, [7.5, 8.5])
    np.testing.assert_array_equal(high, [8.5, 9.5])


def test_the_jackknife_agrees_with_mapie():
    rng = np.random.default_rng(3)
    inputs, observed = rows(15, rng)
    new = rng.uniform(1, 3, (4, 2))
    band = cross_conformal(RegistryRegressor("ridge"), inputs, observed, new, coverage=0.8)
    centers, errors = [], []
    for out in range(15):
        rest = np.arange(15) != out
        model = RegistryRegressor("ridge").fit(inputs[rest], observed[rest])
        centers.append(model.predict(new))
        errors.append(np.abs(model.predict(inputs[[out]]) - observed[out]))
    margins = np.broadcast_to(errors, (15, 4))
    low, high = plus_bounds(np.array(centers), margins, 0.8)
    predicted = RegistryRegressor("ridge").fit(inputs, observed).predict(new)
    np.testing.assert_allclose(band.predicted, predicted)
    np.testing.assert_allclose(band.low, np.minimum(low, predicted))
    np.testing.assert_allclose(band.high, np.maximum(high, predicted))


def test_whole_groups_are_held_out(monkeypatch):
    """What recognises groups must not be believed for new ones."""
    monkeypatch.setattr("adaptrode.rivals.METHODS", dict(METHODS))
    seen = []

    @method("spy", "Notes the groups that it is given")
    def spy(task, inputs):
        seen.append(tuple(np.unique(task.groups)))
        near = np.abs(task.inputs[:, 0] - inputs[:, :1])
        return task.observed[near.argmin(axis=1)]

    monkeypatch.setattr("adaptrode.estimators.named", lambda name: _registered(name))
    rng = np.random.default_rng(0)
    groups = np.repeat([f"g{i}" for i in range(6)], 4)
    inputs = np.repeat(np.arange(6.0), 4)[:, None] + rng.uniform(0, 0.1, (24, 1))
    offset = np.repeat(rng.normal(0, 10, 6), 4)
    observed = offset + rng.normal(0, 0.1, 24)
    regressor = RegistryRegressor("spy")
    by_row = cross_conformal(regressor, inputs, observed, inputs[:1])
    seen.clear()
    by_group = cross_conformal(regressor, inputs, observed, inputs[:1], groups=groups)
    assert {len(given) for given in seen} == {5, 6}
    assert by_group.high[0] - by_group.low[0] > 5 * (by_row.high[0] - by_row.low[0])


def _registered(name):
    from adaptrode import rivals

    return rivals.METHODS[name]


@pytest.mark.parametrize("count", [8, 9, 10])
def test_too_few_rows_promise_nothing(count):
    rng = np.random.default_rng(2)
    inputs, observed = rows(count, rng)
    band = cross_conformal(RegistryRegressor("median", log=True), inputs, observed, inputs[:2])
    assert few(8, 0.9)
    assert not few(9, 0.9)
    assert not unbounded(11, 0.9)
    assert (band.low == 0).all()
    assert np.isinf(band.high).all()
    assert (band.within(POSITIVE).high == 100).all()


@pytest.mark.parametrize("count", [1, 2])
def test_hardly_any_rows_are_refused(count):
    with pytest.raises(InputError, match="too few rows"):
        cross_conformal(RegistryRegressor("median"), np.ones((count, 1)), np.ones(count), [[1.0]])


def test_one_group_is_refused():
    with pytest.raises(InputError, match="too few groups"):
        cross_conformal(
            RegistryRegressor("median"),
            np.ones((9, 1)),
            np.ones(9),
            [[1.0]],
            groups=np.repeat("a", 9),
        )


def test_networks_are_judged_on_rows_that_they_have_not_seen():
    """Each network knows its rows by heart and is off by 1 on all others."""
    rng = np.random.default_rng(5)
    observed = rng.normal(10, 3, 40)
    held_out = rng.random((30, 40)) < 0.3
    known = np.where(held_out, observed + 1.0, observed)
    new = np.full((30, 2), 7.0)
    band = ensemble(known, held_out, observed, new, log=False)
    np.testing.assert_allclose(band.predicted, 7)
    np.testing.assert_allclose(band.low, 6)
    np.testing.assert_allclose(band.high, 8)


def test_dead_networks_do_not_break_logarithms():
    observed = np.linspace(1, 2, 20)
    held_out = np.tile(np.arange(20) % 2 == 0, (3, 1))
    held_out[1] = ~held_out[0]
    known = np.array([observed, observed * 1.1, np.zeros(20)])
    band = ensemble(known, held_out, observed, known[:, :2], log=True, coverage=0.8)
    assert np.isfinite(band.high).all()
    assert (band.low > 0).all()


@pytest.mark.parametrize(
    ("variable", "observed", "expected"),
    [(POSITIVE, [1.0, 2.0], True), (PLAIN, [1.0, 2.0], False), (POSITIVE, [0.0, 1.0], False)],
)
def test_errors_are_proportional_only_where_nothing_is_negative(variable, observed, expected):
    assert proportional(variable, np.array(observed)) is expected


def test_a_band_contains_its_prediction():
    band = Band.from_scale(np.array([1.0]), np.array([1.5]), np.array([2.0]), log=False)
    assert band.low[0] == 1.0
    assert band.covers(np.array([1.2]))[0]


def test_rows_outside_are_named():
    validity = Validity.of(["a", "b"], [[0.0, 10.0], [1.0, 20.0]])
    assert validity.outside([[0.5, 15], [2, 15], [-1, 25], [1, 20]]) == ["", "a", "a, b", ""]
    assert validity.ranges() == {"a": (0.0, 1.0), "b": (10.0, 20.0)}
