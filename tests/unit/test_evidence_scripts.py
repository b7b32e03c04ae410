"""The scripts of the shift sheet, the learning curves and the comparison."""

from __future__ import annotations

import json
import re
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import plot_comparison
import plot_learning_curves
import tabulate_learning_curves
import tabulate_shift
from adaptrode.errors import InputError
from adaptrode.splits import random_splits

DOMAINS = [
    {"name": "oak", "label": "Oak", "color": "#2e8b57"},
    {"name": "ash", "label": "Ash", "color": "#1f5fbf"},
    {"name": "elm", "label": "Elm", "color": "#c8322b"},
]
FEATURES = [
    {"name": "gap_um", "label": "Gap", "unit": "µm"},
    {"name": "speed_m_min", "label": "Speed", "unit": "m/min"},
    {"name": "share_pct", "label": "Share", "unit": "%"},
]
PROPERTIES = [
    {"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"},
    {"name": "loading_mg_cm2", "label": "Loading", "unit": "mg/cm²"},
]
METHODS = {
    "adapter": ("The paper's adapter", True),
    "pretrained": ("Untransferred network", True),
    "scratch": ("Network from scratch", False),
    "ridge_log": ("Ridge regression, logarithms", False),
    "coregional": ("Co-regionalised Gaussian process, logarithms", True),
}
SIZES = [5, 10, 20]


# The shift sheet


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """A source, a target like it but for one column, and one that is the source itself."""
    folder = tmp_path_factory.mktemp("shift")
    rng = np.random.default_rng(1)
    clean = pd.DataFrame(
        {
            "row": np.arange(2, 62),
            "batch": [f"B{i // 5}" for i in range(60)],
            "gap_um": rng.uniform(100, 300, 60),
            "speed_m_min": 0.3,
            "share_pct": rng.normal(93, 1, 60),
            "density_g_cm3": rng.uniform(1, 2, 60),
            "loading_mg_cm2": rng.uniform(1, 9, 60),
        }
    )
    ash = clean.assign(
        speed_m_min=[0.3] * 15 + [0.8] * 45,
        share_pct=clean["share_pct"] - 80,
        density_g_cm3=clean["density_g_cm3"] + 50,
    )
    tables = {"oak": clean, "ash": ash, "elm": clean}
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    options = [
        *("--clean", *(str(folder / f"{name}.parquet") for name in tables)),
        *("--domains", json.dumps(DOMAINS), "--features", json.dumps(FEATURES)),
        *("--properties", json.dumps(PROPERTIES), "--group", "batch"),
        *("--origin", "simulated", "--seed", "1"),
        *("--csv", str(folder / "t.csv"), "--markdown", str(folder / "t.md")),
    ]
    tabulate_shift.main(options)
    return pd.read_csv(folder / "t.csv"), (folder / "t.md").read_text("utf-8"), options


def test_the_sheet_has_a_line_for_every_column(sheet):
    table, _, _ = sheet
    assert not table.duplicated(["target", "kind", "column"]).any()
    kinds = table.groupby(["target", "kind"]).size().to_dict()
    assert kinds["ash", "feature"] == kinds["elm", "feature"] == 3
    assert kinds["ash", "property"] == kinds["elm", "property"] == 2
    assert kinds["ash", "all features"] == 2  # with and without what is flagged
    assert kinds["elm", "all features"] == 1
    assert set(table["source"]) == {"oak"}


def test_a_column_that_means_something_else_is_said(sheet):
    table, text, _ = sheet
    ash = table[table["target"] == "ash"].set_index("column")
    assert bool(ash.loc["share_pct", "another_quantity"])
    assert not ash.loc["density_g_cm3", "another_quantity"]  # that is what transfer is for
    assert ash.loc["all", "outside_share"] == 1.0
    assert ash.loc["unflagged", "outside_share"] == 0.75
    assert ash.loc["all", "auc"] > 0.99
    assert "Share may be another quantity here: no value of Ash lies in the range of Oak" in text
    assert "Share in 100 %, Speed in 75.0 %. Without Share it is 75.0 %." in text
    assert re.search(r"Share / % +\|.*another quantity\?", text)


def test_a_column_that_never_varied_is_said(sheet):
    _, text, _ = sheet
    assert "Speed never varied in Oak: the source says nothing of it, and 75.0 %" in text
    assert "and all rows of Elm have that same value." in text
    assert text.count("never varied: the source says nothing of it |") == 2


def test_the_source_itself_does_not_differ(sheet):
    table, text, _ = sheet
    elm = table[(table["target"] == "elm") & (table["kind"] == "feature")]
    assert (elm[["outside_share", "mean_difference_sd", "wasserstein_sd", "ks"]] == 0).all(
        axis=None
    )
    assert "No row of Elm has a feature outside the range it has in Oak" in text
    assert "a classifier can hardly tell the rows of Elm from those of Oak" in text


def test_the_sheet_repeats_and_refuses_missing_files(sheet, tmp_path):
    table, text, options = sheet
    again = [*options[:-3], str(tmp_path / "t.csv"), "--markdown", str(tmp_path / "t.md")]
    tabulate_shift.main(again)
    assert (tmp_path / "t.md").read_text("utf-8") == text
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), table)
    with pytest.raises(InputError, match="one clean table"):
        tabulate_shift.main([again[0], *again[2:]])


# Learning curves


def fake_errors(shift: float, repeats: int = 8) -> pd.DataFrame:
    """Errors under two schemes; without the source they fall with the known rows."""
    rng = np.random.default_rng(int(shift * 10))
    lines = []
    for method, scheme, size, repeat in product(
        METHODS, ("row", "batch"), [*map(str, SIZES), "all"], range(repeats)
    ):
        if method == "pretrained" and size != "all":
            continue
        rows = 42 if size == "all" else int(size)
        level = {"adapter": 11.0, "pretrained": 60.0, "coregional": 5.0}.get(method, 4 + 80 / rows)
        networks = method in ("adapter", "pretrained", "scratch")
        for recipe in ("robust", "literal") if networks else ("none",):
            factor = shift * (1.5 if scheme == "batch" else 1.0) * (3 if recipe == "literal" else 1)
            error = factor * level * np.exp(0.02 * rng.normal())
            lines.append((method, scheme, size, recipe, repeat, 18, error, False))
    names = ["method", "scheme", "size", "recipe", "repeat", "n_test", "mape_pct", "dead"]
    return pd.DataFrame(lines, columns=names)


@pytest.fixture(scope="module")
def learning(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("curves")
    splits = random_splits(
        np.arange(60),
        test_fraction=0.3,
        validation_fraction=0.1,
        repeats=8,
        seed=1,
        domain="ash",
        sizes=SIZES,
    )
    both = pd.concat([splits, splits.assign(scheme="batch")])
    metrics, targets = [], DOMAINS[1:]
    for place, (variable, domain) in enumerate(product(PROPERTIES, targets)):
        metrics.append(str(folder / f"{variable['name']}.{domain['name']}.parquet"))
        fake_errors(1.0 + place).to_parquet(metrics[-1])
    for domain in targets:
        both.to_parquet(folder / f"{domain['name']}.splits.parquet")
    options = [
        *("--metrics", *metrics),
        *("--splits", *(str(folder / f"{d['name']}.splits.parquet") for d in targets)),
        *("--properties", json.dumps(PROPERTIES), "--domains", json.dumps(targets)),
        "--methods",
        json.dumps(["adapter", *({"name": n, "label": METHODS[n][0]} for n in list(METHODS)[1:])]),
        *("--without-source", json.dumps([n for n, (_, used) in METHODS.items() if not used])),
        *("--recipe", "robust", "--scheme", "batch", "--origin", "simulated"),
        *("--csv", str(folder / "t.csv"), "--markdown", str(folder / "t.md")),
    ]
    tabulate_learning_curves.main(options)
    return folder / "t.csv", (folder / "t.md").read_text("utf-8"), options


def test_the_curves_are_those_of_the_asked_for_recipe_and_scheme(learning):
    path, _, _ = learning
    table = pd.read_csv(path)
    assert not table.duplicated(["property", "domain", "method", "size"]).any()
    assert set(table["scheme"]) == {"batch"}
    assert len(table) == 4 * (4 * 4 + 1)
    assert table["method"].iloc[:17].drop_duplicates().to_list() == list(METHODS)
    assert dict(zip(table["method"], table["label"], strict=True)) == {
        name: label for name, (label, _) in METHODS.items()
    }
    first = table[(table["property"] == "density_g_cm3") & (table["domain"] == "ash")]
    adapter = first[first["method"] == "adapter"]
    assert adapter["known_rows"].to_list() == [5, 10, 20, 42]
    np.testing.assert_allclose(adapter["mape_mean_pct"], 16.5, rtol=0.03)
    assert (table["mape_mean_low_pct"] <= table["mape_mean_pct"]).all()
    assert (table["mape_mean_pct"] <= table["mape_mean_high_pct"]).all()


def test_the_catch_up_is_written_out(learning):
    _, text, _ = learning
    assert text.count("\n### ") == 4
    # 4 + 80 / rows is below 11 from 20 rows on, and never below 5.
    assert text.count("is no worse than the paper's adapter is 20 (") == 4
    assert text.count("they do not catch up within the 42 rows there are") == 4
    assert "42 rows (all)" in text
    assert "only splits that have every size are compared" in text


def test_missing_errors_are_named(learning, tmp_path):
    _, _, options = learning
    with pytest.raises(InputError, match="one of splits per target"):
        tabulate_learning_curves.main([options[0], *options[2:]])
    wrong = list(options)
    wrong[wrong.index("batch")] = "slurry"
    with pytest.raises(InputError, match="no such splits"):
        tabulate_learning_curves.main(wrong)


def test_labels_and_sources_are_known_of_registered_methods(learning, tmp_path):
    path, _, options = learning
    more = list(options)
    at = more.index("--without-source")
    del more[at : at + 2]
    more[more.index("--methods") + 1] = json.dumps([n for n in METHODS if n != "coregional"])
    more[more.index("--csv") + 1] = str(tmp_path / "t.csv")
    more[more.index("--markdown") + 1] = str(tmp_path / "t.md")
    tabulate_learning_curves.main(more)
    whole, made = pd.read_csv(path), pd.read_csv(tmp_path / "t.csv")
    expected = whole[whole["method"] != "coregional"].reset_index(drop=True)
    pd.testing.assert_frame_equal(made, expected)


@pytest.mark.parametrize("targets", [DOMAINS[1:], DOMAINS[1:2]])
def test_the_curves_are_drawn(learning, tmp_path, targets):
    path, _, _ = learning
    written = []
    for name in ("first", "second"):
        out = [tmp_path / f"{name}.{suffix}" for suffix in ("svg", "png")]
        plot_learning_curves.main(
            [
                *("--curves", str(path), "--domains", json.dumps(targets)),
                *("--properties", json.dumps(PROPERTIES), "--origin", "simulated"),
                *("--figure", *map(str, out)),
            ]
        )
        written.append([file.read_bytes() for file in out])
    assert written[0] == written[1]
    svg = written[0][0].decode("utf-8")
    labels = [label for label, _ in METHODS.values()]
    for text in ("Loading, Ash", "Known rows of the target", "Mean test MAPE / %", *labels):
        assert text in svg
    assert ("Density, Elm" in svg) == (len(targets) == 2)


def test_every_method_has_a_color_of_its_own():
    names = ["adapter", "pretrained", *(f"m{i}" for i in range(7))]
    table = pd.DataFrame({"method": names})
    order = plot_learning_curves._names(table)
    styles = [plot_learning_curves.style(place, name) for place, name in enumerate(order)]
    assert len({look["color"] for look in styles}) == len(names)
    looks = [plot_learning_curves.style(place, "m") for place in range(30)]
    assert len({(look["color"], look["marker"]) for look in looks}) == 30


@pytest.mark.parametrize("rows", [[5, 10, 15, 20, 30, 35], [36, 37], [8]])
def test_ticks_have_room_and_the_last_is_there(rows):
    kept = plot_learning_curves.ticks(pd.Series(rows, dtype=float))
    assert kept[-1] == max(rows)
    assert all(b / a >= plot_learning_curves.NEAREST_TICKS for a, b in pairwise(kept))


# The comparison


def fake_comparison(methods: int) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    named = {**METHODS, **{f"m{i}": (f"Method {i}", i % 2 == 0) for i in range(methods)}}
    lines = []
    for variable, domain, (name, (label, used)), scheme in product(
        PROPERTIES, DOMAINS[1:], named.items(), ("row", "batch")
    ):
        mean = rng.uniform(3, 30) * (1.6 if scheme == "batch" else 1.0)
        for recipe in ("robust", "literal") if name in ("adapter", "scratch") else ("none",):
            lines.append(
                {
                    "property": variable["name"],
                    "domain": domain["name"],
                    "method": name,
                    "label": label,
                    "uses_source": used,
                    "recipe": recipe,
                    "scheme": scheme,
                    "repeats": 30,
                    "mape_mean_pct": mean * (10 if recipe == "literal" else 1),
                    "mape_mean_low_pct": 0.0,
                    "mape_mean_high_pct": 1.5 * mean,
                    "mape_median_pct": mean,
                    "dead_share": 0.02 if name == "scratch" else 0.0,
                    "seconds_per_fit": 0.1,
                }
            )
    return pd.DataFrame(lines)


def drawn(tmp_path: Path, table: pd.DataFrame, name: str, *more: str) -> bytes:
    table.to_csv(tmp_path / "comparison.csv", index=False)
    out = tmp_path / name
    plot_comparison.main(
        [
            *("--comparison", str(tmp_path / "comparison.csv")),
            *("--domains", json.dumps(DOMAINS[1:]), "--properties", json.dumps(PROPERTIES)),
            *("--recipe", "robust", *more, "--figure", str(out)),
        ]
    )
    return out.read_bytes()


def test_the_comparison_is_drawn(tmp_path):
    table = fake_comparison(12)
    svg = drawn(tmp_path, table, "a.svg", "--scheme", "batch").decode("utf-8")
    for text in ("Density, Ash", "Loading, Elm", "The paper's adapter", "2 % dead", "Method 11"):
        assert text in svg
    assert "Mean of splits by rows" in svg
    assert drawn(tmp_path, table, "b.svg", "--scheme", "batch").decode("utf-8") == svg
    by_row = drawn(tmp_path, table, "c.svg").decode("utf-8")
    assert "Mean of splits by rows" not in by_row
    assert drawn(tmp_path, table, "d.png")


def test_methods_stand_in_the_order_of_their_errors(tmp_path):
    table = fake_comparison(0)
    part = table[(table["scheme"] == "row") & (table["recipe"] != "literal")]
    part = part[(part["property"] == "density_g_cm3") & (part["domain"] == "ash")]
    ordered = plot_comparison.ordered(part)
    assert ordered["mape_mean_pct"].is_monotonic_increasing
    alone = ordered[~ordered["uses_source"]]
    assert plot_comparison.best_alone(ordered) == alone["method"].iloc[0]
    broken = part.assign(mape_mean_pct=part["mape_mean_pct"].where(part["method"] != "adapter"))
    assert plot_comparison.ordered(broken)["method"].iloc[-1] == "adapter"
    assert plot_comparison.best_alone(part[part["uses_source"]]) is None
    other = alone["method"].iloc[-1]  # as where the first was run on few splits
    said = ordered.assign(best_without_source=ordered["method"] == other)
    assert plot_comparison.best_alone(said) == other


def test_an_error_that_is_no_number_is_still_listed(tmp_path):
    table = fake_comparison(0)
    failed = table["method"] == "ridge_log"
    columns = ["mape_mean_pct", "mape_mean_low_pct", "mape_mean_high_pct"]
    table.loc[failed, columns] = np.nan
    svg = drawn(tmp_path, table, "a.svg").decode("utf-8")
    assert "Ridge regression, logarithms" in svg
    assert "–" in svg


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(InputError, match="scheme = slurry"):
        drawn(tmp_path, fake_comparison(0), "a.svg", "--scheme", "slurry")
