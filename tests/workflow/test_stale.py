"""Which jobs a change makes stale, read from dry runs on a finished run."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import planned, read_config, write_config

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

COLLECTORS = {"seconds", "report", "results", "all"}


def change_one_cell(path: Path) -> None:
    """Add 0.01 to the first disc's mass."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    column = lines[0].split(",").index("disc_mass_mg")
    cells = lines[1].split(",")
    cells[column] = f"{float(cells[column]) + 0.01:.2f}"
    lines[1] = ",".join(cells)
    path.write_text("".join(lines), encoding="utf-8")


def of_domain(jobs: set[str], domain: str) -> set[str]:
    return {job for job in jobs if domain in job.split()}


def test_nothing_to_do_after_a_full_run(project: Path) -> None:
    assert planned(project) == set()


def test_one_cell_of_a_target_reruns_its_chain_alone(project: Path) -> None:
    change_one_cell(project / "data" / "raw" / "nmc.csv")
    jobs = planned(project)
    properties = ("density_g_cm3", "mass_loading_mg_cm2")
    chain = {"clean nmc", "split nmc"} | {
        f"{rule} electrodes {name} nmc"
        for rule in ("transfer", "predict_networks", "evaluate", "explain")
        for name in properties
    }
    assert chain <= jobs
    assert not of_domain(jobs, "graphite")
    assert not of_domain(jobs, "si_gra")
    rules = {job.split()[0] for job in jobs - chain}
    assert all(rule.startswith(("plot_", "tabulate_", "render_")) for rule in rules - COLLECTORS)
    assert not {"plot_source_loss", "tabulate_architectures_of_source"} & rules


def test_a_library_edit_reruns_the_rules_that_import_it(project: Path) -> None:
    path = project / "scripts" / "adaptrode" / "metrics.py"
    path.write_text(path.read_text("utf-8") + "\n# another line\n", encoding="utf-8")
    rules = {job.split()[0] for job in planned(project)}
    assert {"evaluate", "tabulate_errors"} <= rules
    assert not {"clean", "split", "pretrain", "transfer", "explain"} & rules


def test_more_repeats_keep_the_clean_tables(project: Path) -> None:
    config = read_config(project)
    config["split"]["repeats"] = 3
    write_config(project, config)
    rules = {job.split()[0] for job in planned(project)}
    assert {"split", "pretrain", "transfer"} <= rules
    assert "clean" not in rules


def test_a_colour_redraws_figures_only(project: Path) -> None:
    config = read_config(project)
    config["studies"]["electrodes"]["domains"]["nmc"]["color"] = "#112233"
    write_config(project, config)
    rules = {job.split()[0] for job in planned(project)} - COLLECTORS
    assert rules
    assert all(rule.startswith(("plot_", "write_settings")) for rule in rules)
