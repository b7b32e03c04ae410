"""Gaussian processes that say how sure they are, and how far settings are from known rows.

References
----------
E. Jaber et al., Conformal approach to Gaussian process surrogate evaluation with
coverage guarantees, arXiv:2401.07733 (jackknife+ on errors over deviations).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.model_selection import LeaveOneGroupOut, LeaveOneOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from adaptrode.conformal import Band, plus_bounds
from adaptrode.gaussian import GroupedGaussianProcess, line_and_curve
from adaptrode.rivals import Array, Groups, Logs, Property


class Surrogate:
    """A property's Gaussian process, fitted.

    Its scale is the logarithm of the property where ``log``, else the property itself.

    Parameters
    ----------
    inputs, observed
        [rows, features] and [rows], raw units.
    groups
        [rows]; a new row is of a new group.
    log
        Whether features and property are taken as logarithms.
    """

    def __init__(
        self, inputs: Array, observed: Array, groups: Groups | None = None, log: bool = False
    ) -> None:
        self.log = log
        self.steps = make_pipeline(*([Logs()] if log else []), StandardScaler()).fit(inputs)
        self.answer = Property(observed, log)
        # What a step of one is: all of the property, or its standard deviation.
        self.unit = 1.0 if log else self.answer.scale
        ends = (float(observed.min()), float(observed.max()))
        self.known = (self.scaled(ends[0]), self.scaled(ends[1]))
        self.process = GroupedGaussianProcess(
            line_and_curve(inputs.shape[1]), spread=2.0, iterations=25
        ).fit(self.steps.transform(inputs), self.answer.standard(observed), groups=groups)

    def moments(self, inputs: Array) -> tuple[Array, Array]:
        """Mean and standard deviation, [rows], of a row's property, its noise included."""
        mean, deviation = self.process.process_.predict(self._columns(inputs), return_std=True)
        return self.answer.center + self.answer.scale * mean, self.answer.scale * deviation

    def covariance(self, inputs: Array) -> tuple[Array, float]:
        """Posterior covariance [rows, rows] without noise, and the variance of noise.

        In units of the property's variance in the known rows.
        """
        _, covariance = self.process.process_.predict(self._columns(inputs), return_cov=True)
        kernel = self.process.kernel_
        noise = float(kernel.noise + kernel.group)
        return covariance - noise * np.eye(len(inputs)), noise

    def scaled(self, wanted: float) -> float:
        """A value of the property on the scale of `moments`."""
        return float(np.log(wanted)) if self.log else wanted

    def _columns(self, inputs: Array) -> Array:
        # Every row of one domain and of a group of its own.
        rows = np.asarray(self.steps.transform(inputs))
        return np.column_stack([rows, np.zeros(len(rows)), -1.0 - np.arange(len(rows))])


def surrogate_band(
    inputs: Array,
    observed: Array,
    new: Array,
    *,
    groups: Groups | None = None,
    log: bool = False,
    coverage: float = 0.9,
) -> Band:
    """A surrogate's predictions with jackknife+ intervals, wider where it knows less.

    As `adaptrode.conformal.cross_conformal`, but errors are counted in the standard
    deviations that the surrogate itself expects, so that an interval widens away from
    the known rows.
    """
    whole = Surrogate(inputs, observed, groups, log)
    predicted, _ = whole.moments(new)
    known = np.log(observed) if log else observed
    centers, margins = np.empty((2, len(observed), len(new)))
    splitter = LeaveOneOut() if groups is None else LeaveOneGroupOut()
    for rest, out in splitter.split(inputs, groups=groups):
        kept = None if groups is None else groups[rest]
        part = Surrogate(inputs[rest], observed[rest], kept, log)
        mean, deviation = part.moments(inputs[out])
        centers[out], new_deviation = part.moments(new)
        margins[out] = np.multiply.outer(np.abs(known[out] - mean) / deviation, new_deviation)
    return Band.from_scale(predicted, *plus_bounds(centers, margins, coverage), log)


class Neighborhood:
    """How far settings are from the known rows.

    Parameters
    ----------
    known
        [rows, features], raw units.
    groups
        [rows]; without them every row is a group.
    """

    def __init__(self, known: Array, groups: Groups | None = None) -> None:
        self._steps = make_pipeline(Logs(), StandardScaler()).fit(known)
        self._known = self._steps.transform(known)
        between = cdist(self._known, self._known)
        same = np.eye(len(known), dtype=bool) if groups is None else np.equal.outer(groups, groups)
        usual = float(np.median(np.where(same, np.inf, between).min(axis=1)))
        self._usual = usual if 0 < usual < np.inf else 1.0

    def remoteness(self, rows: Array) -> Array:
        """Distance to the nearest known row, [rows], in standardised (logarithmic) features.

        In units of the median distance of a known row to the nearest of another group: 1
        is as far as known rows are apart.
        """
        if not len(rows):
            return np.empty(0)
        asked = self._steps.transform(rows)
        return np.asarray(cdist(asked, self._known).min(axis=1) / self._usual)
