"""Settings: what the project's own file gives, and one message for each mistake."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from settings import Settings, load_defaults

from adaptrode.errors import InputError

Config = dict[str, Any]
FIRST = "electrodes"


@pytest.fixture(scope="module")
def defaults(root: Path) -> Config:
    return load_defaults(root / "config.yaml")


@pytest.fixture
def config(defaults: Config) -> Config:
    return copy.deepcopy(defaults)


def test_own_file_is_accepted_and_complete(config: Config, defaults: Config) -> None:
    settings = Settings(config, defaults)
    assert settings.domains(FIRST) == ["graphite", "si_gra", "nmc"]
    assert settings.schemes(FIRST) == ["row", "campaign"]
    assert [recipe["name"] for recipe in settings.recipes()] == config["recipes"]
    assert {"figure_1", "figure_2", "figure_10", "figure_s2"} <= set(settings.figures())
    assert {"table_1", "table_3"} <= set(settings.tables())


def test_a_short_config_is_filled_up_but_its_studies_are_its_own(defaults: Config) -> None:
    study = {
        "title": "Mine",
        "origin": "measured",
        "source": "old",
        "targets": ["new"],
        "domains": {
            name: {"label": name, "color": "red", "raw": f"{name}.csv"} for name in ("old", "new")
        },
        "features": [{"name": "x", "label": "X"}],
        "properties": [{"name": "y", "label": "Y", "hidden": [3], "adapter": [3]}],
    }
    settings = Settings({"studies": {"mine": study}, "split": {"repeats": 2}}, defaults)
    assert settings.studies == ["mine"]
    assert settings.values["split"]["repeats"] == 2
    assert settings.values["split"]["test_fraction"] == defaults["split"]["test_fraction"]
    assert settings.schemes("mine") == ["row"]
    kinds = {figure.kind for figure in settings.figures().values()}
    assert {"workflow", "shapley_beeswarm", "scratch_loss"} <= kinds
    assert all(figure.name.startswith("mine_") for figure in settings.figures().values())


def study_of(config: Config) -> Config:
    found: Config = config["studies"][FIRST]
    return found


def add_binder(config: Config, **record: Any) -> None:
    study_of(config)["features"].append({"name": "binder", "label": "Binder", **record})


def test_levels_are_columns_for_all_but_the_cleaning(config: Config, defaults: Config) -> None:
    add_binder(config, levels=["CMC/SBR", "PVDF"])
    settings = Settings(config, defaults)
    names = [record["name"] for record in json.loads(settings.features_json(FIRST))]
    assert names[-3:] == ["roll_gap_um", "binder_cmc_sbr", "binder_pvdf"]
    assert json.loads(settings.raw_features_json(FIRST))[-1]["levels"] == ["CMC/SBR", "PVDF"]


MISTAKES: dict[str, tuple[Callable[[Config], object], str]] = {
    "misspelt key": (
        lambda c: c["split"].update(repeat=3),
        "unknown key 'repeat' in split",
    ),
    "misspelt key suggests": (lambda c: c.update(recipe=["robust"]), "write 'recipes'"),
    "missing key": (lambda c: study_of(c).pop("source"), "'source' is missing"),
    "wrong type": (lambda c: c["split"].update(repeats="many"), "split.repeats"),
    "impossible fraction": (lambda c: c["split"].update(test_fraction=1.5), "less than 1"),
    "negative seed": (lambda c: c.update(seed=-1), "seed"),
    "zero repeats": (lambda c: c["split"].update(repeats=0), "at least 1"),
    "unknown loss": (lambda c: c["training"].update(loss="mape2"), "mape, mae, mse"),
    "unknown recipe": (lambda c: c.update(recipes=["better"]), "unknown recipe 'better'"),
    "unknown source": (lambda c: study_of(c).update(source="lto"), "unknown domain 'lto'"),
    "unknown target": (lambda c: study_of(c).update(targets=["lto"]), "unknown domain 'lto'"),
    "source as target": (
        lambda c: study_of(c)["targets"].append("graphite"),
        "targets holds the source",
    ),
    "unused domain": (lambda c: study_of(c).update(targets=["nmc"]), "neither source nor target"),
    "no targets": (lambda c: study_of(c).update(targets=[]), "at least 1 entries"),
    "overlapping columns": (
        lambda c: study_of(c)["features"].append({"name": "density_g_cm3", "label": "again"}),
        "already in features",
    ),
    "group is a feature": (lambda c: study_of(c).update(group="am_wt_pct"), "group"),
    "empty range": (lambda c: study_of(c)["features"][0].update(low=5, high=5), "empty range"),
    "impossible width": (lambda c: study_of(c)["properties"][0].update(hidden=[0]), "at least 1"),
    "no hidden layer": (lambda c: study_of(c)["properties"][0].update(hidden=[]), "at least 1"),
    "unknown equation": (
        lambda c: study_of(c)["equations"].update(density_g_cm3="mass"),
        "unknown equation 'mass'",
    ),
    "equation without its column": (
        lambda c: study_of(c).update(constants={}),
        "needs 'disc_diameter_cm'",
    ),
    "equation of an unknown column": (
        lambda c: study_of(c)["equations"].update(porosity="density"),
        "unknown column 'porosity'",
    ),
    "relation on an unknown column": (
        lambda c: study_of(c)["relations"].append("disc_mass_mg > mass"),
        "unknown column 'mass'",
    ),
    "renamed unknown column": (
        lambda c: study_of(c)["domains"]["nmc"].update(columns={"gap": "Gap"}),
        "unknown column 'gap'",
    ),
    "published error of an unknown domain": (
        lambda c: study_of(c)["properties"][0]["published"]["adapter"].update(lto=1.0),
        "unknown domain 'lto'",
    ),
    "figure without its property": (
        lambda c: study_of(c)["figures"]["figure_6"].pop("property"),
        "needs the property",
    ),
    "figure of an unknown kind": (
        lambda c: study_of(c)["figures"].update(figure_99={"kind": "pie"}),
        "figure_99",
    ),
    "upper-case name": (
        lambda c: study_of(c)["domains"].update(NMC=study_of(c)["domains"]["nmc"]),
        "domains",
    ),
    "no number": (lambda c: c["split"].update(test_fraction=float("nan")), "not a finite number"),
    "endless range": (
        lambda c: study_of(c)["features"][0].update(high=float("inf")),
        "features.0.high is not a finite number",
    ),
    "colour of no kind": (
        lambda c: study_of(c)["domains"]["nmc"].update(color="#12"),
        "domains.nmc.color",
    ),
    "one level": (lambda c: add_binder(c, levels=["PVDF"]), "at least 2 entries"),
    "levels of one name": (lambda c: add_binder(c, levels=["A B", "a-b"]), "rename 'a-b'"),
    "levels with a unit": (
        lambda c: add_binder(c, levels=["a", "b"], unit="%"),
        "'binder' has levels and a unit or a range",
    ),
    "level of a column's name": (
        lambda c: add_binder(c, name="am", levels=["wt pct", "b"]),
        "the column 'am_wt_pct', which is already in features",
    ),
    "relation of levels": (
        lambda c: (
            add_binder(c, levels=["a", "b"]),
            study_of(c)["relations"].append("disc_mass_mg > binder"),
        ),
        "unknown column 'binder'",
    ),
    "domain in two studies": (
        lambda c: c["studies"].update(copy=copy.deepcopy(study_of(c))),
        "is in both",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_clear_message(config: Config, defaults: Config, mistake: str) -> None:
    spoil, expected = MISTAKES[mistake]
    spoil(config)
    with pytest.raises(InputError) as caught:
        Settings(config, defaults)
    assert expected in str(caught.value)
    assert caught.value.mend


def test_two_studies_of_one_table_are_split_alike(config: Config, defaults: Config) -> None:
    other = copy.deepcopy(config["studies"][FIRST])
    for key in ("figures", "tables"):
        other[key] = {}
    other["source"], other["targets"] = "old_nmc", ["new_si_gra"]
    other["domains"] = {
        "old_nmc": other["domains"]["nmc"],
        "new_si_gra": other["domains"]["si_gra"],
    }
    for record in other["properties"]:
        record.pop("published", None)
    config["studies"]["from_nmc"] = other
    settings = Settings(config, defaults)
    assert settings.split_as("new_si_gra") == "si_gra"
    assert [settings.split_as(name) for name in settings.domains(FIRST)] == settings.domains(FIRST)
