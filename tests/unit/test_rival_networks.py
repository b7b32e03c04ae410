"""Networks trained on, in part or in whole, and networks of two domains' rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from network_cases import (
    HIDDEN,
    LITERAL,
    ROBUST,
    SCHEDULE,
    make_splits,
    make_table,
    make_task,
    weights,
)

from adaptrode import paper_networks, rival_networks
from adaptrode.networks import NetworkStack
from adaptrode.tasks import Recipe

RECIPES = [ROBUST, LITERAL]
KEYS = ["scheme", "size", "recipe", "repeat"]


@pytest.fixture(scope="module")
def pretrained() -> NetworkStack:
    return paper_networks.pretrain(make_task(0), HIDDEN, RECIPES, SCHEDULE)[0]


def made(name: str, pretrained: NetworkStack, recipes: list[Recipe], target: Any = None) -> Any:
    target = make_task(1) if target is None else target
    frozen = paper_networks.freeze(target, pretrained, recipes, "source")
    stack, history = rival_networks.RIVALS[name](target, make_task(0), frozen, recipes, SCHEDULE)
    assert stack.members[KEYS].drop_duplicates().shape == (len(stack), 4)
    assert set(history["method"]) == {name}
    assert len(history) == len(stack) * SCHEDULE.epochs
    return stack, frozen, target


@pytest.mark.parametrize("name", ["fine_tuned", "last_layer"])
def test_without_learning_it_is_the_source_at_the_targets_level(
    pretrained: NetworkStack, name: str
) -> None:
    still = [dataclasses.replace(recipe, learning_rate=0.0) for recipe in RECIPES]
    stack, frozen, target = made(name, pretrained, still)
    assert weights(stack) == weights(frozen)
    answers, before = stack.predict(target.inputs), frozen.predict(target.inputs)
    for member, (recipe, repeat) in enumerate(
        stack.members[["recipe", "repeat"]].itertuples(index=False, name=None)
    ):
        medians = [
            np.median(task.observed[task.splits[repeat].known]) for task in (target, make_task(0))
        ]
        ratio = medians[0] / medians[1] if recipe == "robust" else 1.0
        np.testing.assert_allclose(answers[member], ratio * before[member], rtol=1e-12)


def test_fine_tuning_moves_every_layer_and_lowers_the_loss(pretrained: NetworkStack) -> None:
    stack, frozen, _ = made("fine_tuned", pretrained, [ROBUST])
    for new, old in zip(stack.kernels, frozen.kernels, strict=True):
        assert (new != old).any(axis=(1, 2)).all()
    assert set(stack.members["restart"]) == {0}
    still = [dataclasses.replace(ROBUST, learning_rate=0.0)]
    before, _, _ = made("fine_tuned", pretrained, still)
    assert (stack.members["loss"] < before.members["loss"]).all()


def test_the_last_layer_alone_leaves_the_others_bit_identical(pretrained: NetworkStack) -> None:
    stack, frozen, _ = made("last_layer", pretrained, [ROBUST])
    for arrays, before in ((stack.kernels, frozen.kernels), (stack.biases, frozen.biases)):
        for new, old in zip(arrays[:-1], before[:-1], strict=True):
            assert new.tobytes() == old.tobytes()
        assert (arrays[-1] != before[-1]).any(axis=tuple(range(1, arrays[-1].ndim))).all()
    np.testing.assert_array_equal(stack.input_scale, frozen.input_scale)


def test_folding_the_domain_leaves_the_predictions() -> None:
    target, source = make_task(1), make_task(0)
    both = rival_networks.joined(target, source)
    open_networks, _ = paper_networks.train_from_scratch(both, HIDDEN, RECIPES, SCHEDULE)
    folded = rival_networks.fold(open_networks, 1.0)
    marked = np.column_stack([target.inputs, np.ones(len(target.inputs))])
    np.testing.assert_allclose(
        folded.predict(target.inputs), open_networks.predict(marked), rtol=1e-5
    )
    assert folded.layer_sizes == (3, 3, 1)


def test_joined_rows_keep_their_roles() -> None:
    target, source = make_task(1, make_table(1, 24), make_splits(24)), make_task(0)
    both = rival_networks.joined(target, source)
    assert both.inputs.shape == (54, 4)
    domain = both.inputs[:, -1]
    for own, split in zip(target.splits, both.splits, strict=True):
        other = source.whole(own)
        for role in ("training", "validation", "test"):
            rows = getattr(split, role)
            np.testing.assert_array_equal(rows[domain[rows] == 0], getattr(other, role))
            np.testing.assert_array_equal(rows[domain[rows] == 1] - 30, getattr(own, role))
    np.testing.assert_array_equal(both.observed[domain == 1], target.observed)


def test_pooled_networks_learn_a_difference_in_level_that_the_domain_alone_makes(
    pretrained: NetworkStack,
) -> None:
    table = make_table(0)
    target = make_task(1, table.assign(mass_g=2 * table["mass_g"]))
    recipe = dataclasses.replace(ROBUST, learning_rate=0.02)
    schedule = dataclasses.replace(SCHEDULE, epochs=150)
    frozen = paper_networks.freeze(target, pretrained, [ROBUST], "source")
    stack, _ = rival_networks.pooled(target, make_task(0), frozen, [recipe], schedule)
    for answer, split in zip(stack.predict(target.inputs), target.splits, strict=True):
        error = np.abs(answer[split.test] / target.observed[split.test] - 1).mean()
        assert error < 0.15  # the source's answer is off by a half


def test_pooled_networks_see_no_test_row_of_either_domain(pretrained: NetworkStack) -> None:
    splits = make_splits(repeats=1)
    tested = splits.loc[splits["role"] == "test", "row"]

    def trained(change: float) -> bytes:
        tasks = []
        for domain in (0, 1):
            table = make_table(domain)
            table.loc[table["row"].isin(tested), ["width_mm", "gap_um", "mass_g"]] *= change
            tasks.append(make_task(domain, table, splits))
        frozen = paper_networks.freeze(tasks[1], pretrained, [ROBUST], "source")
        stack, _ = rival_networks.pooled(tasks[1], tasks[0], frozen, [ROBUST], SCHEDULE)
        return weights(stack) + stack.input_shift.tobytes() + stack.output_scale.tobytes()

    assert trained(1.0) == trained(3.0)


def test_smaller_sizes_start_from_the_networks_of_all_source_rows(
    pretrained: NetworkStack,
) -> None:
    whole = make_splits()
    small = whole[whole["row"] % 2 == 0].assign(size="10")
    target = make_task(1, None, pd.concat([whole, small], ignore_index=True))
    still = [dataclasses.replace(recipe, learning_rate=0.0) for recipe in RECIPES]
    for name in rival_networks.RIVALS:
        stack, frozen, _ = made(name, pretrained, still, target)
        sizes = set(stack.members[["size", "recipe"]].itertuples(index=False, name=None))
        assert sizes == {("all", "robust"), ("all", "literal"), ("10", "robust")}
        if name != "pooled":
            assert weights(stack) == weights(frozen)


def test_parameters_are_counted_as_trained(pretrained: NetworkStack) -> None:
    counts = rival_networks.parameter_counts
    assert counts("fine_tuned", pretrained) == {"trainable": 16, "frozen": 0}
    assert counts("last_layer", pretrained) == {"trainable": 4, "frozen": 12}
    both = rival_networks.joined(make_task(1), make_task(0))
    stack, _ = paper_networks.train_from_scratch(both, HIDDEN, [LITERAL], SCHEDULE)
    folded = rival_networks.fold(stack, 1.0)
    assert counts("pooled", folded)["trainable"] == stack.parameter_count


def test_the_source_is_needed_for_pooling(pretrained: NetworkStack) -> None:
    target = make_task(1)
    frozen = paper_networks.freeze(target, pretrained, RECIPES, "source")
    with pytest.raises(ValueError, match="source's rows"):
        rival_networks.pooled(target, None, frozen, RECIPES, SCHEDULE)
