"""Geometric tortuosity: shortest paths through pore voxels, equation (5) of the paper.

Images are [z, y, x]; paths run from the first plane along z to the last, from voxel
centre to voxel centre. Distances are kept as their excess over the height z: a step
straight ahead then costs nothing and float32 rounds small numbers. One label-correcting
sweep does the work: up the planes, then down, and again, on blocks of a row that still
have something to pass on, until none has. The result is the fixed point of
d[v] = min over neighbours (d[u] + step), whatever the order of the sweeps.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Distances = NDArray[np.float32]
Pores = NDArray[np.bool_] | NDArray[np.uint8]

BLOCK = 64  # voxels of a row that are relaxed together
UNREACHED = np.float32(1e30)
ROOT2, ROOT3 = np.float32(np.sqrt(2.0)), np.float32(np.sqrt(3.0))
EIKONAL_TOLERANCE = np.float32(1e-3)  # voxels; a smaller gain is not passed on


def excess_lengths(pore: Pores, eikonal: bool = False) -> Distances:
    """Length of the shortest path from plane z = 0 to each voxel, less its height z.

    Parameters
    ----------
    pore
        [z, y, x], non-zero where paths may run.
    eikonal
        False: 26 neighbours, Euclidean steps (1, √2, √3 voxels). True: the first-order
        upwind solution of |∇u| = 1, a Euclidean geodesic up to its error of first order.

    Returns
    -------
    ndarray
        float32 [z, y, x] in voxels; infinite in solid and where no path leads.
    """
    planes, rows, columns = pore.shape
    wide = -(-columns // BLOCK) * BLOCK
    lengths = np.empty((planes, rows + 2, wide + 2), dtype=np.float32)
    _start(pore.view(np.uint8), lengths)
    _sweep(lengths, eikonal)
    inside = lengths[:, 1:-1, 1 : columns + 1]
    _finish(inside, 1.0 if eikonal else 0.0)
    return inside


def measure(pore: Pores) -> dict[str, float]:
    """The tortuosities of a pore space, equation (5), and what goes with them.

    Parameters
    ----------
    pore
        [z, y, x], non-zero in pores.

    Returns
    -------
    dict
        ``geometric_tortuosity``: path over distance, 26 neighbours, along z, the mean
        over the reachable voxels of the last plane; ``tortuosity_min``,
        ``tortuosity_median``: of the same voxels; ``tortuosity_volume_mean``: over all
        reachable voxels behind the first plane, each over its own distance;
        ``tortuosity_eikonal``: as the first, with first-order Eikonal lengths;
        ``tortuosity_x``, ``tortuosity_y``: as the first, along x and y;
        ``outlet_share``: reachable share of the last plane's pore voxels;
        ``porosity``, ``porosity_reachable``: shares of the volume. NaN where no path
        leads through.
    """
    planes = pore.shape[0]
    excess = excess_lengths(pore)
    outlet = _outlet(excess)
    heights = range(1, planes)
    sums = [_sum_of_finite(excess[i]) for i in heights]
    reached = sum(count for _, count in sums)
    found = {
        "geometric_tortuosity": _mean(outlet),
        "tortuosity_min": float(outlet.min()) if outlet.size else np.nan,
        "tortuosity_median": float(np.median(outlet)) if outlet.size else np.nan,
        "tortuosity_volume_mean": (
            1.0 + sum(total / i for i, (total, _) in zip(heights, sums, strict=True)) / reached
            if reached
            else np.nan
        ),
        "outlet_share": outlet.size / max(_count(pore[-1]), 1),
        "porosity": _count(pore) / pore.size,
        "porosity_reachable": (reached + _count(pore[0])) / pore.size,
    }
    del excess
    found["tortuosity_eikonal"] = _mean(_outlet(excess_lengths(pore, eikonal=True)))
    for name, axes in (("tortuosity_x", (2, 0, 1)), ("tortuosity_y", (1, 0, 2))):
        turned: Pores = np.ascontiguousarray(np.transpose(pore, axes)).view(np.uint8)
        found[name] = _mean(_outlet(excess_lengths(turned)))
    return found


def shortest_path(excess: Distances, end: tuple[int, int, int]) -> NDArray[np.int64]:
    """The voxels of a shortest path from plane z = 0 to ``end``, [n, 3] as (z, y, x).

    Walks `excess_lengths` of 26 neighbours back: the way on is the neighbour whose
    length and step give the voxel's own length. ``end`` must have been reached.
    """
    if not np.isfinite(excess[end]):
        raise ValueError(f"no path leads to {end}")
    path = [np.array(end)]
    steps = np.array([s for s in np.ndindex(3, 3, 3) if s != (1, 1, 1)]) - 1
    costs = np.sqrt(np.abs(steps).sum(axis=1)) + steps[:, 0]  # a step up is one z less
    while path[-1][0] > 0:
        near = path[-1] + steps
        inside = ((near >= 0) & (near < excess.shape)).all(axis=1)
        lengths = np.full(len(steps), np.inf)
        lengths[inside] = excess[tuple(near[inside].T)] + costs[inside]
        path.append(near[int(lengths.argmin())])
    return np.array(path[::-1])


def _outlet(excess: Distances) -> NDArray[np.float64]:
    """Path over distance for the reachable voxels of the last plane."""
    last = excess[-1]
    return np.asarray(1.0 + last[np.isfinite(last)].astype(np.float64) / max(len(excess) - 1, 1))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else np.nan


def _count(pore: Pores) -> int:
    return int(np.count_nonzero(pore))


def _sum_of_finite(plane: Distances) -> tuple[float, int]:
    finite = plane[np.isfinite(plane)]
    return float(finite.sum(dtype=np.float64)), finite.size


@njit(cache=True)
def _start(pore, lengths):  # type: ignore[no-untyped-def]
    """Zero on the first plane's pores, unreached on all others, infinity elsewhere."""
    planes, rows, columns = pore.shape
    for i in range(planes):
        first = np.float32(0.0) if i == 0 else UNREACHED
        lengths[i, 0] = lengths[i, -1] = np.inf
        for j in range(rows):
            source, target = pore[i, j], lengths[i, j + 1]
            inside = target[1 : columns + 1]
            target[0] = np.inf
            target[columns + 1 :] = np.inf
            for x in range(columns):
                inside[x] = first if source[x] else np.inf


@njit(cache=True)
def _finish(lengths, step):  # type: ignore[no-untyped-def]
    """Take ``step`` a plane off and give voxels that no path reached infinity."""
    planes, rows, columns = lengths.shape
    for i in range(planes):
        height = np.float32(i * step)
        for j in range(rows):
            row = lengths[i, j]
            for x in range(columns):
                row[x] = np.inf if row[x] >= UNREACHED else row[x] - height


@njit(cache=True)
def _relax_from_plane(row, one, two, three, start, straight, side, corner):  # type: ignore[no-untyped-def]
    """Relax a block of ``row`` from the rows about it in a neighbouring plane."""
    changed = False
    for x in range(start, start + BLOCK):
        best = two[x] + straight
        near = min(min(one[x], three[x]), min(two[x - 1], two[x + 1])) + side
        far = min(min(one[x - 1], one[x + 1]), min(three[x - 1], three[x + 1])) + corner
        best = min(best, min(near, far))
        old = row[x]
        new = old if old == np.inf else min(old, best)
        changed |= new < old
        row[x] = new
    return changed


# The kernels below take slices of a block and one voxel to either side: with indices that
# cannot be negative the compiler turns their loops into vector instructions.


@njit(cache=True)
def _relax_in_plane(row, one, three, start, buffer):  # type: ignore[no-untyped-def]
    """Relax a block of ``row`` from itself and the rows beside it in its plane."""
    own, left = row[start - 1 : start + BLOCK + 1], one[start - 1 : start + BLOCK + 1]
    right = three[start - 1 : start + BLOCK + 1]
    for x in range(BLOCK):
        near = min(min(left[x + 1], right[x + 1]), min(own[x], own[x + 2])) + np.float32(1.0)
        far = min(min(left[x], left[x + 2]), min(right[x], right[x + 2])) + ROOT2
        old = own[x + 1]
        buffer[x] = old if old == np.inf else min(old, min(near, far))
    changed = False
    for x in range(BLOCK):
        changed |= buffer[x] < own[x + 1]
    if changed:
        for x in range(BLOCK):
            own[x + 1] = buffer[x]
    return changed


@njit(cache=True)
def _relax_upwind(row, one, three, below, above, start, buffer):  # type: ignore[no-untyped-def]
    """Godunov's first-order update of a block of ``row``, in place when it gains."""
    own, left = row[start - 1 : start + BLOCK + 1], one[start : start + BLOCK]
    right, under = three[start : start + BLOCK], below[start : start + BLOCK]
    over = above[start : start + BLOCK]
    for x in range(BLOCK):
        a, b, c = min(own[x], own[x + 2]), min(left[x], right[x]), min(under[x], over[x])
        low, high = min(a, b), max(a, b)
        least, greatest = min(low, c), max(high, c)
        middle = max(low, min(high, c))
        ahead = least + np.float32(1.0)
        gap = middle - least
        two = np.float32(0.5) * (least + middle + np.sqrt(np.float32(2.0) - gap * gap))
        # Relative to the least, so that the squares keep their digits.
        far = greatest - least
        total = gap + far
        root = np.sqrt(total * total - np.float32(3.0) * (gap * gap + far * far - np.float32(1.0)))
        three_sides = least + (total + root) / np.float32(3.0)
        new = ahead if ahead <= middle else (two if two <= greatest else three_sides)
        old = own[x + 1]
        buffer[x] = old if old == np.inf else min(old, new)
    changed = False
    for x in range(BLOCK):
        changed |= buffer[x] < own[x + 1] - EIKONAL_TOLERANCE
    if changed:
        for x in range(BLOCK):
            own[x + 1] = buffer[x]
    return changed


@njit(cache=True)
def _tell(active, up, down, j, b):  # type: ignore[no-untyped-def]
    """Mark a block and its eight neighbours; loops, as slices cost more than the relaxing."""
    for jj in range(j - 1, j + 2):
        for bb in range(b - 1, b + 2):
            active[jj, bb] = up[jj, bb] = down[jj, bb] = True


@njit(cache=True)
def _settle(values, i, eikonal, active, up, down, buffer):  # type: ignore[no-untyped-def]
    """Relax plane i within itself until nothing changes; start with the active blocks."""
    plane = values[i]
    below, above = values[max(i - 1, 0)], values[min(i + 1, values.shape[0] - 1)]
    rows, blocks = plane.shape[0] - 2, (plane.shape[1] - 2) // BLOCK
    again, forward = True, True
    while again:
        again = False
        for k in range(rows):
            j = k + 1 if forward else rows - k
            for b in range(blocks):
                if not active[j, b + 1]:
                    continue
                start = 1 + b * BLOCK
                moved = False
                if eikonal:
                    while _relax_upwind(
                        plane[j], plane[j - 1], plane[j + 1], below[j], above[j], start, buffer
                    ):
                        moved = True
                else:
                    while _relax_in_plane(plane[j], plane[j - 1], plane[j + 1], start, buffer):
                        moved = True
                if moved:
                    _tell(active, up[i], down[i], j, b + 1)
                    again = True
                active[j, b + 1] = False
        forward = not forward


@njit(cache=True)
def _sweep(values, eikonal):  # type: ignore[no-untyped-def]
    """Bring the lengths to their fixed point, up and down the planes."""
    planes, height, width = values.shape
    rows, blocks = height - 2, (width - 2) // BLOCK
    # Blocks [plane, row, block] of the plane above and below that have news to hear.
    up = np.zeros((planes, rows + 2, blocks + 2), dtype=np.bool_)
    down = np.zeros((planes, rows + 2, blocks + 2), dtype=np.bool_)
    active = np.zeros((rows + 2, blocks + 2), dtype=np.bool_)
    buffer = np.empty(BLOCK, dtype=np.float32)
    up[0] = True
    rising, busy = True, True
    while busy:
        busy = False
        news = up if rising else down
        straight = np.float32(0.0 if rising else 2.0)
        side = ROOT2 + np.float32(-1.0 if rising else 1.0)
        corner = ROOT3 + np.float32(-1.0 if rising else 1.0)
        for k in range(planes - 1):
            source = k if rising else planes - 1 - k
            target = source + 1 if rising else source - 1
            heard = False
            for j in range(1, rows + 1):
                row, near = values[target, j], values[source]
                for b in range(blocks):
                    if not news[source, j, b + 1]:
                        continue
                    if eikonal:
                        active[j, b + 1] = True
                        heard = True
                    elif _relax_from_plane(
                        row, near[j - 1], near[j], near[j + 1], 1 + b * BLOCK,
                        straight, side, corner,
                    ):  # fmt: skip
                        heard = True
                        _tell(active, up[target], down[target], j, b + 1)
            news[source] = False
            if heard:
                busy = True
                _settle(values, target, eikonal, active, up, down, buffer)
        rising = not rising
