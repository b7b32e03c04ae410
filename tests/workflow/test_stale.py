"""What a change makes stale, read from Snakemake's own summary of a finished run."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import read_config, snakemake, stale, write_config

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

# What shows everything of a study and is made anew with any part of it.
COLLECTORS = {"seconds", "report", "render_table"}


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
    chain = {"clean", "split", "transfer", "predict_networks", "evaluate", "explain"}
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


def test_a_width_trains_one_property_anew(project: Path) -> None:
    config = read_config(project)
    config["studies"]["electrodes"]["properties"][0]["hidden"] = [5, 4]
    write_config(project, config)
    found = stale(project)
    trained = {path for path, rule in found.items() if rule in ("pretrain", "transfer")}
    assert trained
    assert all("density_g_cm3" in path for path in trained)
    assert "clean" not in found.values()


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
    rules = set(stale(project).values()) - COLLECTORS - {"write_settings"}
    assert "plot_predicted_observed" in rules
    assert all(rule.startswith(("plot_", "tabulate_")) for rule in rules)


def test_a_deleted_output_is_made_again(project: Path) -> None:
    (project / "results" / "tables" / "table_3.md").unlink()
    assert set(stale(project).values()) == {"tabulate_architectures", "render_table", "report"}
