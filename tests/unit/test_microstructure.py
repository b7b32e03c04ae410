from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from adaptrode.binder import GUARD, MODELS, Fibers, _closing, _threshold, add_binder
from adaptrode.errors import InputError
from adaptrode.fibers import (
    Array,
    add_until,
    draw_cylinders,
    draw_directions,
    draw_lines,
    lengths_inside,
    orientation_tensor,
    solve_anisotropy,
    squeeze,
    through_plane_moment,
)
from adaptrode.microstructure import (
    BINDER,
    FIBER,
    PORE,
    Layer,
    Model,
    check,
    estimated_mb,
    generate,
    sample_key,
)

LAYER = Layer(
    fiber_diameter_um=8.0,
    fiber_concentration_pct=18.0,
    binder_concentration_pct=6.0,
    thickness_um=60.0,
    compression=0.0,
)
MODEL = Model(length_um=90.0, width_um=70.0)


def random_lines(count: int, seed: int) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    points, directions = next(draw_lines((0, 0, 0), (40, 30, 20), 5.0, generator))
    return points[:count], directions[:count]


def axis_distance(points: Array, directions: Array, shape: tuple[int, int, int]) -> Array:
    """Distance of each voxel centre [z, y, x] to each line, by the cross product."""
    z, y, x = np.meshgrid(*(np.arange(n) + 0.5 for n in shape), indexing="ij")
    centres = np.stack([x, y, z], axis=-1)
    return np.stack(
        [
            np.linalg.norm(np.cross(centres - point, direction), axis=-1)
            for point, direction in zip(points, directions, strict=True)
        ]
    )


def crossed_fibers(radius: float, gap: float = 0.0) -> Fibers:
    """One fiber along x and one along y above it, crossing at (30, 30)."""
    points = np.array([[0.0, 30.0, 30.0 - radius], [30.0, 0.0, 30.0 + radius + gap]])
    return Fibers(points, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), radius, 1.0)


def image_of(fibers: Fibers, shape: tuple[int, int, int]) -> np.ndarray:
    return fibers.cylinders(shape, 0, fibers.radius)


# directions and lines


def test_the_anisotropy_gives_equation_4() -> None:
    beta = solve_anisotropy(0.0068)
    assert beta == pytest.approx(19.9, abs=0.02)
    directions = draw_directions(400_000, beta, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-12)
    tensor = orientation_tensor(directions, np.ones(len(directions)))
    np.testing.assert_allclose(tensor, np.diag([0.4966, 0.4966, 0.0068]), atol=0.003)
    assert tensor[2, 2] == pytest.approx(0.0068, abs=0.0003)


@pytest.mark.parametrize("moment", [1 / 3, 0.3, 0.05, 1e-4])
def test_solving_the_anisotropy_inverts_the_moment(moment: float) -> None:
    assert through_plane_moment(solve_anisotropy(moment)) == pytest.approx(moment, rel=1e-6)


@pytest.mark.parametrize("moment", [0.0, 0.34, -1.0])
def test_a_tensor_that_no_layer_has_is_refused(moment: float) -> None:
    with pytest.raises(ValueError, match="t33"):
        solve_anisotropy(moment)


def test_lines_are_stationary_and_isotropic_in_the_plane_of_a_long_box() -> None:
    """Length per volume is even, and no direction is favoured by the box's shape."""
    low, high = np.zeros(3), np.array([400.0, 40.0, 60.0])
    lines = draw_lines(low, high, 19.9, np.random.default_rng(3))
    chunks = [next(lines) for _ in range(40)]
    points, directions = (np.concatenate(part) for part in zip(*chunks, strict=True))
    inside = lengths_inside(points, directions, low, high)
    assert (inside > 0.0).all()
    tensor = orientation_tensor(directions, inside)
    np.testing.assert_allclose(np.diag(tensor), [0.4966, 0.4966, 0.0068], atol=0.02)
    thirds = [
        lengths_inside(points, directions, (a, 0, 0), (b, 40, 60)).sum()
        for a, b in pairwise([0.0, 400 / 3, 800 / 3, 400.0])
    ]
    np.testing.assert_allclose(np.array(thirds) / inside.sum(), 1 / 3, atol=0.02)


def test_lengths_inside_a_box() -> None:
    points = np.array([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [5.0, 5.0, 5.0]])
    directions = np.array([[1.0, 0, 0], [1 / np.sqrt(3)] * 3, [1.0, 0, 0]])
    found = lengths_inside(points, directions, (0, 0, 0), (2, 1, 1))
    np.testing.assert_allclose(found, [2.0, np.sqrt(3.0), 0.0])


# voxels


@pytest.mark.parametrize("radius", [0.7, 3.0, 5.47])
def test_voxels_are_those_whose_centres_lie_in_a_cylinder(radius: float) -> None:
    points, directions = random_lines(25, seed=4)
    points = np.vstack([points, [[0, 11.3, 7.7], [9.1, 0, 12.2], [20.2, 14.9, 0]]])
    directions = np.vstack([directions, np.eye(3)])
    shape = (20, 30, 40)
    within = (axis_distance(points, directions, shape) <= radius).sum(axis=0)
    image = np.zeros(shape, dtype=np.uint8)
    draw_cylinders(image, points, directions, radius, 1.0, 0.0, np.uint8(1))
    np.testing.assert_array_equal(image, within > 0)
    counts = np.zeros(shape, dtype=np.uint8)
    draw_cylinders(counts, points, directions, radius, 1.0, 0.0, np.uint8(2))
    np.testing.assert_array_equal(counts, np.minimum(within, 2))


def test_coarser_voxels_and_a_margin_see_the_same_lines() -> None:
    points, directions = random_lines(10, seed=6)
    fine = np.zeros((20, 30, 40), dtype=np.uint8)
    draw_cylinders(fine, points, directions, 4.0, 1.0, 0.0, np.uint8(1))
    coarse = np.zeros((10, 15, 20), dtype=np.uint8)
    draw_cylinders(coarse, points, directions, 4.0, 2.0, 0.0, np.uint8(1))
    assert coarse.mean() == pytest.approx(fine.mean(), rel=0.05)
    wide = Fibers(points, directions, 4.0, 1.0).cylinders((20, 30, 40), 3, 4.0)
    np.testing.assert_array_equal(wide[3:-3, 3:-3, 3:-3], fine)


def test_fibers_are_added_until_the_target() -> None:
    points, directions = random_lines(40, seed=7)
    image = np.zeros((20, 30, 40), dtype=np.uint8)
    drawn, before, after = add_until(image, points, directions, 3.0, 1.0, 0, 6000.0)
    assert before < 6000 <= after == image.sum()
    again = np.zeros_like(image)
    draw_cylinders(again, points[: drawn - 1], directions[: drawn - 1], 3.0, 1.0, 0.0, np.uint8(1))
    assert again.sum() == before


def test_squeezing_moves_axes_and_keeps_them_straight() -> None:
    points, directions = random_lines(5, seed=8)
    squeezed, turned = squeeze(points, directions, 0.5)
    far, scale = points + 7.0 * directions, np.array([1.0, 1.0, 0.5])
    offset = far * scale - squeezed
    np.testing.assert_allclose(np.cross(offset, turned), 0.0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1.0)


# binder


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.5, 1.3])
@pytest.mark.parametrize("length", [3.3, 5.7, 9.2])
def test_a_free_fiber_takes_no_closing(angle: float, length: float) -> None:
    direction = np.array([[0.998 * np.cos(angle), 0.998 * np.sin(angle), np.sqrt(1 - 0.998**2)]])
    fibers = Fibers(np.array([[30.3, 30.7, 30.2]]), direction, 4.5, 1.0)
    phases = image_of(fibers, (60, 60, 60))
    _closing(phases, fibers, length, _threshold(fibers, length))
    assert not (phases == BINDER).any()


def test_closing_is_an_erosion_of_the_dilated_fibers() -> None:
    points, directions = random_lines(30, seed=9)
    fibers, shape = Fibers(points, directions, 3.0, 1.0), (20, 30, 40)
    phases = image_of(fibers, shape)
    length = add_binder(phases, fibers, "closing", 1500, 20.0)
    margin = int(length) + 3
    dilated = fibers.cylinders(shape, margin, fibers.radius + length)
    distance = distance_transform_edt(dilated)[margin:-margin, margin:-margin, margin:-margin]
    pore, squared = phases != FIBER, np.rint(distance**2)
    cut = squared[phases == BINDER].min()
    np.testing.assert_array_equal(phases == BINDER, pore & (squared >= cut))
    assert np.sqrt(cut) == pytest.approx(length + GUARD, abs=0.5)


@pytest.mark.parametrize("model", ["closing", "crossing"])
def test_binder_gathers_at_the_crossing(model: str) -> None:
    fibers = crossed_fibers(5.0)
    phases = image_of(fibers, (60, 60, 60))
    length = add_binder(phases, fibers, model, 700, 20.0)
    places = np.argwhere(phases == BINDER) + 0.5
    assert len(places) == pytest.approx(700, rel=0.1)
    assert np.abs(places - 30.0).max() < 5.0 + 2.0 * length
    assert np.abs(places.mean(axis=0) - 30.0).max() < 0.6
    # Every voxel of it is near both fibers.
    distance = axis_distance(fibers.points, fibers.directions, phases.shape) - fibers.radius
    assert distance.max(axis=0)[phases == BINDER].max() <= 2.0 * length


def test_coating_is_an_even_film() -> None:
    fibers = crossed_fibers(5.0)
    phases = image_of(fibers, (60, 60, 60))
    thickness = add_binder(phases, fibers, "coating", 5000, 20.0)
    distance = axis_distance(fibers.points, fibers.directions, phases.shape).min(axis=0) - 5.0
    np.testing.assert_array_equal(phases == BINDER, (distance > 0) & (distance <= thickness))


@pytest.mark.parametrize("model", MODELS)
def test_more_binder_contains_less_and_fibers_stay(model: str) -> None:
    points, directions = random_lines(9, seed=9)
    fibers, shape = Fibers(points, directions, 3.0, 1.0), (20, 30, 40)
    amounts = (900, 2400)
    images = [image_of(fibers, shape) for _ in amounts]
    lengths = [
        add_binder(image, fibers, model, amount, 20.0)
        for image, amount in zip(images, amounts, strict=True)
    ]
    assert lengths[0] < lengths[1]
    few, many = ((image == BINDER) for image in images)
    assert (few & ~many).sum() <= 0.03 * few.sum()
    for image, amount in zip(images, amounts, strict=True):
        np.testing.assert_array_equal(image == FIBER, image_of(fibers, shape) == FIBER)
        assert (image == BINDER).sum() == pytest.approx(amount, rel=0.06)


def test_binder_that_does_not_fit_is_an_error() -> None:
    fibers = crossed_fibers(2.0)
    phases = image_of(fibers, (60, 60, 60))
    with pytest.raises(InputError, match="the binder cannot be placed"):
        add_binder(phases, fibers, "closing", 150_000, 20.0)


# layers


@pytest.mark.parametrize("binder", [*MODELS, "none"])
def test_what_is_asked_for_is_met_and_said(binder: str) -> None:
    built = generate(LAYER, replace(MODEL, binder=binder), [1])
    measured, volume = built.measured, built.phases.size
    assert built.phases.shape == (60, 70, 90)
    fiber_pct = 100.0 * (built.phases == FIBER).sum() / volume
    binder_pct = 100.0 * (built.phases == BINDER).sum() / volume
    assert measured["fiber_achieved_pct"] == measured["fiber_final_pct"] == fiber_pct
    assert measured["binder_achieved_pct"] == measured["binder_final_pct"] == binder_pct
    # A whole fiber across this small window is 1 % of it.
    assert fiber_pct == pytest.approx(18.0, abs=0.8)
    assert binder_pct == pytest.approx(0.0 if binder == "none" else 6.0, abs=0.05)
    assert set(np.unique(built.phases)) <= {PORE, FIBER, BINDER}


def test_the_tensor_of_a_sample_is_measured() -> None:
    measured = generate(LAYER, MODEL, [1]).measured
    for prefix in ("", "count_"):
        assert sum(measured[f"{prefix}t{i}{i}"] for i in (1, 2, 3)) == pytest.approx(1.0)
        assert measured[f"{prefix}t33"] < 0.05
    assert measured["fibers"] > 10


def test_a_sample_depends_on_its_key_alone() -> None:
    one, two = (generate(LAYER, MODEL, sample_key(5, "a", "a_1")) for _ in range(2))
    np.testing.assert_array_equal(one.phases, two.phases)
    assert one.measured == two.measured
    for key in (sample_key(6, "a", "a_1"), sample_key(5, "b", "a_1"), sample_key(5, "a", "a_2")):
        assert (generate(LAYER, MODEL, key).phases != one.phases).any()


def test_compression_keeps_sections_and_binder() -> None:
    layer = replace(LAYER, fiber_concentration_pct=12.0, compression=0.4)
    pressed = generate(layer, MODEL, [2])
    assert pressed.phases.shape == (36, 70, 90)
    assert pressed.measured["layer_thickness_um"] == 36.0
    assert pressed.measured["fiber_achieved_pct"] == pytest.approx(12.0, abs=0.8)
    assert pressed.measured["binder_achieved_pct"] == pytest.approx(6.0, abs=0.05)
    assert pressed.measured["binder_final_pct"] == pytest.approx(6.0 / 0.6, abs=0.1)
    # Straight cylinders that overlap freely fill 1 - (1 - f)^(1 / (1 - c)) of the layer.
    expected = 100.0 * (1.0 - 0.88 ** (1.0 / 0.6))
    assert pressed.measured["fiber_final_pct"] == pytest.approx(expected, rel=0.06)


def test_the_other_reading_is_of_the_final_layer() -> None:
    layer = replace(LAYER, compression=0.4)
    pressed = generate(layer, replace(MODEL, concentrations="compressed"), [2])
    assert pressed.measured["fiber_final_pct"] == pytest.approx(18.0, abs=1.2)
    assert pressed.measured["binder_final_pct"] == pytest.approx(6.0, abs=0.05)
    thick = generate(layer, replace(MODEL, thickness="compressed"), [2])
    assert thick.phases.shape[0] == 60
    assert thick.measured["fiber_achieved_pct"] == pytest.approx(18.0, abs=0.8)


def test_coarse_voxels_show_the_same_layer() -> None:
    fine, coarse = (generate(LAYER, replace(MODEL, voxel_um=v), [3]) for v in (1.0, 2.0))
    assert coarse.phases.shape == (30, 35, 45)
    for name in ("fiber_final_pct", "binder_final_pct", "t11"):
        assert coarse.measured[name] == pytest.approx(fine.measured[name], rel=0.1, abs=0.1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"compression": 1.0}, "compression of 1"),
        ({"compression": -0.1}, "zero or more"),
        ({"fiber_diameter_um": float("nan")}, "zero or more"),
        ({"fiber_diameter_um": 1.5}, "too thin"),
        ({"thickness_um": 7.0}, "thinner than a fiber"),
        ({"thickness_um": 12.0, "compression": 0.5}, "thinner than a fiber"),
        ({"fiber_concentration_pct": 0.0}, "needs fibers"),
        ({"fiber_concentration_pct": 80.0}, "more than packs"),
        ({"fiber_concentration_pct": 45.0, "compression": 0.5}, "more than packs"),
        ({"fiber_concentration_pct": 60.0, "binder_concentration_pct": 35.0}, "more than packs"),
    ],
)
def test_a_layer_that_cannot_be_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        generate(replace(LAYER, **changes), MODEL, [1])


@pytest.mark.parametrize("changes", [{"voxel_um": 0.0}, {"width_um": 0.5}, {"length_um": -1.0}])
def test_a_window_without_voxels_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(InputError, match="no voxels"):
        check(LAYER, replace(MODEL, **changes))


@pytest.mark.parametrize("option", ["binder", "concentrations", "thickness"])
def test_an_unknown_option_is_refused(option: str) -> None:
    with pytest.raises(InputError, match="there is no such"):
        check(LAYER, replace(MODEL, **{option: "x"}))


def test_a_volume_beyond_the_memory_is_refused_with_its_place() -> None:
    big = replace(MODEL, length_um=20_000.0, width_um=20_000.0)
    with pytest.raises(InputError, match="more memory") as caught:
        check(LAYER, big, 2500.0, file="design.csv", row=7)
    assert "design.csv, row 7" in str(caught.value)
    check(LAYER, big, None)
    assert estimated_mb(LAYER, big) > 2500.0 > estimated_mb(LAYER, MODEL)


def test_full_size_samples_fit_what_their_jobs_ask_for() -> None:
    thickest = replace(LAYER, thickness_um=320.0)
    assert estimated_mb(thickest, Model(2000.0, 200.0)) < 2500.0
    assert estimated_mb(thickest, Model(1000.0, 1000.0)) < 5500.0
