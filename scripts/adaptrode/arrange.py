"""From tables, splits and recipes to the networks to train, and back to stacks.

``pretrain`` and ``transfer`` are a study's two trainings of one property:
the source's networks; and a target's adapters with, beside them, networks of the
source's shape trained from scratch on the target's few rows.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adaptrode.errors import InputError
from adaptrode.networks import AdaptedStack, NetworkStack
from adaptrode.tasks import Array, Recipe, Rows, Schedule, Split, Task, standardisation
from adaptrode.training import Problem, Trained, train


@dataclass(frozen=True)
class _Case:
    """One split trained by one recipe: what its networks see and how they are scaled."""

    split: Split
    recipe: Recipe
    inputs: Array  # [rows, inputs], raw
    shift: Array  # [inputs]
    scale: Array  # [inputs]


def pretrain(
    source: Task, hidden: Sequence[int], recipes: Sequence[Recipe], schedule: Schedule
) -> tuple[NetworkStack, pd.DataFrame]:
    """Train the source's networks: per split and recipe the best of its restarts.

    Features are standardised on each split's known rows.

    Returns
    -------
    The networks and their loss histories, one row per network and epoch: method, scheme,
    size, recipe, repeat, epoch (from 1), loss, validation_loss.
    """
    cases = []
    for split in source.splits:
        shift, scale = standardisation(source.inputs[split.known])
        cases += [_Case(split, recipe, source.inputs, shift, scale) for recipe in recipes]
    sizes = (source.inputs.shape[1], *hidden, 1)
    return _train(source, "pretrained", cases, sizes, schedule)


def transfer(
    target: Task,
    pretrained: NetworkStack,
    hidden: Sequence[int],
    adapter_hidden: Sequence[int],
    recipes: Sequence[Recipe],
    scaling: str,
    schedule: Schedule,
) -> tuple[AdaptedStack, NetworkStack, pd.DataFrame]:
    """Train a target's adapters on the frozen source networks, and networks from scratch.

    A split's source network is that of the same scheme, recipe and repeat, trained on all
    of the source's known rows.

    Parameters
    ----------
    hidden, adapter_hidden
        Widths of the hidden layers of the networks from scratch and of the adapters.
    scaling
        Where the features' scales of the frozen networks come from: ``source``, as they
        were trained, or ``domain``, from each split's own known rows, as those of the
        networks from scratch always do.

    Returns
    -------
    The adapted networks (their ``source`` holds the frozen weights with the scales used
    here), the networks from scratch, and the histories of both as in `pretrain`.
    """
    wanted = pd.DataFrame(
        [
            {"scheme": split.scheme, "recipe": recipe.name, "repeat": split.repeat, "size": "all"}
            for split in target.splits
            for recipe in recipes
        ]
    )
    try:
        frozen = pretrained.matching(wanted, ("scheme", "recipe", "repeat", "size"))
    except KeyError as error:
        raise InputError(
            f"there is no source network for a split of '{target.domain}'",
            found=", ".join(map(str, error.args[0])),
            mend="delete the source's networks and run `snakemake` again",
        ) from None
    pairs = [(split, recipe) for split in target.splits for recipe in recipes]
    if scaling == "domain":
        scales = [standardisation(target.inputs[split.known]) for split, _ in pairs]
        frozen = NetworkStack(
            frozen.kernels,
            frozen.biases,
            np.stack([shift for shift, _ in scales]),
            np.stack([scale for _, scale in scales]),
            frozen.output_scale,
            frozen.members,
        )
    elif scaling != "source":
        raise ValueError(f"scaling must be source or domain, not {scaling!r}")
    answers = frozen.predict(target.inputs)
    adapted_cases, scratch_cases = [], []
    for index, (split, recipe) in enumerate(pairs):
        shift, scale = np.zeros(1), np.ones(1)
        answer = answers[index][:, None]
        if recipe.adapter_input == "standardised":
            shift, scale = standardisation(answer[split.known])
        adapted_cases.append(_Case(split, recipe, answer, shift, scale))
        # Without a source there is no other scale than the target's own.
        own = standardisation(target.inputs[split.known])
        scratch_cases.append(_Case(split, recipe, target.inputs, *own))
    adapter, adapter_history = _train(
        target, "adapter", adapted_cases, (1, *adapter_hidden, 1), schedule
    )
    scratch, scratch_history = _train(
        target, "scratch", scratch_cases, (target.inputs.shape[1], *hidden, 1), schedule
    )
    history = pd.concat([adapter_history, scratch_history], ignore_index=True)
    return AdaptedStack(frozen, adapter), scratch, history


_Stack = TypeVar("_Stack", NetworkStack, AdaptedStack)


def headline(stack: _Stack, recipe: Recipe) -> _Stack:
    """The network that single-network figures show: rows split, all of them, first repeat."""
    return stack.select(scheme="row", size="all", recipe=recipe.name, repeat=0)


def assert_frozen(after: NetworkStack, before: NetworkStack) -> None:
    """Make sure that training beside or on top of networks left their weights alone.

    Raises
    ------
    AssertionError
        When a single bit differs.
    """
    pairs = zip((*after.kernels, *after.biases), (*before.kernels, *before.biases), strict=True)
    if any(new.tobytes() != old.tobytes() for new, old in pairs):
        raise AssertionError("frozen weights have changed")


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


def _train(
    of: Task, method: str, cases: Sequence[_Case], sizes: Sequence[int], schedule: Schedule
) -> tuple[NetworkStack, pd.DataFrame]:
    """Train all restarts of all cases in one go and keep the best of each case."""
    medians = np.array([np.median(of.observed[case.split.known]) for case in cases])
    scaled = np.array([case.recipe.property_scale == "median" for case in cases])
    output_scale = np.where(scaled, medians, 1.0)
    start_bias = np.where(
        [case.recipe.output_bias == "median" for case in cases], medians / output_scale, 0.0
    )
    members = [
        (index, restart)
        for index, case in enumerate(cases)
        for restart in range(case.recipe.restarts)
    ]
    drawn = []
    for index, restart in members:
        kernels, biases = glorot_uniform(
            sizes, _generator(of, method, cases[index].split, restart, "weights", schedule.seed)
        )
        biases[-1] += np.float32(start_bias[index])
        drawn.append((kernels, biases))
    layers = range(len(sizes) - 1)
    problem = Problem(
        kernels=tuple(np.stack([kernels[layer] for kernels, _ in drawn]) for layer in layers),
        biases=tuple(np.stack([biases[layer] for _, biases in drawn]) for layer in layers),
        inputs=np.stack([(case.inputs - case.shift) / case.scale for case in cases]),
        targets=of.observed / output_scale[:, None],
        training_rows=[case.split.training for case in cases],
        validation_rows=[case.split.validation for case in cases],
        dataset_of_member=np.array([index for index, _ in members]),
        learning_rate=np.array([cases[index].recipe.learning_rate for index, _ in members]),
        batch_order=_batch_order(of, method, cases, members, schedule),
    )
    trained = train(
        problem,
        epochs=schedule.epochs,
        batch_size=schedule.batch_size,
        loss=schedule.loss,
        threads=schedule.threads,
    )
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
    cases: Sequence[_Case],
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
    of: Task, cases: Sequence[_Case], members: Sequence[tuple[int, int]], trained: Trained
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
