from __future__ import annotations

import math

import numpy as np
import pytest

from adaptrode.physics import (
    EQUATIONS,
    density_g_cm3,
    mass_loading_mg_cm2,
    solid_content_pct,
)

UNIT_DISC_CM = 2.0 / math.sqrt(math.pi)  # its area is 1 cm²


def test_mass_loading_of_a_disc_of_one_square_centimetre_is_its_active_mass() -> None:
    assert mass_loading_mg_cm2(0.9, 30.0, 20.0, UNIT_DISC_CM) == pytest.approx(9.0)


def test_mass_loading_has_the_paper_s_constant() -> None:
    expected = 0.95 * (31.42 - 19.03) * 4.0 / (math.pi * 1.3**2)
    assert mass_loading_mg_cm2(0.95, 31.42, 19.03, 1.3) == pytest.approx(expected)


def test_a_bare_collector_carries_nothing() -> None:
    assert mass_loading_mg_cm2(0.95, 19.03, 19.03, 1.3) == 0.0


def test_density_of_ten_milligrams_in_a_square_centimetre_by_one_hundred_micrometres() -> None:
    assert density_g_cm3(30.0, 20.0, 116.0, 16.0, UNIT_DISC_CM) == pytest.approx(1.0)


@pytest.mark.parametrize("active_fraction", [0.5, 0.92, 1.0])
def test_density_is_mass_loading_over_active_fraction_and_thickness(active_fraction: float) -> None:
    loading = mass_loading_mg_cm2(active_fraction, 31.42, 19.03, 1.3)
    thickness_cm = (92.0 - 16.0) * 1e-4
    expected = loading * 0.001 / (active_fraction * thickness_cm)
    assert density_g_cm3(31.42, 19.03, 92.0, 16.0, 1.3) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("dry", "solvent", "expected"), [(50.0, 50.0, 50.0), (22.0, 78.0, 22.0), (3.0, 1.0, 75.0)]
)
def test_solid_content_is_the_dry_share_in_per_cent(
    dry: float, solvent: float, expected: float
) -> None:
    assert solid_content_pct(dry, solvent) == pytest.approx(expected)


def test_solid_content_does_not_depend_on_the_batch_size() -> None:
    assert solid_content_pct(330.0, 670.0) == pytest.approx(solid_content_pct(0.33, 0.67))


def test_equations_work_on_columns_row_by_row() -> None:
    disc = np.array([25.0, 30.0])
    thickness = np.array([60.0, 90.0])
    together = density_g_cm3(disc, 19.0, thickness, 16.0, 1.3)
    apart = [
        density_g_cm3(m, 19.0, t, 16.0, 1.3).item() for m, t in zip(disc, thickness, strict=True)
    ]
    np.testing.assert_array_equal(together, apart)


def test_equations_are_known_by_name() -> None:
    assert EQUATIONS["mass_loading"] is mass_loading_mg_cm2
    assert EQUATIONS["density"] is density_g_cm3
    assert EQUATIONS["solid_content"] is solid_content_pct
