"""Rival methods that learn from the source; see `rivals` for what a method is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.preprocessing import StandardScaler

from adaptrode.errors import InputError
from adaptrode.gaussian import (
    GroupedGaussianProcess,
    LineAndCurve,
    coregionalised,
    line_and_curve,
)
from adaptrode.rivals import (
    LINEAR_AND_LOG,
    PENALTIES,
    Array,
    Groups,
    Logs,
    Property,
    Source,
    Task,
    method,
)

SCALINGS = ("shared", "domain", "pooled")

# A column whose mean in the target lies so many of the source's standard deviations
# away is taken to mean something else there.
FOREIGN = 10.0


@dataclass(frozen=True)
class Aligned:
    """Features and property of both domains on scales on which they can be compared.

    Parameters
    ----------
    source, target, new
        Features of the source's rows, the target's and those to predict; [rows, features].
    source_answer, target_answer
        How the property was centred and scaled.
    foreign
        [features], what the source's slope says nothing about.
    """

    source: Array
    target: Array
    new: Array
    source_answer: Property
    target_answer: Property
    foreign: NDArray[np.bool_]


def align(task: Task, inputs: Array, *, log: bool, scaling: str = "shared") -> Aligned:
    """Center and scale both domains.

    Parameters
    ----------
    task
        With a source.
    inputs
        The rows to predict.
    log
        Whether positive columns and the property are taken as logarithms. A step of the
        property then counts alike in both domains; otherwise each has its own scale.
    scaling
        Of the features. ``shared``: each domain about its own mean, both in the source's
        standard deviations; but in the target's own where the column never varies in the
        source, or where it must mean something else there (see `FOREIGN`; such as
        an active material's share in the one and silicon's share in the other).
        ``domain``: each domain by its own mean and standard deviation. ``pooled``: both
        by those of all rows.

    Raises
    ------
    InputError
        When the scaling is none of these.
    """
    if scaling not in SCALINGS:
        raise InputError(
            "there is no such scaling of the features", found=scaling, allowed=", ".join(SCALINGS)
        )
    source = source_of(task)
    parts = [source.inputs, task.inputs, inputs]
    if log:
        logs = Logs().fit(np.vstack(parts[:2]))
        parts = [logs.transform(part) for part in parts]
    first, second, new = parts
    source_mean, source_scale = _moments(first)
    mean, scale = _moments(second)
    foreign = np.zeros(first.shape[1], dtype=np.bool_)
    if scaling == "pooled":
        source_mean, source_scale = mean, scale = _moments(np.vstack([first, second]))
    elif scaling == "shared":
        still = np.ptp(first, axis=0) == 0
        foreign = ~still & (np.abs(mean - source_mean) > FOREIGN * source_scale)
        scale = np.where(still | foreign, scale, source_scale)
    answer = Property(source.observed, log)
    return Aligned(
        (first - source_mean) / source_scale,
        (second - mean) / scale,
        (new - mean) / scale,
        answer,
        Property(task.observed, log, answer.scale if log else None),
        foreign,
    )


def _moments(values: Array) -> tuple[Array, Array]:
    scaler = StandardScaler().fit(values)
    return np.asarray(scaler.mean_), np.asarray(scaler.scale_)


def source_of(task: Task) -> Source:
    """The task's source, which `Method.applies` has seen to."""
    if task.source is None:
        raise ValueError("the task has no source")
    return task.source


def _both(task: Task, first: Array, second: Array) -> Array:
    """Stack rows of the source and of the target, and say which is which behind them."""
    domain = np.repeat([0.0, 1.0], [len(first), len(second)])
    return np.column_stack([np.vstack([first, second]), domain])


def _target(rows: Array) -> Array:
    return np.column_stack([rows, np.ones(len(rows))])


def _groups_of_both(source: Source, task: Task, kept: NDArray[np.intp]) -> Groups | None:
    if task.groups is None or source.groups is None:
        return None
    # Campaigns of different domains may have the same name.
    return np.array(
        [f"0 {name}" for name in source.groups[kept]] + [f"1 {name}" for name in task.groups]
    )


def _some(source: Source, most: int, seed: int) -> NDArray[np.intp]:
    """Positions of at most so many rows of the source, of whole groups as far as they go."""
    rows = len(source.observed)
    if rows <= most:
        return np.arange(rows)
    order = np.random.default_rng([seed, rows]).permutation(rows)
    if source.groups is not None:
        _, first, code = np.unique(source.groups[order], return_index=True, return_inverse=True)
        order = order[np.argsort(first[code], kind="stable")]
    return np.sort(order[:most])


@method("recalibration", "Linear recalibration", uses_source=True, forms=LINEAR_AND_LOG)
def recalibration(task: Task, inputs: Array, *, log: bool) -> Array:
    """The source network's prediction f(x) as a f(x) + b, by least squares.

    In logarithms a power law, b f(x)^a.
    """
    answer = Property(task.observed, log)
    known, new = (frozen(task, rows, log)[:, None] for rows in (task.inputs, inputs))
    line = LinearRegression().fit(known, answer.standard(task.observed))
    return answer.back(line.predict(new))


def frozen(task: Task, rows: Array, log: bool) -> Array:
    """The source network's prediction, [rows]; its logarithm where asked.

    A network far from its training rows may answer anything, also below zero. For the
    logarithm it is kept within ten times what the source's property has been.
    """
    source = source_of(task)
    if source.predict is None:
        raise InputError(
            "a method that builds on the source's network was given none",
            mend="train the source's networks first",
        )
    predicted = source.predict(rows)
    if not log:
        return predicted
    return np.log(np.clip(predicted, source.observed.min() / 10.0, source.observed.max() * 10.0))


@method("pooled_forest", "Pooled random forest", uses_source=True, forms=LINEAR_AND_LOG)
def pooled_forest(
    task: Task, inputs: Array, *, log: bool, trees: int = 100, scaling: str = "pooled"
) -> Array:
    """Rows of both domains with the domain as one more feature."""
    source, made = source_of(task), align(task, inputs, log=log, scaling=scaling)
    answer = Property(np.concatenate([source.observed, task.observed]), log)
    trained = RandomForestRegressor(trees, random_state=task.seed).fit(
        _both(task, made.source, made.target),
        answer.standard(np.concatenate([source.observed, task.observed])),
    )
    return answer.back(trained.predict(_target(made.new)))


def _joint_process(
    task: Task,
    made: Aligned,
    kernel: LineAndCurve,
    source_rows: int,
    spread: float,
    iterations: int,
) -> Array:
    """A Gaussian process on the rows of both domains, each centred; for the target's new rows."""
    source = source_of(task)
    kept = _some(source, source_rows, task.seed)
    observed = np.concatenate(
        [
            made.source_answer.standard(source.observed[kept]),
            made.target_answer.standard(task.observed),
        ]
    )
    rows = np.vstack([made.source[kept], made.target])
    domain = np.repeat([0.0, 1.0], [len(kept), len(made.target)])
    new, new_domain = made.new, np.ones(len(made.new))
    if not kernel.own:  # the domain is one more feature
        rows, new = np.column_stack([rows, domain]), np.column_stack([new, new_domain])
    process = GroupedGaussianProcess(kernel, spread=spread, iterations=iterations).fit(
        rows, observed, domain=domain, groups=_groups_of_both(source, task, kept)
    )
    return made.target_answer.back(process.predict(new, domain=new_domain))


@method("pooled_gp", "Pooled Gaussian process", uses_source=True, forms=LINEAR_AND_LOG)
def pooled_gp(
    task: Task,
    inputs: Array,
    *,
    log: bool,
    scaling: str = "shared",
    source_rows: int = 200,
    spread: float = 1.5,
    iterations: int = 15,
) -> Array:
    """Rows of both domains with the domain as one more feature."""
    made = align(task, inputs, log=log, scaling=scaling)
    kernel = line_and_curve(task.inputs.shape[1] + 1)
    return _joint_process(task, made, kernel, source_rows, spread, iterations)


@method("coregional_gp", "Co-regionalised Gaussian process", uses_source=True, forms=LINEAR_AND_LOG)
def coregional_gp(
    task: Task,
    inputs: Array,
    *,
    log: bool,
    scaling: str = "shared",
    source_rows: int = 200,
    spread: float = 1.5,
    iterations: int = 15,
) -> Array:
    """Both domains as correlated outputs of one process; see `gaussian.coregionalised`."""
    made = align(task, inputs, log=log, scaling=scaling)
    kernel = coregionalised(task.inputs.shape[1])
    return _joint_process(task, made, kernel, source_rows, spread, iterations)


@method(
    "residual_gp",
    "Gaussian process on the source network's residual",
    uses_source=True,
    forms=LINEAR_AND_LOG,
)
def residual_gp(
    task: Task, inputs: Array, *, log: bool, spread: float = 2.0, iterations: int = 25
) -> Array:
    """Of features and the network's prediction, added to that prediction."""
    known, new = frozen(task, task.inputs, log), frozen(task, inputs, log)
    logs = Logs().fit(task.inputs) if log else StandardScaler(with_mean=False, with_std=False)
    columns = np.column_stack([logs.fit_transform(task.inputs), known])
    scaler = StandardScaler().fit(columns)
    observed = np.log(task.observed) if log else task.observed
    residual = observed - known
    answer = Property(residual, log=False, scale=float(observed.std()) or None)
    process = GroupedGaussianProcess(
        line_and_curve(columns.shape[1]), spread=spread, iterations=iterations
    ).fit(scaler.transform(columns), answer.standard(residual), groups=task.groups)
    rows = scaler.transform(np.column_stack([logs.transform(inputs), new]))
    predicted = new + answer.back(process.predict(rows))
    return np.exp(predicted) if log else predicted


def _source_slopes(task: Task, made: Aligned) -> Array:
    """[features], the source's slopes in units of `Aligned`; 0 for foreign columns."""
    source = source_of(task)
    observed = made.source_answer.standard(source.observed)

    def fit() -> Array:
        return np.asarray(RidgeCV(PENALTIES).fit(made.source, observed).coef_)

    slopes = source.remember(("slopes", _key(made.source), _key(observed)), fit)
    return np.where(made.foreign, 0.0, slopes)


def _key(array: Array) -> bytes:
    return array.tobytes()


@method(
    "hierarchical_ridge",
    "Ridge towards the source's slopes",
    uses_source=True,
    forms=LINEAR_AND_LOG,
)
def hierarchical_ridge(task: Task, inputs: Array, *, log: bool, scaling: str = "shared") -> Array:
    """Penalises not slopes but their difference to the source's (partial pooling)."""
    made = align(task, inputs, log=log, scaling=scaling)
    slopes = _source_slopes(task, made)
    observed = made.target_answer.standard(task.observed)
    own = RidgeCV(PENALTIES).fit(made.target, observed - made.target @ slopes)
    return made.target_answer.back(own.predict(made.new) + made.new @ slopes)


@method(
    "hierarchical_gp",
    "Gaussian process with the source as its prior",
    uses_source=True,
    forms=LINEAR_AND_LOG,
)
def hierarchical_gp(
    task: Task,
    inputs: Array,
    *,
    log: bool,
    scaling: str = "shared",
    source_rows: int = 120,
    source_iterations: int = 15,
    line: float = 0.3,
    spread: float = 1.0,
    iterations: int = 25,
) -> Array:
    """Of the target's rows alone, with priors learnt from the source.

    The slopes' prior mean is the source's slopes (with variance ``line``), and the prior
    medians of the hyperparameters (which features matter, how rough the property is, how
    much groups and single rows deviate) are those of a process fitted to the source.
    """
    made = align(task, inputs, log=log, scaling=scaling)
    slopes = _source_slopes(task, made)
    learnt = _source_process(task, made, source_rows, source_iterations)
    kernel = clone(learnt.kernel_).set_params(line=line)
    observed = made.target_answer.standard(task.observed) - made.target @ slopes
    process = GroupedGaussianProcess(kernel, spread=spread, iterations=iterations).fit(
        made.target, observed - observed.mean(), groups=task.groups
    )
    expected = process.predict(made.new) + made.new @ slopes + observed.mean()
    return made.target_answer.back(expected)


def _source_process(task: Task, made: Aligned, rows: int, iterations: int) -> Any:
    source = source_of(task)
    observed = made.source_answer.standard(source.observed)

    def fit() -> GroupedGaussianProcess:
        # The same rows whatever the target's draw, so that all sizes share them.
        kept = _some(source, rows, len(source.observed))
        groups = None if source.groups is None else source.groups[kept]
        process = GroupedGaussianProcess(
            line_and_curve(made.source.shape[1]), spread=1.5, iterations=iterations
        )
        return process.fit(made.source[kept], observed[kept], groups=groups)

    key = ("process", _key(made.source), _key(observed), rows, iterations)
    return source.remember(key, fit)
