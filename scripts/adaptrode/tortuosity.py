"""Geometric tortuosity: shortest paths through pore voxels, equation (5) of the paper.

Images are [z, y, x]; paths run from the first plane along z to the last, from voxel
centre to voxel centre. Distances are kept as their excess over the height z: a step
straight ahead then costs nothing and float32 rounds small numbers. One label-correcting
sweep does the work: up the planes, then down, and again, on blocks of a row that still
have something to pass on, until none has. The result is the fixed point of
d[v] = min over neighbours (d[u] + step), whatever the order of the sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Distances = NDArray[np.float32]

BLOCK = 64  # voxels of a row that are relaxed together
UNREACHED = np.float32(1e30)
ROOT2, ROOT3 = np.float32(np.sqrt(2.0)), np.float32(np.sqrt(3.0))
EIKONAL_TOLERANCE = np.float32(1e-4)  # voxels


def excess_lengths(pore: NDArray[np.bool_] | NDArray[np.uint8], eikonal: bool = False) -> Distances:
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
    excess = np.full((planes, rows + 2, wide + 2), np.inf, dtype=np.float32)
    _start(pore.view(np.uint8) if pore.dtype == bool else pore, excess)
    if eikonal:
        _sweep_eikonal(excess)
    else:
        _sweep(excess)
    inside = excess[:, 1:-1, 1 : columns + 1]
    _forget_unreached(inside)
    return inside


@njit(cache=True)
def _start(pore, excess):  # type: ignore[no-untyped-def]
    planes, rows, columns = pore.shape
    for i in range(planes):
        for j in range(rows):
            for x in range(columns):
                if pore[i, j, x]:
                    excess[i, j + 1, x + 1] = np.float32(0.0) if i == 0 else UNREACHED


@njit(cache=True)
def _forget_unreached(excess):  # type: ignore[no-untyped-def]
    planes, rows, columns = excess.shape
    for i in range(planes):
        for j in range(rows):
            row = excess[i, j]
            for x in range(columns):
                if row[x] >= UNREACHED:
                    row[x] = np.inf


@njit(cache=True)
def _pass_on(flags, i, j, b):  # type: ignore[no-untyped-def]
    """Mark block b of row j in plane i and its eight neighbours in the plane."""
    for jj in range(j, j + 3):
        for bb in range(b, b + 3):
            flags[i, jj, bb] = True


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


@njit(cache=True)
def _relax_in_plane(row, one, three, start, buffer):  # type: ignore[no-untyped-def]
    """Relax a block of ``row`` from itself and the rows beside it in its plane."""
    changed = False
    for x in range(BLOCK):
        s = start + x
        near = min(min(one[s], three[s]), min(row[s - 1], row[s + 1])) + np.float32(1.0)
        far = min(min(one[s - 1], one[s + 1]), min(three[s - 1], three[s + 1])) + ROOT2
        old = row[s]
        new = old if old == np.inf else min(old, min(near, far))
        changed |= new < old
        buffer[x] = new
    if changed:
        for x in range(BLOCK):
            row[start + x] = buffer[x]
    return changed


@njit(cache=True)
def _settle(excess, i, active, up, down, buffer):  # type: ignore[no-untyped-def]
    """Relax plane i within itself until nothing changes; start with the active blocks."""
    plane = excess[i]
    rows, blocks = plane.shape[0] - 2, (plane.shape[1] - 2) // BLOCK
    again, forward = True, True
    while again:
        again = False
        for k in range(rows):
            j = k if forward else rows - 1 - k
            for b in range(blocks):
                if active[0, j + 1, b + 1]:
                    active[0, j + 1, b + 1] = False
                    start = 1 + b * BLOCK
                    # A block passes on to itself until it rests, so that rows are done once.
                    moved = False
                    while _relax_in_plane(plane[j + 1], plane[j], plane[j + 2], start, buffer):
                        moved = True
                    if moved:
                        _pass_on(active, 0, j, b)
                        active[0, j + 1, b + 1] = False
                        _pass_on(up, i, j, b)
                        _pass_on(down, i, j, b)
                        again = True
        forward = not forward


@njit(cache=True)
def _sweep(excess):  # type: ignore[no-untyped-def]
    planes, height, width = excess.shape
    rows, blocks = height - 2, (width - 2) // BLOCK
    # Blocks of the next plane that plane i has news for, above and below.
    up = np.zeros((planes, rows + 2, blocks + 2), dtype=np.bool_)
    down = np.zeros((planes, rows + 2, blocks + 2), dtype=np.bool_)
    active = np.zeros((1, rows + 2, blocks + 2), dtype=np.bool_)
    buffer = np.empty(BLOCK, dtype=np.float32)
    one, two = np.float32(1.0), np.float32(2.0)
    up[0] = True
    rising, busy = True, True
    while busy:
        busy = False
        flags = up if rising else down
        for k in range(planes - 1):
            source = k if rising else planes - 1 - k
            target = source + 1 if rising else source - 1
            any_news = False
            for j in range(rows):
                below0, below1, below2 = (
                    excess[source, j],
                    excess[source, j + 1],
                    excess[source, j + 2],
                )
                for b in range(blocks):
                    if not flags[source, j + 1, b + 1]:
                        continue
                    start = 1 + b * BLOCK
                    row = excess[target, j + 1]
                    if rising:
                        moved = _relax_from_plane(
                            row, below0, below1, below2, start, np.float32(0.0), ROOT2 - one,
                            ROOT3 - one,
                        )  # fmt: skip
                    else:
                        moved = _relax_from_plane(
                            row, below0, below1, below2, start, two, ROOT2 + one, ROOT3 + one
                        )
                    if moved:
                        any_news = True
                        _pass_on(active, 0, j, b)
                        _pass_on(up, target, j, b)
                        _pass_on(down, target, j, b)
            flags[source] = False
            if any_news:
                busy = True
                _settle(excess, target, active, up, down, buffer)
        rising = not rising
