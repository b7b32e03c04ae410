from __future__ import annotations

import numpy as np
import pytest

import plot_microstructure as script
from adaptrode.batches import PARAMETERS, rebuild, sensitivity
from adaptrode.designs import Range, draw_design
from adaptrode.errors import InputError
from adaptrode.files import write_table
from adaptrode.microstructure import Model
from adaptrode.rendering import choose_path, render, view_of
from adaptrode.tortuosity import excess_lengths

RANGES = [
    Range(*one)
    for one in zip(
        PARAMETERS, (7, 14, 5, 30, 0.1), (8, 16, 6, 34, 0.2), (0.1, 0.1, 0.1, 1, 0.01), strict=True
    )
]
MODEL = Model(50.0, 40.0)


def test_a_view_shows_what_is_in_front() -> None:
    phases = np.zeros((20, 20, 40), dtype=np.uint8)
    phases[5:15, 2:6, 5:15] = 1
    phases[5:15, 12:18, 5:35] = 2  # behind, and to the right of it
    view = view_of(phases.shape, azimuth=1.0, elevation=1.0)
    colors, depth = render(phases, view, 80)
    flat = view.project(np.array([[10, 2, 10], [10, 12, 30]], dtype=float))
    rows = (colors.shape[0] * (1.0 - flat[:, 1] / view.size[1])).astype(int)
    columns = (80 * flat[:, 0] / view.size[0]).astype(int)
    gray, orange = colors[rows, columns]
    assert abs(gray[0] - gray[2]) < 0.2 < orange[0] - orange[2]
    np.testing.assert_allclose(depth[rows, columns], flat[:, 2], atol=2.0)
    assert colors[0, 0, 3] == 0.0
    assert np.isinf(depth[0, 0])


def test_the_path_that_is_drawn_is_of_mean_length() -> None:
    design = draw_design("left", 2, RANGES, "uniform", 1)
    built = rebuild(design, "left_1", MODEL)
    excess = excess_lengths((built.phases == 0).view(np.uint8))
    path = choose_path(excess)
    assert path[0, 0] == 0
    assert path[-1, 0] == len(excess) - 1
    last = excess[-1][np.isfinite(excess[-1])]
    assert abs(excess[tuple(path[-1])] - last.mean()) <= last.std()


def test_the_script_draws_a_sample(tmp_path) -> None:
    write_table(draw_design("left", 2, RANGES, "uniform", 1), tmp_path / "design.csv")
    command = f"--design {tmp_path}/design.csv --length 50 --width 40 --title left --pixels 200"
    figures = [tmp_path / "left.svg", tmp_path / "left.png"]
    names = " ".join(map(str, figures))
    script.main(f"{command} --sample left_2 --figure {names}".split())
    assert all(figure.stat().st_size > 1000 for figure in figures)
    with pytest.raises(InputError, match="no such sample"):
        script.main(f"{command} --sample other --figure {names}".split())


def test_sensitivity_has_every_combination() -> None:
    design = draw_design("left", 2, RANGES, "uniform", 1)
    design.loc[1, "fiber_concentration_pct"] = 74.0
    table = sensitivity(design, MODEL, ["closing", "none"], ["uncompressed", "compressed"])
    assert len(table) == 2 * 2 * 2 * 2
    missing = table["geometric_tortuosity"].isna()
    # The dense layer packs only when its concentrations are those of the final layer.
    assert set(table["sample_id"][missing]) == {"left_2"}
    built = table[~missing].groupby("binder")["geometric_tortuosity"].mean()
    assert built["closing"] > built["none"] > 1.0
