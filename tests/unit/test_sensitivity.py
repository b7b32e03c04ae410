"""The sensitivity table says what its errors were made to depend on."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tabulate_sensitivity as script
from adaptrode.choices import CHOICES
from adaptrode.errors import InputError

PUBLISHED = {"pretrained": {"big": 5.0, "small": 50.0}, "adapter": {"small": 8.0}}
NAMES = {"big": "Big", "small": "Small"}


def make_errors(scaled: float = 10.0, adapter: float = 1.05) -> pd.DataFrame:
    """The untransferred network is ``scaled`` times worse by scaling, the adapter by its input."""
    lines = []
    fixed = {"batch_size": 32, "restarts": 1, "property_scale": "none", "output_bias": "zero"}
    for scaling, rate, seen, repeat in product(
        ["source", "domain"], [0.001, 0.01], ["raw", "standardised"], [0, 1]
    ):
        point = fixed | {"scaling": scaling, "learning_rate": rate, "adapter_input": seen}
        of = {
            ("pretrained", "big"): 5.0 + repeat,
            ("pretrained", "small"): 5.0 * (scaled if scaling == "source" else 1.0),
            ("adapter", "small"): 8.0 * (adapter if seen == "raw" else 1.0),
        }
        lines += [
            point
            | {"method": method, "domain": domain, "scheme": "row", "repeat": repeat}
            | {"mape_pct": value, "dead": seen == "raw" and method == "adapter"}
            for (method, domain), value in of.items()
        ]
    return pd.DataFrame(lines)


def line(table: pd.DataFrame, **where: Any) -> Any:
    found = table[(table[list(where)] == pd.Series(where)).all(axis=1)]
    assert len(found) == 1
    return found.iloc[0]


def test_whole_grid_and_levels_are_summarised() -> None:
    table = script.summary(make_errors(), PUBLISHED)
    whole = line(table, method="pretrained", domain="small", choice="all")
    assert whole["members"] == 16
    assert whole["mape_median_pct"] == pytest.approx(27.5)
    assert (whole["mape_low_pct"], whole["mape_high_pct"]) == (5.0, 50.0)
    assert whole["near_share"] == 0.5
    source = line(table, method="pretrained", domain="small", choice="scaling", level="source")
    assert (source["mape_median_pct"], source["near_share"], source["members"]) == (50.0, 1.0, 8)
    assert line(table, method="adapter", domain="small", choice="all")["dead_share"] == 0.5
    everything = line(table, method="all", domain="all")
    assert everything["near_share"] == 0.5  # those scaled on the source
    assert set(table["choice"]) == {"all", *CHOICES}


def test_without_published_numbers_nothing_is_near() -> None:
    table = script.summary(make_errors(), {})
    assert table["near_share"].isna().all()
    assert "all" not in set(table["method"])
    assert "published" not in script.sentence("Mass", table, NAMES)


@pytest.mark.parametrize("factor", [1.49, 1 / 1.49])
def test_near_is_within_a_factor(factor: float) -> None:
    assert script.near(pd.Series([7.0 * factor]), 7.0).all()
    assert not script.near(pd.Series([7.0 * factor**1.1]), 7.0).any()


def test_the_sentence_names_the_largest_effect() -> None:
    text = script.sentence("Mass", script.summary(make_errors(), PUBLISHED), NAMES)
    assert text.startswith(
        "Mass: the pre-trained network depends most on the scaling of the features, on Small with "
        "a median error of 5.00 % where it is `domain` and of 50.0 % where it is `source`; "
    )
    assert "no choice moves the median error of the adapter by more than a tenth." in text
    assert text.endswith("within a factor 1.5 by 50 % of the combinations and splits.")
    other = script.summary(make_errors(scaled=1.0, adapter=3.0), {})
    assert "the adapter depends most on the scale of the adapter's input" in script.sentence(
        "Mass", other, NAMES
    )


def test_the_script_writes_both_tables(tmp_path: Path) -> None:
    make_errors().to_parquet(tmp_path / "errors.parquet")
    domains = [{"name": name, "label": label, "color": "#000000"} for name, label in NAMES.items()]
    options = [
        *("--properties", json.dumps([{"name": "mass_g", "label": "Mass"}])),
        *("--domains", json.dumps(domains)),
        *("--published", json.dumps({"mass_g": PUBLISHED | {"importance": {"big": ["a"]}}})),
        *("--origin", "simulated", "--csv", str(tmp_path / "table.csv")),
        *("--markdown", str(tmp_path / "table.md")),
    ]
    script.main(["--errors", str(tmp_path / "errors.parquet"), *options])
    table = pd.read_csv(tmp_path / "table.csv", keep_default_na=False)
    assert set(table["property"]) == {"mass_g"}
    text = (tmp_path / "table.md").read_text()
    assert "simulated data" in text
    assert "| Small" in text
    assert "27.5 [5.00, 50.0]" in text
    assert "| scaling of the features" in text
    with pytest.raises(InputError, match="one file of errors"):
        script.main(["--errors", *[str(tmp_path / "errors.parquet")] * 2, *options])
