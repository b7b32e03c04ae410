from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import plot_feature_distributions
import plot_predicted_observed
import plot_property_distributions
import plot_scratch_loss
import plot_shapley_beeswarm
import plot_shapley_force
import plot_source_loss
import plot_transfer_schematic
import plot_workflow
from adaptrode import figures
from adaptrode.description import Variable
from adaptrode.errors import InputError

DOMAINS = [
    {"name": "oak", "label": "Oak", "color": "#2e8b57"},
    {"name": "ash", "label": "Ash", "color": "#1f5fbf"},
    {"name": "elm", "label": "Elm", "color": "#c8322b"},
]
FEATURES = [
    {"name": "gap_um", "label": "Gap", "unit": "µm"},
    {"name": "speed_m_min", "label": "Speed", "unit": "m/min"},
    {"name": "share", "label": "Share"},
]
PROPERTIES = [
    {"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"},
    {"name": "loading_mg_cm2", "label": "Loading", "unit": "mg/cm²"},
]


@dataclass
class Case:
    """Made-up results of a study, and the options that name them."""

    folder: Path
    domains: list[dict[str, str]]
    properties: list[dict[str, str]]
    files: dict[str, list[str]] = field(default_factory=dict)

    def write(self, kind: str, name: str, table: pd.DataFrame) -> None:
        path = self.folder / f"{name}.{kind}.parquet"
        table.to_parquet(path)
        self.files.setdefault(kind, []).append(str(path))

    def options(self, script) -> list[str]:
        text = {
            "domains": self.domains,
            "targets": self.domains[1:],
            "features": FEATURES,
            "properties": self.properties,
            "property": self.properties[0],
        }
        text = {name: json.dumps(value) for name, value in text.items()}
        clean = ["--clean", *self.files["clean"]]
        domains = ["--domains", text["domains"]]
        shapley = [
            *("--shapley", *self.files["shapley"], *clean, *domains),
            *("--features", text["features"], "--property", text["property"]),
            *("--recipe", "robust", "--seed", "3"),
        ]
        widths = len(self.properties)
        study = {
            "title": "Trees",
            "origin": "simulated",
            "domains": self.domains,
            "features": FEATURES,
            "properties": self.properties,
        }
        return {
            plot_feature_distributions: [*clean, *domains, "--features", text["features"]],
            plot_property_distributions: [*clean, *domains, "--properties", text["properties"]],
            plot_source_loss: [
                *("--history", *self.files["source"], *domains),
                *("--properties", text["properties"], "--recipe", "robust"),
            ],
            plot_scratch_loss: [
                *("--history", *self.files.get("target", []), "--domains", text["targets"]),
                *("--property", text["property"], "--recipe", "robust"),
            ],
            plot_predicted_observed: [
                *("--predictions", *self.files["predictions"], *domains),
                *("--properties", text["properties"], "--recipe", "robust"),
            ],
            plot_shapley_force: shapley,
            plot_shapley_beeswarm: shapley,
            plot_workflow: ["--studies", json.dumps([study]), *clean],
            plot_transfer_schematic: [
                *(*domains, "--features", text["features"], "--properties", text["properties"]),
                *("--hidden", json.dumps([[4, 4]] * widths)),
                *("--adapter", json.dumps([[3]] * widths)),
            ],
        }[script]


def made(folder: Path, domains: int, properties: int) -> Case:
    case = Case(folder, DOMAINS[:domains], PROPERTIES[:properties])
    random = np.random.default_rng(2)
    names = [feature["name"] for feature in FEATURES]
    clean = {}
    for domain in case.domains:
        table = pd.DataFrame(random.uniform(1, 9, size=(30, 3)), columns=names)
        table.insert(0, "row", np.arange(2, 32))
        for variable in case.properties:
            table[variable["name"]] = random.lognormal(size=30)
        clean[domain["name"]] = table
        case.write("clean", domain["name"], table)
        values = random.normal(size=(9, 3))
        shapley = pd.DataFrame(values, columns=[f"shap_{name}" for name in names])
        shapley = shapley.assign(scheme="row", recipe="robust", repeat=0, row=table["row"][:9])
        shapley = shapley.assign(base_value=8.0, predicted=8.0 + values.sum(axis=1))
        case.write("shapley", domain["name"], shapley)
    for variable in case.properties:
        for index, domain in enumerate(case.domains):
            methods = ["pretrained"] if index == 0 else ["pretrained", "adapter", "scratch"]
            name = f"{variable['name']}.{domain['name']}"
            observed = clean[domain["name"]][variable["name"]][:9]
            keys = {"scheme": "row", "size": "all", "recipe": "robust"}
            case.write(
                "predictions",
                name,
                pd.concat(
                    pd.DataFrame({"observed": observed, "predicted": observed * 1.1}).assign(
                        method=method, repeat=0, **keys
                    )
                    for method in methods
                ),
            )
            epochs = np.arange(1, 21)
            history = pd.concat(
                pd.DataFrame(
                    {"epoch": epochs, "loss": 9 / epochs, "validation_loss": 10 / epochs + repeat}
                ).assign(method="scratch" if index else "pretrained", repeat=repeat, **keys)
                for repeat in range(3)
            )
            if index == 0:
                case.write("source", name, history)
            elif variable is case.properties[0]:
                case.write("target", name, history)
    return case


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {size: made(tmp_path_factory.mktemp("case"), *size) for size in [(1, 1), (3, 1), (3, 2)]}


SHOWN = {
    plot_feature_distributions: ["Gap / µm", "Speed / m/min", "Share", "Counts", "Oak (n = 30)"],
    plot_property_distributions: ["Density / g/cm³", "Counts", "(a)"],
    plot_source_loss: ["MAPE / %", "Epoch", "Training", "Validation", "Oak: Density"],
    plot_scratch_loss: ["MAPE / %", "Epoch", "Elm: Density"],
    plot_predicted_observed: [
        "Density, observed / g/cm³",
        "Density, predicted / g/cm³",
        "Pretrained network",
        "Oak (10.0 %)",
    ],
    plot_shapley_force: ["Density / g/cm³", "base value 8", "Oak, row", "Gap = ", " µm"],
    plot_shapley_beeswarm: ["Shapley value / g/cm³", "Gap / µm", "Feature value"],
    plot_workflow: ["Trees", "source, 30 rows", "Gap / µm", "Density", "simulated data"],
    plot_transfer_schematic: ["Source: Oak", "trained: 41 parameters", "Gap / µm", "g/cm³"],
}

FOR_EACH_PROPERTY = {
    plot_property_distributions,
    plot_source_loss,
    plot_predicted_observed,
    plot_workflow,
    plot_transfer_schematic,
}


@pytest.mark.parametrize(
    ("script", "size"),
    [
        pytest.param(script, size, id=f"{script.__name__}-{size}")
        for script in SHOWN
        for size in [(1, 1), (3, 1), (3, 2)]
        if script is not plot_scratch_loss or size[0] > 1  # it draws targets alone
    ],
)
def test_a_figure_says_what_it_shows(cases, tmp_path, script, size):
    out = tmp_path / "figure.svg"
    script.main([*cases[size].options(script), "--figure", str(out)])
    svg = out.read_text("utf-8")
    for text in SHOWN[script]:
        assert text in svg
    if size[1] == 2 and script in FOR_EACH_PROPERTY:
        assert "Loading" in svg
    if size[0] == 3 and script is plot_transfer_schematic:
        assert "frozen: 41 parameters" in svg
        assert "10 parameters" in svg


@pytest.mark.parametrize("script", SHOWN, ids=lambda script: script.__name__)
def test_equal_inputs_give_equal_bytes(cases, tmp_path, script):
    case = cases[3, 1]
    written = []
    for name in ("first", "second"):
        files = [tmp_path / f"{name}.{suffix}" for suffix in ("svg", "png")]
        script.main([*case.options(script), "--origin", "simulated", "--figure", *map(str, files)])
        written.append([path.read_bytes() for path in files])
    assert written[0] == written[1]
    if script is not plot_transfer_schematic:  # it shows no data
        assert "simulated data" in written[0][0].decode("utf-8")


def test_every_domain_has_its_color(cases, tmp_path):
    out = tmp_path / "figure.svg"
    options = cases[3, 1].options(plot_property_distributions)
    plot_property_distributions.main([*options, "--figure", str(out)])
    for domain in DOMAINS:
        assert domain["color"] in out.read_text("utf-8")


def test_measured_data_bear_no_mark(cases, tmp_path):
    out = tmp_path / "figure.svg"
    options = cases[3, 1].options(plot_property_distributions)
    plot_property_distributions.main([*options, "--origin", "measured", "--figure", str(out)])
    assert "simulated" not in out.read_text("utf-8")


def test_a_network_that_says_the_same_for_every_row_has_a_force_plot(cases, tmp_path):
    case = cases[1, 1]
    table = pd.read_parquet(case.files["shapley"][0])
    table[[name for name in table if name.startswith("shap_")]] = 0.0
    table.to_parquet(tmp_path / "dead.parquet")
    options = case.options(plot_shapley_force)
    options[1] = str(tmp_path / "dead.parquet")
    plot_shapley_force.main([*options, "--figure", str(tmp_path / "figure.svg")])
    assert "predicts 8 g/cm³, whatever" in (tmp_path / "figure.svg").read_text("utf-8")


def test_a_missing_file_and_a_wrong_recipe_are_named(cases, tmp_path):
    options = cases[3, 1].options(plot_predicted_observed)
    with pytest.raises(InputError, match="one file for each of 3 entries"):
        plot_predicted_observed.main(
            [options[0], *options[2:], "--figure", str(tmp_path / "figure.svg")]
        )
    options[options.index("robust")] = "rugged"
    with pytest.raises(InputError, match="recipe = rugged"):
        plot_predicted_observed.main([*options, "--figure", str(tmp_path / "figure.svg")])
    with pytest.raises(InputError, match="no such figure format"):
        figures.save(figures.canvas(1, 1), [tmp_path / "figure.gif"])


@pytest.mark.parametrize("count", range(1, 31))
def test_a_grid_holds_its_panels(count):
    rows, columns = figures.grid(count)
    assert (rows - 1) * columns < count <= rows * columns
    assert columns <= 6


def test_panels_are_named_beyond_the_alphabet():
    assert [figures.panel_name(index) for index in (0, 25, 26, 52)] == [
        "(a)",
        "(z)",
        "(aa)",
        "(ba)",
    ]


def test_bins_hold_every_value_even_a_single_one():
    for sample in ([1.0, 5.0], [0.3], [0.0], [-2.0, -2.0]):
        edges = figures.bins([np.array(sample)])
        assert edges[0] <= min(sample) <= max(sample) <= edges[-1]
        assert np.all(np.diff(edges) > 0)


@pytest.mark.parametrize(
    ("loss", "title"),
    [("mape", "MAPE / %"), ("mae", "Mean absolute error / g"), ("mse", "MSE / (g)²")],
)
def test_a_loss_has_its_unit(loss, title):
    assert figures.loss_title(loss, "g") == title


def test_a_title_keeps_its_unit():
    assert (
        figures.titled(Variable("p", "Density", "g/cm³"), "observed") == "Density, observed / g/cm³"
    )
