"""Straight fibers: their directions, a stationary process of lines, and voxels.

Coordinates are (x, y, z) in micrometres with the layer's plane spanned by x and y;
images are indexed [z, y, x] and voxel i of an axis has its centre at (i + 1/2)
voxels. A line is a point and a unit direction, one row of two [n, 3] arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

CHUNK = 4096  # candidate lines a draw; a constant, so that a sample's lines never depend on it


def through_plane_moment(anisotropy: float) -> float:
    """E[cos²θ] of the axial distribution with density β (1 + (β² - 1) cos²θ)^(-3/2) / 4π.

    The one-parameter family of Schladitz et al., Comput. Mater. Sci. 38 (2006) 56:
    β = 1 is isotropic, β → ∞ lies in the plane. The expected orientation tensor is
    diag((1 - m)/2, (1 - m)/2, m) with m this moment.
    """
    excess = anisotropy**2 - 1.0
    if abs(excess) < 1e-6:
        return 1.0 / 3.0
    root = np.emath.sqrt(excess)
    value = anisotropy * (np.arcsinh(root) / root**3) - 1.0 / excess
    return float(np.real(value))


def solve_anisotropy(through_plane: float) -> float:
    """The parameter β whose expected orientation tensor has t33 = ``through_plane``.

    For fibers that prefer the plane, 0 < t33 <= 1/3. Equation (4) of the paper,
    t33 = 0.0068, gives β = 19.9.
    """
    if not 0.0 < through_plane <= 1.0 / 3.0:
        raise ValueError("a layer's t33 lies above 0 and at most at 1/3")
    return float(
        brentq(lambda beta: through_plane_moment(beta) - through_plane, 1.0 - 1e-9, 1e7, xtol=1e-12)
    )


def draw_directions(count: int, anisotropy: float, generator: np.random.Generator) -> Array:
    """Unit directions [count, 3] from the axial distribution, upper half sphere."""
    uniform, angle = generator.random(count), 2.0 * np.pi * generator.random(count)
    cosine = uniform / np.sqrt(anisotropy**2 - (anisotropy**2 - 1.0) * uniform**2)
    sine = np.sqrt(1.0 - cosine**2)
    return np.column_stack([sine * np.cos(angle), sine * np.sin(angle), cosine])


def draw_lines(
    low: ArrayLike, high: ArrayLike, anisotropy: float, generator: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Endless chunks of the lines of a stationary process that hit the box [low, high].

    A line of a stationary process is a direction and a uniform point of the plane at
    right angles to it; those that hit the box's enclosing sphere are drawn and those
    that miss the box left out. (Uniform points inside the box would instead favour
    fibers along its long side.)
    """
    first, last = np.asarray(low, np.float64), np.asarray(high, np.float64)
    centre, radius = (first + last) / 2.0, float(np.linalg.norm(last - first)) / 2.0
    while True:
        directions = draw_directions(CHUNK, anisotropy, generator)
        distance = radius * np.sqrt(generator.random(CHUNK))
        angle = 2.0 * np.pi * generator.random(CHUNK)
        # Two unit vectors at right angles to the direction: one in the plane z = 0.
        across = np.column_stack([-directions[:, 1], directions[:, 0], np.zeros(CHUNK)])
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        beside = np.cross(directions, across)
        points = (
            centre
            + (distance * np.cos(angle))[:, None] * across
            + (distance * np.sin(angle))[:, None] * beside
        )
        length = lengths_inside(points, directions, first, last)
        yield points[length > 0.0], directions[length > 0.0]


def lengths_inside(points: Array, directions: Array, low: ArrayLike, high: ArrayLike) -> Array:
    """The length of each line inside the box [low, high], zero where it misses."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one = (np.asarray(low) - points) / directions
        two = (np.asarray(high) - points) / directions
    enter = np.nanmax(np.minimum(one, two), axis=1)
    leave = np.nanmin(np.maximum(one, two), axis=1)
    return np.asarray(np.maximum(leave - enter, 0.0))


def orientation_tensor(directions: Array, weights: Array) -> Array:
    """The weighted mean of the dyads d dᵀ, [3, 3], equation (4) of the paper."""
    return np.asarray((directions * weights[:, None]).T @ directions / weights.sum())


def squeeze(points: Array, directions: Array, factor: float) -> tuple[Array, Array]:
    """The lines after z is multiplied by ``factor``."""
    scale = np.array([1.0, 1.0, factor])
    squeezed = directions * scale
    return points * scale, squeezed / np.linalg.norm(squeezed, axis=1, keepdims=True)


@njit(cache=True)
def _row_interval(  # type: ignore[no-untyped-def]
    across, up, px, vx, vy, vz, radius, voxel, origin, count
):
    """First and last-plus-one voxel of a row along x within ``radius`` of a line."""
    along = across * vy + up * vz
    a = 1.0 - vx * vx
    c = across * across + up * up - along * along - radius * radius
    if a < 1e-12:
        return (0, count) if c <= 0.0 else (0, 0)
    root = vx * vx * along * along - a * c
    if root < 0.0:
        return 0, 0
    scale = 1.0 / (a * voxel)
    middle = vx * along * scale + (px - origin) / voxel - 0.5
    half = np.sqrt(root) * scale
    start, stop = middle - half, middle + half
    if stop < 0.0 or start > count - 1:
        return 0, 0
    first = int(np.ceil(start)) if start > 0.0 else 0
    last = int(np.floor(stop)) + 1 if stop < count else count
    return first, min(last, count)


@njit(cache=True)
def _row_range(across, pz, vy, vz, radius, voxel, origin, count):  # type: ignore[no-untyped-def]
    """First and last-plus-one plane in which a line's cylinder can meet the row's y."""
    reach = radius * np.sqrt(vy * vy + vz * vz)
    if abs(vy) < 1e-9:
        return 0, count
    one = (across * vz - reach) / vy
    two = (across * vz + reach) / vy
    start = (pz + min(one, two) - origin) / voxel - 0.5
    stop = (pz + max(one, two) - origin) / voxel - 0.5
    first = int(np.ceil(start - 1e-6)) if start > 0.0 else 0
    last = int(np.floor(stop + 1e-6)) + 1 if stop < count else count
    return min(first, count), min(last, count)


@njit(cache=True)
def draw_cylinders(  # type: ignore[no-untyped-def]
    image, points, directions, radius, voxel, origin, most
):
    """Add one to each voxel of ``image`` for each cylinder that holds its centre.

    Parameters
    ----------
    image
        uint8 [z, y, x], changed in place; counts stop at ``most`` (1 for a mask).
    points, directions, radius, voxel
        The axes [n, 3], the cylinders' radius and the voxel's edge, in µm.
    origin
        Where the image's first voxel begins, the same in x, y and z, in µm.
    """
    planes, rows, columns = image.shape
    for k in range(points.shape[0]):
        px, py, pz = points[k]
        vx, vy, vz = directions[k]
        for j in range(rows):
            across = origin + (j + 0.5) * voxel - py
            low, high = _row_range(across, pz, vy, vz, radius, voxel, origin, planes)
            for i in range(low, high):
                up = origin + (i + 0.5) * voxel - pz
                first, last = _row_interval(
                    across, up, px, vx, vy, vz, radius, voxel, origin, columns
                )
                if first >= last:
                    continue
                part = image[i, j][first:last]
                if most == 1:
                    part[:] = 1
                else:
                    for x in range(part.size):
                        part[x] = min(part[x] + 1, most)


@njit(cache=True)
def add_until(  # type: ignore[no-untyped-def]
    image, points, directions, radius, voxel, filled, target
):
    """Draw cylinders one by one until ``target`` voxels are filled.

    Starts with ``filled`` voxels; returns how many cylinders were drawn and the
    number of filled voxels before and after the last of them.
    """
    planes, rows, columns = image.shape
    before = filled
    for k in range(points.shape[0]):
        before = filled
        px, py, pz = points[k]
        vx, vy, vz = directions[k]
        for j in range(rows):
            across = (j + 0.5) * voxel - py
            low, high = _row_range(across, pz, vy, vz, radius, voxel, 0.0, planes)
            for i in range(low, high):
                up = (i + 0.5) * voxel - pz
                first, last = _row_interval(across, up, px, vx, vy, vz, radius, voxel, 0.0, columns)
                row = image[i, j]
                new = 0
                for x in range(first, last):
                    new += 1 - row[x]
                    row[x] = 1
                filled += new
        if filled >= target:
            return k + 1, before, filled
    return points.shape[0], before, filled
