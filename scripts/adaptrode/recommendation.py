"""Settings that reach what is wanted, and experiments that would teach most.

Both rest on a Gaussian process of each property (the registry's ``gp``, with its
deviations). Settings are sought by differential evolution where the *expected* squared
distance to what is wanted is least, that is (mean - wanted)² + variance: among settings
that promise the same, those near known rows win. Experiments are chosen one after the
other so that the variance left over the feasible settings is least; what one would teach
is known before its outcome, since a Gaussian process' variance depends on the settings
alone.

References
----------
R. Storn, K. Price, Differential evolution, J. Global Optim. 11 (1997) 341-359.
R. E. Steuer, E.-U. Choo, An interactive weighted Tchebycheff procedure for multiple
objective programming, Math. Program. 26 (1983) 326-344.
D. A. Cohn, Neural network exploration using optimal experiment design, Neural Networks
9 (1996) 1071-1083; S. Seo et al., Gaussian process regression: active data selection and
test point rejection, IJCNN 2000 (the criterion "ALC").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution
from scipy.stats import qmc

from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.rivals import Array
from adaptrode.surrogates import Neighborhood, Surrogate

Goal = float | str
Penalty = Callable[[Array], Array]
GOALS = ("max", "min")

# Recommendations are told apart by a root-mean-square of a fifth of the features' ranges.
APART = 0.2
# Settings of a trade-off that differ by less are one.
SAME = 0.02
GENERATIONS = 150


@dataclass(frozen=True)
class Space:
    """The feasible settings: a box, some of its sides in steps.

    Parameters
    ----------
    low, high
        [features]; equal where a feature is fixed.
    step
        [features], whose multiples a feature is set to; 0 where it is free.
    exclusive
        Positions of features of 0 and 1 of which exactly one is 1, such as a category's.
    """

    low: Array
    high: Array
    step: Array
    exclusive: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(
        cls,
        features: Sequence[Variable],
        known: Array,
        *,
        widen: float = 0.0,
        fixed: Mapping[str, float] | None = None,
        steps: Mapping[str, float] | None = None,
        exclusive: Sequence[Sequence[str]] = (),
    ) -> Space:
        """The known rows' ranges, widened by a share of themselves, where physically possible.

        Raises
        ------
        InputError
            When ``fixed`` or ``steps`` name no feature, a fixed value is impossible, or a step is
            not positive or skips the whole range.
        """
        names = [variable.name for variable in features]
        for given in (fixed or {}, steps or {}):
            unknown = sorted(set(given) - set(names))
            if unknown:
                raise InputError(
                    "there is no such feature", found=unknown[0], allowed=", ".join(names)
                )
        low, high = known.min(axis=0), known.max(axis=0)
        more = widen * (high - low)
        possible = np.array([[variable.low, variable.high] for variable in features]).T
        low, high = np.maximum(low - more, possible[0]), np.minimum(high + more, possible[1])
        for name, value in (fixed or {}).items():
            place = names.index(name)
            if not possible[0, place] <= value <= possible[1, place]:
                raise InputError(
                    "a feature cannot be fixed at this value",
                    column=name,
                    found=value,
                    allowed=f"{possible[0, place]:g} to {possible[1, place]:g}",
                )
            low[place] = high[place] = value
        step = np.zeros(len(names))
        for name, width in (steps or {}).items():
            place = names.index(name)
            first = width * np.ceil(low[place] / width) if width > 0 else np.inf
            if first > high[place] > low[place]:
                raise InputError(
                    "no multiple of the step lies in the feature's range",
                    column=name,
                    found=width,
                    allowed=f"positive steps with a multiple in {low[place]:g} to {high[place]:g}",
                )
            if low[place] < high[place]:
                step[place] = width
        places = tuple(tuple(map(names.index, group)) for group in exclusive)
        return cls(low, high, step, places)

    @property
    def free(self) -> NDArray[np.intp]:
        """Which features may be varied."""
        return np.flatnonzero(self.high > self.low)

    def settings(self, shares: Array) -> Array:
        """From shares of the free ranges, [rows, free features], to settings, on their steps."""
        rows = np.tile(self.low, (len(shares), 1))
        rows[:, self.free] += shares * (self.high - self.low)[self.free]
        for place in np.flatnonzero(self.step):
            step = self.step[place]
            first, last = np.ceil(self.low[place] / step), np.floor(self.high[place] / step)
            rows[:, place] = step * np.clip(np.round(rows[:, place] / step), first, last)
        for group in self.exclusive:
            columns = np.array(group)
            chosen = columns[rows[:, columns].argmax(axis=1)]
            rows[:, columns] = 0.0
            rows[np.arange(len(rows)), chosen] = 1.0
        return rows

    def draw(self, count: int, seed: int) -> Array:
        """So many settings, spread evenly (Sobol's sequence, scrambled); [count, features]."""
        if not len(self.free):
            return self.settings(np.empty((count, 0)))
        power = int(np.ceil(np.log2(count)))
        return self.settings(qmc.Sobol(len(self.free), rng=seed).random_base2(power)[:count])

    def apart(self, rows: Array, other: Array) -> Array:
        """Root-mean-square distances from rows to another, in the free features' ranges."""
        if not len(self.free):
            return np.zeros(len(rows))
        shares = (rows - other)[:, self.free] / (self.high - self.low)[self.free]
        return np.asarray(np.sqrt(np.mean(shares**2, axis=1)))


def within(
    neighborhood: Neighborhood, limit: float, surrogates: Sequence[Surrogate], widen: float = 0.0
) -> Penalty:
    """A penalty, [rows], on settings that are too remote or promise what was never reached.

    A box around known rows has corners far from all of them, where a model may promise
    anything. Predictions are kept in the properties' known ranges, widened by a share of them.
    """

    def penalty(rows: Array) -> Array:
        beyond = np.maximum(neighborhood.remoteness(rows) - limit, 0.0)
        for surrogate in surrogates:
            mean, _ = surrogate.moments(rows)
            low, high = surrogate.known
            more = widen * (high - low)
            over = np.maximum(mean - high - more, 0.0) + np.maximum(low - more - mean, 0.0)
            beyond = beyond + over / surrogate.unit
        return np.asarray(10.0 * beyond)

    return penalty


def reach(
    surrogates: Mapping[str, Surrogate],
    space: Space,
    wanted: Mapping[str, float],
    *,
    near: Penalty | None = None,
    count: int = 1,
    seed: int = 0,
) -> Array:
    """Different settings that reach the wanted values, the best first.

    Parameters
    ----------
    near
        See `within`.

    Returns
    -------
    [at most count, features]: fewer where no others are nearly as good.
    """
    goals = [(surrogates[name], value) for name, value in wanted.items()]

    def miss(rows: Array) -> Array:
        missed = [_missed(surrogate, rows, value) for surrogate, value in goals]
        return np.asarray(np.sum(missed, axis=0) + (near(rows) if near else 0.0))

    found: list[Array] = []

    def different(rows: Array) -> Array:
        alike = [np.maximum(1.0 - space.apart(rows, other) / APART, 0.0) for other in found]
        return np.asarray(miss(rows) + np.sum(np.square(alike), axis=0))

    for number in range(count if len(space.free) else 1):
        found.append(_best(different, space, seed + number))
    misses = miss(np.array(found))
    # An expected miss of twice the least is still as good as the noise allows to tell.
    kept = misses <= 2.0 * misses[0]
    return np.asarray(np.array(found)[kept])


def trade_off(
    surrogates: Mapping[str, Surrogate],
    space: Space,
    goals: Mapping[str, Goal],
    *,
    near: Penalty | None = None,
    count: int = 9,
    seed: int = 0,
) -> Array:
    """Settings of which none is better in every goal than another (a Pareto set).

    A goal is "max", "min" or a wanted value. What is to be large counts with the mean
    less one standard deviation, so that ignorance is not taken for promise.

    Parameters
    ----------
    near
        See `within`; without it the best is sought, and found, where nothing is known.

    Returns
    -------
    [at most count, features], in the order of the first goal.
    """
    given = [(surrogates[name], goal) for name, goal in goals.items()]

    def costs(rows: Array) -> Array:
        made = np.column_stack([_cost(surrogate, rows, goal) for surrogate, goal in given])
        return np.asarray(made + near(rows)[:, None] if near else made)

    def cheapest(place: int) -> Array:
        return _best(lambda rows: costs(rows)[:, place], space, seed + place)

    ends = np.array([cheapest(place) for place in range(len(given))])
    if len(given) == 1:
        return ends
    at_ends = costs(ends)
    ideal, span = at_ends.min(axis=0), np.ptp(at_ends, axis=0)
    span = np.where(span > 0, span, 1.0)
    found = list(ends)
    for number, weights in enumerate(_weights(len(given), count - len(given), seed)):

        def distance(rows: Array, weights: Array = weights) -> Array:
            away = weights * (costs(rows) - ideal) / span
            return np.asarray(away.max(axis=1) + 0.05 * away.sum(axis=1))

        found.append(_best(distance, space, seed + len(given) + number))
    rows = _told_apart(found, space)
    cost = costs(rows)
    better = (cost[:, None] <= cost[None]).all(axis=2) & (cost[:, None] < cost[None]).any(axis=2)
    kept = np.flatnonzero(~better.any(axis=0))
    return np.asarray(rows[kept[np.argsort(cost[kept, 0], kind="stable")]])


def experiments(
    surrogates: Sequence[Surrogate],
    space: Space,
    count: int,
    *,
    seed: int = 0,
    choices: int = 512,
    references: int = 512,
) -> tuple[Array, Array]:
    """The next experiments, each the one that leaves the least variance after those before.

    Parameters
    ----------
    surrogates
        Of all properties, which count alike.
    count
        How many.
    choices, references
        How many settings are to choose from, and how many the variance is averaged over.

    Returns
    -------
    Settings [count, features], and the mean variance left after each as a share of what it was
    before the first, [count].
    """
    rows = np.vstack([space.draw(references, seed), space.draw(choices, seed + 1)])
    left = []
    for surrogate in surrogates:
        covariance, noise = surrogate.covariance(rows)
        mean = max(float(np.diag(covariance)[:references].mean()), np.finfo(float).tiny)
        left.append((covariance / mean, noise / mean))
    chosen, shares = np.empty((count, rows.shape[1])), np.empty(count)
    for order in range(count):
        gain = np.zeros(choices)
        for covariance, noise in left:
            taught = np.square(covariance[:references, references:]).mean(axis=0)
            gain += taught / (np.diag(covariance)[references:] + noise)
        best = references + int(np.argmax(gain))
        for covariance, noise in left:
            column = covariance[:, best].copy()
            covariance -= np.multiply.outer(column, column) / (column[best] + noise)
        chosen[order] = rows[best]
        shares[order] = np.mean([np.diag(part)[:references].mean() for part, _ in left])
    return chosen, shares


def _told_apart(rows: Sequence[Array], space: Space) -> Array:
    """Those that differ from the ones before them."""
    kept = [rows[0]]
    for row in rows[1:]:
        if space.apart(np.array(kept), row).min() > SAME:
            kept.append(row)
    return np.array(kept)


def _missed(surrogate: Surrogate, rows: Array, wanted: float) -> Array:
    """The expected squared distance to a value, [rows]."""
    mean, deviation = surrogate.moments(rows)
    away = (mean - surrogate.scaled(wanted)) / surrogate.unit
    return np.asarray(away**2 + (deviation / surrogate.unit) ** 2)


def _cost(surrogate: Surrogate, rows: Array, goal: Goal) -> Array:
    if not isinstance(goal, str):
        return np.asarray(np.sqrt(_missed(surrogate, rows, goal)))
    mean, deviation = surrogate.moments(rows)
    return np.asarray((deviation - mean if goal == "max" else mean + deviation) / surrogate.unit)


def _best(objective: Callable[[Array], Array], space: Space, seed: int) -> Array:
    """The setting that minimises an objective of [rows, features]."""
    if not len(space.free):
        return np.asarray(space.settings(np.empty((1, 0)))[0])

    def energies(shares: Array, *_: object) -> Any:
        return objective(space.settings(shares.T))

    bounds: Any = [(0.0, 1.0)] * len(space.free)
    found = differential_evolution(
        energies,
        bounds,
        vectorized=True,
        updating="deferred",
        init="sobol",
        maxiter=GENERATIONS,
        tol=1e-4,
        polish=False,
        rng=seed,
    )
    return np.asarray(space.settings(found.x[None])[0])


def _weights(goals: int, count: int, seed: int) -> Array:
    """Directions between the goals, [count, goals], that sum to 1."""
    if count < 1:
        return np.empty((0, goals))
    if goals == 2:
        first = np.arange(1, count + 1) / (count + 1)
        return np.column_stack([first, 1.0 - first])
    return np.asarray(np.random.default_rng([seed, goals]).dirichlet(np.ones(goals), count))
