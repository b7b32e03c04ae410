"""The automatic choice of a method, inside the training rows only.

Every candidate is cross-validated on the training rows, split once more as the test rows
were split off (by whole groups where groups are held out, otherwise by rows). The
candidates' predictions are then averaged with weights that fall steeply with their
error: with a clear winner this is a choice, and among equals, where a choice would be
drawn by noise, an average, which is as good as the best of them or better.

An adapter cannot be a candidate: it would have to be trained anew in every inner fold.
Its closest relative among the methods, the linear recalibration, can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from adaptrode import transfers  # noqa: F401  # enters its methods in the registry
from adaptrode.errors import InputError
from adaptrode.methods import CHOICE, CHOICE_ALONE, NETWORKS, Label
from adaptrode.rivals import METHODS, Array, Method, Task, inner_folds, median, method, named

__all__ = [
    "LABELS",
    "METHODS",
    "RECOMMENDED",
    "auto",
    "auto_alone",
    "chosen",
    "inner_errors",
    "named",
    "weights",
]

Candidate = str | Mapping[str, Any]

ALONE: tuple[Candidate, ...] = ("ridge_log", "gp_log")
CANDIDATES: tuple[Candidate, ...] = (
    *ALONE,
    "hierarchical_ridge_log",
    "residual_gp_log",
    "hierarchical_gp_log",
    # Fewer of the source's rows than by itself: it is fitted once more in every fold.
    {"name": "coregional_gp_log", "settings": {"source_rows": 80}},
)

# Below this weight a candidate is not worth its fit.
NEGLIGIBLE = 0.03


def inner_errors(task: Task, candidates: Sequence[Candidate], folds: int = 5) -> dict[str, float]:
    """Mean absolute percentage error (a fraction) of each candidate, cross-validated.

    Candidates that do not apply to the task are left out; infinite where a prediction
    is not finite.
    """
    splits = inner_folds(len(task.observed), task.groups, task.seed, folds)
    errors = {}
    for name, (candidate, settings) in _applicable(task, candidates).items():
        predicted = np.empty(len(task.observed))
        for known, asked in splits:
            part = replace(
                task,
                inputs=task.inputs[known],
                observed=task.observed[known],
                groups=None if task.groups is None else task.groups[known],
                notes={},
            )
            predicted[asked] = candidate.fit_predict(part, task.inputs[asked], settings)
        error = np.abs((predicted - task.observed) / task.observed)
        errors[name] = float(error.mean()) if np.isfinite(error).all() else np.inf
    return errors


def weights(errors: Mapping[str, float], sharpness: float) -> dict[str, float]:
    """Weights that fall with the ``sharpness``-th power of the error; they sum to 1.

    The negligible ones are 0; none is left when every error is infinite.
    """
    values = np.array(list(errors.values()))
    if not np.isfinite(values).any():
        return {}
    best = max(float(values.min()), np.finfo(float).tiny)  # of a perfect candidate
    relative = (best / np.maximum(values, best)) ** sharpness
    share = relative / relative.sum()
    share = np.where(share < min(NEGLIGIBLE, share.max()), 0.0, share)
    return {
        name: float(value)
        for name, value in zip(errors, share / share.sum(), strict=True)
        if value > 0
    }


def _blend(
    task: Task, inputs: Array, candidates: Sequence[Candidate], folds: int, sharpness: float
) -> Array:
    chosen = weights(inner_errors(task, candidates, folds), sharpness)
    task.notes.update(chosen)
    if not chosen:
        return np.asarray(median(task, inputs))
    known = _applicable(task, candidates)
    parts = np.array([known[name][0].fit_predict(task, inputs, known[name][1]) for name in chosen])
    share = np.array(list(chosen.values()))
    if (parts > 0).all():
        return np.asarray(np.exp(share @ np.log(parts)))
    return np.asarray(share @ parts)


def _applicable(
    task: Task, candidates: Sequence[Candidate]
) -> dict[str, tuple[Method, Mapping[str, Any]]]:
    found: dict[str, tuple[Method, Mapping[str, Any]]] = {}
    for candidate in candidates:
        name, settings = (
            (candidate, {})
            if isinstance(candidate, str)
            else (candidate["name"], candidate.get("settings", {}))
        )
        if name in CHOOSERS:
            raise InputError(
                "an automatic choice cannot be its own candidate",
                found=name,
                mend="take it off the candidates in the config",
            )
        if named(name).applies(task):
            found[name] = (named(name), settings)
    return found


@method("auto", "Automatic choice", uses_source=True)
def auto(
    task: Task,
    inputs: Array,
    *,
    candidates: Sequence[Candidate] = CANDIDATES,
    folds: int = 5,
    sharpness: float = 4.0,
) -> Array:
    """Among methods with and without the source."""
    return _blend(task, inputs, candidates, folds, sharpness)


@method("auto_alone", "Automatic choice without a source")
def auto_alone(
    task: Task,
    inputs: Array,
    *,
    candidates: Sequence[Candidate] = ALONE,
    folds: int = 5,
    sharpness: float = 4.0,
) -> Array:
    """Among methods that do without the source: what `auto` has to be compared with."""
    with_source = [name for name in _names(candidates) if named(name).uses_source]
    if with_source:
        raise InputError(
            "a candidate of the choice without a source uses the source",
            found=", ".join(with_source),
            mend="take it off the candidates in the config, or use `auto`",
        )
    return _blend(task, inputs, candidates, folds, sharpness)


def _names(candidates: Sequence[Candidate]) -> list[str]:
    return [entry if isinstance(entry, str) else str(entry["name"]) for entry in candidates]


CHOOSERS = (CHOICE, CHOICE_ALONE)

# Of networks and of all that is in the registry.
LABELS: dict[str, Label] = {
    **NETWORKS,
    **{name: Label(entry.label, entry.uses_source) for name, entry in METHODS.items()},
}

RECOMMENDED = "recommended"


def chosen(method: str, verdicts: pd.DataFrame | None, domain: str, property_name: str) -> str:
    """A method of the registry: the given one or, for `RECOMMENDED`, that of the verdict.

    Where the verdict recommends a network, which is not in the registry, the automatic
    choice stands in.

    Parameters
    ----------
    verdicts
        The table of verdicts: ``domain``, ``property``, ``recommended``.

    Raises
    ------
    InputError
        When the method or the verdict is not there.
    """
    if method != RECOMMENDED:
        return named(method).name
    if verdicts is None:
        raise InputError(
            "which method is recommended is for the verdict to say", mend="give --verdict"
        )
    own = verdicts[(verdicts["domain"] == domain) & (verdicts["property"] == property_name)]
    if own.empty:
        raise InputError(
            "there is no verdict",
            found=f"domain {domain}, property {property_name}",
            mend="run `snakemake results/tables/verdict.csv` again",
        )
    name = str(own["recommended"].iloc[0])
    return name if name in METHODS else CHOICE
