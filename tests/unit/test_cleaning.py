from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clean as script
from adaptrode import physics
from adaptrode.categories import Category, expanded, variables
from adaptrode.cleaning import clean
from adaptrode.description import Variable
from adaptrode.equations import TableDescription
from adaptrode.errors import InputError
from adaptrode.reading import read_raw

DESCRIPTION = TableDescription(
    features=[
        Variable("gap_um", "Gap", "µm", 10, 1000),
        Variable("solid_content_pct", "Solid content", "%", 5, 90),
    ],
    properties=[Variable("mass_loading_mg_cm2", "Mass loading", "mg/cm²", 0, 100)],
    measurements=[
        Variable("active_fraction", "Active fraction", "", 0.5, 1),
        Variable("dry_mass_g", "Dry mass", "g", 0.1, 10_000),
        Variable("solvent_mass_g", "Solvent mass", "g", 0.1, 10_000),
        Variable("disc_mass_mg", "Disc mass", "mg", 1, 200),
        Variable("collector_mass_mg", "Collector mass", "mg", 1, 100),
    ],
    equations={"solid_content_pct": "solid_content", "mass_loading_mg_cm2": "mass_loading"},
    constants={"disc_diameter_cm": 1.3},
    relations=["disc_mass_mg >= collector_mass_mg"],
    group="campaign",
    identifier="disc_id",
)
DIRECT = TableDescription(
    features=[Variable("x", "X", "", -10, 10)], properties=[Variable("y", "Y", "", -10, 10)]
)


def good(count: int = 12) -> pd.DataFrame:
    """Rows that nothing is wrong with, as the laboratory would write them."""
    i = np.arange(count)
    return pd.DataFrame(
        {
            "disc_id": [f"D{n}" for n in i],
            "campaign": [f"C{n // 4}" for n in i],
            "note": "made by hand",
            "gap_um": 60 + i,
            "active_fraction": 0.95,
            "dry_mass_g": 40 + i / 10,
            "solvent_mass_g": 60.0,
            "disc_mass_mg": 25 + i / 100,
            "collector_mass_mg": 19.05,
        }
    ).astype(str)


def cleaned(tmp_path, table: pd.DataFrame, description=DESCRIPTION, **options):
    path = tmp_path / "raw.csv"
    table.to_csv(path, index=False)
    return clean(read_raw(path, description.expected_headers()), description, **options)


def test_good_rows_pass_with_the_equations_applied(tmp_path):
    table = good()
    made = cleaned(tmp_path, table)
    assert made.rejected.empty
    assert made.rows.columns.to_list() == [
        *("row", "disc_id", "campaign"),
        *("gap_um", "solid_content_pct", "mass_loading_mg_cm2"),
    ]
    assert made.rows["row"].to_list() == list(range(2, 14))
    number = table.drop(columns=["disc_id", "campaign", "note"]).astype(float)
    np.testing.assert_array_equal(
        made.rows["solid_content_pct"],
        physics.solid_content_pct(number["dry_mass_g"], number["solvent_mass_g"]),
    )
    np.testing.assert_array_equal(
        made.rows["mass_loading_mg_cm2"],
        physics.mass_loading_mg_cm2(
            number["active_fraction"], number["disc_mass_mg"], number["collector_mass_mg"], 1.3
        ),
    )
    assert set(map(str, made.rows.dtypes[3:])) == {"float64"}


DEFECTS = {
    "empty": ("disc_mass_mg", "", "empty cell"),
    "nan": ("disc_mass_mg", "NaN", "no value"),
    "infinite": ("gap_um", "inf", "infinite"),
    "text": ("gap_um", "wide", "text in place"),
    "unit in the cell": ("gap_um", "60 um", "text beside"),
    "decimal comma": ("disc_mass_mg", "25,5", "decimal comma"),
    "thousands": ("dry_mass_g", "1,234.5", "thousands"),
    "negative": ("gap_um", "-60", "outside the possible range of 10 to 1000 µm"),
    "impossible": ("gap_um", "5000", "outside"),
    "mm for um": ("gap_um", "0.065", "unit slip? times 1000 it would be 65"),
    "ug for mg": ("disc_mass_mg", "25100", "unit slip? divided by 1000 it would be 25.1"),
    "collector too heavy": ("collector_mass_mg", "30.5", "disc_mass_mg = 25.05"),
    "no coating": ("collector_mass_mg", "25.05", "zero"),
    "kg for g": ("dry_mass_g", "0.4", "solid_content_pct"),
    "no group": ("campaign", " ", "group"),
    "group is nan": ("campaign", "nan", "group"),
}


@pytest.mark.parametrize(("column", "value", "said"), DEFECTS.values(), ids=DEFECTS)
def test_each_defect_rejects_its_row_alone(tmp_path, column, value, said):
    table = good()
    table.loc[5, column] = value
    made = cleaned(tmp_path, table)
    assert made.rejected["row"].to_list() == [7]
    assert said in made.rejected.loc[0].astype(str).str.cat(sep=" ")
    assert made.rows["row"].to_list() == [n for n in range(2, 14) if n != 7]


def test_a_campaign_of_sodium_cells_is_a_name(tmp_path):
    assert cleaned(tmp_path, good().assign(campaign="Na")).rejected.empty


def test_derived_value_out_of_range_says_from_what(tmp_path):
    table = good()
    table.loc[5, "dry_mass_g"] = "0.4"
    line = cleaned(tmp_path, table).rejected.loc[0]
    assert line["column"] == "solid_content_pct"
    assert "dry_mass_g = 0.4, solvent_mass_g = 60" in line["reason"]


def test_duplicate_names_the_first_row_and_counts_every_column(tmp_path):
    table = good()
    table = pd.concat([table, table.loc[[3]]])
    made = cleaned(tmp_path, table)
    assert made.rejected.loc[0].to_list() == [14, "", "", "exact duplicate of row 5"]
    table.iloc[-1, table.columns.get_loc("disc_id")] = "another disc"
    assert cleaned(tmp_path, table).rejected.empty


def test_an_identifier_names_one_accepted_row(tmp_path):
    table = good()
    table.loc[[2, 5, 8], "disc_id"] = "D2"
    table.loc[2, "gap_um"] = "wide"
    made = cleaned(tmp_path, table)
    assert made.rejected["row"].to_list() == [4, 10]
    assert made.rejected.loc[1, "reason"] == "the identifier already names row 7"
    table["disc_id"] = ""
    assert cleaned(tmp_path, table).rejected["row"].to_list() == [4]


def test_several_reasons_share_one_line(tmp_path):
    table = good()
    table.loc[5, ["gap_um", "disc_mass_mg"]] = ["", "0.025"]
    made = cleaned(tmp_path, table)
    assert len(made.rejected) == 1
    reason = made.rejected.loc[0, "reason"]
    assert reason.startswith("empty cell; also disc_mass_mg '0.025': outside")
    assert "not disc_mass_mg" not in reason  # an impossible mass is reason enough


def test_every_row_ends_in_exactly_one_table(tmp_path):
    rng = np.random.default_rng(3)
    values = ["", "nan", "inf", "x", "1,5", "1,234", "-1", "0", "1e9", "25", "0.02", '"', "a\nb"]
    for _ in range(15):
        table = good(40)
        for _ in range(rng.integers(1, 40)):
            place = (rng.integers(len(table)), rng.integers(table.shape[1]))
            table.iloc[place] = rng.choice(values)
        table = pd.concat([table, table.sample(3, random_state=int(rng.integers(99)))])
        made = cleaned(tmp_path, table, minimum_rows=0)
        rows = pd.concat([made.rows["row"], made.rejected["row"]])
        assert rows.is_unique
        assert sorted(rows) == list(range(2, len(table) + 2))
        assert made.rows["row"].is_monotonic_increasing
        assert made.rejected["row"].is_monotonic_increasing
        assert (made.rejected["reason"] != "").all()
        assert np.isfinite(made.rows[DESCRIPTION.columns]).all(axis=None)
        for variable in (*DESCRIPTION.features, *DESCRIPTION.properties):
            assert made.rows[variable.name].between(variable.low, variable.high).all()


def test_columns_are_mapped_to_the_file_s_names(tmp_path):
    table = good().rename(columns={"gap_um": "Comma gap [µm]", "campaign": "Batch"})
    table.loc[5, "Comma gap [µm]"] = "wide"
    description = replace(DESCRIPTION, headers={"gap_um": "Comma gap [µm]", "campaign": "Batch"})
    made = cleaned(tmp_path, table, description)
    assert made.rejected.loc[0, "column"] == "Comma gap [µm]"
    assert {"gap_um", "campaign"} <= set(made.rows)


def test_a_direct_property_needs_no_measurements(tmp_path, caplog):
    table = good().drop(columns=["active_fraction", "disc_mass_mg", "collector_mass_mg"])
    table["mass_loading_mg_cm2"] = "4.5"
    table.loc[5, "mass_loading_mg_cm2"] = "0"
    with caplog.at_level(logging.INFO, "adaptrode"):
        made = cleaned(tmp_path, table)
    assert (made.rows["mass_loading_mg_cm2"] == 4.5).all()
    assert "zero" in made.rejected.loc[0, "reason"]
    assert "'disc_mass_mg >= collector_mass_mg' is not checked" in caplog.text


TWO = replace(
    DESCRIPTION,
    properties=[*DESCRIPTION.properties, Variable("density_g_cm3", "Density", "", 0, 10)],
    measurements=[
        *DESCRIPTION.measurements,
        Variable("disc_thickness_um", "Disc thickness", "µm", 5, 1000),
        Variable("collector_thickness_um", "Collector thickness", "µm", 1, 100),
    ],
    equations={**DESCRIPTION.equations, "density_g_cm3": "density"},
)


def test_a_missing_measurement_costs_only_the_properties_that_need_it(tmp_path, caplog):
    table = good().assign(disc_thickness_um="80", collector_thickness_um="16")
    table.loc[3, "disc_thickness_um"] = ""  # no density
    table.loc[4, "active_fraction"] = "n/a"  # no mass loading
    table.loc[5, ["disc_thickness_um", "active_fraction"]] = ""  # neither
    table.loc[6, "disc_mass_mg"] = ""  # neither
    table.loc[7, "dry_mass_g"] = ""  # a feature's
    table.loc[8, "disc_thickness_um"] = "thick"
    with caplog.at_level(logging.INFO, "adaptrode"):
        made = cleaned(tmp_path, table, TWO, minimum_rows=7)
    assert made.rejected["row"].to_list() == [7, 8, 9, 10]
    assert made.rejected["column"].to_list() == [
        *("active_fraction", "disc_mass_mg", "dry_mass_g", "disc_thickness_um")
    ]
    lacks = made.rows.set_index("row").isna()
    assert lacks.index[lacks["density_g_cm3"]].to_list() == [5]
    assert lacks.index[lacks["mass_loading_mg_cm2"]].to_list() == [6]
    assert lacks.sum().sum() == 2
    assert "1 of 8 accepted rows lack 'density_g_cm3'" in caplog.text
    with pytest.raises(InputError, match="too few rows have this property"):
        cleaned(tmp_path, table, TWO)


def test_a_result_that_is_no_number_is_not_taken_for_missing(tmp_path):
    table = good().assign(disc_thickness_um="80", collector_thickness_um="16")
    table.loc[3, "disc_thickness_um"] = "16"  # the density would be infinite
    made = cleaned(tmp_path, table, TWO)
    assert made.rejected["row"].to_list() == [5]
    assert "density_g_cm3" in made.rejected.loc[0].astype(str).str.cat(sep=" ")


BINDER = Category("binder", "Binder", levels=("CMC/SBR", "PVDF"))


def test_words_become_columns_of_0_and_1_in_their_feature_s_place(tmp_path, caplog):
    gap, solid = DESCRIPTION.features
    description = replace(DESCRIPTION, features=[gap, BINDER, solid], headers={"binder": "Binder"})
    table = good().assign(Binder=["CMC/SBR", " PVDF "] * 6)
    table.loc[5, "Binder"] = "pvdf"
    made = cleaned(tmp_path, table, description)
    assert made.rows.columns.to_list()[3:7] == [
        *("gap_um", "binder_cmc_sbr", "binder_pvdf", "solid_content_pct")
    ]
    assert made.rows["binder_cmc_sbr"].to_list() == [1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0]
    assert (made.rows["binder_cmc_sbr"] + made.rows["binder_pvdf"] == 1).all()
    assert made.rows["binder_pvdf"].dtype == "float64"
    assert made.rejected.loc[0].to_list() == [
        *(7, "Binder", "pvdf"),
        "not one of the levels CMC/SBR, PVDF; is it 'PVDF'?",
    ]
    with caplog.at_level(logging.WARNING, "adaptrode"):
        cleaned(tmp_path, table.assign(Binder="PVDF"), description)
    assert "'Binder' is PVDF in every row" in caplog.text


def test_expanded_records_are_the_clean_table_s_columns():
    records = [
        {"name": "gap_um", "label": "Gap", "unit": "µm", "low": 1, "high": 9},
        {"name": "binder", "label": "Binder", "levels": ["CMC/SBR", "PVDF"]},
    ]
    assert expanded(records)[0] == records[0]
    assert Variable.many(expanded(records))[1:] == list(BINDER.indicators.values())
    assert [v.name for v in variables(records)] == ["gap_um", "binder"]
    assert variables(records)[1] == BINDER


NOT_NUMBERS = {
    "equation of it": {"equations": {"binder": "solid_content"}},
    "relation of it": {"relations": ["binder > x"]},
    "level named like a column": {"properties": [Variable("binder_pvdf", "?")]},
}


@pytest.mark.parametrize("change", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_words_are_no_numbers(tmp_path, change):
    description = replace(DIRECT, features=[*DIRECT.features, BINDER], **change)
    description = replace(
        description,
        measurements=[Variable("dry_mass_g", "Dry"), Variable("solvent_mass_g", "Wet")],
    )
    header = "x,y,dry_mass_g,solvent_mass_g,binder_pvdf" + (",binder" * ("equations" not in change))
    path = tmp_path / "raw.csv"
    path.write_text(header + "\n" + "1,2,3,4,5" + ",PVDF" * ("equations" not in change) + "\n")
    with pytest.raises(InputError) as refused:
        clean(read_raw(path), description)
    assert refused.value.column in ("binder", "binder_pvdf")
    assert refused.value.mend


def test_missing_measurement_of_a_needed_equation(tmp_path):
    with pytest.raises(InputError, match="is it 'disc_mas_mg'"):
        cleaned(tmp_path, good().rename(columns={"disc_mass_mg": "disc_mas_mg"}))


def test_constant_columns_are_warned_of(tmp_path, caplog):
    cleaned(tmp_path, good().assign(gap_um="60"))
    assert "'gap_um' is 60 in every row" in caplog.text


def test_decimal_commas_with_semicolons(tmp_path):
    table = good()
    expected = cleaned(tmp_path, table).rows
    path = tmp_path / "comma.csv"
    table.map(lambda cell: cell.replace(".", ",")).to_csv(path, index=False, sep=";")
    made = clean(read_raw(path, DESCRIPTION.expected_headers()), DESCRIPTION)
    pd.testing.assert_frame_equal(made.rows, expected)


@pytest.mark.parametrize("count", [1, 7])
def test_too_few_rows_are_refused_with_the_usual_reasons(tmp_path, count):
    table = good(12)
    table.loc[count:, "gap_um"] = "wide"
    with pytest.raises(InputError, match=f"{count} of 12 rows; rejected for 'gap_um: text in"):
        cleaned(tmp_path, table)


WRONG = {
    "unknown equation": ({"equations": {"y": "alchemy"}}, "no such equation"),
    "lacking argument": ({"equations": {"y": "solid_content"}}, "lacks 'dry_mass_g'"),
    "unknown column": ({"relations": ["x > z"]}, "unknown"),
    "no relation": ({"relations": ["x is y"]}, "cannot be understood"),
    "two operators": ({"relations": ["1 < x < 2"]}, "cannot be understood"),
    "no columns": ({"relations": ["1 < 2"]}, "compares no column"),
    "circle": (
        {
            "features": [Variable("dry_mass_g", "Dry")],
            "measurements": [Variable("solvent_mass_g", "Wet")],
            "equations": {"dry_mass_g": "solid_content"},
        },
        "circle",
    ),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_descriptions_that_cannot_be_met(tmp_path, change, said):
    path = tmp_path / "raw.csv"
    path.write_text("x,u\n" + "".join(f"{i},{i}\n" for i in range(1, 10)))
    if "equations" not in change:
        change = {**change, "properties": [Variable("u", "U")]}
    with pytest.raises(InputError, match=said):
        clean(read_raw(path), replace(DIRECT, **change))


def test_relations_with_numbers_and_derived_columns(tmp_path):
    description = replace(DESCRIPTION, relations=["solid_content_pct < 40.6", "gap_um > 60"])
    made = cleaned(tmp_path, good(), description)
    assert (made.rows["solid_content_pct"] < 40.6).all()
    assert (made.rows["gap_um"] > 60).all()
    assert made.rejected["reason"].str.startswith("not ").all()


def script_options(tmp_path, raw):
    return [
        *("--raw", str(raw)),
        *("--features", '[{"name": "x", "label": "X", "low": -10, "high": 10}]'),
        *("--properties", json.dumps([{"name": "y", "label": "Y"}])),
        *("--group", "", "--identifier", ""),
        *("--clean", str(tmp_path / "clean.parquet")),
        *("--rejected", str(tmp_path / "rejected.csv")),
    ]


def test_script_writes_both_tables(tmp_path, caplog):
    raw = tmp_path / "raw.csv"
    raw.write_text("x,y\n" + "".join(f"{i},{i + 1}\n" for i in range(15)))
    with caplog.at_level(logging.INFO, "adaptrode"):
        script.main(script_options(tmp_path, raw))
    assert len(pd.read_parquet(tmp_path / "clean.parquet")) == 11
    rejected = pd.read_csv(tmp_path / "rejected.csv")
    assert rejected.columns.to_list() == ["row", "column", "value", "reason"]
    assert rejected["row"].to_list() == [13, 14, 15, 16]
    assert "11 rows kept, 4 rejected" in caplog.text
    assert "rejected row 13, column 'x', value '11'" in caplog.text


def test_script_writes_nothing_where_too_few_rows_remain(tmp_path):
    raw = tmp_path / "raw.csv"
    raw.write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="too few rows"):
        script.main(script_options(tmp_path, raw))
    assert [path.name for path in tmp_path.iterdir()] == ["raw.csv"]


@pytest.mark.parametrize(("domain", "count"), [("graphite", 235), ("si_gra", 53), ("nmc", 63)])
def test_shipped_tables_keep_the_paper_s_counts(tmp_path, root, domain, count):
    import yaml

    study = yaml.safe_load((root / "config.yaml").read_text("utf-8"))["studies"]["electrodes"]
    keys = ("name", "label", "unit", "low", "high")
    description = TableDescription(
        *(
            Variable.many(
                [{k: v for k, v in record.items() if k in keys} for record in study[role]]
            )
            for role in ("features", "properties", "measurements")
        ),
        equations=study["equations"],
        constants=study["constants"],
        relations=study["relations"],
        group=study["group"],
        identifier=study["identifier"],
    )
    raw = read_raw(root / study["domains"][domain]["raw"], description.expected_headers())
    made = clean(raw, description)
    assert len(made.rows) == count
    assert len(made.rejected) == len(raw.cells) - count > 0
