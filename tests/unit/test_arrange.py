"""Networks come from the rows, scales, starts and restarts that their split and recipe say."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from network_cases import (
    ADAPTER,
    FEATURES,
    HIDDEN,
    LITERAL,
    ROBUST,
    SCHEDULE,
    make_splits,
    make_table,
    make_task,
    weights,
)

from adaptrode import arrange, paper_networks, tasks
from adaptrode.errors import InputError
from adaptrode.networks import NetworkStack
from adaptrode.tasks import Recipe


@pytest.fixture(scope="module")
def trained() -> tuple[NetworkStack, pd.DataFrame]:
    return paper_networks.pretrain(make_task(0), HIDDEN, [ROBUST, LITERAL], SCHEDULE)


def test_splits_become_positions_in_the_table() -> None:
    table = make_table(0).iloc[::-1].reset_index(drop=True)
    splits = make_splits()
    split = make_task(0, table, splits).splits[1]
    of_repeat = splits[splits["repeat"] == 1].set_index("row")["role"]
    assert set(of_repeat[table["row"].iloc[split.training]]) == {"train"}
    assert set(of_repeat[table["row"].iloc[split.validation]]) == {"validation"}
    assert len(split.known) == (of_repeat != "test").sum()


def test_tables_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="lacks a column") as error:
        make_task(0, make_table(0).drop(columns="gap_um"))
    assert error.value.column == "gap_um"
    with pytest.raises(InputError, match="name rows that its clean table has not"):
        make_task(0, make_table(0, rows=20))
    splits = make_splits()
    with pytest.raises(InputError, match="no training row"):
        make_task(0, None, splits[splits["role"] != "train"])


def test_standardisation_leaves_constant_columns_alone() -> None:
    values = np.column_stack([np.arange(7.0), np.full(7, 0.1)])
    shift, scale = tasks.standardisation(values)
    np.testing.assert_allclose(shift, [3.0, 0.1])
    np.testing.assert_allclose(scale, [2.0, 1.0])
    np.testing.assert_array_equal(((values - shift) / scale)[:, 1], 0.0)
    _, ones = tasks.standardisation(np.array([[-1.0], [1.0]]))
    assert ones[0] != 1.0  # 1 is kept for constant columns
    assert ones[0] == pytest.approx(1.0, rel=1e-15)


def test_first_weights_fill_keras_range() -> None:
    kernels, biases = arrange.glorot_uniform((60, 40, 1), np.random.default_rng(0))
    for kernel in kernels:
        limit = np.sqrt(6 / sum(kernel.shape))
        assert np.abs(kernel).max() <= limit
        assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.2)
    assert not any(bias.any() for bias in biases)


def test_one_network_per_split_and_recipe_with_its_history(trained: Any) -> None:
    stack, history = trained
    keys = ["scheme", "size", "recipe", "repeat"]
    expected = {("row", "all", recipe, k) for recipe in ("robust", "literal") for k in (0, 1)}
    assert set(stack.members[keys].itertuples(index=False, name=None)) == expected
    assert len(stack) == 4
    assert stack.layer_sizes == (3, 3, 1)
    assert set(history["method"]) == {"pretrained"}
    assert history.groupby(keys)["epoch"].apply(list).tolist() == [list(range(1, 16))] * 4
    last = history[history["epoch"] == 15].merge(stack.members, on=keys)
    np.testing.assert_array_equal(last["loss_x"], last["loss_y"])
    np.testing.assert_array_equal(last["validation_loss_x"], last["validation_loss_y"])


def test_the_final_validation_loss_is_that_of_the_stored_network(trained: Any) -> None:
    stack, task = trained[0], make_task(0)
    predicted = stack.predict(task.inputs)
    for member, repeat in enumerate(stack.members["repeat"]):
        rows = task.splits[repeat].validation
        error = np.abs(predicted[member, rows] / task.observed[rows] - 1).mean() * 100
        assert stack.members["validation_loss"][member] == pytest.approx(error, rel=1e-4)


def test_the_kept_restart_has_the_lowest_loss_and_more_restarts_only_add(trained: Any) -> None:
    def total(stack: NetworkStack) -> Any:
        return (stack.members["loss"] + stack.members["validation_loss"]).to_numpy(dtype=float)

    kept = trained[0].select(recipe="robust")
    assert set(kept.members["restart"]) <= {0, 1, 2}
    one = dataclasses.replace(ROBUST, restarts=1)
    first, _ = paper_networks.pretrain(make_task(0), HIDDEN, [one], SCHEDULE)
    assert (total(kept) <= total(first)).all()
    for member in np.flatnonzero(kept.members["restart"] == 0):
        assert weights(kept.take([member])) == weights(first.take([member]))


def test_a_network_does_not_depend_on_which_others_are_trained(trained: Any) -> None:
    splits = make_splits(repeats=3, schemes=("row", "batch"))
    more, _ = paper_networks.pretrain(make_task(0, None, splits), HIDDEN, [ROBUST], SCHEDULE)
    one = {"scheme": "row", "recipe": "robust", "repeat": 1}
    assert weights(more.select(**one)) == weights(trained[0].select(**one))


def test_no_network_sees_a_test_row() -> None:
    """A network and its scales stay the same to the last bit when its test rows change."""
    splits = make_splits(repeats=1)
    table = make_table(1)
    changed = table.copy()
    tested = changed["row"].isin(splits.loc[splits["role"] == "test", "row"])
    changed.loc[tested, [*FEATURES, "mass_g"]] *= 3.0
    source, _ = paper_networks.pretrain(
        make_task(0, None, splits), HIDDEN, [ROBUST, LITERAL], SCHEDULE
    )
    for scaling in ("source", "domain", "pooled"):
        results = [
            paper_networks.transfer(
                make_task(1, rows, splits),
                source,
                HIDDEN,
                ADAPTER,
                [ROBUST, LITERAL],
                scaling,
                SCHEDULE,
            )
            for rows in (table, changed)
        ]
        for one, other in zip(
            (results[0][0].adapter, results[0][0].source, results[0][1]),
            (results[1][0].adapter, results[1][0].source, results[1][1]),
            strict=True,
        ):
            assert weights(one) == weights(other)
            np.testing.assert_array_equal(one.input_shift, other.input_shift)
            np.testing.assert_array_equal(one.input_scale, other.input_scale)
            np.testing.assert_array_equal(one.output_scale, other.output_scale)


def test_recipes_scale_and_start_as_they_say(trained: Any) -> None:
    stack, task = trained[0], make_task(0)
    for member, (recipe, repeat) in enumerate(
        stack.members[["recipe", "repeat"]].itertuples(index=False, name=None)
    ):
        known = task.splits[repeat].known
        expected = np.median(task.observed[known]) if recipe == "robust" else 1.0
        assert stack.output_scale[member] == expected
        np.testing.assert_allclose(stack.input_shift[member], task.inputs[known].mean(axis=0))
    still, _ = paper_networks.pretrain(
        task,
        HIDDEN,
        [
            dataclasses.replace(ROBUST, learning_rate=0.0),
            Recipe("raw", 0.0, 1, "none", "median", "raw"),
            dataclasses.replace(LITERAL, learning_rate=0.0),
        ],
        SCHEDULE,
    )
    medians = [np.median(task.observed[split.known]) for split in task.splits]
    starts = {
        recipe: still.select(recipe=recipe).biases[-1][:, 0]
        for recipe in ("robust", "raw", "literal")
    }
    np.testing.assert_array_equal(starts["robust"], 1.0)
    np.testing.assert_array_equal(starts["raw"], np.asarray(medians, dtype=np.float32))
    np.testing.assert_array_equal(starts["literal"], 0.0)


def test_a_property_in_another_unit_gives_the_same_networks_when_scaled_by_its_median() -> None:
    table = make_table(0)
    larger = table.assign(mass_g=table["mass_g"] * 1024)
    stacks = [
        paper_networks.pretrain(make_task(0, rows), HIDDEN, [ROBUST], SCHEDULE)[0]
        for rows in (table, larger)
    ]
    assert weights(stacks[0]) == weights(stacks[1])
    inputs = table[FEATURES]
    np.testing.assert_array_equal(stacks[0].predict(inputs) * 1024, stacks[1].predict(inputs))


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_losses_with_a_unit_are_in_the_propertys(loss: str) -> None:
    task = make_task(0)
    schedule = dataclasses.replace(SCHEDULE, loss=loss, epochs=3)
    stack, history = paper_networks.pretrain(task, HIDDEN, [ROBUST], schedule)
    rows = task.splits[0].validation
    error = np.abs(stack.select(repeat=0).predict(task.inputs[rows])[0] - task.observed[rows])
    expected = np.mean(error if loss == "mae" else error**2)
    assert stack.members["validation_loss"][0] == pytest.approx(expected, rel=1e-4)
    assert history["validation_loss"][2] == stack.members["validation_loss"][0]


@pytest.mark.parametrize("scaling", ["source", "domain", "pooled"])
def test_adapters_stand_on_their_frozen_source_network(trained: Any, scaling: str) -> None:
    source, target = trained[0], make_task(1)
    adapted, scratch, history = paper_networks.transfer(
        target, source, HIDDEN, ADAPTER, [ROBUST, LITERAL], scaling, SCHEDULE
    )
    keys = ["scheme", "recipe", "repeat"]
    assert adapted.members[keys].equals(adapted.source.members[keys])
    for index in range(len(adapted)):
        own = source.select(**{key: adapted.members[key][index] for key in keys})
        paper_networks.assert_frozen(adapted.source.take([index]), own)
        split = target.splits[adapted.members["repeat"][index]]
        base = own if scaling != "domain" else scratch.take([index])
        np.testing.assert_array_equal(adapted.source.input_shift[index], base.input_shift[0])
        np.testing.assert_array_equal(adapted.source.input_scale[index], base.input_scale[0])
        np.testing.assert_allclose(
            scratch.input_shift[index], target.inputs[split.known].mean(axis=0)
        )
        answers = adapted.source.predict(target.inputs)[index, split.known]
        raw = adapted.members["recipe"][index] == "literal"
        assert adapted.adapter.input_shift[index, 0] == pytest.approx(0 if raw else answers.mean())
        error = np.abs(
            adapted.predict(target.inputs)[index, split.validation]
            / target.observed[split.validation]
            - 1
        )
        assert adapted.members["validation_loss"][index] == pytest.approx(
            100 * error.mean(), rel=1e-4
        )
    assert adapted.adapter.layer_sizes == (1, 2, 1)
    assert scratch.layer_sizes == (3, 3, 1)
    assert set(history["method"]) == {"adapter", "scratch"}


def test_pooled_scales_are_those_of_all_known_rows() -> None:
    source, beside = make_task(0), make_task(1)
    stack, _ = paper_networks.pretrain(source, HIDDEN, [ROBUST], SCHEDULE, [beside])
    for member, repeat in enumerate(stack.members["repeat"]):
        known = [task.inputs[task.splits[repeat].known] for task in (source, beside)]
        both = np.concatenate(known)
        np.testing.assert_allclose(stack.input_shift[member], both.mean(axis=0))
        np.testing.assert_allclose(stack.input_scale[member], both.std(axis=0))
    assert not stack.constant_inputs.any()  # the target varies the second feature


def test_pooled_scales_are_the_sources_where_the_targets_rows_are_the_same(trained: Any) -> None:
    source = make_task(0)
    stack, _ = paper_networks.pretrain(source, HIDDEN, [ROBUST, LITERAL], SCHEDULE, [source] * 2)
    np.testing.assert_allclose(stack.input_shift, trained[0].input_shift, rtol=1e-14)
    np.testing.assert_allclose(stack.input_scale, trained[0].input_scale, rtol=1e-14)
    np.testing.assert_allclose(
        stack.predict(source.inputs), trained[0].predict(source.inputs), rtol=1e-3
    )


def test_pooled_scales_do_not_see_the_targets_test_rows(trained: Any) -> None:
    table, splits = make_table(1), make_splits(repeats=1)
    tested = splits.loc[splits["role"] == "test", "row"]
    changed = table.copy()
    changed.loc[changed["row"].isin(tested), FEATURES] *= 3.0
    one, other = (
        paper_networks.pretrain(
            make_task(0, None, splits), HIDDEN, [ROBUST], SCHEDULE, [make_task(1, rows, splits)]
        )[0]
        for rows in (table, changed)
    )
    assert weights(one) == weights(other)
    np.testing.assert_array_equal(one.input_shift, other.input_shift)


def test_pooled_scales_need_the_targets_split() -> None:
    beside = make_task(1, None, make_splits(repeats=1))
    with pytest.raises(InputError, match="'domain_1' lacks a split"):
        paper_networks.pretrain(make_task(0), HIDDEN, [ROBUST], SCHEDULE, [beside])


def test_smaller_sizes_are_trained_by_the_headline_recipe_alone(trained: Any) -> None:
    whole = make_splits()
    small = whole[whole["row"] % 2 == 0].assign(size="10")
    target = make_task(1, None, pd.concat([whole, small], ignore_index=True))
    adapted, scratch, history = paper_networks.transfer(
        target, trained[0], HIDDEN, ADAPTER, [ROBUST, LITERAL], "source", SCHEDULE
    )
    for members in (adapted.members, scratch.members):
        found = set(members[["size", "recipe"]].itertuples(index=False, name=None))
        assert found == {("all", "robust"), ("all", "literal"), ("10", "robust")}
    assert set(adapted.source.members["size"]) == {"all"}
    assert len(history) == 2 * len(adapted) * SCHEDULE.epochs


def test_frozen_means_every_bit(trained: Any) -> None:
    stack = trained[0]
    paper_networks.assert_frozen(stack, stack)
    bias = stack.biases[-1].copy()
    bias[0, 0] = np.nextafter(bias[0, 0], np.float32(9))
    with pytest.raises(AssertionError, match="frozen"):
        paper_networks.assert_frozen(
            dataclasses.replace(stack, biases=(*stack.biases[:-1], bias)), stack
        )


def test_a_target_split_without_its_source_network_is_refused(trained: Any) -> None:
    target = make_task(1, None, make_splits(repeats=3))
    with pytest.raises(InputError, match="no source network for a split of 'domain_1'"):
        paper_networks.transfer(target, trained[0], HIDDEN, ADAPTER, [ROBUST], "source", SCHEDULE)


def test_networks_that_cannot_be_trained_are_reported_with_their_place() -> None:
    broken = Recipe("broken", 1e38, 2, "none", "zero", "raw")
    with pytest.raises(InputError, match="no network of 'mass_g' could be trained on 'domain_0'"):
        paper_networks.pretrain(make_task(0), HIDDEN, [broken], SCHEDULE)


def test_features_that_only_the_target_varies_are_warned_of(
    trained: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="adaptrode"):
        assert tasks.warn_of_constant_features(trained[0], make_task(1), FEATURES) == ["speed_m_s"]
    assert "speed_m_s does not vary" in caplog.text
    assert tasks.warn_of_constant_features(trained[0], make_task(0), FEATURES) == []
