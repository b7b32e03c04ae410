from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import list_methods
import tabulate_comparison
import tabulate_verdict
from adaptrode import files
from adaptrode.cli import run
from adaptrode.comparison import compare
from adaptrode.methods import judged
from adaptrode.selection import LABELS
from adaptrode.splits import random_splits

REPEATS = 20
LEVELS = {"pretrained": 60.0, "adapter": 9.0, "ridge_log": 6.0, "auto": 4.0, "auto_alone": 5.0}


def metrics(seed: int = 0) -> pd.DataFrame:
    """Errors by groups, and by rows, where they look half as large."""
    rng = np.random.default_rng(seed)
    lines = []
    for name, level in LEVELS.items():
        recipes = ["robust", "literal"] if name in ("pretrained", "adapter") else ["none"]
        for scheme, factor in (("row", 0.5), ("batch", 1.0)):
            lines += [
                {
                    "method": name,
                    "scheme": scheme,
                    "size": "all",
                    "recipe": recipe,
                    "repeat": repeat,
                    "n_test": 6,
                    "dead": repeat == 0,
                    "mape_pct": factor * level * (1 + 0.02 * rng.normal()),
                }
                for recipe in recipes
                for repeat in range(REPEATS if name != "ridge_log" else 5)
            ]
    return pd.DataFrame(lines)


@pytest.fixture
def table() -> pd.DataFrame:
    return compare(judged(metrics(), "robust", "batch", "all"), LABELS, 0.43).set_index("method")


def test_the_lowest_error_comes_first_with_its_interval(table: pd.DataFrame) -> None:
    assert list(table.index) == sorted(LEVELS, key=lambda name: LEVELS[name])
    assert (table["mape_mean_low_pct"] < table["mape_mean_pct"]).all()
    assert (table["mape_mean_pct"] < table["mape_mean_high_pct"]).all()
    assert table.loc["ridge_log", "repeats"] == 5


def test_differences_are_paired_and_signed(table: pd.DataFrame) -> None:
    assert table.loc["auto", "difference_to_adapter"] == pytest.approx(-5.0, abs=0.3)
    assert table.loc["auto", "won_to_adapter"] == 1.0
    assert table.loc["pretrained", "won_to_adapter"] == 0.0
    assert np.isnan(table.loc["adapter", "difference_to_adapter"])


def test_the_best_without_a_source_is_marked(table: pd.DataFrame) -> None:
    assert list(table.index[table["best_without_source"]]) == ["auto_alone"]
    assert np.isnan(table.loc["auto_alone", "difference_to_alone"])
    assert table.loc["auto", "difference_to_alone"] == pytest.approx(-1.0, abs=0.2)


@pytest.fixture
def results(tmp_path):
    """One target's tables on disk."""
    groups = pd.Series(np.repeat([f"b{i}" for i in range(6)], 5), name="batch")
    draw = {"test_fraction": 0.3, "validation_fraction": 0.1, "repeats": REPEATS, "seed": 1}
    splits = pd.concat(
        random_splits(np.arange(2, 32), domain="new", groups=by, **draw) for by in (None, groups)
    )
    clean = pd.DataFrame({"row": np.arange(2, 32), "batch": groups, "y": np.linspace(1, 2, 30)})
    files.write_table(metrics(), tmp_path / "metrics.parquet")
    files.write_table(splits, tmp_path / "splits.parquet")
    files.write_table(clean, tmp_path / "clean.parquet")
    return tmp_path


TARGET = '{"name": "new", "label": "New", "color": "red"}'
VARIABLE = '[{"name": "y", "label": "Strength"}]'


def test_the_comparison_shows_how_much_rows_flatter(results) -> None:
    status = run(
        tabulate_comparison.main,
        [
            *("--metrics", str(results / "metrics.parquet")),
            *("--splits", str(results / "splits.parquet")),
            *("--properties", VARIABLE, "--domains", f"[{TARGET}]"),
            *("--schemes", '["row", "batch"]', "--recipes", '["robust", "literal"]'),
            *("--origin", "measured", "--csv", str(results / "c.csv")),
            *("--markdown", str(results / "c.md")),
        ],
    )
    assert status == 0
    table = pd.read_csv(results / "c.csv", keep_default_na=False)
    networks = table[table["method"] == "adapter"]
    assert sorted(networks["recipe"].unique()) == ["literal", "robust"]
    assert list(table.loc[table["method"] == "auto", "recipe"].unique()) == ["none"]
    assert not table.duplicated(["scheme", "method", "recipe"]).any()
    text = (results / "c.md").read_text("utf-8")
    line = next(line for line in text.splitlines() if LABELS["auto"].text in line)
    assert line.rstrip(" |").endswith("2 ×")
    assert "measured data" in text


def verdict_arguments(results, methods: str) -> list[str]:
    study = (
        '{"name": "s", "title": "Study", "origin": "measured", "scheme": "batch", '
        f'"source": {{"name": "old", "label": "Old", "color": "blue"}}, "targets": [{TARGET}], '
        f'"features": [{{"name": "x", "label": "X"}}], "properties": {VARIABLE}}}'
    )
    return [
        *("--studies", f"[{study}]", "--recipe", "robust", "--curves", methods),
        *("--metrics", str(results / "metrics.parquet")),
        *("--splits", str(results / "splits.parquet")),
        *("--clean", str(results / "clean.parquet")),
        *("--csv", str(results / "v.csv"), "--markdown", str(results / "v.md")),
    ]


def test_the_verdict_says_what_the_numbers_say(results) -> None:
    assert run(tabulate_verdict.main, verdict_arguments(results, "[]")) == 0
    table = pd.read_csv(results / "v.csv").iloc[0]
    assert (table["transfer"], table["adapter"]) == ("helps", "hurts")
    assert table["recommended"] == "auto"
    text = (results / "v.md").read_text("utf-8")
    assert "### Strength, New: the transfer helps" in text
    assert "20 % lower" in text
    assert "30 rows of measured data in 6 groups ('batch')" in text
    assert "flatters it by a factor of 2" in text


def test_the_shift_is_told_beside_the_verdict(results) -> None:
    sheet = pd.DataFrame(
        {
            "target": "new",
            "kind": "feature",
            "column": ["x"],
            "another_quantity": [True],
            "constant_in_source": [False],
            "outside_share": [1.0],
        }
    )
    sheet.to_csv(results / "shift.csv", index=False)
    arguments = [*verdict_arguments(results, "[]"), "--shift", str(results / "shift.csv")]
    assert run(tabulate_verdict.main, arguments) == 0
    assert "Check the meaning of X" in (results / "v.md").read_text("utf-8")


def methods_arguments(tmp_path, methods: str, curves: str) -> list[str]:
    return [
        *("--methods", methods, "--networks", '["pooled"]', "--learning-curves", curves),
        *("--csv", str(tmp_path / "m.csv"), "--markdown", str(tmp_path / "m.md")),
    ]


def test_methods_are_listed_with_their_settings(tmp_path) -> None:
    methods = '[{"name": "forest", "settings": {"trees": 7}, "repeats": 3}, {"name": "median"}]'
    arguments = methods_arguments(tmp_path, methods, '["adapter", "forest"]')
    assert run(list_methods.main, arguments) == 0
    table = pd.read_csv(tmp_path / "m.csv").set_index("method")
    assert list(table.index) == ["pretrained", "adapter", "scratch", "pooled", "forest", "median"]
    assert table.loc["forest", "most_splits"] == 3
    assert '"trees": 7' in table.loc["forest", "settings"]


@pytest.mark.parametrize(
    ("methods", "curves", "words"),
    [
        ('[{"name": "forrest"}]', '["adapter"]', ("no such method", "forrest", "forest")),
        ('[{"name": "forest", "settings": {"tree": 1}}]', '["adapter"]', ("tree", "trees")),
        ('[{"name": "median"}, {"name": "median"}]', '["adapter"]', ("twice", "median")),
        ('[{"name": "median"}]', '["ridge"]', ("learning_curves", "ridge", "median")),
        ('[{"nam": "median"}]', '["adapter"]', ("not understood", "nam")),
    ],
)
def test_a_wrong_list_is_one_message(tmp_path, capsys, methods, curves, words) -> None:
    log = ["--log", str(tmp_path / "log")]
    assert run(list_methods.main, [*methods_arguments(tmp_path, methods, curves), *log]) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words)
    assert not (tmp_path / "m.csv").exists()
