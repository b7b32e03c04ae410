"""Pictures of a microstructure: rays through its voxels, and a slice with a path.

Images are [z, y, x]; a view looks from above and in front onto x and z, along y. Nothing
here is random: occlusion uses a fixed set of directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numba import njit
from numpy.typing import NDArray

from adaptrode import figures
from adaptrode.binder import PORE
from adaptrode.fibers import Array, Image
from adaptrode.tortuosity import Distances, excess_lengths, shortest_path

FIBER_COLOR, BINDER_COLOR, PATH_COLOR, PORE_COLOR = "#7d8b99", "#e39b2d", "#c2185b", "#f7f7f5"
PALETTE = np.array([to_rgb(color) for color in (PORE_COLOR, FIBER_COLOR, BINDER_COLOR)])
SHADOW, OCCLUSION = 40, 14  # voxels that a ray towards the light and about a point looks
FINER = 2  # rays a pixel along each side of it


@dataclass(frozen=True)
class View:
    """An orthographic view: unit vectors (x, y, z) to the right, up and into the scene.

    ``corner`` is the picture's lower left in the plane of ``right`` and ``up``, in voxels;
    ``size`` its width and height in voxels.
    """

    right: Array
    up: Array
    into: Array
    corner: Array
    size: Array

    def project(self, places: Array) -> Array:
        """Picture coordinates [n, 2] and depth, together [n, 3], of (z, y, x) voxels."""
        centres = np.asarray(places, dtype=np.float64)[:, ::-1] + 0.5
        flat = np.column_stack([centres @ self.right, centres @ self.up]) - self.corner
        return np.column_stack([flat, centres @ self.into])


def view_of(shape: tuple[int, ...], azimuth: float = 22.0, elevation: float = 32.0) -> View:
    """The view onto a whole image from ``azimuth`` and ``elevation`` degrees."""
    a, e = np.radians(azimuth), np.radians(elevation)
    right = np.array([np.cos(a), np.sin(a), 0.0])
    into = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
    up = np.cross(right, into)
    corners = np.array(list(np.ndindex(2, 2, 2)), dtype=float) * np.array(shape[::-1])
    flat = np.column_stack([corners @ right, corners @ up])
    margin = 0.01 * np.ptp(flat, axis=0).max()
    return View(right, up, into, flat.min(axis=0) - margin, np.ptp(flat, axis=0) + 2.0 * margin)


def render(phases: Image, view: View, width: int) -> tuple[Array, Array]:
    """Colours [height, width, 4] and depth [height, width] of a view, first row on top.

    Depth is infinite where no solid is met. Fibers and binder have their own colours;
    light comes from the upper left with a shadow and ambient occlusion.
    """
    height = round(width * view.size[1] / view.size[0])
    rows, columns = height * FINER, width * FINER
    light = -0.55 * view.right + 0.7 * view.up - 0.6 * view.into
    phase, shade, depth = _cast(
        phases, view.right, view.up, view.into, view.corner,
        view.size[0] / columns, rows, columns, light / np.linalg.norm(light), _around(),
    )  # fmt: skip
    color = np.empty((rows, columns, 4))
    # Lit surfaces turn pale rather than saturated.
    bright = np.minimum(shade, 1.0)[..., None]
    pale = np.clip(shade - 1.0, 0.0, 0.4)[..., None]
    color[..., :3] = PALETTE[phase] * bright * (1.0 - pale) + pale
    color[..., 3] = phase != PORE
    color[..., :3] *= color[..., 3:]
    blocks = color.reshape(height, FINER, width, FINER, 4).mean(axis=(1, 3))
    blocks[..., :3] /= np.maximum(blocks[..., 3:], 1e-9)
    nearest = depth.reshape(height, FINER, width, FINER).min(axis=(1, 3))
    return blocks, nearest


def choose_path(excess: Distances, band: tuple[float, float] = (0.1, 0.3)) -> NDArray[np.int64]:
    """A shortest path of about mean length, [n, 3] as (z, y, x), near the image's front.

    Of the outlet voxels whose y lies in ``band`` (shares of the width) and whose x in the
    middle half, the one whose path is nearest to the mean of all; the first of equals.
    """
    last = excess[-1].astype(np.float64)
    rows, columns = last.shape
    off = np.abs(last - last[np.isfinite(last)].mean())
    off[~np.isfinite(last)] = np.inf
    low, high = int(band[0] * rows), max(int(band[1] * rows), int(band[0] * rows) + 1)
    part = off[low:high, columns // 4 : -(columns // 4) or None]
    j, x = np.unravel_index(int(part.argmin()), part.shape)
    return shortest_path(excess, (len(excess) - 1, int(j) + low, int(x) + columns // 4))


def picture(phases: Image, voxel_um: float, title: str = "", width: int = 1700) -> Figure:
    """A cut-open view of a microstructure, and a slice of it, with one shortest path."""
    excess = excess_lengths((phases == PORE).view(np.uint8))
    path = choose_path(excess)
    tortuosity = 1.0 + float(excess[tuple(path[-1])]) / (len(phases) - 1)
    del excess
    front = max(int(path[:, 1].min()) - 1, 0)
    block = np.ascontiguousarray(phases[:, front:])
    view = view_of(block.shape)
    colors, depth = render(block, view, width)

    shape = phases.shape
    share = view.size[1] / view.size[0]
    close = min(shape[2], round(2.6 * shape[0]))
    inches = 10.0
    heights = [inches * share, 0.98 * inches * shape[0] / close]
    figure = figures.canvas(inches, sum(heights) + 0.9)
    above, below = figure.subplots(2, 1, height_ratios=heights)
    above.imshow(colors, interpolation="none", extent=(0, view.size[0], 0, view.size[1]))
    _draw_path_in_view(above, path - np.array([0, front, 0]), view, depth)
    above.set_axis_off()
    above.set_title(title, loc="left")

    row = int(np.median(path[:, 1]))
    start = int(np.clip(np.median(path[:, 2]) - close // 2, 0, shape[2] - close))
    extent = (start * voxel_um, (start + close) * voxel_um, 0.0, shape[0] * voxel_um)
    slab = PALETTE[phases[::-1, row, start : start + close]]
    below.imshow(slab, interpolation="none", extent=extent)
    below.plot(
        (path[:, 2] + 0.5) * voxel_um,
        (path[:, 0] + 0.5) * voxel_um,
        color=PATH_COLOR,
        linewidth=1.8,
    )
    below.set(xlabel="x / µm", ylabel="z / µm")
    below.set_title(
        f"slice at y = {row * voxel_um:g} µm; "
        f"the path, projected, is {tortuosity:.3f} times as long as the layer is thick",
        loc="left",
    )
    patches = [Patch(color=FIBER_COLOR, label="fiber"), Patch(color=BINDER_COLOR, label="binder")]
    lines = below.get_lines()
    lines[0].set_label("a shortest path")
    figures.figure_legend(figure, [*patches, *lines])
    return figure


def _draw_path_in_view(axis: Axes, path: NDArray[np.int64], view: View, depth: Array) -> None:
    """The path as a line, faint where solid stands before it."""
    flat = view.project(path.astype(np.float64))
    height, width = depth.shape
    rows = np.clip(height - 1 - (flat[:, 1] / view.size[1] * height).astype(int), 0, height - 1)
    columns = np.clip((flat[:, 0] / view.size[0] * width).astype(int), 0, width - 1)
    seen = depth[rows, columns] >= flat[:, 2] - 2.0
    axis.plot(flat[:, 0], flat[:, 1], color=PATH_COLOR, linewidth=1.6, alpha=0.35)
    shown = np.where(seen[:, None], flat[:, :2], np.nan)
    axis.plot(shown[:, 0], shown[:, 1], color="white", linewidth=4.0, solid_capstyle="round")
    axis.plot(shown[:, 0], shown[:, 1], color=PATH_COLOR, linewidth=2.2, solid_capstyle="round")


def _around(count: int = 24) -> Array:
    """Unit vectors spread evenly over the sphere (Fibonacci's lattice), [count, 3]."""
    k = np.arange(count) + 0.5
    height, turn = 1.0 - 2.0 * k / count, np.pi * (1.0 + np.sqrt(5.0)) * k
    ring = np.sqrt(1.0 - height**2)
    return np.column_stack([ring * np.cos(turn), ring * np.sin(turn), height])


@njit(cache=True)
def _solid(phases, x, y, z):  # type: ignore[no-untyped-def]
    planes, rows, columns = phases.shape
    if 0 <= x < columns and 0 <= y < rows and 0 <= z < planes:
        return phases[z, y, x] != 0
    return False


@njit(cache=True)
def _blocked(phases, x, y, z, direction, most):  # type: ignore[no-untyped-def]
    """How early a ray from a point meets solid: 1 at once, 0 not within ``most`` voxels."""
    for step in range(1, most + 1):
        if _solid(
            phases,
            int(np.floor(x + direction[0] * step)),
            int(np.floor(y + direction[1] * step)),
            int(np.floor(z + direction[2] * step)),
        ):
            return 1.0 - (step - 1.0) / most
    return 0.0


@njit(cache=True)
def _normal(phases, x, y, z):  # type: ignore[no-untyped-def]
    """The direction from solid to pore about a voxel."""
    nx, ny, nz = 0.0, 0.0, 0.0
    for k in range(-3, 4):
        for j in range(-3, 4):
            for i in range(-3, 4):
                if i * i + j * j + k * k <= 10 and _solid(phases, x + i, y + j, z + k):
                    nx, ny, nz = nx - i, ny - j, nz - k
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    return (nx / length, ny / length, nz / length) if length > 0.0 else (0.0, 0.0, 0.0)


@njit(cache=True)
def _cast(phases, right, up, into, corner, step, rows, columns, light, around):  # type: ignore[no-untyped-def]
    """Phase, brightness and depth of what each ray meets first."""
    size = np.array([phases.shape[2], phases.shape[1], phases.shape[0]], dtype=np.float64)
    phase = np.zeros((rows, columns), dtype=np.uint8)
    shade = np.zeros((rows, columns))
    depth = np.full((rows, columns), np.inf)
    for row in range(rows):
        v = corner[1] + (rows - row - 0.5) * step
        for column in range(columns):
            u = corner[0] + (column + 0.5) * step
            start = u * right + v * up
            enter, leave, face = -1e18, 1e18, 0
            for axis in range(3):
                one = -start[axis] / into[axis]
                two = (size[axis] - start[axis]) / into[axis]
                if min(one, two) > enter:
                    enter, face = min(one, two), axis
                leave = min(leave, max(one, two))
            at = enter + 1e-6
            while at < leave:
                x = int(np.floor(start[0] + at * into[0]))
                y = int(np.floor(start[1] + at * into[1]))
                z = int(np.floor(start[2] + at * into[2]))
                if _solid(phases, x, y, z):
                    break
                at += 0.35
            if at >= leave:
                continue
            phase[row, column] = phases[z, y, x]
            depth[row, column] = at
            if at - enter < 0.5:  # the flat face where the block is cut
                nx, ny, nz = 0.0, 0.0, 0.0
                if face == 0:
                    nx = -np.sign(into[0])
                elif face == 1:
                    ny = -np.sign(into[1])
                else:
                    nz = -np.sign(into[2])
            else:
                nx, ny, nz = _normal(phases, x, y, z)
            px = start[0] + at * into[0] + 1.5 * nx
            py = start[1] + at * into[1] + 1.5 * ny
            pz = start[2] + at * into[2] + 1.5 * nz
            facing = max(nx * light[0] + ny * light[1] + nz * light[2], 0.0)
            if facing > 0.0:
                facing *= 1.0 - 0.75 * min(1.0, 1.5 * _blocked(phases, px, py, pz, light, SHADOW))
            hidden, count = 0.0, 0
            for k in range(around.shape[0]):
                if around[k, 0] * nx + around[k, 1] * ny + around[k, 2] * nz > 0.1:
                    hidden += _blocked(phases, px, py, pz, around[k], OCCLUSION)
                    count += 1
            open_sky = 1.0 - hidden / max(count, 1)
            shade[row, column] = 0.22 + 0.55 * open_sky + 0.62 * facing
    return phase, shade, depth
