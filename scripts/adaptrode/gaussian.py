"""Gaussian processes for small tables of rows that come in groups, on scikit-learn's.

A prediction is a straight line in the features, a smooth departure from it, an offset
that the rows of a group share (where groups are given), and noise. Several dozen rows
do not determine a dozen hyperparameters: they are estimated with a prior (see
`posterior_mode`), not by maximum likelihood alone.

References
----------
C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning, MIT Press
2006, sections 2.7 (explicit basis functions), 5.1 (relevance of each feature), 5.4.1
(marginal likelihood and its gradient).
M. A. Álvarez, L. Rosasco, N. D. Lawrence, Kernels for vector-valued functions: a
review, Found. Trends Mach. Learn. 4 (2012) 195-266, section 4.2.2 (co-regionalisation).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

Array = NDArray[np.float64]
Optimizer = Callable[[Callable[..., Any], Array, Array], tuple[Array, float]]

# Wide enough that only the prior on the hyperparameters matters.
LEVELS = (1e-6, 1e4)
LENGTHS = (0.05, 1e4)
NOISE = (1e-5, 1e2)


class LineAndCurve(Kernel):  # type: ignore[misc]
    """A line in the features, a smooth departure, groups' offsets, noise; for two domains.

    For rows i and j with features x, domains d (0 source, 1 target) and groups g::

        B[di, dj] * (line * xi'xj + curve * exp(-sum(((xi - xj) / lengths)**2) / 2))
        + offset * di * dj + group * [gi = gj] + noise * [i = j]

    with ``B = w w' + diag(0, own)`` and ``w = (1, shared)``: the intrinsic model of
    co-regionalisation. The same is a sum of products of scikit-learn's kernels, if those
    could be given columns; in one piece its gradient takes a third of the time.

    Parameters
    ----------
    lengths
        [features], over which the departure from the line changes. The input has these
        columns, then the domain, then the group's code.
    line, curve, noise
        Variances; so are the next.
    group
        0 where rows come without groups.
    offset, own, shared
        0, 0 and 1 where there is one domain.
    """

    def __init__(
        self,
        lengths: Array,
        line: float = 1.0,
        curve: float = 0.1,
        noise: float = 0.01,
        group: float = 0.0,
        offset: float = 0.0,
        own: float = 0.0,
        shared: float = 1.0,
    ) -> None:
        self.lengths = lengths
        self.line = line
        self.curve = curve
        self.noise = noise
        self.group = group
        self.offset = offset
        self.own = own
        self.shared = shared

    @property
    def hyperparameters(self) -> list[Hyperparameter]:
        """In the order of `theta`; those that do not apply are not among them."""
        # Of a single length scikit-learn makes a plain number, which has a size and no len.
        free = [
            Hyperparameter("lengths", "numeric", LENGTHS, np.size(self.lengths)),
            Hyperparameter("line", "numeric", LEVELS),
            Hyperparameter("curve", "numeric", LEVELS),
            Hyperparameter("noise", "numeric", NOISE),
        ]
        if self.group:
            free.append(Hyperparameter("group", "numeric", LEVELS))
        if self.own:
            free += [
                Hyperparameter(name, "numeric", LEVELS) for name in ("offset", "own", "shared")
            ]
        return free

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Any:
        """The kernel's matrix and, where asked, its gradient by `theta`."""
        left = np.asarray(X, dtype=np.float64)
        right = left if Y is None else np.asarray(Y, dtype=np.float64)
        size = np.size(self.lengths)
        line = self.line * (left[:, :size] @ right[:, :size].T)
        scaled = left[:, :size] / self.lengths, right[:, :size] / self.lengths
        curve = self.curve * np.exp(-0.5 * cdist(*scaled, "sqeuclidean"))
        matrix = line + curve
        if self.own:
            both = np.multiply.outer(left[:, size], right[:, size])
            one = np.add.outer(left[:, size], right[:, size]) - 2.0 * both
            domains = 1.0 - both - one + self.shared * one + (self.shared**2 + self.own) * both
            line, curve, plain = domains * line, domains * curve, matrix
            matrix = domains * matrix + self.offset * both
        if self.group:
            same = self.group * np.equal.outer(left[:, size + 1], right[:, size + 1])
            matrix = matrix + same
        if Y is None:
            matrix = matrix + self.noise * np.eye(len(left))
        if not eval_gradient:
            return matrix
        # By logarithms. The hyperparameters come first here and last in what is returned.
        gradient = np.empty((len(self.theta), len(left), len(left)))
        for index, column in enumerate(scaled[0].T):
            np.multiply(curve, np.square(np.subtract.outer(column, column)), out=gradient[index])
        rest = [line, curve, self.noise * np.eye(len(left))]
        if self.group:
            rest.append(same)
        if self.own:
            rest += [self.offset * both, self.own * both * plain]
            rest.append((self.shared * one + 2.0 * self.shared**2 * both) * plain)
        for index, part in enumerate(rest, start=size):
            gradient[index] = part
        return matrix, np.moveaxis(gradient, 0, -1)

    def diag(self, X: Array) -> Array:
        """The diagonal of the kernel's matrix."""
        rows = np.asarray(X, dtype=np.float64)
        size = np.size(self.lengths)
        target = rows[:, size]
        plain = self.line * np.square(rows[:, :size]).sum(axis=1) + self.curve
        domains = 1.0 + (self.shared**2 + self.own - 1.0) * target
        return np.asarray(domains * plain + self.offset * target + self.group + self.noise)

    def is_stationary(self) -> bool:
        """It is not."""
        return False


def line_and_curve(features: int, **levels: Any) -> LineAndCurve:
    """The kernel of one domain, for features of about unit variance.

    Its values are where the hyperparameters start and, see `posterior_mode`, what
    they are drawn to.
    """
    return LineAndCurve(np.full(features, 2.0), **levels)


def coregionalised(features: int) -> LineAndCurve:
    """The kernel of two domains that share in part, likewise."""
    return line_and_curve(features, offset=0.05, own=0.1)


def posterior_mode(spread: float, iterations: int) -> Optimizer:
    """Optimise the marginal likelihood times a log-normal prior on the hyperparameters.

    The prior's medians are the values that the kernel starts with, so that one start
    is enough; their logarithms have the standard deviation ``spread``. Analytic
    gradients, L-BFGS-B, at most so many iterations.
    """

    def optimise(objective: Callable[..., Any], start: Array, bounds: Array) -> tuple[Array, float]:
        def penalised(theta: Array) -> tuple[float, Array]:
            value, gradient = objective(theta)
            away = (theta - start) / spread
            return float(value + 0.5 * away @ away), np.asarray(gradient + away / spread)

        limits = [(float(low), float(high)) for low, high in bounds]
        found = minimize(
            penalised,
            start,
            jac=True,
            bounds=limits,
            method="L-BFGS-B",
            options={"maxiter": iterations},
        )
        return np.asarray(found.x), float(found.fun)

    return optimise


class GroupedGaussianProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A Gaussian process on rows of one domain or two that may come in groups.

    A new row is of no known group: its offset is expected to be 0.

    Parameters
    ----------
    kernel
        What to start with. Its ``group`` counts only where groups are given, and is then
        0.02 if it is 0.
    spread, iterations
        See `posterior_mode`.

    Attributes
    ----------
    kernel_
        As learnt; to start another one with.
    """

    def __init__(
        self,
        kernel: LineAndCurve,
        spread: float = 1.0,
        iterations: int = 25,
    ) -> None:
        self.kernel = kernel
        self.spread = spread
        self.iterations = iterations

    def fit(
        self,
        X: Array,
        y: Array,
        *,
        domain: ArrayLike = 0.0,
        groups: NDArray[Any] | None = None,
    ) -> Self:
        """Fit to [rows, features], centred values [rows], domains (0, 1) and groups [rows]."""
        kernel = clone(self.kernel)
        kernel.group = 0.0 if groups is None else kernel.group or 0.02
        codes = 0.0 if groups is None else np.unique(groups, return_inverse=True)[1]
        self.process_ = GaussianProcessRegressor(
            kernel, optimizer=posterior_mode(self.spread, self.iterations)
        )
        with warnings.catch_warnings():
            # Of hyperparameters at a bound: such as a feature that does not matter.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.process_.fit(_columns(X, domain, codes), y)
        self.kernel_ = self.process_.kernel_
        return self

    def predict(self, X: Array, *, domain: ArrayLike = 0.0) -> Array:
        """Expected values [rows] of rows of new groups."""
        return np.asarray(self.process_.predict(_columns(X, domain, -1.0)))


def _columns(features: Array, domain: ArrayLike, code: ArrayLike) -> Array:
    rows = np.asarray(features, dtype=np.float64)
    beside = [
        np.broadcast_to(np.asarray(value, dtype=np.float64), len(rows)) for value in (domain, code)
    ]
    return np.column_stack([rows, *beside])
