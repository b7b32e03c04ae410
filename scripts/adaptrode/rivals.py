"""Rival methods for predicting a target's property, with and without its source.

A method is a function from a `Task` and the rows to predict to predictions; `method`
enters it in the registry `METHODS`, with its keyword-only arguments as its settings::

    @method("huber", "Huber regression", forms=LINEAR_AND_LOG)
    def huber(task: Task, inputs: Array, *, log: bool, epsilon: float = 1.35) -> Array:
        return alone(HuberRegressor(epsilon=epsilon), task, inputs, log=log)

With ``forms=LINEAR_AND_LOG`` it is entered twice: as ``huber``, and as ``huber_log``
on logarithms, for quantities that are positive and act by factors. All draws come from
the task's seed.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVR

from adaptrode.errors import InputError
from adaptrode.gaussian import GroupedGaussianProcess, line_and_curve

Array = NDArray[np.float64]
Groups = NDArray[Any]
Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]
Kept = TypeVar("Kept")

LINEAR_AND_LOG = ("", "_log")
PENALTIES = np.logspace(-4, 3, 15)


@dataclass(frozen=True)
class Source:
    """What is known of the source in one split.

    Parameters
    ----------
    inputs, observed
        [rows, features] and [rows]: its training rows, in raw units.
    groups
        [rows], where whole groups are held out.
    predict
        The frozen source network: [rows, features] to [rows], in raw units.
    """

    inputs: Array
    observed: Array
    groups: Groups | None = None
    predict: Callable[[Array], Array] | None = None
    _memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def remember(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What was made of the source under this key, made when first asked for."""
        if key not in self._memory:
            self._memory[key] = make()
        kept: Kept = self._memory[key]
        return kept


@dataclass(frozen=True)
class Task:
    """All that a method may learn from in one split.

    Parameters
    ----------
    inputs, observed
        [rows, features] and [rows]: the target's training and validation rows, raw units.
    groups
        [rows], only where whole groups are held out: rows of one group then deviate
        together, and the rows to predict are of other groups.
    source
        None leaves only methods that do without.
    seed
        Of all draws.
    notes
        What a method leaves here beside its predictions: the weights of its candidates.
    """

    inputs: Array
    observed: Array
    groups: Groups | None = None
    source: Source | None = None
    seed: int = 0
    notes: dict[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Method:
    """An entry of the registry.

    Parameters
    ----------
    name, label
        In tables of results and for a reader.
    uses_source
        Whether it learns anything from the source.
    log
        Whether it works on the logarithm of the property, which must then be positive.
    defaults
        Its settings.
    """

    name: str
    label: str
    uses_source: bool
    log: bool
    defaults: Mapping[str, Any]
    function: Callable[..., Array] = field(repr=False)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an `InputError` when a setting is unknown."""
        unknown = sorted(set(settings) - set(self.defaults))
        if unknown:
            raise InputError(
                f"the method '{self.name}' has no such setting",
                found=", ".join(unknown),
                allowed=", ".join(self.defaults) or "none",
                mend="mend the method's settings in the config",
            )

    def applies(self, task: Task) -> bool:
        """Whether the task has what the method needs."""
        known = [task.observed]
        if self.uses_source:
            if task.source is None:
                return False
            known.append(task.source.observed)
        return not self.log or all(bool((values > 0).all()) for values in known)

    def fit_predict(
        self, task: Task, inputs: Array, settings: Mapping[str, Any] | None = None
    ) -> Array:
        """Learn from the task and predict for ``inputs`` [rows, features]; [rows].

        Raises
        ------
        InputError
            When a setting is unknown or the task lacks what the method needs.
        """
        self.check(settings or {})
        if not self.applies(task):
            raise InputError(
                f"the method '{self.name}' cannot be used here",
                allowed="a task with a source"
                if self.uses_source and task.source is None
                else "a property that is positive in every training row",
                mend="leave the method out, or take the one without logarithms",
            )
        given = {**(settings or {}), **({"log": self.log} if self._formed else {})}
        return np.asarray(self.function(task, inputs, **given), dtype=np.float64)

    @property
    def _formed(self) -> bool:
        return "log" in inspect.signature(self.function).parameters


METHODS: dict[str, Method] = {}


def method(
    name: str, label: str, *, uses_source: bool = False, forms: Sequence[str] = ("",)
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Enter a function ``(task, inputs, *, settings...) -> predictions`` in `METHODS`."""

    def enter(function: Callable[..., Array]) -> Callable[..., Array]:
        defaults = {
            key: parameter.default
            for key, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and key != "log"
        }
        for form in forms:
            log = form == "_log"
            METHODS[name + form] = Method(
                name + form,
                f"{label}, logarithms" if log else label,
                uses_source,
                log,
                defaults,
                function,
            )
        return function

    return enter


def named(name: str) -> Method:
    """The method of this name; an `InputError` when there is none."""
    if name not in METHODS:
        close = difflib.get_close_matches(name, METHODS, n=1)
        raise InputError(
            "there is no such method",
            found=name,
            allowed=", ".join(sorted(METHODS)),
            mend=f"write '{close[0]}'" if close else "mend the list of methods in the config",
        )
    return METHODS[name]


class Logs(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Logarithms of the columns that are positive in all rows seen; others as they are.

    A later value that is not positive counts as half the smallest seen.
    """

    def fit(self, X: Array, y: object = None) -> Self:
        """See which columns are positive."""
        values = np.asarray(X)
        self.positive_ = (values > 0).all(axis=0)
        self.lowest_ = np.where(self.positive_, values.min(axis=0) / 2.0, 1.0)
        return self

    def transform(self, X: Array) -> Array:
        """[rows, features]."""
        values = np.asarray(X, dtype=np.float64)
        usable = np.where(values > 0, values, self.lowest_)
        return np.where(self.positive_, np.log(usable), values)


def inner_folds(rows: int, groups: Groups | None, seed: int, folds: int = 5) -> Folds:
    """Split training rows once more, by groups where there are at least three."""
    if groups is not None and len(np.unique(groups)) >= 3:
        count = min(folds, len(np.unique(groups)))
        splitter = GroupKFold(count, shuffle=True, random_state=seed)
        return list(splitter.split(np.empty(rows), groups=groups))
    splitter = KFold(min(folds, rows), shuffle=True, random_state=seed)
    return list(splitter.split(np.empty(rows)))


def alone(estimator: Any, task: Task, inputs: Array, *, log: bool) -> Array:
    """Predict with a scikit-learn regressor fitted to the target's rows, standardised."""
    steps = make_pipeline(*_logs(log), StandardScaler(), estimator)
    whole = TransformedTargetRegressor(
        steps,
        transformer=make_pipeline(*_logs_of_property(log), StandardScaler()),
        check_inverse=False,
    )
    return np.asarray(whole.fit(task.inputs, task.observed).predict(inputs))


def _logs(log: bool) -> list[Any]:
    return [Logs()] if log else []


def _logs_of_property(log: bool) -> list[Any]:
    return [FunctionTransformer(np.log, np.exp)] if log else []


# Without a source


@method("median", "Median of the training rows")
def median(task: Task, inputs: Array) -> Array:
    """The same for every row."""
    return np.full(len(inputs), np.median(task.observed))


@method("ridge", "Ridge regression", forms=LINEAR_AND_LOG)
def ridge(task: Task, inputs: Array, *, log: bool) -> Array:
    """With the penalty that leaves each row out best."""
    return alone(RidgeCV(PENALTIES), task, inputs, log=log)


@method("neighbors", "k nearest neighbours", forms=LINEAR_AND_LOG)
def neighbors(
    task: Task, inputs: Array, *, log: bool, neighbors: Sequence[int] = (2, 3, 5, 8)
) -> Array:
    """Weighted by distance, the number of neighbours chosen by cross-validation."""
    folds = inner_folds(len(task.observed), task.groups, task.seed)
    fewest = min(len(train) for train, _ in folds)
    grid = {"n_neighbors": [k for k in neighbors if k <= fewest] or [1]}
    return alone(
        _searched(KNeighborsRegressor(weights="distance"), grid, folds), task, inputs, log=log
    )


@method("support_vectors", "Support vectors", forms=LINEAR_AND_LOG)
def support_vectors(
    task: Task,
    inputs: Array,
    *,
    log: bool,
    penalties: Sequence[float] = (1.0, 10.0, 100.0),
    epsilon: float = 0.05,
) -> Array:
    """Radial kernel; the penalty of an error chosen by cross-validation."""
    folds = inner_folds(len(task.observed), task.groups, task.seed)
    machine = SVR(epsilon=epsilon, gamma="scale")
    return alone(_searched(machine, {"C": list(penalties)}, folds), task, inputs, log=log)


def _searched(estimator: Any, grid: Mapping[str, Any], folds: Folds) -> Any:
    return GridSearchCV(estimator, grid, cv=folds, scoring="neg_mean_absolute_error")


@method("forest", "Random forest", forms=LINEAR_AND_LOG)
def forest(task: Task, inputs: Array, *, log: bool, trees: int = 100) -> Array:
    """scikit-learn's defaults."""
    return alone(RandomForestRegressor(trees, random_state=task.seed), task, inputs, log=log)


@method("boosting", "Gradient boosting", forms=LINEAR_AND_LOG)
def boosting(task: Task, inputs: Array, *, log: bool, trees: int = 100) -> Array:
    """scikit-learn's defaults."""
    return alone(
        GradientBoostingRegressor(n_estimators=trees, random_state=task.seed), task, inputs, log=log
    )


@method("gp", "Gaussian process", forms=LINEAR_AND_LOG)
def gp(task: Task, inputs: Array, *, log: bool, spread: float = 2.0, iterations: int = 25) -> Array:
    """Line, curve, groups' offsets and noise; see `gaussian`."""
    steps = make_pipeline(*_logs(log), StandardScaler()).fit(task.inputs)
    answer = Property(task.observed, log)
    process = GroupedGaussianProcess(
        line_and_curve(task.inputs.shape[1]), spread=spread, iterations=iterations
    ).fit(steps.transform(task.inputs), answer.standard(task.observed), groups=task.groups)
    return answer.back(process.predict(steps.transform(inputs)))


class Property:
    """A property, in logarithms where asked, centred and scaled as in given rows.

    Parameters
    ----------
    observed
        [rows], in raw units.
    log
        Whether logarithms are taken first.
    scale
        To divide by, if not by the rows' standard deviation.
    """

    def __init__(self, observed: Array, log: bool, scale: float | None = None) -> None:
        self.log = log
        plain = np.log(observed) if log else observed
        self.center = float(plain.mean())
        deviation = float(plain.std())
        varies = deviation > 1e-12 * abs(self.center)
        self.scale = scale or (deviation if varies else 1.0)

    def standard(self, observed: Array) -> Array:
        """From raw units."""
        plain = np.log(observed) if self.log else observed
        return np.asarray((plain - self.center) / self.scale)

    def back(self, standard: Array) -> Array:
        """To raw units."""
        plain = self.center + self.scale * standard
        return np.asarray(np.exp(plain) if self.log else plain)
