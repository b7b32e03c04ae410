"""The simulated laboratory: who was coated when, what was measured, what was exported.

A campaign is one slurry, coated at one speed through a few comma gaps, calendered at
several roll gaps and punched into discs. `raw_table` gives a chemistry's table as a
laboratory would export it, a few defective rows included.

Ranges, levels and means are those of Fernandez et al., "A Simple Transfer Learning
Approach for Assessing Small Datasets in Electrochemical Energy Cells Manufacturing",
Results; which disc got which setting is our choice.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adaptrode.electrodes import GRAPHITE, HARD_CARBON, NMC, SI_GRA, Chemistry, simulate

Array = NDArray[np.float64]

DISC_AREA_CM2 = np.pi / 4.0 * 1.3**2
ROLL_SPEEDS_M_MIN = (0.27, 0.54)

# A column's decimals: what balances (0.01 mg, 0.01 g), micrometers (1 µm) and scales show.
DECIMALS: Mapping[str, int] = MappingProxyType(
    {
        "am_wt_pct": 1,
        "active_fraction": 3,
        "dry_mass_g": 2,
        "solvent_mass_g": 2,
        "coating_speed_m_min": 1,
        "comma_gap_um": 0,
        "roll_speed_m_min": 2,
        "roll_gap_um": 0,
        "disc_mass_mg": 2,
        "disc_thickness_um": 0,
        "collector_mass_mg": 2,
        "collector_thickness_um": 0,
    }
)
COLUMNS = ("disc_id", "campaign", *DECIMALS)


@dataclass(frozen=True)
class Campaign:
    """One slurry: its recipe, how it was coated, how many discs were punched."""

    am_wt_pct: float
    solid_content_pct: float
    coating_speed_m_min: float
    comma_gaps_um: tuple[int, ...]
    discs: int
    active_fraction: float | None = None  # am_wt_pct / 100 without


@dataclass(frozen=True)
class Plan:
    """All campaigns of a chemistry.

    Parameters
    ----------
    code
        What disc and campaign identifiers begin with.
    roll_gaps_um
        Smallest, mean (to the rounded µm) and largest roll gap of all discs.
    defects
        What is wrong with the rows added to the good ones, one defect a row.
    """

    chemistry: Chemistry
    code: str
    campaigns: tuple[Campaign, ...]
    roll_gaps_um: tuple[int, int, int]
    defects: tuple[str, ...]


PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        "graphite": Plan(
            chemistry=GRAPHITE,
            code="GR",
            campaigns=(
                Campaign(94.0, 32.0, 0.3, (150, 200, 250), 9),
                Campaign(92.0, 28.0, 0.3, (200, 300), 8),
                Campaign(95.5, 36.0, 0.3, (100, 200), 8),
                Campaign(93.0, 40.0, 0.3, (150, 250), 9),
                Campaign(91.0, 34.0, 0.3, (200, 250, 300), 9),
                Campaign(95.0, 26.0, 0.3, (200, 300), 8),
                Campaign(94.0, 42.0, 0.3, (100, 150, 200), 9),
                Campaign(93.0, 22.0, 0.3, (250, 300), 7),
                Campaign(95.5, 30.0, 0.3, (150, 200, 300), 9),
                Campaign(92.0, 38.0, 0.3, (200, 250), 8),
                Campaign(94.0, 35.0, 0.3, (250, 300), 9),
                Campaign(91.0, 29.0, 0.3, (150, 250), 8),
                Campaign(95.0, 39.0, 0.3, (100, 200, 300), 10),
                Campaign(93.0, 33.0, 0.3, (200, 300), 8),
                Campaign(94.0, 25.0, 0.3, (150, 250, 300), 8),
                Campaign(95.5, 41.0, 0.3, (150, 200), 8),
                Campaign(92.0, 31.0, 0.3, (100, 200, 250), 9),
                Campaign(95.0, 34.0, 0.3, (200, 250, 300), 10),
                Campaign(91.0, 37.0, 0.3, (150, 200), 8),
                Campaign(94.0, 29.0, 0.3, (200, 250, 300), 9),
                Campaign(93.0, 36.0, 0.3, (100, 150, 300), 8),
                Campaign(95.5, 27.0, 0.3, (200, 250), 7),
                Campaign(92.0, 41.0, 0.3, (200, 250, 300), 9),
                Campaign(95.0, 31.0, 0.3, (100, 150, 250), 8),
                Campaign(94.0, 38.0, 0.3, (200, 300), 8),
                Campaign(91.0, 24.0, 0.3, (200, 300), 7),
                Campaign(93.0, 30.0, 0.3, (150, 200, 250), 9),
                Campaign(95.0, 37.0, 0.3, (250, 300), 8),
            ),
            roll_gaps_um=(1, 70, 135),
            defects=(
                "missing weight",
                "decimal comma",
                "duplicate row",
                "impossible thickness",
                "thickness in mm",
                "mass in g",
            ),
        ),
        "si_gra": Plan(
            chemistry=SI_GRA,
            code="SG",
            campaigns=(
                Campaign(10.0, 28.0, 0.3, (100, 300), 7, 0.92),
                Campaign(8.0, 24.0, 0.3, (150, 250), 6, 0.93),
                Campaign(15.0, 30.0, 0.3, (100, 250), 7, 0.91),
                Campaign(12.0, 26.0, 0.3, (150, 300), 7, 0.92),
                Campaign(8.0, 32.0, 0.3, (100, 200, 300), 6, 0.93),
                Campaign(15.0, 25.0, 0.3, (200, 300), 6, 0.92),
                Campaign(10.0, 31.0, 0.3, (100, 200, 300), 7, 0.91),
                Campaign(12.0, 29.0, 0.3, (100, 150, 300), 7, 0.93),
            ),
            roll_gaps_um=(15, 58, 102),
            defects=("duplicate row", "mass in g", "missing weight"),
        ),
        "nmc": Plan(
            chemistry=NMC,
            code="NM",
            campaigns=(
                Campaign(96.0, 66.0, 0.3, (50, 150, 300), 7),
                Campaign(94.0, 58.0, 0.5, (100, 300), 6),
                Campaign(85.0, 48.0, 0.3, (200, 400), 6),
                Campaign(95.0, 62.0, 1.0, (100, 250), 6),
                Campaign(90.0, 52.0, 0.2, (100, 200, 300), 6),
                Campaign(97.5, 60.0, 0.3, (100, 400), 7),
                Campaign(93.0, 42.0, 0.8, (150, 300), 6),
                Campaign(92.0, 64.0, 0.5, (50, 200, 400), 7),
                Campaign(96.0, 55.0, 0.3, (100, 200, 400), 6),
                Campaign(94.0, 45.0, 1.0, (150, 300), 6),
            ),
            roll_gaps_um=(20, 62, 206),
            defects=("thickness in mm", "decimal comma", "duplicate row", "impossible thickness"),
        ),
    }
)

# Beyond the paper: of examples, not of the tables that ship in data/raw.
EXAMPLES: Mapping[str, Plan] = MappingProxyType(
    {
        "hard_carbon": Plan(
            chemistry=HARD_CARBON,
            code="HC",
            campaigns=(
                Campaign(92.0, 36.0, 0.3, (150, 250), 5),
                Campaign(90.0, 32.0, 0.3, (100, 200), 5),
                Campaign(94.0, 40.0, 0.5, (200, 300), 5),
                Campaign(93.0, 34.0, 0.3, (100, 250), 5),
                Campaign(91.0, 38.0, 0.5, (150, 300), 5),
                Campaign(95.0, 42.0, 0.3, (150, 200), 5),
                Campaign(92.0, 30.0, 0.3, (200, 300), 5),
                Campaign(94.0, 35.0, 0.5, (100, 200, 300), 5),
            ),
            roll_gaps_um=(20, 75, 150),
            defects=("missing weight", "thickness in mm"),
        ),
    }
)


@dataclass(frozen=True)
class Instruments:
    """Standard deviations of the foil's weight from disc to disc and of the readings."""

    foil_mass: float = 0.002  # of the collector's mass
    balance_mg: float = 0.01
    micrometer_um: float = 0.5


def raw_table(name: str, seed: int, instruments: Instruments | None = None) -> pd.DataFrame:
    """A chemistry's table as exported: text cells, `COLUMNS`, defective rows included.

    Parameters
    ----------
    name
        One of `PLANS` or `EXAMPLES`.
    seed
        The same seed gives the same table.
    """
    plan = PLANS[name] if name in PLANS else EXAMPLES[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    settings = _settings(plan, rng)
    good = len(settings)
    # A defective row is a disc more, punched beside a good one of the same electrode.
    spoilt = _spread(len(plan.defects), good, rng)
    settings = settings.iloc[[*range(good), *spoilt]].reset_index(drop=True)
    measured = _measure(plan.chemistry, settings, instruments or Instruments(), rng)
    cells = pd.DataFrame(
        {
            "campaign": measured["campaign"],
            **{
                column: [f"{value:.{decimals}f}" for value in measured[column]]
                for column, decimals in DECIMALS.items()
            },
        }
    )
    number = cells.groupby("campaign").cumcount() + 1
    cells["disc_id"] = cells["campaign"] + "-" + number.map("{:02d}".format)
    rows = cells.to_dict("records")
    for position, (defect, beside) in enumerate(zip(plan.defects, spoilt, strict=True), start=good):
        rows[position] = _spoil(defect, rows[position], rows[beside])
    rows.sort(key=lambda row: row["campaign"])  # stable: the defective end their campaign
    return pd.DataFrame(rows, columns=list(COLUMNS))


def csv_text(cells: pd.DataFrame) -> str:
    """CSV with comma and Unix line ends; a cell is quoted only where it must be."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells.columns)
    writer.writerows(cells.to_numpy().tolist())
    return text.getvalue()


def _settings(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Every good disc's settings, in the order in which they were made."""
    contents = [campaign.solid_content_pct for campaign in plan.campaigns]
    rows = []
    for index, campaign in enumerate(plan.campaigns, start=1):
        content = campaign.solid_content_pct
        if min(contents) < content < max(contents):  # weighed in, not quite to the recipe
            content = round(content + 0.2 * float(rng.standard_normal()), 2)
        slurry_g = (100.0, 150.0, 200.0)[index % 3]
        dry_g = round(content * slurry_g / 100.0, 2)
        for disc in range(campaign.discs):
            gaps = campaign.comma_gaps_um
            rows.append(
                {
                    "campaign": f"{plan.code}{index:02d}",
                    "am_wt_pct": campaign.am_wt_pct,
                    "active_fraction": campaign.active_fraction or campaign.am_wt_pct / 100.0,
                    "dry_mass_g": dry_g,
                    "solvent_mass_g": slurry_g - dry_g,
                    "solid_content_pct": 100.0 * dry_g / slurry_g,
                    "coating_speed_m_min": campaign.coating_speed_m_min,
                    "comma_gap_um": float(gaps[disc * len(gaps) // campaign.discs]),
                    "roll_speed_m_min": ROLL_SPEEDS_M_MIN[int(rng.random() < 0.4)],
                }
            )
    settings = pd.DataFrame(rows)
    settings["roll_gap_um"] = _roll_gaps(plan, settings, rng)
    return settings


def _roll_gaps(plan: Plan, settings: pd.DataFrame, rng: np.random.Generator) -> Array:
    """Roll gaps that an operator sets by the coating's thickness, with the stated mean.

    Each is a part of the electrode's thickness, from a hard press to none. The whole is
    bent (a power, which keeps the order and both ends) until its mean is as stated.
    """
    low, mean, high = plan.roll_gaps_um
    electrode = simulate(plan.chemistry, settings.assign(roll_gap_um=1e4))
    thickness = electrode["thickness_um"] + plan.chemistry.collector_thickness_um
    part = 0.25 + 0.8 * rng.random(len(settings))
    wished = (part * thickness).to_numpy()
    wished = (wished - wished.min()) / (wished.max() - wished.min())

    def bent(power: float) -> Array:
        return np.asarray(np.round(low + (high - low) * wished**power))

    weak, strong = 0.1, 10.0
    for _ in range(50):
        middle = 0.5 * (weak + strong)
        weak, strong = (middle, strong) if bent(middle).mean() > mean else (weak, middle)
    return bent(strong)


def _measure(
    chemistry: Chemistry,
    settings: pd.DataFrame,
    instruments: Instruments,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Weigh and measure discs of simulated electrodes and the blank foil of each campaign."""
    electrode = simulate(chemistry, settings, rng=rng)
    rows = len(settings)
    foil_mg = 0.1 * chemistry.collector_thickness_um * chemistry.collector_density_g_cm3
    foil_mg *= DISC_AREA_CM2
    campaign = pd.factorize(settings["campaign"])[0]
    blank_mg = foil_mg * (1.0 + instruments.foil_mass * rng.standard_normal(campaign.max() + 1))
    disc_mg = (
        blank_mg[campaign] * (1.0 + instruments.foil_mass * rng.standard_normal(rows))
        + electrode["dry_mass_mg_cm2"] * DISC_AREA_CM2
        + instruments.balance_mg * rng.standard_normal(rows)
    )
    disc_um = (
        chemistry.collector_thickness_um
        + electrode["thickness_um"]
        + instruments.micrometer_um * rng.standard_normal(rows)
    )
    return settings.assign(
        disc_mass_mg=disc_mg,
        disc_thickness_um=disc_um,
        collector_mass_mg=blank_mg[campaign],
        collector_thickness_um=chemistry.collector_thickness_um,
    )


def _spread(count: int, rows: int, rng: np.random.Generator) -> list[int]:
    """Different rows for so many defects, one in each of as many equal stretches."""
    stretch = rows / count
    return [int((part + float(rng.random())) * stretch) for part in range(count)]


def _spoil(
    defect: str, row: dict[Hashable, str], beside: dict[Hashable, str]
) -> dict[Hashable, str]:
    """A row with one defect; a duplicate is of the row beside it."""
    if defect == "duplicate row":
        return beside
    mass, thickness = row["disc_mass_mg"], row["disc_thickness_um"]
    if defect == "missing weight":
        return row | {"disc_mass_mg": ""}
    if defect == "decimal comma":
        return row | {"disc_mass_mg": mass.replace(".", ",")}
    if defect == "mass in g":
        return row | {"disc_mass_mg": f"{float(mass) / 1000.0:.5f}"}
    if defect == "thickness in mm":
        return row | {"disc_thickness_um": f"{float(thickness) / 1000.0:.3f}"}
    if defect == "impossible thickness":
        return row | {"disc_thickness_um": str(int(row["collector_thickness_um"]) - 4)}
    raise ValueError(f"no such defect: {defect}")
