"""How coating and calendering make an electrode: a mechanistic simulator.

The chain is slurry → wet film → dry coating → calendered coating:

1. The slurry's density follows from its recipe by additive volumes.
2. The comma bar leaves a wet film: half the gap, dragged along by the web (Couette
   flow), and a part pressed through by the slurry's head, which falls with the
   coating speed (Poiseuille flow).
3. Drying leaves the dry mass, packed the more loosely the more additives there are
   (carbon and binder are porous themselves) and the more solvent was to be removed.
4. The calender compacts by the exponential law of Meyer et al. [1]_ (their
   adaptation of Heckel's law for powders [2]_)::

       density = limit - (limit - coated density) * exp(-line load / resistance)

   whose density is the one measured after the nip. In the nip the coating is thinner
   by what it recovers elastically. The rolls give way by line load / stiffness (the
   mill-spring or gaugemeter equation of rolling), so that the line load is where the
   coating in the nip fills the gap that the load has opened. A coating thinner than
   the gap carries no load and stays as it was. Faster rolls leave less time to
   compact: a weak effect, as in [1]_.

The laws are published; the parameters of `Chemistry` are handbook densities and
plausible choices, not fits to anybody's measurements.

References
----------
.. [1] C. Meyer, H. Bockholt, W. Haselrieder, A. Kwade, "Characterization of the
   calendering process for compaction of electrodes for lithium-ion batteries",
   J. Mater. Process. Technol. 249 (2017) 172-178, doi:10.1016/j.jmatprotec.2017.05.031.
.. [2] R. W. Heckel, "Density-pressure relationships in powder compaction",
   Trans. Metall. Soc. AIME 221 (1961) 671-675.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adaptrode.errors import InputError

Array = NDArray[np.float64]

SETTINGS = (
    "am_wt_pct",
    "solid_content_pct",
    "coating_speed_m_min",
    "comma_gap_um",
    "roll_speed_m_min",
    "roll_gap_um",
)
CARBON_DENSITY_G_CM3 = 1.9
REFERENCE_COATING_SPEED_M_MIN = 0.3
REFERENCE_ROLL_SPEED_M_MIN = 0.27


@dataclass(frozen=True)
class Chemistry:
    """What the simulator must know of an electrode's materials.

    Parameters
    ----------
    active_density_g_cm3, binder_density_g_cm3, solvent_density_g_cm3
        True densities. Carbon additive and binder have equal shares.
    collector_density_g_cm3, collector_thickness_um
        The metal foil that is coated.
    film_head
        Wet film beyond half the comma gap at 0.3 m/min, as a fraction of the gap.
    coated_packing
        Solid volume fraction before calendering, at the references below.
    limit_packing
        Solid volume fraction that compaction approaches and never reaches.
    reference_additive, loosening_per_additive
        Both packings fall by this (in the logarithm) per unit of additive fraction:
        carbon and binder have pores of their own.
    reference_solid, packing_per_solid
        The coated packing rises by this (likewise) per unit of solid content.
    compaction_resistance_n_mm
        The line load in N/mm that closes 1 - 1/e of what can be closed.
    elastic_recovery
        The part of the thickness lost in the nip that comes back behind it.
    blended_density_g_cm3, reference_blended, loosening_per_blended
        For a composite active material, ``am_wt_pct`` is the share in it of a second
        one of this density, which loosens both packings likewise.
    blended_active_fraction
        Of a composite, the total active fraction where the settings do not say.
        Without a composite ``am_wt_pct`` is the total active fraction itself.
    """

    active_density_g_cm3: float
    binder_density_g_cm3: float
    solvent_density_g_cm3: float
    collector_density_g_cm3: float
    collector_thickness_um: float
    film_head: float
    coated_packing: float
    limit_packing: float
    compaction_resistance_n_mm: float
    elastic_recovery: float
    reference_additive: float
    loosening_per_additive: float
    reference_solid: float
    packing_per_solid: float
    blended_density_g_cm3: float | None = None
    reference_blended: float = 0.0
    loosening_per_blended: float = 0.0
    blended_active_fraction: float = 1.0


GRAPHITE = Chemistry(
    active_density_g_cm3=2.25,
    binder_density_g_cm3=1.60,  # Na-CMC
    solvent_density_g_cm3=1.00,  # water
    collector_density_g_cm3=8.96,  # copper
    collector_thickness_um=16.0,
    film_head=0.26,
    coated_packing=0.42,
    limit_packing=0.82,
    compaction_resistance_n_mm=210.0,
    elastic_recovery=0.15,
    reference_additive=0.06,
    loosening_per_additive=1.8,
    reference_solid=0.32,
    packing_per_solid=0.5,
)
SI_GRA = replace(
    GRAPHITE,
    film_head=0.30,
    coated_packing=0.41,
    limit_packing=0.78,
    compaction_resistance_n_mm=180.0,
    elastic_recovery=0.20,
    reference_additive=0.08,
    reference_solid=0.28,
    blended_density_g_cm3=2.33,  # silicon, whose nanoparticles pack loosely
    reference_blended=0.11,
    loosening_per_blended=0.8,
    blended_active_fraction=0.92,
)
NMC = Chemistry(
    active_density_g_cm3=4.75,
    binder_density_g_cm3=1.78,  # PVDF
    solvent_density_g_cm3=1.03,  # NMP
    collector_density_g_cm3=2.70,  # aluminium
    collector_thickness_um=22.0,
    film_head=0.16,
    coated_packing=0.50,
    limit_packing=0.82,
    compaction_resistance_n_mm=280.0,  # harder, closer-packed particles than graphite's [1]_
    elastic_recovery=0.10,
    reference_additive=0.06,
    loosening_per_additive=1.0,
    reference_solid=0.55,
    packing_per_solid=0.4,
)

# Sodium-ion anode: disordered carbon with closed pores, hard grains that spring back.
HARD_CARBON = replace(
    GRAPHITE,
    active_density_g_cm3=1.60,
    collector_density_g_cm3=2.70,  # aluminium, which sodium does not alloy with
    collector_thickness_um=18.0,
    film_head=0.22,
    coated_packing=0.47,
    limit_packing=0.74,
    compaction_resistance_n_mm=330.0,
    elastic_recovery=0.22,
    reference_additive=0.08,
    loosening_per_additive=1.4,
    reference_solid=0.36,
)


@dataclass(frozen=True)
class Calender:
    """The machine: N/mm of line load that open the rolls by 1 µm; the dwell's exponent."""

    stiffness_n_mm_um: float = 11.0
    speed_exponent: float = 0.05


@dataclass(frozen=True)
class Noise:
    """Standard deviations between slurries, between coatings and between discs.

    Of the film and the coated packing in relative terms; of the roll gap in µm.
    """

    slurry_film: float = 0.05
    slurry_packing: float = 0.03
    coating_film: float = 0.02
    coating_packing: float = 0.01
    disc_film: float = 0.01
    disc_packing: float = 0.015
    disc_roll_gap_um: float = 1.5


LABORATORY_CALENDER = Calender()
LABORATORY_NOISE = Noise()


def simulate(
    chemistry: Chemistry,
    settings: pd.DataFrame,
    *,
    calender: Calender = LABORATORY_CALENDER,
    noise: Noise = LABORATORY_NOISE,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Make electrodes by the given settings, one a row.

    Parameters
    ----------
    settings
        The columns of `SETTINGS`; optionally ``active_fraction`` (see `Chemistry`) and
        ``campaign``, which names the rows that share a slurry. Without it every row
        is a slurry of its own. Rows of a campaign with one coating speed and one comma
        gap share a coating.
    rng
        Where manufacturing deviations of size `noise` are drawn from; none are without it.

    Returns
    -------
    pandas.DataFrame
        With the index of `settings`: ``active_fraction``; ``dry_mass_mg_cm2`` of the whole
        coating; ``incoming_thickness_um`` and ``thickness_um`` of the coating before and
        after calendering; ``line_load_n_mm``; ``density_limit_g_cm3``, which no density
        reaches; ``density_g_cm3``; ``mass_loading_mg_cm2`` of active material.

    Raises
    ------
    InputError
        When a setting is missing, not finite or impossible.
    """
    values = _checked(settings)
    active = _active_fraction(chemistry, settings, values["am_wt_pct"])
    film, packing, gap_shift = _deviations(settings, noise, rng)

    solid_density = _solid_density(chemistry, active, values["am_wt_pct"])
    solid = values["solid_content_pct"] / 100.0
    slurry_density = 1.0 / (solid / solid_density + (1.0 - solid) / chemistry.solvent_density_g_cm3)
    wet_um = values["comma_gap_um"] * film * film_factor(chemistry, values["coating_speed_m_min"])
    dry_mg_cm2 = 0.1 * wet_um * slurry_density * solid  # 1 µm of 1 g/cm³ is 0.1 mg/cm²

    loosened = solid_density * np.exp(-_loosening(chemistry, active, values["am_wt_pct"]))
    packing *= np.exp(chemistry.packing_per_solid * (solid - chemistry.reference_solid))
    limit = chemistry.limit_packing * loosened
    # However a slurry dries, it does not pack more closely than rolls can press it.
    coated = np.minimum(chemistry.coated_packing * packing * loosened, 0.999 * limit)
    incoming_um = 10.0 * dry_mg_cm2 / coated
    resistance = chemistry.compaction_resistance_n_mm * np.power(
        values["roll_speed_m_min"] / REFERENCE_ROLL_SPEED_M_MIN, calender.speed_exponent
    )
    load = line_load_n_mm(
        incoming_um,
        values["roll_gap_um"] + gap_shift - chemistry.collector_thickness_um,
        coated / limit,
        resistance,
        chemistry.elastic_recovery,
        calender.stiffness_n_mm_um,
    )
    density = compacted_density(load, coated, limit, resistance)
    return pd.DataFrame(
        {
            "active_fraction": active,
            "dry_mass_mg_cm2": dry_mg_cm2,
            "incoming_thickness_um": incoming_um,
            "line_load_n_mm": load,
            "thickness_um": 10.0 * dry_mg_cm2 / density,
            "density_limit_g_cm3": limit,
            "density_g_cm3": density,
            "mass_loading_mg_cm2": active * dry_mg_cm2,
        },
        index=settings.index,
    )


def film_factor(chemistry: Chemistry, coating_speed_m_min: Array) -> Array:
    """Wet film over comma gap: one half at high speed, more the slower the web."""
    return 0.5 + chemistry.film_head * REFERENCE_COATING_SPEED_M_MIN / coating_speed_m_min


def compacted_density(load: Array, coated: Array, limit: Array, resistance: Array) -> Array:
    """Density after a line load, by the law of Meyer et al. (2017); any one unit."""
    return limit - (limit - coated) * np.exp(-load / resistance)


def line_load_n_mm(
    incoming_um: Array,
    gap_um: Array,
    packing: Array,
    resistance: Array,
    elastic_recovery: float,
    stiffness_n_mm_um: float,
) -> Array:
    """Line load at which the coating in the nip fills the gap that the load has opened.

    Parameters
    ----------
    incoming_um
        Thickness of the coating before the nip.
    gap_um
        Set roll gap less the collector; may be negative, the rolls then bear on the foil.
    packing
        Coated density over limit density.
    resistance
        Compaction resistance, N/mm.
    """

    def excess_um(load: Array) -> Array:
        outgoing = incoming_um * packing / compacted_density(load, packing, one, resistance)
        in_nip = incoming_um - (incoming_um - outgoing) / (1.0 - elastic_recovery)
        return in_nip - gap_um - load / stiffness_n_mm_um

    one = np.ones_like(packing)
    low = np.zeros_like(incoming_um)
    # Without compaction the rolls would give way by the whole mismatch: never more than that.
    high = np.maximum(stiffness_n_mm_um * (incoming_um - gap_um), 0.0)
    for _ in range(60):  # the excess falls with the load: bisection to the last digits
        middle = 0.5 * (low + high)
        above = excess_um(middle) > 0.0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(incoming_um > gap_um, 0.5 * (low + high), 0.0)


def _checked(settings: pd.DataFrame) -> dict[str, Array]:
    values: dict[str, Array] = {}
    for name in SETTINGS:
        if name not in settings:
            raise InputError("the simulator lacks a setting", column=name)
        value = settings[name].to_numpy(dtype=np.float64)
        high = 100.0 if name.endswith("_pct") else np.inf
        possible = (value > 0.0) & (value < high) | (value == 0.0) & (name == "roll_gap_um")
        if not possible.all():
            raise InputError(
                "no electrode can be made with this setting",
                column=name,
                found=value[~possible][0],
                allowed=f"above 0 and below {high:g} (a roll gap may be 0)",
            )
        values[name] = value
    return values


def _active_fraction(chemistry: Chemistry, settings: pd.DataFrame, am_wt_pct: Array) -> Array:
    if chemistry.blended_density_g_cm3 is None:
        return am_wt_pct / 100.0
    if "active_fraction" in settings:
        return settings["active_fraction"].to_numpy(dtype=np.float64)
    return np.full_like(am_wt_pct, chemistry.blended_active_fraction)


def _loosening(chemistry: Chemistry, active: Array, am_wt_pct: Array) -> Array:
    additive = 1.0 - active - chemistry.reference_additive
    loosening = chemistry.loosening_per_additive * additive
    if chemistry.blended_density_g_cm3 is None:
        return loosening
    blended = am_wt_pct / 100.0 - chemistry.reference_blended
    return loosening + chemistry.loosening_per_blended * blended


def _solid_density(chemistry: Chemistry, active: Array, am_wt_pct: Array) -> Array:
    active_volume = np.full_like(active, 1.0 / chemistry.active_density_g_cm3)
    if chemistry.blended_density_g_cm3 is not None:
        share = am_wt_pct / 100.0
        active_volume = (1.0 - share) * active_volume + share / chemistry.blended_density_g_cm3
    additive_volume = 0.5 / CARBON_DENSITY_G_CM3 + 0.5 / chemistry.binder_density_g_cm3
    return np.asarray(1.0 / (active * active_volume + (1.0 - active) * additive_volume))


def _deviations(
    settings: pd.DataFrame, noise: Noise, rng: np.random.Generator | None
) -> tuple[Array, Array, Array]:
    """Draw the film's and the packing's factor and the roll gap's shift, row by row."""
    rows = len(settings)
    if rng is None:
        return np.ones(rows), np.ones(rows), np.zeros(rows)
    slurry = np.arange(rows)
    if "campaign" in settings:
        slurry = pd.factorize(settings["campaign"])[0]
    coating = (
        settings[["coating_speed_m_min", "comma_gap_um"]]
        .assign(slurry=slurry)
        .groupby(["slurry", "coating_speed_m_min", "comma_gap_um"], sort=False)
        .ngroup()
        .to_numpy()
    )

    def draw(members: NDArray[np.integer]) -> Array:
        return np.asarray(rng.standard_normal(int(members.max(initial=-1)) + 1)[members])

    disc = np.arange(rows)
    film = np.exp(
        noise.slurry_film * draw(slurry)
        + noise.coating_film * draw(coating)
        + noise.disc_film * draw(disc)
    )
    packing = np.exp(
        noise.slurry_packing * draw(slurry)
        + noise.coating_packing * draw(coating)
        + noise.disc_packing * draw(disc)
    )
    return film, packing, noise.disc_roll_gap_um * draw(disc)
