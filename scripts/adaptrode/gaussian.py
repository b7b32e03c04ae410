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
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    Hyperparameter,
    Kernel,
    WhiteKernel,
)

Array = NDArray[np.float64]
Optimizer = Callable[[Callable[..., Any], Array, Array], tuple[Array, float]]

# Wide enough that only the prior on the hyperparameters matters.
LEVELS = (1e-6, 1e4)
LENGTHS = (0.05, 1e4)
NOISE = (1e-5, 1e2)

# Where `line_and_curve` keeps the variance of the slopes.
LINE_LEVEL = "k1__k2__k1__constant_value"


class Columns(Kernel):  # type: ignore[misc]
    """A kernel that sees only some columns of its input.

    Parameters
    ----------
    kernel
        Any of scikit-learn's kernels.
    columns
        Positions of the columns.
    """

    def __init__(self, kernel: Kernel, columns: Sequence[int]) -> None:
        self.kernel = kernel
        self.columns = columns

    @property
    def hyperparameters(self) -> list[Hyperparameter]:
        """Those of the kernel inside."""
        return list(self.kernel.hyperparameters)

    @property
    def theta(self) -> Array:
        """Logarithms of the free hyperparameters."""
        return np.asarray(self.kernel.theta)

    @theta.setter
    def theta(self, theta: Array) -> None:
        self.kernel.theta = theta

    @property
    def bounds(self) -> Array:
        """Logarithms of the bounds of the free hyperparameters."""
        return np.asarray(self.kernel.bounds)

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Columns
            and list(self.columns) == list(other.columns)
            and bool(self.kernel == other.kernel)
        )

    __hash__ = None  # type: ignore[assignment]  # as all of scikit-learn's kernels

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Any:
        """The kernel's matrix and, where asked, its gradient by `theta`."""
        other = None if Y is None else np.asarray(Y)[:, self.columns]
        return self.kernel(np.asarray(X)[:, self.columns], other, eval_gradient)

    def diag(self, X: Array) -> Array:
        """The diagonal of the kernel's matrix."""
        return np.asarray(self.kernel.diag(np.asarray(X)[:, self.columns]))

    def is_stationary(self) -> bool:
        """Whether it depends on differences alone."""
        return bool(self.kernel.is_stationary())


class Coregionalisation(Kernel):  # type: ignore[misc]
    """How two domains vary together: ``B = w w' + diag(0, own)`` with ``w = (1, shared)``.

    Multiplied with a kernel on the features this is the intrinsic model of
    co-regionalisation. ``shared`` scales what the target has from the source, ``own``
    is the variance of what it has for itself. The only column holds 0 for rows of the
    source and 1 for rows of the target.
    """

    def __init__(
        self,
        shared: float = 1.0,
        own: float = 0.1,
        shared_bounds: tuple[float, float] = LEVELS,
        own_bounds: tuple[float, float] = LEVELS,
    ) -> None:
        self.shared = shared
        self.own = own
        self.shared_bounds = shared_bounds
        self.own_bounds = own_bounds

    @property
    def hyperparameter_shared(self) -> Hyperparameter:
        """Named as scikit-learn looks for it; so is the next."""
        return Hyperparameter("shared", "numeric", self.shared_bounds)

    @property
    def hyperparameter_own(self) -> Hyperparameter:
        """Of the variance that only the target has."""
        return Hyperparameter("own", "numeric", self.own_bounds)

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Any:
        """The kernel's matrix and, where asked, its gradient by `theta`."""
        left = np.asarray(X)[:, 0]
        right = left if Y is None else np.asarray(Y)[:, 0]
        both = np.multiply.outer(left, right)
        one = np.subtract.outer(left, -right) - 2.0 * both  # exactly one is of the target
        level = (1.0 - both - one) + self.shared * one + (self.shared**2 + self.own) * both
        if not eval_gradient:
            return level
        # By the logarithm of each, in the alphabetical order in which theta holds them.
        by_own = self.own * both
        by_shared = self.shared * one + 2.0 * self.shared**2 * both
        return level, np.dstack([by_own, by_shared])

    def diag(self, X: Array) -> Array:
        """The diagonal of the kernel's matrix."""
        target = np.asarray(X)[:, 0]
        return np.asarray(1.0 - target + (self.shared**2 + self.own) * target)

    def is_stationary(self) -> bool:
        """It is not: it depends on the domains themselves."""
        return False


def _level(value: float) -> Kernel:
    return ConstantKernel(value, LEVELS)


def line_and_curve(
    features: int, *, line: float = 1.0, curve: float = 0.1, noise: float = 0.01
) -> Kernel:
    """Noise plus a straight line plus a smooth departure with a length per feature.

    Parameters
    ----------
    features
        How many of the first columns are features, all of about unit variance.
    line, curve, noise
        Where the variances start and, see `posterior_mode`, what they are drawn to.
    """
    columns = list(range(features))
    return (
        WhiteKernel(noise, NOISE)
        + _level(line) * Columns(DotProduct(0.0, "fixed"), columns)
        + _level(curve) * Columns(RBF(np.full(features, 2.0), LENGTHS), columns)
    )


def coregionalised(
    features: int, *, line: float = 1.0, curve: float = 0.1, noise: float = 0.01
) -> Kernel:
    """Line and curve that two domains share in part, and an offset between them.

    The column after the features says which domain a row is of (0 source, 1 target).
    """
    columns, domain = list(range(features)), [features]
    together = _level(line) * Columns(DotProduct(0.0, "fixed"), columns) + _level(curve) * Columns(
        RBF(np.full(features, 2.0), LENGTHS), columns
    )
    return (
        WhiteKernel(noise, NOISE)
        + _level(0.05) * Columns(DotProduct(0.0, "fixed"), domain)
        + Columns(Coregionalisation(), domain) * together
    )


def posterior_mode(spread: float, iterations: int) -> Optimizer:
    """Optimise the marginal likelihood times a log-normal prior on the hyperparameters.

    The prior's medians are the values that the kernel starts with, so that one start
    is enough; every logarithm has the standard deviation ``spread``. Analytic gradients,
    L-BFGS-B, at most so many iterations.
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
    """A Gaussian process whose training rows may come in groups with offsets.

    A new row is of no known group: its offset is expected to be 0.

    Parameters
    ----------
    kernel
        On the features alone.
    group_level
        Where the variance of the groups' offsets starts.
    spread, iterations
        See `posterior_mode`.

    Attributes
    ----------
    kernel_, group_level_
        As learnt; to start another one with.
    """

    def __init__(
        self,
        kernel: Kernel,
        group_level: float = 0.02,
        spread: float = 1.0,
        iterations: int = 25,
    ) -> None:
        self.kernel = kernel
        self.group_level = group_level
        self.spread = spread
        self.iterations = iterations

    def fit(self, X: Array, y: Array, groups: NDArray[Any] | None = None) -> Self:
        """Fit to [rows, features], centred values [rows] and, optionally, groups [rows]."""
        kernel, inputs = clone(self.kernel), np.asarray(X, dtype=np.float64)
        if groups is not None:
            # Codes lie whole lengths apart: rows of different groups share nothing.
            kernel += _level(self.group_level) * Columns(RBF(1e-3, "fixed"), [inputs.shape[1]])
            inputs = np.column_stack([inputs, np.unique(groups, return_inverse=True)[1]])
        self.grouped_ = groups is not None
        self.process_ = GaussianProcessRegressor(
            kernel, optimizer=posterior_mode(self.spread, self.iterations)
        )
        with warnings.catch_warnings():
            # Of hyperparameters at a bound: such as a feature that does not matter.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.process_.fit(inputs, y)
        learnt = self.process_.kernel_
        self.kernel_ = learnt.k1 if self.grouped_ else learnt
        self.group_level_ = learnt.k2.k1.constant_value if self.grouped_ else self.group_level
        return self

    def predict(self, X: Array) -> Array:
        """Expected values [rows] of rows of new groups."""
        inputs = np.asarray(X, dtype=np.float64)
        if self.grouped_:
            inputs = np.column_stack([inputs, np.full(len(inputs), -1.0)])
        return np.asarray(self.process_.predict(inputs))
