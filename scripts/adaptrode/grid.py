"""What errors depend on: networks trained under every combination of the unstated choices."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from adaptrode import metrics
from adaptrode.choices import CHOICES, OF_RECIPE, check
from adaptrode.networks import AdaptedStack, NetworkStack
from adaptrode.paper_networks import freeze, pretrain, train_adapters, train_from_scratch
from adaptrode.tasks import Recipe, Schedule, Task


def errors(
    source: Task,
    targets: Sequence[Task],
    hidden: Sequence[int],
    adapter_hidden: Sequence[int],
    grid: Mapping[str, Sequence[Any]],
    schedule: Schedule,
) -> pd.DataFrame:
    """Test errors of a source's networks, adapters and networks from scratch over a grid.

    The grid is a full factorial one. What a choice cannot change is trained once and
    stands in the lines of all its levels: source networks and networks from scratch whatever
    the adapter's input, source networks scaled on the source whether targets are scaled
    alike or on their own, networks from scratch whatever the scaling.

    Parameters
    ----------
    source, targets
        Of one property; every split of theirs is trained.
    grid
        The levels of each of `CHOICES`.
    schedule
        Its batch size is replaced by those of the grid.

    Returns
    -------
    DataFrame
        One line per grid point, domain, method (pretrained, on targets also adapter and
        scratch), scheme and repeat: the choices, then method, domain, scheme, repeat,
        mape_pct and dead as in `adaptrode.metrics.score`.

    Raises
    ------
    InputError
        When the grid lacks a choice or holds one, or a level, that there is not.
    """
    check(grid)
    recipes = _recipes(grid)
    of_recipe = pd.DataFrame([dataclasses.asdict(recipe) for recipe in recipes])
    # Adapters alone see what their input is.
    plain = [recipe for recipe in recipes if recipe.adapter_input == recipes[0].adapter_input]
    same = _same_but_for_input(recipes, plain)
    parts = []
    for batch_size in grid["batch_size"]:
        own = dataclasses.replace(schedule, batch_size=batch_size)
        pretrained = _pretrained(source, targets, hidden, plain, grid["scaling"], own)
        scratch = [train_from_scratch(target, hidden, plain, own)[0] for target in targets]
        for scaling in grid["scaling"]:
            networks = _as_recipes(pretrained[scaling], same)
            made = [_score(source, "pretrained", networks)]
            for target, from_scratch in zip(targets, scratch, strict=True):
                frozen = freeze(target, networks, recipes, scaling)
                adapter, _ = train_adapters(target, frozen, adapter_hidden, recipes, own)
                made += [
                    _score(target, "pretrained", frozen),
                    _score(target, "adapter", AdaptedStack(frozen, adapter)),
                    _score(target, "scratch", _as_recipes(from_scratch, same)),
                ]
            parts.append(pd.concat(made).assign(scaling=scaling, batch_size=batch_size))
    table = pd.concat(parts, ignore_index=True).merge(
        of_recipe, left_on="recipe", right_on="name", how="left", validate="many_to_one"
    )
    return table[[*CHOICES, "method", "domain", "scheme", "repeat", "mape_pct", "dead"]]


def _recipes(grid: Mapping[str, Sequence[Any]]) -> list[Recipe]:
    combinations = itertools.product(*(grid[choice] for choice in OF_RECIPE))
    return [
        Recipe(name=str(number), **dict(zip(OF_RECIPE, levels, strict=True)))
        for number, levels in enumerate(combinations)
    ]


def _same_but_for_input(recipes: Sequence[Recipe], plain: Sequence[Recipe]) -> dict[str, list[str]]:
    """The names of the recipes that are each plain one's but for the adapter's input."""

    def rest(recipe: Recipe) -> Recipe:
        return dataclasses.replace(recipe, name="", adapter_input="")

    return {one.name: [r.name for r in recipes if rest(r) == rest(one)] for one in plain}


def _as_recipes(networks: NetworkStack, names: Mapping[str, Sequence[str]]) -> NetworkStack:
    """Networks again for each of the recipes that give the same ones."""
    pairs = [
        (position, name)
        for position, trained in enumerate(networks.members["recipe"])
        for name in names[trained]
    ]
    again = networks.take([position for position, _ in pairs])
    return dataclasses.replace(
        again, members=again.members.assign(recipe=[name for _, name in pairs])
    )


def _pretrained(
    source: Task,
    targets: Sequence[Task],
    hidden: Sequence[int],
    recipes: Sequence[Recipe],
    scalings: Sequence[str],
    schedule: Schedule,
) -> dict[str, NetworkStack]:
    """The source's networks of every scaling."""
    made = {}
    if "pooled" in scalings:
        made["pooled"], _ = pretrain(source, hidden, recipes, schedule, targets)
    if set(scalings) - {"pooled"}:
        alone, _ = pretrain(source, hidden, recipes, schedule)
        made |= dict.fromkeys(("source", "domain"), alone)
    return made


def _score(of: Task, method: str, networks: NetworkStack | AdaptedStack) -> pd.DataFrame:
    splits = {(s.scheme, s.size, s.repeat): s for s in of.splits}
    answers = networks.predict(of.inputs)
    parts = []
    keys = networks.members[["scheme", "size", "repeat", "recipe"]]
    for answer, (scheme, size, repeat, recipe) in zip(
        answers, keys.itertuples(index=False, name=None), strict=True
    ):
        test = splits[scheme, size, repeat].test
        parts.append(
            {
                "scheme": scheme,
                "size": size,
                "repeat": repeat,
                "recipe": recipe,
                "row": test,
                "observed": of.observed[test],
                "predicted": answer[test],
            }
        )
    lines = pd.DataFrame(parts).explode(["row", "observed", "predicted"])
    lines = lines.astype({"observed": np.float64, "predicted": np.float64}).assign(method=method)
    return metrics.score(lines.reset_index(drop=True)).assign(domain=of.domain)
