"""Settings proposed from the columns of raw tables: read, checked and used as they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from settings import Settings, load_defaults

import new_study
from adaptrode.errors import InputError
from adaptrode.headers import simple, understood, unused

ROWS = {"pilot": 40, "lab": 12}


def table(rows: int, seed: int = 1, **more: Any) -> pd.DataFrame:
    """A coating's table; further columns come before the property, the last."""
    rng = np.random.default_rng(seed)
    gap = rng.uniform(50, 300, rows).round(1)
    speed = rng.uniform(0.1, 2.0, rows).round(2)
    loading = (0.05 * gap / speed**0.1 * rng.normal(1.0, 0.1, rows)).round(3)
    made = pd.DataFrame({"Gap / µm": gap, "Speed (m/min)": speed})
    return made.assign(**more, **{"Loading [mg/cm²]": loading})


def write(folder: Path, **tables: pd.DataFrame) -> list[str]:
    """CSV files and the options that name them, the first as the source."""
    options: list[str] = []
    for name, cells in tables.items():
        path = folder / f"{name}.csv"
        cells.to_csv(path, index=False)
        options += ["--target" if options else "--source", str(path)]
    return options


def pair(folder: Path, **more: Any) -> list[str]:
    """Two tables with further columns, each made from the number of rows."""
    made = {
        name: table(rows, rows, **{key: make(rows, name) for key, make in more.items()})
        for name, rows in ROWS.items()
    }
    return write(folder, **made)


def proposed(folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    """The study of the settings that are written, after the workflow's own checks."""
    output = folder / "config.yaml"
    new_study.main([*options, "--output", str(output)])
    text = output.read_text("utf-8")
    config = yaml.safe_load(text)
    root = Path(new_study.__file__).resolve().parents[1]
    checked = Settings(config, load_defaults(root / "config.yaml"))
    return checked.study(checked.studies[0]), text


def names(study: dict[str, Any], key: str = "features") -> list[str]:
    return [record["name"] for record in study[key]]


@pytest.mark.parametrize(
    ("header", "name", "label", "unit"),
    [
        ("Gap / µm", "gap_um", "Gap", "µm"),
        ("Gap/µm", "gap_um", "Gap", "µm"),
        ("Gap / μm", "gap_um", "Gap", "µm"),
        ("gap_um", "gap_um", "Gap", "µm"),
        ("Comma gap [um]", "comma_gap_um", "Comma gap", "µm"),
        ("Density (g/cm³)", "density_g_cm3", "Density", "g/cm³"),
        ("density_g_cm3", "density_g_cm3", "Density", "g/cm³"),
        ("Speed in m/min", "speed_m_min", "Speed", "m/min"),
        ("AM, wt.%", "am_wt_pct", "AM", "wt.%"),
        ("solid_content_pct", "solid_content_pct", "Solid content", "%"),
        ("Temperature (°C)", "temperature_degc", "Temperature", "°C"),
        ("temp_c", "temp_c", "Temp", "°C"),
        ("Porosity [-]", "porosity", "Porosity", ""),
        ("Stärke", "starke", "Stärke", ""),
        ("in/out ratio", "in_out_ratio", "In/out ratio", ""),
        ("2theta", "x_2theta", "2theta", ""),
        ("密度", "column_1", "密度", ""),
        ("row", "row_2", "Row", ""),
    ],
)
def test_headers_are_understood(header: str, name: str, label: str, unit: str) -> None:
    (found,) = understood([header])
    assert (found.name, found.label, found.unit) == (name, label, unit)


def test_names_are_unique_and_short() -> None:
    found = understood(["Gap / µm", "gap_um", "x" * 90, "x" * 91, "!"])
    assert len({header.name for header in found}) == len(found)
    assert all(len(header.name) <= 60 for header in found)
    assert unused("a", ["a", "a_2"]) == "a_3"
    assert simple(" Größe 1 ") == "grosse_1"


def test_a_template_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, text = proposed(tmp_path, *pair(tmp_path))
    assert (study["source"], study["targets"]) == ("pilot", ["lab"])
    assert names(study) == ["gap_um", "speed_m_min"]
    assert names(study, "properties") == ["loading_mg_cm2"]
    assert study["domains"]["lab"]["raw"] == "lab.csv"
    assert study["domains"]["lab"]["columns"]["gap_um"] == "Gap / µm"
    assert "40 of its 40 rows are usable" in text
    assert "group" not in study
    out = capsys.readouterr().out
    assert f"--directory {tmp_path} --configfile {tmp_path}/config.yaml --cores 8" in out


def test_ranges_hold_all_data_and_more(tmp_path: Path) -> None:
    extra = {
        "Below / mV": lambda n, _: np.linspace(-0.0312, -0.0305, n).round(6),
        "Tiny": lambda n, _: np.linspace(1.2e-7, 9.9e-7, n),
        "Huge": lambda n, _: np.linspace(3e18, 9e18, n),
        "Share / %": lambda n, _: np.linspace(70, 99.5, n).round(2),
    }
    options = pair(tmp_path, **extra)
    study, _ = proposed(tmp_path, *options)
    files = pd.concat([pd.read_csv(path) for path in options[1::2]])
    by_name = {header.name: header.text for header in understood(files.columns)}
    for record in (*study["features"], *study["properties"]):
        values = files[by_name[record["name"]]]
        assert isinstance(record["low"], float | int)
        assert isinstance(record["high"], float | int)
        assert record["low"] < values.min() < values.max() <= record["high"]
        assert record["high"] - record["low"] < 4 * values.abs().max()
    ranges = {record["name"]: record for record in study["features"]}
    assert ranges["share_pct"]["high"] == 100
    assert ranges["gap_um"]["low"] == 0
    assert ranges["below_mv"]["high"] < 0


def test_columns_are_matched_by_what_they_say(tmp_path: Path) -> None:
    one, other = table(40), table(12, 2)
    other.columns = pd.Index(["gap_um", "Speed, m/min", "Loading / mg/cm²"])
    study, _ = proposed(tmp_path, *write(tmp_path, pilot=one, lab=other))
    assert names(study) == ["gap_um", "speed_m_min"]
    assert study["domains"]["lab"]["columns"] == {
        "speed_m_min": "Speed, m/min",
        "loading_mg_cm2": "Loading / mg/cm²",
    }


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name, rows in ROWS.items():
        (tmp_path / name).mkdir()
        table(rows, rows).to_csv(tmp_path / name / "2024 data.csv", index=False)
    paths = [str(tmp_path / name / "2024 data.csv") for name in ROWS]
    study, _ = proposed(tmp_path, "--source", paths[0], "--target", paths[1])
    assert list(study["domains"]) == ["x_2024_data", "x_2024_data_2"]
    labels = [record["label"] for record in study["domains"].values()]
    assert labels == ["Pilot 2024 data", "Lab 2024 data"]
    assert study["domains"]["x_2024_data"]["raw"] == "pilot/2024 data.csv"
    with pytest.raises(InputError, match="given twice"):
        new_study.main(["--source", paths[0], "--target", paths[0], "--force"])


def test_useless_columns_are_left_out_and_said(tmp_path: Path) -> None:
    text = proposed(
        tmp_path,
        *pair(
            tmp_path,
            Same=lambda n, _: np.full(n, 5.0),
            Empty=lambda n, _: np.full(n, np.nan),
            Place=lambda n, name: np.full(n, f"hall of {name}"),
            Remark=lambda n, _: [f"note {i % 9}" if i % 2 else "" for i in range(n)],
            Sparse=lambda n, _: np.where(np.arange(n) % 2, np.nan, np.arange(n) * 1.5),
        ),
    )[1]
    _, _, left_out = text.partition("# Left out:")
    for words in (
        "Same: 5.0 in every row",
        "Empty: empty",
        "Place: the same in every row of each file",
        "Remark: text",
        "Sparse: no usable value",
    ):
        assert words in left_out


def test_a_column_that_a_target_lacks_is_named(tmp_path: Path) -> None:
    one = table(40, extra=np.arange(40) % 7)
    _, text = proposed(tmp_path, *write(tmp_path, pilot=one, lab=table(12, 2)))
    assert "extra: not in lab.csv" in text


def test_words_become_levels_groups_and_names(tmp_path: Path) -> None:
    study, text = proposed(
        tmp_path,
        *pair(
            tmp_path,
            Binder=lambda n, _: ["CMC" if i % 3 else "no" for i in range(n)],
            Batch=lambda n, name: [f"{name} {i // 3}" for i in range(n)],
            Disc=lambda n, name: [f"{name}-{i:03d}" for i in range(n)],
        ),
    )
    (binder,) = (record for record in study["features"] if record["name"] == "binder")
    assert binder["levels"] == ["CMC", "no"]  # a word, not YAML's `no`
    assert (study["group"], study["identifier"]) == ("batch", "disc")
    assert study["domains"]["lab"]["columns"]["disc"] == "Disc"
    assert "CHECK" in text


def test_what_is_unclear_is_not_set(tmp_path: Path) -> None:
    study, text = proposed(
        tmp_path,
        *pair(
            tmp_path,
            Number=lambda n, _: np.arange(1, n + 1),
            Sample=lambda n, name: [f"{name}{i}" for i in range(n)],
            Batch=lambda n, _: [i // 3 for i in range(n)],
            Slurry=lambda n, name: [f"{name} {i // 4}" for i in range(n)],
        ),
    )
    assert "group" not in study
    assert "identifier" not in study
    assert "# group: batch" in text
    assert "# identifier: number" in text
    assert names(study) == ["gap_um", "speed_m_min"]


def test_properties_are_those_asked_for(tmp_path: Path) -> None:
    options = pair(tmp_path, Thickness_um=lambda n, _: np.linspace(20, 90, n).round(1))
    study, _ = proposed(tmp_path, *options, "--property", "thickness_um", "--property", "Loading")
    assert names(study, "properties") == ["thickness_um", "loading_mg_cm2"]
    with pytest.raises(InputError, match=r"lding.*missing|missing"):
        new_study.main([*options, "--property", "Lding", "--output", str(tmp_path / "b.yaml")])
    assert not (tmp_path / "b.yaml").exists()


def test_a_property_that_is_not_positive_does_without_logarithms(tmp_path: Path) -> None:
    made = {}
    for name, rows in ROWS.items():
        made[name] = table(rows, rows).assign(Bend=np.linspace(-3, 4.03, rows).round(2))
    proposed(tmp_path, *write(tmp_path, **made))
    config = yaml.safe_load((tmp_path / "config.yaml").read_text("utf-8"))
    assert not [m["name"] for m in config["methods"] if m["name"].endswith("_log")]
    assert config["application"] == {"counted": "gp"}


def test_what_never_varies_in_the_source_is_scaled_with_the_targets(tmp_path: Path) -> None:
    one, other = table(40, ash=0), table(12, 2, ash=np.arange(12) * 20.5)
    study, _ = proposed(tmp_path, *write(tmp_path, pilot=one, lab=other))
    assert "ash" in names(study)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text("utf-8"))
    assert config["training"] == {"scaling": "pooled"}
    new_study.main(
        [*write(tmp_path, pilot=other, lab=one), "--output", str(tmp_path / "other.yaml")]
    )
    assert "training" not in yaml.safe_load((tmp_path / "other.yaml").read_text("utf-8"))


def test_a_formula_is_pointed_out(tmp_path: Path) -> None:
    made = {}
    for name, rows in ROWS.items():
        one = table(rows, rows)
        made[name] = one.assign(Area=(one["Gap / µm"] * one["Speed (m/min)"]).round(3))
    _, text = proposed(tmp_path, *write(tmp_path, **made))
    assert "nearly follows from the features by a formula" in text


def test_another_unit_in_the_target_is_pointed_out(tmp_path: Path) -> None:
    one, other = table(40), table(12, 2)
    other["Gap / µm"] /= 1000
    _, text = proposed(tmp_path, *write(tmp_path, pilot=one, lab=other))
    assert text.count("do not overlap") == 1


def test_defects_cost_rows_not_the_study(tmp_path: Path) -> None:
    one = table(40).astype("string")
    one.loc[3, "Gap / µm"] = "n/a"
    one.loc[7, "Speed (m/min)"] = "fast"
    _, text = proposed(tmp_path, *write(tmp_path, pilot=one, lab=table(12, 2)))
    assert "38 of its 40 rows are usable" in text


@pytest.mark.parametrize("count", [1, 30, 34])
def test_from_one_to_thirty_features(tmp_path: Path, count: int) -> None:
    made = {}
    for name, rows in ROWS.items():
        rng = np.random.default_rng(rows)
        cells = rng.uniform(1, 2, (rows, count + 1)).round(4)
        made[name] = pd.DataFrame(cells, columns=[f"f{i}" for i in range(count)] + ["y"])
    study, text = proposed(tmp_path, *write(tmp_path, **made))
    assert len(study["features"]) == min(count, 30)
    assert text.count("more than 30 features") == max(count - 30, 0)


def test_decimal_commas_and_semicolons(tmp_path: Path) -> None:
    options = pair(tmp_path)
    table(12, 2).to_csv(tmp_path / "lab.csv", index=False, sep=";", decimal=",")
    study, text = proposed(tmp_path, *options)
    assert names(study) == ["gap_um", "speed_m_min"]
    assert "12 of its 12 rows are usable" in text


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    options = [*pair(tmp_path), "--output", str(tmp_path / "config.yaml")]
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="exist already"):
        new_study.main(options)
    assert (tmp_path / "config.yaml").read_text("utf-8") == "mine"
    new_study.main([*options, "--force"])
    assert "studies:" in (tmp_path / "config.yaml").read_text("utf-8")


def test_headers_cannot_break_the_settings(tmp_path: Path) -> None:
    nasty = {
        "a: b # c": lambda n, _: np.linspace(1, 2, n),
        'say "x"\n{y}': lambda n, _: np.linspace(2, 1, n) ** 2,
        "yes": lambda n, _: np.full(n, 1),
    }
    study, _ = proposed(tmp_path, *pair(tmp_path, **nasty))
    assert len(study["features"]) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda made: made.head(5), "too few rows"),
        (lambda made: made.rename(columns=lambda name: f"my {name}"), "no column in common"),
        (lambda made: made[["Loading [mg/cm²]"]].assign(other=1), "could be a feature"),
        (lambda made: made[["Loading [mg/cm²]"]].assign(b="?"), "could be a feature"),
        (lambda made: made.assign(**dict.fromkeys(made.columns, "x")), "could be the property"),
    ],
)
def test_impossible_targets_end_in_one_message(tmp_path: Path, change: Any, message: str) -> None:
    options = write(tmp_path, pilot=table(40), lab=table(12, 2))
    changed = change(table(12, 2))
    changed.to_csv(tmp_path / "lab.csv", index=False)
    with pytest.raises(InputError, match=message):
        new_study.main([*options, "--output", str(tmp_path / "c")])
    assert not (tmp_path / "c").exists()


def test_the_study_needs_a_name_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--study my_study"):
        new_study.main([*pair(tmp_path), "--study", "My study", "--output", str(tmp_path / "c")])
