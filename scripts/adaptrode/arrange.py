"""From splits and recipes to the networks to train in one go, and back to stacks.

A `Case` is one network to be had; `fit` trains all cases of one shape, each with its
restarts. What cases there are is said by `paper_networks` and `rival_networks`.
"""

from __future__ import annotations

import itertools
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adaptrode.errors import InputError
from adaptrode.networks import NetworkStack
from adaptrode.splits import ALL
from adaptrode.tasks import Array, Recipe, Rows, Schedule, Split, Task
from adaptrode.training import Problem, Trained, train


@dataclass(frozen=True)
class Case:
    """One split trained by one recipe: what its networks see and learn, and how it is scaled.

    Parameters
    ----------
    split
        Positions of its rows in ``inputs``.
    inputs, targets
        [rows, inputs] in raw units, and [rows] as networks learn them.
    shift, scale
        [inputs], of the inputs.
    output_scale
        What the property is over ``targets``.
    start
        First kernels and biases per layer; without it they are drawn.
    """

    split: Split
    recipe: Recipe
    inputs: Array
    targets: Array
    shift: Array
    scale: Array
    output_scale: float
    start: tuple[Sequence[NDArray[np.float32]], Sequence[NDArray[np.float32]]] | None = None


def learnt(observed: Array, known: Rows, recipe: Recipe) -> tuple[Array, float]:
    """A property as networks learn it, and its unit: the median of known rows, or 1."""
    unit = float(np.median(observed[known])) if recipe.property_scale == "median" else 1.0
    return observed / unit, unit


def pairs(task: Task, recipes: Sequence[Recipe]) -> list[tuple[Split, Recipe]]:
    """What is trained: all splits by the first recipe, those of all rows by every one.

    Splits of fewer rows are for learning curves, which show the headline recipe alone.
    """
    return [
        (split, recipe)
        for split in task.splits
        for recipe in (recipes if split.size == ALL else recipes[:1])
    ]


def own_case(
    of: Task, split: Split, recipe: Recipe, inputs: Array, shift: Array, scale: Array
) -> Case:
    """A case that learns the task's own property."""
    targets, unit = learnt(of.observed, split.known, recipe)
    return Case(split, recipe, inputs, targets, shift, scale, unit)


def glorot_uniform(
    sizes: Sequence[int], generator: np.random.Generator
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """First kernels and (zero) biases of one network, as Keras' dense layers draw them.

    Glorot and Bengio 2010: uniform within ± sqrt(6 / (fan_in + fan_out)).
    """
    kernels, biases = [], []
    for fan_in, fan_out in itertools.pairwise(sizes):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        kernels.append(generator.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32))
        biases.append(np.zeros(fan_out, np.float32))
    return kernels, biases


def fit(
    of: Task,
    method: str,
    cases: Sequence[Case],
    sizes: Sequence[int],
    schedule: Schedule,
    trainable: Sequence[bool] | None = None,
) -> tuple[NetworkStack, pd.DataFrame]:
    """Train all restarts of all cases in one go and keep the best of each case.

    Parameters
    ----------
    of, method
        Their names key the random draws.
    sizes
        Units per layer from the inputs to the output, of every network.
    trainable
        Per layer whether it is trained; all are by default.

    Returns
    -------
    One network a case, in their order, and the loss histories, one row per network and
    epoch: method, scheme, size, recipe, repeat, epoch (from 1), loss, validation_loss.

    Raises
    ------
    InputError
        When no restart of a case ends with a finite loss.
    """
    output_scale = np.array([case.output_scale for case in cases])
    members = [
        (index, restart)
        for index, case in enumerate(cases)
        for restart in range(case.recipe.restarts)
    ]
    drawn = [
        _start(of, method, cases[index], restart, sizes, schedule) for index, restart in members
    ]
    layers = range(len(sizes) - 1)
    problem = Problem(
        kernels=tuple(np.stack([kernels[layer] for kernels, _ in drawn]) for layer in layers),
        biases=tuple(np.stack([biases[layer] for _, biases in drawn]) for layer in layers),
        inputs=np.stack([(case.inputs - case.shift) / case.scale for case in cases]),
        targets=np.stack([case.targets for case in cases]),
        training_rows=[case.split.training for case in cases],
        validation_rows=[case.split.validation for case in cases],
        dataset_of_member=np.array([index for index, _ in members]),
        learning_rate=np.array([cases[index].recipe.learning_rate for index, _ in members]),
        batch_order=_batch_order(of, method, cases, members, schedule),
    )
    start = time.process_time()
    trained = train(
        problem,
        epochs=schedule.epochs,
        batch_size=schedule.batch_size,
        loss=schedule.loss,
        trainable=trainable,
        threads=schedule.threads,
    )
    schedule.taken[method] = (time.process_time() - start) / len(cases)
    kept = _best_restarts(of, cases, members, trained)
    stack = NetworkStack(
        kernels=tuple(kernel[kept].astype(np.float32) for kernel in trained.kernels),
        biases=tuple(bias[kept].astype(np.float32) for bias in trained.biases),
        input_shift=np.stack([case.shift for case in cases]),
        input_scale=np.stack([case.scale for case in cases]),
        output_scale=output_scale,
        members=pd.DataFrame(
            {
                "scheme": [case.split.scheme for case in cases],
                "size": [case.split.size for case in cases],
                "recipe": [case.recipe.name for case in cases],
                "repeat": np.array([case.split.repeat for case in cases]),
                "restart": np.array([members[member][1] for member in kept]),
            }
        ),
    )
    # Losses in the property's unit, where they have one.
    unit = output_scale ** {"mape": 0, "mae": 1, "mse": 2}[schedule.loss]
    losses = [
        (array[kept] * unit[:, None]).astype(np.float32)
        for array in (trained.loss, trained.validation_loss)
    ]
    stack.members["loss"], stack.members["validation_loss"] = losses[0][:, -1], losses[1][:, -1]
    return stack, _history(method, stack.members, losses)


def _start(
    of: Task, method: str, case: Case, restart: int, sizes: Sequence[int], schedule: Schedule
) -> tuple[Sequence[NDArray[np.float32]], Sequence[NDArray[np.float32]]]:
    """First weights of one network."""
    if case.start is not None:
        return case.start
    generator = _generator(of, method, case.split, restart, "weights", schedule.seed)
    kernels, biases = glorot_uniform(sizes, generator)
    if case.recipe.output_bias == "median":
        biases[-1] += np.float32(np.median(case.targets[case.split.known]))
    return kernels, biases


def _generator(
    of: Task, method: str, split: Split, restart: int, purpose: str, seed: int
) -> np.random.Generator:
    """The random numbers of one network, whatever else is trained.

    The recipe is no key: recipes start from the same draws and compare on equal terms.
    """
    names = (f"{of.study}/{of.property}/{of.domain}", method, split.scheme, split.size, purpose)
    keys = [zlib.crc32(name.encode()) for name in names]
    return np.random.default_rng([seed, *keys, split.repeat, restart])


def _batch_order(
    of: Task,
    method: str,
    cases: Sequence[Case],
    members: Sequence[tuple[int, int]],
    schedule: Schedule,
) -> Callable[[int], Rows]:
    def order(member: int) -> Rows:
        index, restart = members[member]
        split = cases[index].split
        generator = _generator(of, method, split, restart, "batches", schedule.seed)
        rows = np.broadcast_to(split.training, (schedule.epochs, len(split.training)))
        return generator.permuted(rows, axis=1)

    return order


def _best_restarts(
    of: Task, cases: Sequence[Case], members: Sequence[tuple[int, int]], trained: Trained
) -> list[int]:
    """Per case the member with the lowest final loss; the first one where several are."""
    score = trained.loss[:, -1].astype(np.float64)
    held = np.array([len(cases[index].split.validation) > 0 for index, _ in members])
    score = np.where(held, score + trained.validation_loss[:, -1], score)
    score = np.where(np.isnan(score), np.inf, score)
    best: dict[int, int] = {}
    for member, (index, _) in enumerate(members):
        if index not in best or score[member] < score[best[index]]:
            best[index] = member
    for index, member in best.items():
        if not np.isfinite(score[member]):
            case = cases[index]
            raise InputError(
                f"no network of '{of.property}' could be trained on '{of.domain}': every loss "
                f"of scheme {case.split.scheme}, size {case.split.size}, repeat "
                f"{case.split.repeat}, recipe {case.recipe.name} is infinite or not a number",
                mend="lower the recipe's learning_rate, or raise its restarts",
            )
    return [best[index] for index in range(len(cases))]


def _history(
    method: str, members: pd.DataFrame, losses: Sequence[NDArray[np.float32]]
) -> pd.DataFrame:
    count, epochs = losses[0].shape
    keys = members[["scheme", "size", "recipe", "repeat"]]
    table = keys.loc[np.repeat(np.arange(count), epochs)].reset_index(drop=True)
    table.insert(0, "method", method)
    table["epoch"] = np.tile(np.arange(1, epochs + 1), count)
    table["loss"], table["validation_loss"] = (array.ravel() for array in losses)
    return table
