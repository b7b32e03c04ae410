"""Intervals that hold for new rows, from errors on rows held out of small tables.

`cross_conformal` is for methods that are quickly fitted anew: the jackknife+, or CV+ where
that takes too long, by MAPIE. `ensemble`
is for networks that have been trained on random parts of the rows already:
jackknife+-after-bootstrap. For positive properties errors are differences of logarithms,
so that an interval is as many per cent wide for a small value as for a large one.

What both assume is exchangeability: the new rows come about as the known ones did. With
groups the folds are whole groups, and it is groups that are taken to be alike. A
quantile over the rows of a dozen groups is less certain than their number suggests.

References
----------
R. F. Barber, E. J. Candès, A. Ramdas, R. J. Tibshirani, Predictive inference with the
jackknife+, Ann. Statist. 49 (2021) 486-507, doi:10.1214/20-AOS1965.
B. Kim, C. Xu, R. F. Barber, Predictive inference is free with the
jackknife+-after-bootstrap, NeurIPS 2020, arXiv:2002.09025.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from mapie.regression import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
    CrossConformalRegressor,
)
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, LeaveOneOut

from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.estimators import RegistryRegressor, logarithms, with_groups
from adaptrode.rivals import Array, Groups


@dataclass(frozen=True)
class Band:
    """Predictions with their intervals, each [rows]; an end may be infinite."""

    predicted: Array
    low: Array
    high: Array

    def covers(self, observed: Array) -> NDArray[np.bool_]:
        """Which of these values lie within their interval."""
        return np.asarray((self.low <= observed) & (observed <= self.high))

    def within(self, target: Variable) -> Band:
        """With ends that are physically possible."""
        return Band(
            self.predicted,
            np.clip(self.low, target.low, target.high),
            np.clip(self.high, target.low, target.high),
        )

    @classmethod
    def from_scale(cls, predicted: Array, low: Array, high: Array, log: bool) -> Band:
        """From logarithms where asked. The prediction itself always lies within."""
        low, high = np.minimum(low, predicted), np.maximum(high, predicted)
        if log:
            with np.errstate(over="ignore"):
                return cls(np.exp(predicted), np.exp(low), np.exp(high))
        return cls(predicted, low, high)


def proportional(target: Variable, observed: Array) -> bool:
    """Whether errors of this property are proportional: it cannot be negative, and is not."""
    return target.low >= 0 and bool((observed > 0).all())


def cross_conformal(
    regressor: RegistryRegressor,
    inputs: Array,
    observed: Array,
    new: Array,
    *,
    groups: Groups | None = None,
    coverage: float = 0.9,
    folds: int | None = None,
) -> Band:
    """Predictions of a method with jackknife+ intervals.

    Parameters
    ----------
    regressor
        Its ``log`` says whether errors are differences of logarithms; see `proportional`.
    inputs, observed
        [rows, features] and [rows], what is learnt from.
    new
        [new rows, features].
    groups
        [rows]; whole groups are then held out, and the new rows are taken to be of others.
    coverage
        Wanted, between 0 and 1. ``1 / (1 - coverage)`` rows and fewer cannot give it: the
        intervals are then infinite.
    folds
        How many parts the rows (or groups) are cut into, at most: CV+. Without it each is
        left out in turn, the jackknife+: of tables this small every row is needed to learn
        from, and errors with fewer would be too large (Barber et al., section 5). It costs a
        fit per row.

    Raises
    ------
    InputError
        When there are fewer than three rows or two groups.
    """
    _check(len(observed), groups)
    splitter = _splitter(len(observed), groups, folds, regressor.seed)
    rows = with_groups(inputs, groups)
    asked = with_groups(new, None if groups is None else np.zeros(len(new)))
    regressor = clone(regressor).set_params(grouped=groups is not None, ahead=asked)
    conformal = CrossConformalRegressor(
        regressor,
        confidence_level=coverage,
        conformity_score="absolute",
        method="plus",
        cv=splitter,
    )
    values = np.log(observed) if regressor.log else observed
    conformal.fit_conformalize(rows, values, groups=groups)
    if unbounded(len(observed), coverage):
        predicted = conformal.predict(asked, aggregate_point_predictions=None)
        return _unbounded(predicted, regressor.log)
    predicted, ends = conformal.predict_interval(asked, aggregate_point_predictions=None)
    return Band.from_scale(predicted, ends[:, 0, 0], ends[:, 1, 0], regressor.log)


def ensemble(
    known: Array,
    held_out: NDArray[np.bool_],
    observed: Array,
    new: Array,
    *,
    log: bool,
    coverage: float = 0.9,
) -> Band:
    """The median of networks trained on random parts of the rows, with J+aB intervals.

    A row's error is that of the median of the networks that have not seen it, and its
    part of the interval is what these networks answer for the new row.

    Parameters
    ----------
    known
        [networks, rows], predictions for the known rows in the property's unit.
    held_out
        [networks, rows], which network has not seen which row. A row that every network
        has seen has no say.
    observed
        [rows].
    new
        [networks, new rows], predictions for the new rows.
    log
        Whether errors are differences of logarithms.
    coverage
        Wanted, between 0 and 1.
    """
    if log:
        known, new = logarithms(known, observed), logarithms(new, observed)
        observed = np.log(observed)
    predicted = np.median(new, axis=0)
    usable = np.flatnonzero(held_out.any(axis=0))
    centers = np.empty((len(usable), new.shape[1]))
    errors = np.empty(len(usable))
    for place, row in enumerate(usable):
        unseen = held_out[:, row]
        centers[place] = np.median(new[unseen], axis=0)
        errors[place] = abs(observed[row] - np.median(known[unseen, row]))
    low, high = plus_bounds(centers, np.broadcast_to(errors[:, None], centers.shape), coverage)
    return Band.from_scale(predicted, low, high, log)


def plus_bounds(centers: Array, margins: Array, coverage: float) -> tuple[Array, Array]:
    """Ends of the jackknife+ interval, Barber et al. equation (1.3).

    Parameters
    ----------
    centers, margins
        [held-out rows, new rows]: what the model without the held-out row answers for
        the new one, and how far it was off for the held-out one.
    coverage
        Wanted, between 0 and 1.

    Returns
    -------
    Low and high ends, [new rows]; infinite where the rows are too few.
    """
    rows, columns = centers.shape
    if few(rows, coverage):
        return np.full(columns, -np.inf), np.full(columns, np.inf)
    rank = _rank(rows, coverage)
    low = -np.sort(margins - centers, axis=0)[rank - 1]
    high = np.sort(margins + centers, axis=0)[rank - 1]
    return low, high


def few(rows: int, coverage: float) -> bool:
    """Whether so few rows cannot give this coverage."""
    return _rank(rows, coverage) > rows


def unbounded(rows: int, coverage: float) -> bool:
    """Whether `cross_conformal` gives infinite intervals: too `few`, or too few for MAPIE."""
    return few(rows, coverage) or rows <= 1.0 / min(coverage, 1.0 - coverage) + 1e-9


def _rank(rows: int, coverage: float) -> int:
    return math.ceil(coverage * (rows + 1) - 1e-9)


def _unbounded(predicted: Array, log: bool) -> Band:
    ends = np.full(len(predicted), np.inf)
    return Band.from_scale(np.asarray(predicted), -ends, ends, log)


def _splitter(rows: int, groups: Groups | None, folds: int | None, seed: int) -> object:
    if groups is None:
        if folds is None or folds >= rows:
            return LeaveOneOut()
        return KFold(folds, shuffle=True, random_state=seed)
    if folds is None or folds >= len(np.unique(groups)):
        return LeaveOneGroupOut()
    return GroupKFold(folds, shuffle=True, random_state=seed)


def _check(rows: int, groups: Groups | None) -> None:
    if rows < 3:
        raise InputError("too few rows for intervals", found=f"{rows} rows", allowed="3 or more")
    if groups is not None and len(np.unique(groups)) < 2:
        raise InputError(
            "too few groups for intervals for rows of new ones",
            found="1 group",
            allowed="2 or more",
            mend="predict rows of the same groups, or measure another group",
        )
