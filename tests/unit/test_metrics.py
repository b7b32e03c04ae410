from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as reference

import evaluate as script
from adaptrode.errors import InputError
from adaptrode.metrics import mean_interval, paired_difference, score


def predictions(observed, predicted, **keys) -> pd.DataFrame:
    default = {"method": "m", "scheme": "row", "size": "all", "recipe": "r", "repeat": 0}
    table = pd.DataFrame({"observed": observed, "predicted": predicted}, dtype=float)
    return table.assign(row=np.arange(len(table)), **{**default, **keys})


def test_errors_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    observed = rng.uniform(1, 5, (6, 20))
    predicted = observed * rng.lognormal(0, 0.2, (6, 20))
    table = pd.concat(
        predictions(o, p, repeat=i)
        for i, (o, p) in enumerate(zip(observed, predicted, strict=True))
    )
    made = score(table.sample(frac=1, random_state=1)).sort_values("repeat")
    for line, o, p in zip(made.itertuples(), observed, predicted, strict=True):
        assert line.n_test == 20
        assert line.mape_pct == pytest.approx(
            100 * reference.mean_absolute_percentage_error(o, p), rel=1e-12
        )
        assert line.rmse == pytest.approx(reference.root_mean_squared_error(o, p), rel=1e-12)
        assert line.r2 == pytest.approx(reference.r2_score(o, p), rel=1e-9)
        assert line.bias == pytest.approx(np.mean(p - o), rel=1e-9)
        assert not line.dead


def test_groups_keep_their_order_and_methods_without_a_recipe():
    parts = [
        predictions([1, 2], [1, 2], method="z"),
        predictions([1, 2], [2, 3], method="a", recipe=None),
    ]
    made = score(pd.concat(parts))
    assert made["method"].to_list() == ["z", "a"]
    assert made["mape_pct"].to_list() == [0, 75]
    assert made["recipe"].isna().to_list() == [False, True]


@pytest.mark.parametrize(
    ("predicted", "dead"),
    [
        ([3, 3, 3], True),
        ([3, 3, 3 + 1e-7], True),
        ([-3, -3, -3], True),
        ([0, 0, 0], True),
        ([3, 3, 3.001], False),
        ([3, 3], False),
        ([1e-9, 2e-9, 3e-9], False),
    ],
)
def test_constant_predictions_are_dead(predicted, dead):
    made = score(predictions(np.arange(1, len(predicted) + 1), predicted))
    assert made["dead"].to_list() == [dead]
    assert made["dead"].dtype == bool


def test_equal_observations_have_no_r2():
    made = score(predictions([2, 2, 2], [2, 3, 4]))
    assert math.isnan(made["r2"][0])
    assert made["mape_pct"][0] == pytest.approx(50)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_diverged_prediction_is_not_passed_over(value):
    made = score(predictions([1, 2, 3], [1, 2, value]))
    assert made[["mape_pct", "rmse", "r2", "bias"]].isna().all(axis=None)
    assert not made["dead"][0]


def test_rows_predicted_twice_and_zeros_are_refused():
    table = predictions([1, 2], [1, 2])
    with pytest.raises(InputError, match="twice"):
        score(pd.concat([table, table]))
    with pytest.raises(InputError, match="zero"):
        score(predictions([0, 2], [1, 2]))


def test_plain_interval_is_the_t_interval():
    values = np.array([3.0, 5.0, 4.0, 8.0])
    made = mean_interval(values)
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (made.mean, made.low, made.high) == pytest.approx((5, low, high))


def test_corrected_interval_has_nadeau_and_bengio_s_variance():
    values = np.random.default_rng(2).normal(10, 1, 30)
    plain, corrected = mean_interval(values), mean_interval(values, 0.3 / 0.7)
    widened = (corrected.high - corrected.low) / (plain.high - plain.low)
    assert widened == pytest.approx(math.sqrt((1 / 30 + 0.3 / 0.7) / (1 / 30)))
    assert corrected.mean == plain.mean


def test_interval_of_one_or_no_value():
    assert mean_interval([3.0]).mean == 3
    assert math.isnan(mean_interval([3.0]).low)
    assert math.isnan(mean_interval([]).mean)


def test_plain_interval_covers_at_its_rate():
    rng = np.random.default_rng(3)
    made = [mean_interval(rng.normal(1, 2, 8), confidence=0.9) for _ in range(1000)]
    covered = np.mean([interval.low <= 1 <= interval.high for interval in made])
    assert abs(covered - 0.9) < 0.03


def test_paired_difference_is_the_paired_t_test():
    rng = np.random.default_rng(4)
    one, two = rng.normal(5, 1, 12), rng.normal(5.5, 1, 12)
    made = paired_difference(one, two)
    known = stats.ttest_rel(one, two)
    assert made.p_value == pytest.approx(known.pvalue)
    interval = known.confidence_interval(0.95)
    assert (made.low, made.high) == pytest.approx((interval.low, interval.high))
    assert made.won == np.mean(one < two)
    assert paired_difference(one, two, 0.4).p_value > made.p_value


def test_paired_difference_without_spread():
    same = paired_difference([1, 2, 3], [1, 2, 3])
    assert (same.mean, same.p_value, same.won) == (0, 1, 0.5)
    shifted = paired_difference([1, 2, 3], [2, 3, 4])
    assert (shifted.mean, shifted.high, shifted.p_value, shifted.won) == (-1, -1, 0, 1)
    with pytest.raises(ValueError, match="pairs"):
        paired_difference([1, 2], [1])


def test_script_joins_predictions(tmp_path):
    for method in ("a", "b"):
        predictions([1, 2], [2, 2], method=method).to_parquet(tmp_path / f"{method}.parquet")
    out = tmp_path / "metrics.parquet"
    inputs = [str(tmp_path / f"{method}.parquet") for method in ("a", "b")]
    script.main(["--predictions", *inputs, "--metrics", str(out)])
    made = pd.read_parquet(out)
    assert made["method"].to_list() == ["a", "b"]
    assert made["mape_pct"].to_list() == [50, 50]
