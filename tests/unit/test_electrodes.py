from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import simulate_electrodes
from adaptrode.campaigns import COLUMNS, PLANS, csv_text, raw_table
from adaptrode.electrodes import (
    GRAPHITE,
    LABORATORY_CALENDER,
    NMC,
    SI_GRA,
    Chemistry,
    Noise,
    film_factor,
    simulate,
)
from adaptrode.errors import InputError

ROOT = Path(__file__).parents[2]
RAW = ROOT / "data" / "raw"
NAMES = ("graphite", "si_gra", "nmc")
CHEMISTRIES = {"graphite": GRAPHITE, "si_gra": SI_GRA, "nmc": NMC}
TYPICAL = {"graphite": (94.0, 34.0), "si_gra": (11.0, 28.0), "nmc": (94.0, 56.0)}


def _reject(row: dict[str, str], seen: set[tuple[str, ...]], study: dict[str, Any]) -> str | None:
    """Why a raw row is not clean, by the shipped settings; None where it is."""
    if tuple(row.values()) in seen:
        return "duplicate"
    seen.add(tuple(row.values()))
    values = {}
    for name in COLUMNS[2:]:
        try:
            values[name] = float(row[name])
        except ValueError:
            return "missing" if row[name] == "" else "not a number"
    for column in study["measurements"] + study["features"]:
        value = values.get(column["name"], column["low"])
        if not column["low"] <= value <= column["high"]:
            return f"range of {column['name']}"
    for relation in study["relations"]:
        left, right = relation.split(" > ")
        if not values[left] > values[right]:
            return f"relation {relation}"
    return None


@pytest.fixture(scope="module")
def read() -> dict[str, tuple[pd.DataFrame, Counter[str]]]:
    """Each shipped file's clean rows with their properties, and why others were rejected."""
    study = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))["studies"]["electrodes"]
    tables = {}
    for name in NAMES:
        seen: set[tuple[str, ...]] = set()
        clean, reasons = [], Counter[str]()
        with (RAW / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                reason = _reject(row, seen, study)
                if reason is None:
                    clean.append(row)
                else:
                    reasons[reason] += 1
        table = pd.DataFrame(clean)
        table[list(COLUMNS[2:])] = table[list(COLUMNS[2:])].astype(float)
        dry, solvent = table["dry_mass_g"], table["solvent_mass_g"]
        coating_mg_cm2 = (table["disc_mass_mg"] - table["collector_mass_mg"]) / (
            math.pi / 4.0 * 1.3**2
        )
        coating_um = table["disc_thickness_um"] - table["collector_thickness_um"]
        table["solid_content_pct"] = 100.0 * dry / (dry + solvent)
        table["mass_loading_mg_cm2"] = table["active_fraction"] * coating_mg_cm2
        table["density_g_cm3"] = 10.0 * coating_mg_cm2 / coating_um
        tables[name] = table, reasons
    return tables


@pytest.fixture(scope="module")
def clean(read: dict[str, tuple[pd.DataFrame, Counter[str]]]) -> dict[str, pd.DataFrame]:
    return {name: table for name, (table, _) in read.items()}


# What the paper's Results and Methods state, on the shipped files


@pytest.mark.parametrize(("name", "rows"), [("graphite", 235), ("si_gra", 53), ("nmc", 63)])
def test_counts(clean: dict[str, pd.DataFrame], name: str, rows: int) -> None:
    assert len(clean[name]) == rows
    assert clean[name]["disc_id"].is_unique


@pytest.mark.parametrize(
    ("name", "column", "low", "high"),
    [
        ("graphite", "am_wt_pct", 91.0, 95.5),
        ("si_gra", "am_wt_pct", 8.0, 15.0),
        ("nmc", "am_wt_pct", 85.0, 97.5),
        ("graphite", "solid_content_pct", 22.0, 42.0),
        ("si_gra", "solid_content_pct", 24.0, 32.0),
        ("nmc", "solid_content_pct", 42.0, 66.0),
        ("graphite", "coating_speed_m_min", 0.3, 0.3),
        ("si_gra", "coating_speed_m_min", 0.3, 0.3),
        ("nmc", "coating_speed_m_min", 0.2, 1.0),
        ("graphite", "comma_gap_um", 100.0, 300.0),
        ("si_gra", "comma_gap_um", 100.0, 300.0),
        ("nmc", "comma_gap_um", 50.0, 400.0),
        ("graphite", "roll_gap_um", 1.0, 135.0),
        ("si_gra", "roll_gap_um", 15.0, 102.0),
        ("nmc", "roll_gap_um", 20.0, 206.0),
    ],
)
def test_ranges(
    clean: dict[str, pd.DataFrame], name: str, column: str, low: float, high: float
) -> None:
    assert clean[name][column].min() == pytest.approx(low)
    assert clean[name][column].max() == pytest.approx(high)


@pytest.mark.parametrize(("name", "mean"), [("graphite", 70), ("si_gra", 58), ("nmc", 62)])
def test_mean_roll_gaps(clean: dict[str, pd.DataFrame], name: str, mean: int) -> None:
    assert round(clean[name]["roll_gap_um"].mean()) == mean


@pytest.mark.parametrize("name", NAMES)
def test_two_roll_speeds(clean: dict[str, pd.DataFrame], name: str) -> None:
    assert set(clean[name]["roll_speed_m_min"]) == {0.27, 0.54}


def test_nmc_has_several_coating_speeds(clean: dict[str, pd.DataFrame]) -> None:
    assert clean["nmc"]["coating_speed_m_min"].nunique() > 2


@pytest.mark.parametrize(
    ("name", "thickness", "metal_g_cm3"),
    [("graphite", 16.0, 8.96), ("si_gra", 16.0, 8.96), ("nmc", 22.0, 2.70)],
)
def test_collectors(
    clean: dict[str, pd.DataFrame], name: str, thickness: float, metal_g_cm3: float
) -> None:
    assert set(clean[name]["collector_thickness_um"]) == {thickness}
    foil_mg = metal_g_cm3 * thickness * 0.1 * math.pi / 4.0 * 1.3**2
    np.testing.assert_allclose(clean[name]["collector_mass_mg"], foil_mg, rtol=0.02)


def test_active_fraction_is_the_active_material_except_in_the_composite(
    clean: dict[str, pd.DataFrame],
) -> None:
    for name in ("graphite", "nmc"):
        np.testing.assert_allclose(clean[name]["active_fraction"] * 100, clean[name]["am_wt_pct"])
    assert clean["si_gra"]["active_fraction"].between(0.85, 0.98).all()


def test_nmc_is_denser_and_its_mass_loading_higher_and_wider(
    clean: dict[str, pd.DataFrame],
) -> None:
    nmc = clean["nmc"]
    for name in ("graphite", "si_gra"):
        other = clean[name]
        assert nmc["density_g_cm3"].min() > other["density_g_cm3"].max()
        assert nmc["mass_loading_mg_cm2"].median() > 1.3 * other["mass_loading_mg_cm2"].median()
        assert nmc["mass_loading_mg_cm2"].max() > 1.5 * other["mass_loading_mg_cm2"].max()
        assert nmc["mass_loading_mg_cm2"].std() > 1.5 * other["mass_loading_mg_cm2"].std()


def test_graphite_and_its_composite_are_alike_in_density(clean: dict[str, pd.DataFrame]) -> None:
    ratio = clean["si_gra"]["density_g_cm3"].median() / clean["graphite"]["density_g_cm3"].median()
    assert ratio == pytest.approx(1.0, abs=0.1)


def test_one_chemistry_s_data_is_the_most_extensive(clean: dict[str, pd.DataFrame]) -> None:
    assert len(clean["graphite"]) > len(clean["si_gra"]) + len(clean["nmc"])


# What the shipped files hold besides


@pytest.mark.parametrize(("name", "low", "high"), [("graphite", 0.8, 1.8), ("nmc", 1.7, 3.5)])
def test_densities_are_those_of_real_coatings(
    clean: dict[str, pd.DataFrame], name: str, low: float, high: float
) -> None:
    assert clean[name]["density_g_cm3"].between(low, high).all()


@pytest.mark.parametrize("name", NAMES)
def test_no_measured_density_exceeds_the_limit(clean: dict[str, pd.DataFrame], name: str) -> None:
    made = simulate(CHEMISTRIES[name], clean[name])
    assert (clean[name]["density_g_cm3"] < made["density_limit_g_cm3"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_rows_scatter_about_the_physics_by_a_few_per_cent(
    clean: dict[str, pd.DataFrame], name: str
) -> None:
    made = simulate(CHEMISTRIES[name], clean[name])
    for column in ("density_g_cm3", "mass_loading_mg_cm2"):
        deviation = (clean[name][column] / made[column]).map(math.log)
        assert 0.01 < deviation.std() < 0.08
        assert deviation.abs().max() < 0.25


@pytest.mark.parametrize("name", NAMES)
def test_discs_of_a_campaign_deviate_together(clean: dict[str, pd.DataFrame], name: str) -> None:
    made = simulate(CHEMISTRIES[name], clean[name])
    deviation = clean[name]["mass_loading_mg_cm2"] / made["mass_loading_mg_cm2"]
    within = deviation.groupby(clean[name]["campaign"]).std().mean()
    assert within < 0.8 * deviation.std()


@pytest.mark.parametrize("name", NAMES)
def test_a_campaign_is_one_slurry_through_a_few_gaps(
    clean: dict[str, pd.DataFrame], name: str
) -> None:
    campaigns = clean[name].groupby("campaign")
    slurry = ["am_wt_pct", "active_fraction", "dry_mass_g", "solvent_mass_g", "collector_mass_mg"]
    assert (campaigns[slurry].nunique() == 1).all(axis=None)
    assert campaigns["comma_gap_um"].nunique().max() <= 3
    assert campaigns.size().between(5, 10).all()


def test_every_kind_of_defect_is_planted_and_caught(
    read: dict[str, tuple[pd.DataFrame, Counter[str]]],
) -> None:
    reasons = {name: dict(found) for name, (_, found) in read.items()}
    mass, thickness = "range of disc_mass_mg", "range of disc_thickness_um"
    impossible = "relation disc_thickness_um > collector_thickness_um"
    assert reasons == {
        "graphite": {
            "missing": 1,
            "not a number": 1,
            "duplicate": 1,
            impossible: 1,
            thickness: 1,
            mass: 1,
        },
        "si_gra": {"duplicate": 1, mass: 1, "missing": 1},
        "nmc": {thickness: 1, "not a number": 1, "duplicate": 1, impossible: 1},
    }


def test_a_decimal_comma_is_quoted() -> None:
    assert ',"' in (RAW / "nmc.csv").read_text("utf-8")


def test_the_shipped_files_are_what_the_script_writes(tmp_path: Path) -> None:
    simulate_electrodes.main(["--seed", "2024", "--output-dir", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{n}.csv" for n in NAMES)
    for name in NAMES:
        written = (tmp_path / f"{name}.csv").read_bytes()
        assert written == (RAW / f"{name}.csv").read_bytes()
        assert b"\r" not in written
        assert written.split(b"\n", 1)[0].decode() == ",".join(COLUMNS)


def test_another_seed_gives_another_table_with_the_same_design() -> None:
    one, other = raw_table("nmc", 1), raw_table("nmc", 2)
    assert csv_text(one) != csv_text(other)
    assert len(one) == len(other)
    assert sorted(one["campaign"].unique()) == sorted(other["campaign"].unique())


def test_plans_and_files_have_the_same_names() -> None:
    assert tuple(PLANS) == NAMES


# The physics


def _electrodes(name: str, **columns: object) -> pd.DataFrame:
    active, solid = TYPICAL[name]
    settings = {
        "am_wt_pct": active,
        "solid_content_pct": solid,
        "coating_speed_m_min": 0.3,
        "comma_gap_um": 200.0,
        "roll_speed_m_min": 0.27,
        "roll_gap_um": 50.0,
    }
    return pd.DataFrame(settings | columns, index=range(5))


def _steps(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / 4.0 for step in range(5)]


def _falls(values: pd.Series) -> bool:
    return bool((values.diff().dropna() < 0.0).all())


def _rises(values: pd.Series) -> bool:
    return _falls(-values)


each_chemistry = pytest.mark.parametrize("name", NAMES)


@each_chemistry
def test_a_gap_wider_than_the_electrode_does_not_compress(name: str) -> None:
    made = simulate(CHEMISTRIES[name], _electrodes(name, roll_gap_um=_steps(1e3, 1e4)))
    assert (made["line_load_n_mm"] == 0.0).all()
    np.testing.assert_allclose(made["thickness_um"], made["incoming_thickness_um"], rtol=1e-12)
    assert made["density_g_cm3"].nunique() == 1


@each_chemistry
def test_compression_begins_where_the_gap_meets_the_electrode(name: str) -> None:
    chemistry = CHEMISTRIES[name]
    coating = simulate(chemistry, _electrodes(name))["incoming_thickness_um"][0]
    touching = coating + chemistry.collector_thickness_um
    gaps = [touching + 5.0, touching + 0.01, touching - 0.01, touching - 1.0, touching - 5.0]
    load = simulate(chemistry, _electrodes(name, roll_gap_um=gaps))["line_load_n_mm"]
    assert (load[:2] == 0.0).all()
    assert 0.0 < load[2] < load[3] < load[4]
    assert load[2] < 1.0  # no jump


@each_chemistry
def test_a_narrower_roll_gap_makes_it_denser_and_no_heavier(name: str) -> None:
    made = simulate(CHEMISTRIES[name], _electrodes(name, roll_gap_um=_steps(1.0, 45.0)))
    assert _falls(made["line_load_n_mm"])
    assert _falls(made["density_g_cm3"])
    assert made["mass_loading_mg_cm2"].nunique() == 1


@each_chemistry
def test_mass_is_proportional_to_the_comma_gap(name: str) -> None:
    gaps = _steps(50.0, 400.0)
    made = simulate(CHEMISTRIES[name], _electrodes(name, comma_gap_um=gaps))
    per_gap = made["mass_loading_mg_cm2"] / gaps
    np.testing.assert_allclose(per_gap, per_gap[0])


@each_chemistry
def test_a_thicker_coating_in_the_same_gap_gets_denser(name: str) -> None:
    made = simulate(CHEMISTRIES[name], _electrodes(name, comma_gap_um=_steps(200.0, 400.0)))
    assert _rises(made["density_g_cm3"])


@each_chemistry
def test_more_solid_more_mass(name: str) -> None:
    made = simulate(CHEMISTRIES[name], _electrodes(name, solid_content_pct=_steps(20.0, 70.0)))
    assert _rises(made["dry_mass_mg_cm2"])


@each_chemistry
def test_a_faster_web_takes_less_slurry_down_to_half_the_gap(name: str) -> None:
    chemistry = CHEMISTRIES[name]
    settings = _electrodes(name, coating_speed_m_min=_steps(0.2, 1.0))
    assert _falls(simulate(chemistry, settings)["mass_loading_mg_cm2"])
    assert film_factor(chemistry, np.array([1e9])) == pytest.approx(0.5)


@each_chemistry
def test_roll_speed_hardly_matters(name: str) -> None:
    made = simulate(
        CHEMISTRIES[name], _electrodes(name, roll_speed_m_min=[0.27, 0.27, 0.54, 0.54, 0.54])
    )
    assert 0.98 < made["density_g_cm3"][4] / made["density_g_cm3"][0] < 1.0


@each_chemistry
def test_no_load_reaches_the_limit(name: str) -> None:
    settings = _electrodes(name, roll_gap_um=0.0, comma_gap_um=_steps(50.0, 1000.0))
    made = simulate(CHEMISTRIES[name], settings)
    assert (made["density_g_cm3"] < made["density_limit_g_cm3"]).all()
    assert (made["thickness_um"] > 0.0).all()


@each_chemistry
def test_settings_far_outside_the_data_stay_physical(name: str) -> None:
    settings = _electrodes(
        name, am_wt_pct=_steps(1.0, 99.0), solid_content_pct=_steps(1.0, 99.0), roll_gap_um=5.0
    )
    made = simulate(CHEMISTRIES[name], settings)
    assert np.isfinite(made).all(axis=None)
    assert (made["density_g_cm3"] > 0.0).all()
    assert (made["density_g_cm3"] < made["density_limit_g_cm3"]).all()


@each_chemistry
def test_the_coating_in_the_nip_fills_the_gap_that_its_load_opened(name: str) -> None:
    chemistry = CHEMISTRIES[name]
    settings = _electrodes(name, roll_gap_um=_steps(10.0, 45.0))
    made = simulate(chemistry, settings)
    lost = made["incoming_thickness_um"] - made["thickness_um"]
    in_nip = made["incoming_thickness_um"] - lost / (1.0 - chemistry.elastic_recovery)
    opened = (
        settings["roll_gap_um"] + made["line_load_n_mm"] / LABORATORY_CALENDER.stiffness_n_mm_um
    )
    np.testing.assert_allclose(in_nip + chemistry.collector_thickness_um, opened, rtol=1e-9)


def test_the_density_follows_the_cited_compaction_law() -> None:
    made = simulate(NMC, _electrodes("nmc", roll_gap_um=[1e4, 60.0, 40.0, 20.0, 1.0]))
    limit, coated = made["density_limit_g_cm3"], made["density_g_cm3"][0]
    left = np.exp(-made["line_load_n_mm"] / NMC.compaction_resistance_n_mm)
    np.testing.assert_allclose(made["density_g_cm3"], limit - (limit - coated) * left)


def test_the_solids_of_a_known_recipe_weigh_what_they_must() -> None:
    """Solids of 1.9 g/cm³, all of them, in as much solvent of 1 g/cm³."""
    simple = Chemistry(
        active_density_g_cm3=1.9,
        binder_density_g_cm3=1.9,
        solvent_density_g_cm3=1.0,
        collector_density_g_cm3=2.7,
        collector_thickness_um=20.0,
        film_head=0.0,
        coated_packing=0.5,
        limit_packing=0.8,
        compaction_resistance_n_mm=200.0,
        elastic_recovery=0.0,
        reference_additive=0.5,
        loosening_per_additive=1.0,
        reference_solid=0.5,
        packing_per_solid=0.0,
    )
    settings = _electrodes("nmc", am_wt_pct=50.0, solid_content_pct=50.0, roll_gap_um=1e4)
    made = simulate(simple, settings)
    slurry_g_cm3 = 2.0 / (1.0 / 1.9 + 1.0)
    wet_cm = 0.5 * 200.0e-4
    np.testing.assert_allclose(made["dry_mass_mg_cm2"], 1000.0 * wet_cm * slurry_g_cm3 * 0.5)
    np.testing.assert_allclose(made["density_g_cm3"], 0.5 * 1.9)
    np.testing.assert_allclose(made["mass_loading_mg_cm2"], 0.5 * made["dry_mass_mg_cm2"])


def test_a_composite_s_active_fraction_comes_from_the_settings_or_the_chemistry() -> None:
    settings = _electrodes("si_gra")
    assert (simulate(SI_GRA, settings)["active_fraction"] == SI_GRA.blended_active_fraction).all()
    given = simulate(SI_GRA, settings.assign(active_fraction=0.9))
    assert (given["active_fraction"] == 0.9).all()


def test_a_new_chemistry_is_a_few_changed_parameters() -> None:
    hard_carbon = replace(GRAPHITE, active_density_g_cm3=1.6, collector_density_g_cm3=2.7)
    made, graphite = (simulate(c, _electrodes("graphite")) for c in (hard_carbon, GRAPHITE))
    assert (made["density_g_cm3"] < graphite["density_g_cm3"]).all()


# Deviations


def test_without_deviations_nothing_is_left_to_chance() -> None:
    settings = _electrodes("nmc", campaign=list("aabbb"))
    still = Noise(*[0.0] * 7)
    plain = simulate(NMC, settings)
    pd.testing.assert_frame_equal(plain, simulate(NMC, settings))
    drawn = simulate(NMC, settings, noise=still, rng=np.random.default_rng(1))
    pd.testing.assert_frame_equal(plain, drawn)


def test_the_same_generator_gives_the_same_electrodes() -> None:
    settings = _electrodes("nmc")
    one, same, other = (simulate(NMC, settings, rng=np.random.default_rng(s)) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert (one["density_g_cm3"] != other["density_g_cm3"]).all()


def test_a_campaign_shares_its_slurry_s_deviation() -> None:
    settings = _electrodes("nmc", campaign=list("aabbb"))
    slurry_only = replace(Noise(*[0.0] * 7), slurry_film=0.05, slurry_packing=0.03)
    made = simulate(NMC, settings, noise=slurry_only, rng=np.random.default_rng(1))
    assert made.groupby(settings["campaign"]).nunique()["dry_mass_mg_cm2"].tolist() == [1, 1]
    assert made["dry_mass_mg_cm2"].nunique() == 2


def test_the_index_of_the_settings_is_kept() -> None:
    settings = _electrodes("nmc").set_index(pd.Index(list("vwxyz")))
    made = simulate(NMC, settings, rng=np.random.default_rng(1))
    assert made.index.tolist() == list("vwxyz")
    assert np.isfinite(made).all(axis=None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("comma_gap_um", 0.0),
        ("roll_gap_um", -1.0),
        ("solid_content_pct", 100.0),
        ("am_wt_pct", math.nan),
        ("coating_speed_m_min", math.inf),
    ],
)
def test_an_impossible_setting_is_named(column: str, value: float) -> None:
    with pytest.raises(InputError, match=column) as caught:
        simulate(NMC, _electrodes("nmc", **{column: value}))
    assert "allowed" in str(caught.value)


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(InputError, match="roll_gap_um"):
        simulate(NMC, _electrodes("nmc").drop(columns="roll_gap_um"))
