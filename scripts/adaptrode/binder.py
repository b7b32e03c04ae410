"""Where binder sits between straight fibers: three models and the search for its amount.

Each model has one length, in µm, with which the binder's volume grows; the search
finds the length at which the requested number of voxels is binder.

closing (curvature)
    Every pore point that no ball of the length as radius can reach without cutting a
    fiber: a wetting liquid's menisci of that radius, which gather at crossings and
    between near-parallel fibers and leave free fibers bare. This is the morphological
    closing by which binder is added to fiber structures in the open literature
    (Daino and Kandlikar, J. Membr. Sci. 403 (2012) 115; for the morphology of wetting
    phases in such layers Schulz et al., J. Electrochem. Soc. 154 (2007) B419).
crossing (distance)
    Every pore point nearer than the length to at least two different fibers: collars
    at crossings, with no regard to the meniscus' shape.
coating
    Every pore point nearer than the length to a fiber: an even film, the other limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from adaptrode.errors import InputError
from adaptrode.fibers import Array, Image, draw_cylinders

PORE, FIBER, BINDER = 0, 1, 2
MODELS = ("closing", "crossing", "coating")
# The erosion of a closing reaches half a voxel farther than its dilation: otherwise
# a free fiber, whose dilated face is a staircase, would keep a film of single voxels.
GUARD = 0.5
SMALL, PARTS = 2_000_000, 4  # voxels that are searched at once; else a part first
FINE = 5e-5  # of the volume: how closely the amount of binder is met
FINE_POWER = 5.0  # d log(amount) / d log(length) when the erosion stays as it is
LONGEST_VOXELS = 140  # squared distances must fit 16 bits


@dataclass(frozen=True)
class Fibers:
    """The axes of all fibers near an image, and the image's voxel, in µm."""

    points: Array
    directions: Array
    radius: float
    voxel: float

    def cylinders(self, shape: tuple[int, ...], margin: int, radius: float, most: int = 1) -> Image:
        """Count the cylinders of ``radius`` µm on the image grown by ``margin`` voxels."""
        image = np.zeros([n + 2 * margin for n in shape], dtype=np.uint8)
        origin = -margin * self.voxel
        draw_cylinders(
            image, self.points, self.directions, radius, self.voxel, origin, np.uint8(most)
        )
        return image


def add_binder(phases: Image, fibers: Fibers, model: str, voxels: int, longest_um: float) -> float:
    """Turn about ``voxels`` pore voxels of ``phases`` into binder, in place.

    Parameters
    ----------
    phases
        uint8 [z, y, x] of `PORE` and `FIBER`.
    fibers
        All fibers within ``2 * longest_um`` of the image, so that nothing ends at its
        faces: the image is a window into an unbounded layer.
    model
        One of `MODELS`.
    voxels
        How many; the last shell of voxels at equal distance is taken whole or not.
    longest_um
        The longest length to be tried.

    Returns
    -------
    float
        The model's length, in µm.

    Raises
    ------
    InputError
        When not even the longest length gives that much binder.
    """
    if voxels <= 0:
        return 0.0
    longest = min(longest_um, LONGEST_VOXELS * fibers.voxel)
    if model == "closing":
        return _add_closing(phases, fibers, voxels, longest)
    most = 2 if model == "crossing" else 1

    def amount(length: float) -> int:
        near = fibers.cylinders(phases.shape, 0, fibers.radius + length, most)
        return int(_count_binder(phases, near, most))

    length = _search(amount, voxels, fibers.radius, longest, phases.size * FINE)
    near = fibers.cylinders(phases.shape, 0, fibers.radius + length, most)
    _mark_binder(phases, near, most)
    return length


def _add_closing(phases: Image, fibers: Fibers, voxels: int, longest: float) -> float:
    found: dict[str, NDArray[np.int64]] = {}

    def search(part: Image, voxels: int, guess: float) -> float:
        def amount(length: float) -> int:
            found["shells"] = _closing(part, fibers, length, _threshold(fibers, length))
            return int(found["shells"][_threshold(fibers, length) :].sum())

        return _search(amount, voxels, guess, longest, max(0.03 * voxels, part.size * 1e-4))

    # A part of the layer tells about how long; then the erosion grows in steps of
    # whole squares and the dilation evenly: settle the step first, then the length.
    length = fibers.radius
    if phases.size > SMALL:
        part = np.ascontiguousarray(phases[:, :, : phases.shape[2] // PARTS])
        length = search(part, voxels // PARTS, length)
    length = search(phases, voxels, length)
    beyond = found["shells"][::-1].cumsum()[::-1]
    cut = int(np.abs(beyond - voxels).argmin())

    def fine_amount(length: float) -> int:
        return int(_closing(phases, fibers, length, cut)[cut:].sum())

    return _search(fine_amount, voxels, length, longest, phases.size * FINE, FINE_POWER)


def _threshold(fibers: Fibers, length: float) -> int:
    """The least squared distance, in voxels, at which a voxel is out of every ball's reach."""
    return int((length / fibers.voxel + GUARD) ** 2) + 1


def _closing(phases: Image, fibers: Fibers, length: float, cut: int) -> NDArray[np.int64]:
    """Histogram of pore voxels' squared distance to where a ball of ``length`` fits.

    Marks voxels at least ``cut`` from there as binder and leaves the others pore.
    """
    reach = int(length / fibers.voxel + GUARD) + 2
    image = fibers.cylinders(phases.shape, reach, fibers.radius + length)
    shells = np.zeros(3 * (reach + 1) ** 2 + 1, dtype=np.int64)
    _distance_up(image, reach + 1)
    _distance_across(image, phases, reach, shells, cut)
    return shells


def _search(
    amount: Callable[[float], int],
    target: int,
    guess: float,
    longest: float,
    tolerance: float,
    power: float = 1.5,
) -> float:
    """The length at which the growing function ``amount`` meets ``target``.

    Secant steps on logarithmic axes, where these volumes are nearly straight of slope
    ``power``, within the bracket known so far.
    """
    low, high = 0.0, np.inf
    length, before = min(guess, longest), (0.0, 0.0)
    for _ in range(40):
        got = float(amount(length))
        if abs(got - target) <= tolerance:
            break
        if got < target and length == longest:
            raise InputError(
                "the binder cannot be placed",
                found=f"{got / target:.0%} of it with a length of {longest:g} µm",
                mend="ask for less binder or more fiber",
            )
        if got < target:
            low = length
        else:
            high = length
        if min(got, before[1]) > 0.0 and before[0] != length:
            power = np.log(got / before[1]) / np.log(length / before[0])
            power = float(np.clip(power, 0.7, 10.0))
        before = (length, got)
        length *= float(np.clip((target / max(got, 1.0)) ** (1.0 / power), 0.4, 2.0))
        if not low < length < high:
            length = (low + high) / 2.0
        length = min(length, longest)
        if high - low < 1e-6 * longest:
            break
    return length


@njit(cache=True)
def _count_binder(phases, near, most):  # type: ignore[no-untyped-def]
    count = 0
    for phase, number in zip(phases.ravel(), near.ravel()):  # noqa: B905
        count += (phase == 0) & (number >= most)
    return count


@njit(cache=True)
def _mark_binder(phases, near, most):  # type: ignore[no-untyped-def]
    flat, number = phases.ravel(), near.ravel()
    for i in range(flat.size):
        if flat[i] == 0 and number[i] >= most:
            flat[i] = 2


@njit(cache=True)
def _distance_up(image, most):  # type: ignore[no-untyped-def]
    """Replace each voxel by its distance along z to the nearest zero, at most ``most``."""
    planes, rows, columns = image.shape
    limit = np.uint8(most)
    for j in range(rows):
        for x in range(columns):
            image[0, j, x] = limit if image[0, j, x] else 0
    for i in range(1, planes):
        for j in range(rows):
            row, below = image[i, j], image[i - 1, j]
            for x in range(columns):
                one = np.uint8(min(below[x], limit - 1) + 1)
                row[x] = one if row[x] else np.uint8(0)
    for i in range(planes - 2, -1, -1):
        for j in range(rows):
            row, above = image[i, j], image[i + 1, j]
            for x in range(columns):
                one = np.uint8(min(above[x], limit - 1) + 1)
                row[x] = min(row[x], one)


@njit(cache=True)
def _distance_across(image, phases, reach, shells, cut):  # type: ignore[no-untyped-def]
    """Finish the squared distances along y and x for the window inside the margin.

    ``image`` [z, y, x] holds distances along z and is ``reach`` voxels wider than
    ``phases`` on all sides. Counts voxels without fiber by squared distance in
    ``shells``, marks those at least ``cut`` away as binder and the others as pore.
    """
    planes, rows, columns = phases.shape
    wide = columns + 2 * reach
    most = shells.size - 1
    squares = np.empty((rows + 2 * reach, wide), dtype=np.uint16)
    partial = np.empty(wide, dtype=np.uint16)
    total = np.empty(columns, dtype=np.uint16)
    for i in range(planes):
        for j in range(rows + 2 * reach):
            source, target = image[i + reach, j], squares[j]
            for x in range(wide):
                target[x] = np.uint16(source[x]) * np.uint16(source[x])
        for j in range(rows):
            centre = squares[j + reach]
            for x in range(wide):
                partial[x] = centre[x]
            for step in range(1, reach + 1):
                one, two = squares[j + reach - step], squares[j + reach + step]
                square = np.uint16(step * step)
                for x in range(wide):
                    partial[x] = min(partial[x], np.uint16(min(one[x], two[x]) + square))
            for x in range(columns):
                total[x] = partial[x + reach]
            for step in range(1, reach + 1):
                square = np.uint16(step * step)
                one, two = partial[reach - step :], partial[reach + step :]
                for x in range(columns):
                    total[x] = min(total[x], np.uint16(min(one[x], two[x]) + square))
            row = phases[i, j]
            for x in range(columns):
                if row[x] != 1:
                    distance = min(np.int64(total[x]), most)
                    shells[distance] += 1
                    row[x] = 2 if distance >= cut else 0
