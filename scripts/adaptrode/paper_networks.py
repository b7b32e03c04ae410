"""The paper's networks: pretrained on the source, adapted to a target, or from scratch.

Other ways to use the source are in `rival_networks`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from adaptrode.arrange import fit, own_case, pairs
from adaptrode.errors import InputError
from adaptrode.networks import AdaptedStack, NetworkStack
from adaptrode.splits import ALL
from adaptrode.tasks import SCALINGS, Recipe, Schedule, Task, standardisation


def pretrain(
    source: Task,
    hidden: Sequence[int],
    recipes: Sequence[Recipe],
    schedule: Schedule,
    beside: Sequence[Task] = (),
) -> tuple[NetworkStack, pd.DataFrame]:
    """Train the source's networks: per split and recipe the best of its restarts.

    Features are standardised on each split's known rows.

    Parameters
    ----------
    beside
        Targets whose known rows, in the split of the same scheme and repeat and of size
        ``all``, are standardised on together with the source's (``scaling: pooled``).

    Returns
    -------
    The networks and their loss histories, as `adaptrode.arrange.fit` gives them.
    """
    cases = []
    for split, recipe in pairs(source, recipes):
        known = [source.inputs[split.known]]
        known += [target.inputs[target.whole(split).known] for target in beside]
        scales = standardisation(np.concatenate(known))
        cases.append(own_case(source, split, recipe, source.inputs, *scales))
    sizes = (source.inputs.shape[1], *hidden, 1)
    return fit(source, "pretrained", cases, sizes, schedule)


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
        As for `freeze`. Networks from scratch are always scaled on their own rows.

    Returns
    -------
    The adapted networks (their ``source`` holds the frozen weights with the scales used
    here), the networks from scratch, and the histories of both.
    """
    frozen = freeze(target, pretrained, recipes, scaling)
    adapter, adapter_history = train_adapters(target, frozen, adapter_hidden, recipes, schedule)
    scratch, scratch_history = train_from_scratch(target, hidden, recipes, schedule)
    history = pd.concat([adapter_history, scratch_history], ignore_index=True)
    return AdaptedStack(frozen, adapter), scratch, history


def freeze(
    target: Task, pretrained: NetworkStack, recipes: Sequence[Recipe], scaling: str
) -> NetworkStack:
    """The source's network for each of a target's `pairs`, with the scales used there.

    Parameters
    ----------
    scaling
        Where the features' scales come from: ``source``, as the networks were trained;
        ``pooled`` likewise, but trained with the targets' rows in their scales; or
        ``domain``, from the target's known rows of each split.

    Raises
    ------
    InputError
        When a split has no source network.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"scaling must be one of {SCALINGS}, not {scaling!r}")
    wanted = pd.DataFrame(
        [
            {"scheme": split.scheme, "recipe": recipe.name, "repeat": split.repeat, "size": ALL}
            for split, recipe in pairs(target, recipes)
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
    if scaling != "domain":
        return frozen
    scales = [standardisation(target.inputs[split.known]) for split, _ in pairs(target, recipes)]
    return dataclasses.replace(
        frozen,
        input_shift=np.stack([shift for shift, _ in scales]),
        input_scale=np.stack([scale for _, scale in scales]),
    )


def train_adapters(
    target: Task,
    frozen: NetworkStack,
    hidden: Sequence[int],
    recipes: Sequence[Recipe],
    schedule: Schedule,
) -> tuple[NetworkStack, pd.DataFrame]:
    """Train adapters on what `freeze` gave for the same target and recipes."""
    cases = []
    answers = frozen.predict(target.inputs)
    for (split, recipe), answer in zip(pairs(target, recipes), answers[..., None], strict=True):
        scales = np.zeros(1), np.ones(1)
        if recipe.adapter_input == "standardised":
            scales = standardisation(answer[split.known])
        cases.append(own_case(target, split, recipe, answer, *scales))
    return fit(target, "adapter", cases, (1, *hidden, 1), schedule)


def train_from_scratch(
    target: Task,
    hidden: Sequence[int],
    recipes: Sequence[Recipe],
    schedule: Schedule,
    method: str = "scratch",
) -> tuple[NetworkStack, pd.DataFrame]:
    """Train networks on a task's rows alone, which are also all that scales them."""
    cases = [
        own_case(target, split, recipe, target.inputs, *standardisation(target.inputs[split.known]))
        for split, recipe in pairs(target, recipes)
    ]
    return fit(target, method, cases, (target.inputs.shape[1], *hidden, 1), schedule)


_Stack = TypeVar("_Stack", NetworkStack, AdaptedStack)


def headline(stack: _Stack, recipe: Recipe) -> _Stack:
    """The network that single-network figures show: rows split, all of them, first repeat."""
    return stack.select(scheme="row", size=ALL, recipe=recipe.name, repeat=0)


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
