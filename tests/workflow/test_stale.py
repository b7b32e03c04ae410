"""What a change makes stale, read from Snakemake's own summary of a finished run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import copy_project, read_config, snakemake, stale, write_config

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

# What shows everything of a study and is made anew with any part of it.
COLLECTORS = {"seconds", "report", "workflow_report", "render_table"}


def change_one_cell(path: Path) -> None:
    """Add 0.01 to the first disc's mass."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    column = lines[0].split(",").index("disc_mass_mg")
    cells = lines[1].split(",")
    cells[column] = f"{float(cells[column]) + 0.01:.2f}"
    lines[1] = ",".join(cells)
    path.write_text("".join(lines), encoding="utf-8")


def test_nothing_to_do_after_a_full_run(project: Path) -> None:
    assert stale(project) == {}
    assert "Nothing to be done" in snakemake(project, "--cores", "2", "--dry-run").stdout


def test_touched_files_rerun_nothing(project: Path) -> None:
    for path in project.glob("data/raw/*.csv"):
        path.touch()
    for path in project.glob("scripts/**/*.py"):
        path.touch()
    assert stale(project) == {}


def test_one_cell_of_a_target_reruns_its_chain_alone(project: Path) -> None:
    change_one_cell(project / "data" / "raw" / "nmc.csv")
    found = stale(project)
    chain = {
        *("clean", "split", "transfer", "rivals", "predict_networks", "evaluate", "explain"),
    }
    own = {path for path in found if "nmc" in Path(path).name}
    assert {found[path] for path in own} == chain
    others = set(found) - own
    assert not any("graphite" in path or "si_gra" in path for path in others)
    drawn = {found[path] for path in others} - COLLECTORS
    assert drawn == {
        "tabulate_errors",
        "tabulate_architectures",
        "tabulate_distributions",
        "tabulate_importance",
        "tabulate_comparison",
        "tabulate_learning_curves",
        "tabulate_shift",
        "tabulate_coverage",
        "verdict",
        "plot_comparison",
        "plot_learning_curves",
        "plot_workflow",
        "plot_feature_distributions",
        "plot_property_distributions",
        "plot_predicted_observed",
        "plot_scratch_loss",
        "plot_shapley_force",
        "plot_shapley_beeswarm",
    }


def test_a_library_edit_reruns_the_rules_that_import_it(project: Path) -> None:
    path = project / "scripts" / "adaptrode" / "metrics.py"
    path.write_text(path.read_text("utf-8") + "\n# another line\n", encoding="utf-8")
    rules = set(stale(project).values())
    assert {"evaluate", "tabulate_errors"} <= rules
    assert not {"clean", "split", "pretrain", "transfer", "explain"} & rules


def test_a_deep_library_edit_reaches_every_script(project: Path) -> None:
    path = project / "scripts" / "adaptrode" / "files.py"
    path.write_text(path.read_text("utf-8") + "\n# another line\n", encoding="utf-8")
    rules = set(stale(project).values())
    assert {"clean", "split", "pretrain", "explain", "plot_workflow"} <= rules


def test_a_comment_in_a_script_reruns_its_rule(project: Path) -> None:
    """Snakemake compares contents: it cannot know that a comment changes no result."""
    path = project / "scripts" / "tabulate_errors.py"
    path.write_text(path.read_text("utf-8") + "\n# a remark\n", encoding="utf-8")
    rules = set(stale(project).values())
    assert rules - COLLECTORS == {"tabulate_errors"}


def test_a_width_trains_one_property_anew(project: Path) -> None:
    config = read_config(project)
    config["studies"]["electrodes"]["properties"][0]["hidden"] = [5, 4]
    write_config(project, config)
    found = stale(project)
    trained = {path for path, rule in found.items() if rule in ("pretrain", "transfer")}
    assert trained
    assert all("density_g_cm3" in path for path in trained)
    assert "clean" not in found.values()


def test_the_loss_trains_anew_and_splits_nothing(project: Path) -> None:
    config = read_config(project)
    config["training"]["loss"] = "mae"
    write_config(project, config)
    rules = set(stale(project).values())
    assert {"pretrain", "transfer", "rivals", "verdict"} <= rules
    assert not {"clean", "split", "list_methods"} & rules


def test_the_seed_splits_anew_and_cleans_nothing(project: Path) -> None:
    config = read_config(project)
    config["seed"] += 1
    write_config(project, config)
    rules = set(stale(project).values())
    assert {"split", "pretrain", "transfer", "rivals", "explain"} <= rules
    assert "clean" not in rules


def test_a_method_reruns_no_network(project: Path) -> None:
    config = read_config(project)
    config["methods"].append({"name": "ridge"})
    write_config(project, config)
    rules = set(stale(project).values())
    assert {"list_methods", "rivals", "evaluate", "tabulate_comparison", "verdict"} <= rules
    assert not {"split", "pretrain", "transfer", "predict_networks", "explain"} & rules


def test_a_new_domain_leaves_the_others_alone(project: Path) -> None:
    config = read_config(project)
    study = config["studies"]["electrodes"]
    raw = project / "data" / "raw" / "lfp.csv"
    raw.write_bytes((project / "data" / "raw" / "nmc.csv").read_bytes())
    study["domains"]["lfp"] = {"label": "LFP", "color": "#888800", "raw": "data/raw/lfp.csv"}
    study["targets"].append("lfp")
    write_config(project, config)
    found = stale(project)
    made = {"clean", "split", "transfer", "rivals", "predict_networks", "evaluate", "explain"}
    assert {Path(path).name.split(".")[0] for path, rule in found.items() if rule in made} == {
        "lfp"
    }
    assert "pretrain" not in found.values()
    assert {"verdict", "tabulate_errors", "plot_predicted_observed"} <= set(found.values())


def test_a_removed_domain_is_no_longer_collected_and_its_files_are_named(project: Path) -> None:
    config = read_config(project)
    study = config["studies"]["electrodes"]
    study["targets"].remove("nmc")
    del study["domains"]["nmc"]
    for record in study["properties"]:
        for published in record.get("published", {}).values():
            published.pop("nmc", None)
    write_config(project, config)
    found = stale(project)
    assert not {"clean", "split", "pretrain", "transfer", "rivals"} & set(found.values())
    assert {"verdict", "tabulate_errors"} <= set(found.values())
    command = [sys.executable, str(project / "scripts" / "leftovers.py")]
    named = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    lines = named.stdout.splitlines()
    assert "results/clean/nmc.parquet" in lines
    assert all("nmc" in Path(line).name for line in lines)
    subprocess.run([*command, "--delete"], cwd=project, capture_output=True, check=True)
    assert not (project / "results" / "clean" / "nmc.parquet").exists()
    assert (project / "results" / "clean" / "graphite.parquet").exists()


def test_a_fresh_clone_over_finished_results_reruns_nothing(
    root: Path, finished: Path, tmp_path: Path
) -> None:
    """All files of a clone are new; what Snakemake knows lies in .snakemake."""
    clone = copy_project(root, tmp_path / "clone")
    for path in clone.rglob("*"):
        if path.is_file():
            path.touch()
    shutil.copy2(finished / "config.yaml", clone / "config.yaml")
    shutil.copytree(finished / "results", clone / "results")
    shutil.copytree(finished / ".snakemake", clone / ".snakemake")
    assert stale(clone) == {}


def test_more_repeats_keep_the_clean_tables(project: Path) -> None:
    config = read_config(project)
    config["split"]["repeats"] = 3
    write_config(project, config)
    rules = set(stale(project).values())
    assert {"split", "pretrain", "transfer"} <= rules
    assert "clean" not in rules


def test_a_color_redraws_figures_only(project: Path) -> None:
    config = read_config(project)
    config["studies"]["electrodes"]["domains"]["nmc"]["color"] = "#112233"
    write_config(project, config)
    rules = set(stale(project).values()) - COLLECTORS - {"write_settings", "verdict"}
    assert "plot_predicted_observed" in rules
    assert all(rule.startswith(("plot_", "tabulate_")) for rule in rules)


def test_a_deleted_output_is_made_again(project: Path) -> None:
    (project / "results" / "tables" / "table_3.md").unlink()
    assert set(stale(project).values()) - COLLECTORS == {"tabulate_architectures"}
