"""Properties of an electrode from what is weighed and measured on a punched disc.

Source: Fernandez et al., "A Simple Transfer Learning Approach for Assessing Small
Datasets in Electrochemical Energy Cells Manufacturing", equations (1) to (3).
All functions work elementwise on numbers or arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def mass_loading_mg_cm2(
    active_fraction: ArrayLike,
    disc_mass_mg: ArrayLike,
    collector_mass_mg: ArrayLike,
    disc_diameter_cm: ArrayLike,
) -> Array:
    """Active-material mass per area, in mg/cm², equation (1).

    The paper's constant 1.3 is the disc's diameter in cm.
    """
    coating_mg = np.subtract(disc_mass_mg, collector_mass_mg)
    disc_area_cm2 = np.pi / 4.0 * np.square(disc_diameter_cm)
    return np.asarray(np.multiply(active_fraction, coating_mg) / disc_area_cm2)


def density_g_cm3(
    disc_mass_mg: ArrayLike,
    collector_mass_mg: ArrayLike,
    disc_thickness_um: ArrayLike,
    collector_thickness_um: ArrayLike,
    disc_diameter_cm: ArrayLike,
) -> Array:
    """Density of the coating, in g/cm³, equation (2).

    Equation (2) divides the mass loading by the active fraction that equation (1)
    multiplied by; the fraction cancels and is not asked for.
    """
    coating_mg_cm2 = mass_loading_mg_cm2(1.0, disc_mass_mg, collector_mass_mg, disc_diameter_cm)
    coating_cm = np.subtract(disc_thickness_um, collector_thickness_um) * 1e-4
    return np.asarray(coating_mg_cm2 * 1e-3 / coating_cm)


def solid_content_pct(dry_mass_g: ArrayLike, solvent_mass_g: ArrayLike) -> Array:
    """Dry mass over dry mass plus solvent, in per cent, equation (3)."""
    dry = np.asarray(dry_mass_g, dtype=np.float64)
    return np.asarray(100.0 * dry / np.add(dry, solvent_mass_g))


# The arguments' names are the columns and constants that an equation needs.
EQUATIONS: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "mass_loading": mass_loading_mg_cm2,
        "density": density_g_cm3,
        "solid_content": solid_content_pct,
    }
)
