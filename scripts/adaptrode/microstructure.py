"""Gas diffusion layers as voxel images: fibers, binder at their crossings, compression.

What stands for what, and what is assumed:

fibers
    Infinite straight cylinders of one diameter about the lines of a stationary
    process (as in Schulz et al., J. Electrochem. Soc. 154 (2007) B419) whose directions
    are isotropic in the plane and follow the one-parameter axial distribution of
    Schladitz et al., Comput. Mater. Sci. 38 (2006) 56, with the parameter that gives
    the expected orientation tensor of equation (4). Fibers overlap freely. They are
    added until the requested fraction is met as nearly as whole fibers allow.
binder
    Placed where it wets, at fiber crossings, by one of the models of `adaptrode.binder`.
    The default is a morphological closing, as in the program that the paper used
    (Grießer et al., Next Materials 6 (2025) 100411) and in the open literature cited
    there. It is placed in the compressed layer; its volume is not compressed.
compression
    The through-plane positions of the axes are multiplied by 1 - compression and the
    sections stay round: carbon fibers bend and slide long before they flatten (the
    reduced-compression assumption of Schulz et al. for the fiber volume).
window
    The layer is a window into an unbounded medium: fibers and binder are made in a
    wider box, so that no face is poorer in either.

The volume that the concentrations refer to, and whether ``thickness`` is measured before
or after compression, are not said in the paper and are arguments of `Model`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from adaptrode.binder import BINDER, FIBER, MODELS, PORE, Fibers, add_binder
from adaptrode.errors import InputError
from adaptrode.fibers import (
    Array,
    Image,
    add_until,
    draw_cylinders,
    draw_lines,
    lengths_inside,
    orientation_tensor,
    solve_anisotropy,
    squeeze,
)
from adaptrode.tortuosity import measure

__all__ = ["BINDER", "FIBER", "PORE", "Layer", "Microstructure", "Model", "generate"]

READINGS = ("uncompressed", "compressed")
# Layers of touching parallel fibers, the densest way for straight fibers of several
# directions to lie without cutting each other, fill this share of space.
DENSEST_FIBERS = np.pi / 4.0
DENSEST_SOLID = 0.9
LONGEST_UM = 40.0  # of the binder's length, see adaptrode.binder
BASE_MB = 400.0  # measured: the interpreter, numpy, numba and its kernels
BYTES_PER_VOXEL = 8.5  # measured: the peak, in the distance sweep (generator: 5 to 7)


@dataclass(frozen=True)
class Layer:
    """What is asked for: one row of a design, with the columns' units.

    ``compression`` is the share of the thickness that is taken away, 0 <= c < 1.
    """

    fiber_diameter_um: float
    fiber_concentration_pct: float
    binder_concentration_pct: float
    thickness_um: float
    compression: float


@dataclass(frozen=True)
class Model:
    """How a layer is read and built, the same for all samples of a table.

    Parameters
    ----------
    length_um, width_um
        The window along x and y.
    voxel_um
        The voxel's edge.
    binder
        ``closing``, ``crossing`` or ``coating`` (`adaptrode.binder`), or ``none``.
    concentrations
        ``uncompressed``: fiber and binder are volume fractions of the layer as
        generated, and both volumes are kept when it is compressed (the order of the
        paper's text: fibers, binder, compression). ``compressed``: of the final layer.
    thickness
        ``uncompressed``: the thickness is that of the layer as generated;
        ``compressed``: of the final one.
    through_plane_moment
        t33 of equation (4).
    """

    length_um: float
    width_um: float
    voxel_um: float = 1.0
    binder: str = "closing"
    concentrations: str = "uncompressed"
    thickness: str = "uncompressed"
    through_plane_moment: float = 0.0068


@dataclass(frozen=True)
class Microstructure:
    """A layer's image and what was measured on it.

    Attributes
    ----------
    phases
        uint8 [z, y, x]: 0 pore, 1 fiber, 2 binder.
    fibers
        The axes after compression, all within reach of the window.
    measured
        Achieved fractions (``..._achieved_pct``, of the volume that the request refers
        to), fractions of the final layer, the final thickness, the binder model's
        length, the number of fibers, and the orientation tensor of the fibers as
        generated: ``t11`` ... weighted by length inside the window, the unbiased
        estimate of equation (4) for infinite fibers, and ``count_t11`` ... with every
        fiber counted once, in which a long window shows its shape.
    """

    phases: Image
    fibers: Fibers
    measured: dict[str, float] = field(default_factory=dict)


def sample_key(seed: int, *names: str) -> list[int]:
    """The seed sequence of a sample: of a number and names alone."""
    return [seed, *(zlib.crc32(name.encode()) for name in names)]


def estimated_mb(layer: Layer, model: Model) -> float:
    """The memory that generating and characterising a layer needs, in MB."""
    before, after = _planes(layer, model)
    area = _voxels(model.length_um, model) * _voxels(model.width_um, model)
    return BASE_MB + area * max(0.25 * before, after) * BYTES_PER_VOXEL / 1e6


def check(layer: Layer, model: Model, memory_mb: float | None = None, **place: Any) -> None:
    """Refuse a layer that cannot be built, before any work.

    Parameters
    ----------
    layer, model
        What is asked for.
    memory_mb
        The memory that the job may use; None for no limit.
    **place
        ``file`` and ``row`` for the message.

    Raises
    ------
    InputError
        For numbers out of range, fractions past what packs, a layer thinner than a
        fiber, a voxel too coarse, or a volume beyond the memory.
    """
    for column, value in asdict(layer).items():
        if not np.isfinite(value) or value < 0.0:
            raise InputError(
                "not a number of zero or more", column=column, found=value, allowed=">= 0", **place
            )
    _check_choice("binder model", model.binder, (*MODELS, "none"))
    _check_choice("reading of the concentrations", model.concentrations, READINGS)
    _check_choice("reading of the thickness", model.thickness, READINGS)
    if not model.voxel_um > 0.0 or min(model.length_um, model.width_um) < model.voxel_um:
        raise InputError(
            "the window has no voxels",
            found=f"{model.length_um:g} x {model.width_um:g} µm, voxels of {model.voxel_um:g} µm",
            allowed="a window of at least one voxel",
            **place,
        )
    if layer.compression >= 1.0:
        raise InputError(
            "a compression of 1 leaves no layer",
            column="compression",
            found=layer.compression,
            allowed="0 <= compression < 1",
            **place,
        )
    if layer.fiber_diameter_um < 2.0 * model.voxel_um:
        raise InputError(
            "the fiber is too thin for the voxel",
            column="fiber_diameter_um",
            found=f"{layer.fiber_diameter_um:g} µm with voxels of {model.voxel_um:g} µm",
            allowed="at least two voxels",
            mend="take smaller voxels",
            **place,
        )
    final_um = layer.thickness_um * (
        1.0 if model.thickness == "compressed" else 1.0 - layer.compression
    )
    if final_um < layer.fiber_diameter_um:
        raise InputError(
            "the layer is thinner than a fiber",
            column="thickness_um",
            found=f"{final_um:g} µm after compression",
            allowed=f"at least the fiber diameter, {layer.fiber_diameter_um:g} µm",
            **place,
        )
    grown = 1.0 if model.concentrations == "compressed" else 1.0 / (1.0 - layer.compression)
    binder = layer.binder_concentration_pct if model.binder != "none" else 0.0
    fiber_pct = layer.fiber_concentration_pct * grown
    solid_pct = fiber_pct + binder * grown
    if layer.fiber_concentration_pct <= 0.0:
        raise InputError(
            "a layer needs fibers", column="fiber_concentration_pct", allowed="> 0", **place
        )
    if fiber_pct > 100.0 * DENSEST_FIBERS or solid_pct > 100.0 * DENSEST_SOLID:
        raise InputError(
            "fibers and binder fill more than packs",
            column="fiber_concentration_pct",
            found=f"{fiber_pct:.1f} % fibers, {solid_pct:.1f} % solid in the final layer",
            allowed=f"{100 * DENSEST_FIBERS:.1f} % fibers, {100 * DENSEST_SOLID:.0f} % solid",
            mend="lower the concentrations or the compression",
            **place,
        )
    needed = estimated_mb(layer, model)
    if memory_mb is not None and needed > memory_mb:
        raise InputError(
            "the volume needs more memory than the job asked for",
            found=f"about {needed:.0f} MB",
            allowed=f"{memory_mb:.0f} MB",
            mend="ask for more memory, or take larger voxels or a smaller window",
            **place,
        )


def generate(
    layer: Layer, model: Model, key: list[int], memory_mb: float | None = None
) -> Microstructure:
    """Build one layer.

    Parameters
    ----------
    layer, model
        What to build and how.
    key
        The seed sequence (`sample_key`). Together with the arguments above it fixes
        every voxel.
    memory_mb
        See `check`.

    Raises
    ------
    InputError
        From `check`, or when the binder cannot be placed.
    """
    check(layer, model, memory_mb)
    voxel, radius = model.voxel_um, layer.fiber_diameter_um / 2.0
    before, after = _planes(layer, model)
    rows, columns = _voxels(model.width_um, model), _voxels(model.length_um, model)
    aimed = after if model.concentrations == "compressed" else before

    points, directions, drawn = _lines(layer, model, key)
    phases = np.zeros((after, rows, columns), dtype=np.uint8)
    draw_cylinders(phases, points, directions, radius, voxel, 0.0, np.uint8(FIBER))
    fibers = Fibers(points, directions, radius, voxel)
    reference = aimed * rows * columns
    wanted = layer.binder_concentration_pct if model.binder != "none" else 0.0
    length = add_binder(phases, fibers, model.binder, round(wanted / 100.0 * reference), LONGEST_UM)
    fiber_voxels = int(np.count_nonzero(phases == FIBER))
    binder_voxels = int(np.count_nonzero(phases == BINDER))
    measured = {
        "fiber_achieved_pct": drawn.pop("fiber_achieved_pct"),
        "binder_achieved_pct": 100.0 * binder_voxels / reference,
        "fiber_final_pct": 100.0 * fiber_voxels / phases.size,
        "binder_final_pct": 100.0 * binder_voxels / phases.size,
        "layer_thickness_um": after * voxel,
        "binder_length_um": length,
        **drawn,
    }
    return Microstructure(phases, fibers, measured)


def characterise(
    layer: Layer, model: Model, key: list[int], memory_mb: float | None = None
) -> dict[str, float]:
    """Build one layer and measure it: `adaptrode.tortuosity.measure` and what was built."""
    built = generate(layer, model, key, memory_mb)
    return measure((built.phases == PORE).view(np.uint8)) | built.measured


def _lines(layer: Layer, model: Model, key: list[int]) -> tuple[Array, Array, dict[str, float]]:
    """The compressed axes, and what the fibers measure before binder."""
    generator = np.random.default_rng(key)
    voxel, radius = model.voxel_um, layer.fiber_diameter_um / 2.0
    shrink = 1.0 - layer.compression
    before, after = _planes(layer, model)
    shape = (_voxels(model.width_um, model), _voxels(model.length_um, model))
    # Fractions are met in the image that they refer to.
    factor, planes = (shrink, after) if model.concentrations == "compressed" else (1.0, before)
    image = np.zeros((planes, *shape), dtype=np.uint8)
    target = layer.fiber_concentration_pct / 100.0 * image.size

    window = np.array([shape[1] * voxel, shape[0] * voxel, after * voxel / shrink])
    margin = np.array([1.0, 1.0, 1.0 / shrink]) * (radius + 2.0 * LONGEST_UM + 3.0 * voxel)
    beta = solve_anisotropy(model.through_plane_moment)
    filled, chunks = 0, []
    for points, directions in draw_lines(-margin, window + margin, beta, generator):
        count, previous, filled = add_until(
            image, *squeeze(points, directions, factor), radius, voxel, filled, target
        )
        if filled >= target and target - previous < filled - target:
            count, filled = count - 1, previous
            chunks.append((points[:count], directions[:count]))
            break
        chunks.append((points[:count], directions[:count]))
        if filled >= target:
            break
    points = np.concatenate([chunk[0] for chunk in chunks])
    directions = np.concatenate([chunk[1] for chunk in chunks])

    inside = lengths_inside(points, directions, np.zeros(3), window)
    hit = inside > 0.0
    measured = {
        "fiber_achieved_pct": 100.0 * filled / image.size,
        "fibers": float(hit.sum()),
    }
    for prefix, weights in (("", inside), ("count_", hit.astype(float))):
        tensor = orientation_tensor(directions, weights)
        for name, (i, j) in TENSOR.items():
            measured[prefix + name] = float(tensor[i, j])
    return *squeeze(points, directions, shrink), measured


TENSOR: Mapping[str, tuple[int, int]] = {
    "t11": (0, 0), "t22": (1, 1), "t33": (2, 2), "t12": (0, 1), "t13": (0, 2), "t23": (1, 2),
}  # fmt: skip


def _voxels(length_um: float, model: Model) -> int:
    return max(1, round(length_um / model.voxel_um))


def _planes(layer: Layer, model: Model) -> tuple[int, int]:
    """Planes before and after compression."""
    shrink = 1.0 - layer.compression
    if model.thickness == "compressed":
        return _voxels(layer.thickness_um / shrink, model), _voxels(layer.thickness_um, model)
    return _voxels(layer.thickness_um, model), _voxels(layer.thickness_um * shrink, model)


def _check_choice(what: str, found: str, allowed: tuple[str, ...]) -> None:
    if found not in allowed:
        raise InputError(f"there is no such {what}", found=found, allowed=", ".join(allowed))
