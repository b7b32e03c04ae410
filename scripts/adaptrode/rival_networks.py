"""Networks that use the source in other ways than the paper's adapter does.

``fine_tuned`` trains the source's network on with the target's rows, ``last_layer`` its
last layer alone; ``pooled`` learns the rows of both domains together from scratch, and
which domain a row is of. All are saved as plain networks of the source's shape.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from adaptrode import keras_export
from adaptrode.arrange import fit, own_case, pairs
from adaptrode.networks import NetworkStack
from adaptrode.paper_networks import train_from_scratch
from adaptrode.tasks import Array, Recipe, Schedule, Split, Task

Made = tuple[NetworkStack, pd.DataFrame]

SOURCE_ROW, TARGET_ROW = 0.0, 1.0  # the input that tells the domains apart


def fine_tuned(
    target: Task,
    source: Task | None,
    frozen: NetworkStack,
    recipes: Sequence[Recipe],
    schedule: Schedule,
) -> Made:
    """Train all layers of the source's networks on with the target's rows.

    Where the recipe scales the property by its median this is the target's, so that
    training starts at the source's answer brought to the target's level. One training a
    split whatever the recipe's restarts: they would begin with the same weights and
    differ in the order of the batches alone.

    Parameters
    ----------
    source
        Not used; its networks say all.
    frozen
        The source's networks as `adaptrode.paper_networks.freeze` gives them for the target
        and recipes.

    Returns
    -------
    Networks and histories as `adaptrode.arrange.fit` gives them.
    """
    return _go_on("fine_tuned", target, frozen, recipes, schedule, None)


def last_layer(
    target: Task,
    source: Task | None,
    frozen: NetworkStack,
    recipes: Sequence[Recipe],
    schedule: Schedule,
) -> Made:
    """As `fine_tuned`, with all layers but the last one left as they are."""
    layers = len(frozen.kernels)
    trainable = [layer == layers - 1 for layer in range(layers)]
    return _go_on("last_layer", target, frozen, recipes, schedule, trainable)


def _go_on(
    method: str,
    target: Task,
    frozen: NetworkStack,
    recipes: Sequence[Recipe],
    schedule: Schedule,
    trainable: Sequence[bool] | None,
) -> Made:
    cases = []
    for index, (split, recipe) in enumerate(pairs(target, recipes)):
        case = own_case(
            target,
            split,
            dataclasses.replace(recipe, restarts=1),
            target.inputs,
            frozen.input_shift[index],
            frozen.input_scale[index],
        )
        weights = [[array[index] for array in arrays] for arrays in (frozen.kernels, frozen.biases)]
        cases.append(dataclasses.replace(case, start=(weights[0], weights[1])))
    return fit(target, method, cases, frozen.layer_sizes, schedule, trainable)


def pooled(
    target: Task,
    source: Task | None,
    frozen: NetworkStack,
    recipes: Sequence[Recipe],
    schedule: Schedule,
) -> Made:
    """Train networks on the rows of both domains, with the domain as one more input.

    A target's split is joined with the source's of the same scheme and repeat and of all
    rows, training rows with training rows. Inputs are scaled on the known rows of both,
    and so is the property where the recipe scales it. With each domain over its own median
    instead errors were about the same or larger, by up to a fifth, on the shipped electrodes.

    Returns
    -------
    The networks for target rows, which take plain features (see `fold`), and their
    histories, with losses over the rows of both domains.
    """
    if source is None:
        raise ValueError("pooled networks need the source's rows")
    hidden = frozen.layer_sizes[1:-1]
    networks, history = train_from_scratch(
        joined(target, source), hidden, recipes, schedule, "pooled"
    )
    return fold(networks, TARGET_ROW), history


def joined(target: Task, source: Task) -> Task:
    """The rows of a source and then of a target, the domain their last input."""
    first = len(source.inputs)
    splits = []
    for split in target.splits:
        other = source.whole(split)
        roles = (
            np.concatenate([getattr(other, role), first + getattr(split, role)])
            for role in ("training", "validation", "test")
        )
        splits.append(Split(split.scheme, split.size, split.repeat, *roles))
    inputs = [_marked(source.inputs, SOURCE_ROW), _marked(target.inputs, TARGET_ROW)]
    return dataclasses.replace(
        target,
        inputs=np.concatenate(inputs),
        observed=np.concatenate([source.observed, target.observed]),
        splits=splits,
    )


def _marked(inputs: Array, domain: float) -> Array:
    return np.column_stack([inputs, np.full(len(inputs), domain)])


def fold(networks: NetworkStack, value: float) -> NetworkStack:
    """Networks without their last input, which is held at ``value`` in the first biases.

    Their predictions are those of ``networks`` to float32 rounding.
    """
    seen = (value - networks.input_shift[:, -1]) / networks.input_scale[:, -1]
    first = networks.kernels[0].astype(np.float64)
    bias = networks.biases[0] + first[:, -1] * seen[:, None]
    return NetworkStack(
        kernels=(networks.kernels[0][:, :-1], *networks.kernels[1:]),
        biases=(bias.astype(np.float32), *networks.biases[1:]),
        input_shift=networks.input_shift[:, :-1],
        input_scale=networks.input_scale[:, :-1],
        output_scale=networks.output_scale,
        members=networks.members,
    )


RIVALS: dict[str, Callable[[Task, Task | None, NetworkStack, Sequence[Recipe], Schedule], Made]] = {
    "fine_tuned": fine_tuned,
    "last_layer": last_layer,
    "pooled": pooled,
}


def parameter_counts(method: str, networks: NetworkStack) -> dict[str, int]:
    """Weights and biases of one network that were trained, and that were not."""
    total = networks.parameter_count
    if method == "last_layer":
        trained = networks.kernels[-1][0].size + networks.biases[-1][0].size
        return {"trainable": trained, "frozen": total - trained}
    if method == "pooled":  # the domain's weights have gone into the biases
        return {"trainable": total + networks.layer_sizes[1], "frozen": 0}
    return keras_export.parameter_counts(networks)
