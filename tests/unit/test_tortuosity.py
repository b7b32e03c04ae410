from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.graph import MCP_Geometric

from adaptrode.tortuosity import BLOCK, excess_lengths, measure, shortest_path

Pore = NDArray[np.bool_]
ROOT2, ROOT3 = np.sqrt(2.0), np.sqrt(3.0)


def lengths(pore: Pore, eikonal: bool = False) -> NDArray[np.float64]:
    heights = np.arange(len(pore), dtype=float)[:, None, None]
    return excess_lengths(pore, eikonal).astype(float) + heights


def oracle(pore: Pore) -> NDArray[np.float64]:
    """Shortest 26-connected paths from the first plane, by scikit-image."""
    starts = [(0, *place) for place in np.argwhere(pore[0])]
    if not starts:
        return np.full(pore.shape, np.inf)
    costs, _ = MCP_Geometric(np.where(pore, 1.0, -1.0), fully_connected=True).find_costs(starts)
    return np.where(pore, costs, np.inf)


def random_volumes() -> list[Pore]:
    generator = np.random.default_rng(5)
    volumes: list[Pore] = []
    for share in (0.15, 0.25, 0.4, 0.7):
        for _ in range(12):
            volumes.append(generator.random(generator.integers(2, 24, 3)) < share)
    for _ in range(12):
        noise = gaussian_filter(generator.random((14, 12, 2 * BLOCK + 7)), 1.2)
        volumes.append(noise > np.quantile(noise, generator.uniform(0.3, 0.7)))
    return volumes


def octile(across: NDArray[np.float64], up: float) -> NDArray[np.float64]:
    return np.maximum(across, up) + (ROOT2 - 1.0) * np.minimum(across, up)


def test_lengths_are_those_of_the_oracle() -> None:
    for pore in random_volumes():
        expected, found = oracle(pore), lengths(pore)
        assert (np.isfinite(found) == np.isfinite(expected)).all()
        finite = np.isfinite(expected)
        np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-6, atol=3e-6)


def test_a_winding_channel_is_followed_up_and_down() -> None:
    # Three shafts joined at the top and at the bottom: the path turns twice.
    pore = np.zeros((20, 3, 9), dtype=bool)
    pore[:19, 1, 1] = pore[1:19, 1, 4] = pore[1:, 1, 7] = True
    pore[18, 1, 1:5] = pore[1, 1, 4:8] = True
    found = lengths(pore)
    finite = np.isfinite(oracle(pore))
    np.testing.assert_allclose(found[finite], oracle(pore)[finite], rtol=1e-6)
    assert measure(pore)["geometric_tortuosity"] > 2.5


@pytest.mark.parametrize(
    "shape", [(1, 4, 4), (2, 1, 1), (7, 5, 3), (4, 3, BLOCK), (4, 3, BLOCK + 1)]
)
@pytest.mark.parametrize("eikonal", [False, True])
def test_an_empty_box_is_straight(shape: tuple[int, int, int], eikonal: bool) -> None:
    assert (excess_lengths(np.ones(shape, dtype=bool), eikonal) == 0.0).all()


def test_an_empty_box_measures_one() -> None:
    found = measure(np.ones((6, 5, 4), dtype=bool))
    assert all(value == 1.0 for value in found.values())


def test_a_half_plane_screen_is_rounded_by_octile_steps() -> None:
    planes, columns, screen, edge = 30, 40, 11, 17
    pore = np.ones((planes, 3, columns), dtype=bool)
    pore[screen, :, :edge] = False
    across = np.maximum(edge - np.arange(columns, dtype=float), 0.0)
    expected = screen + octile(across, planes - 1 - screen)
    np.testing.assert_allclose(
        lengths(pore)[-1], np.broadcast_to(expected, (3, columns)), rtol=1e-6
    )


def test_a_straight_cylinder_of_pore_is_straight() -> None:
    y, x = np.mgrid[-10:11, -10:11]
    pore = np.broadcast_to(x**2 + y**2 <= 81, (25, 21, 21)).copy()
    found = measure(pore)
    assert found["geometric_tortuosity"] == found["tortuosity_volume_mean"] == 1.0
    assert found["outlet_share"] == 1.0
    assert found["porosity"] == pytest.approx(np.pi * 81 / 441, rel=0.03)
    assert np.isnan(found["tortuosity_x"])


def test_behind_a_solid_cylinder_the_eikonal_length_is_the_taut_string() -> None:
    radius, low, high, half = 12.0, 20, 70, 30
    z, x = np.mgrid[0 : high + 1, -half : half + 1]
    pore = np.repeat((np.hypot(z - low, x) > radius)[:, None, :], 3, axis=1)
    above = high - low
    turn = np.pi / 2 - np.arccos(radius / above)
    string = low + radius * turn + np.sqrt(above**2 - radius**2)
    euclidean = lengths(pore, eikonal=True)[-1, 1, half]
    assert euclidean == pytest.approx(string, rel=0.02)
    # The 26-connected metric is the longer one, by at most 8.2 % in a plane.
    steps = lengths(pore)[-1, 1, half]
    assert string < steps < 1.09 * string


def test_the_first_order_eikonal_solves_the_upwind_equation() -> None:
    generator = np.random.default_rng(2)
    pore = gaussian_filter(generator.random((15, 16, 70)), 1.0) > 0.48
    found = lengths(pore, eikonal=True)
    padded = np.pad(found, 1, constant_values=np.inf)
    sides = [
        np.minimum(np.roll(padded, 1, axis), np.roll(padded, -1, axis))[1:-1, 1:-1, 1:-1]
        for axis in range(3)
    ]
    solved = np.isfinite(found)
    solved[0] = False
    slopes = sum(np.maximum(found[solved] - side[solved], 0.0) ** 2 for side in sides)
    np.testing.assert_allclose(slopes, 1.0, atol=0.01)


def test_turning_the_image_about_z_changes_nothing() -> None:
    generator = np.random.default_rng(8)
    pore = gaussian_filter(generator.random((18, 20, 70)), 1.2) > 0.49
    found = excess_lengths(pore)
    np.testing.assert_array_equal(excess_lengths(pore[:, ::-1]), found[:, ::-1])
    np.testing.assert_array_equal(excess_lengths(pore[:, :, ::-1]), found[:, :, ::-1])
    turned = np.ascontiguousarray(pore.transpose(0, 2, 1))
    np.testing.assert_array_equal(excess_lengths(turned), found.transpose(0, 2, 1))


def test_measures_of_a_random_volume() -> None:
    generator = np.random.default_rng(4)
    pore = gaussian_filter(generator.random((20, 22, 24)), 1.2) > 0.495
    found, expected = measure(pore), oracle(pore)
    outlet = expected[-1][np.isfinite(expected[-1])] / (len(pore) - 1)
    assert found["geometric_tortuosity"] == pytest.approx(outlet.mean())
    assert found["tortuosity_min"] == pytest.approx(outlet.min())
    assert found["tortuosity_median"] == pytest.approx(np.median(outlet))
    assert found["outlet_share"] == pytest.approx(outlet.size / pore[-1].sum())
    behind = expected[1:] / np.arange(1, len(pore))[:, None, None]
    assert found["tortuosity_volume_mean"] == pytest.approx(behind[np.isfinite(behind)].mean())
    assert found["porosity_reachable"] == pytest.approx(np.isfinite(expected).mean())
    assert found["tortuosity_x"] == measure(pore.transpose(2, 0, 1))["geometric_tortuosity"]
    assert found["tortuosity_y"] == measure(pore.transpose(1, 0, 2))["geometric_tortuosity"]


def test_no_way_through_is_not_a_number() -> None:
    pore = np.ones((9, 6, 6), dtype=bool)
    pore[4] = False
    found = measure(pore)
    assert np.isnan(found["geometric_tortuosity"])
    assert np.isnan(found["tortuosity_eikonal"])
    assert found["outlet_share"] == 0.0
    assert found["porosity_reachable"] == pytest.approx(4 / 9)


def test_the_shortest_path_is_as_long_as_its_end_says() -> None:
    generator = np.random.default_rng(11)
    pore = gaussian_filter(generator.random((24, 20, 22)), 1.2) > 0.495
    excess = excess_lengths(pore)
    end = tuple(
        np.unravel_index(np.where(np.isfinite(excess[-1]), excess[-1], -1).argmax(), (20, 22))
    )
    path = shortest_path(excess, (len(pore) - 1, int(end[0]), int(end[1])))
    assert path[0][0] == 0
    assert tuple(path[-1][1:]) == end
    assert all(pore[tuple(place)] for place in path)
    steps = np.abs(np.diff(path, axis=0))
    assert steps.max() == 1
    walked = np.sqrt(steps.sum(axis=1)).sum()
    assert walked == pytest.approx(excess[-1][end] + len(pore) - 1, rel=1e-6)
