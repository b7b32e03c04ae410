from __future__ import annotations

import numpy as np
import pytest

import design_microstructures as script
from adaptrode.designs import Range, draw_design
from adaptrode.errors import InputError
from adaptrode.files import read_table

RANGES = [Range("a_um", 6.0, 12.0, 0.1), Range("b", 0.0, 0.5, 0.01), Range("c_um", 280, 320, 1)]


@pytest.mark.parametrize("plan", ["uniform", "sparse"])
def test_values_lie_on_the_steps_of_their_ranges(plan: str) -> None:
    design = draw_design("left", 150, RANGES, plan, 1)
    assert design["sample_id"].is_unique
    assert list(design.columns) == ["sample_id", "domain", "seed", "a_um", "b", "c_um"]
    for one in RANGES:
        values = design[one.name]
        assert values.between(one.low, one.high).all()
        steps = (values - one.low) / one.step
        np.testing.assert_allclose(steps, steps.round(), atol=1e-6)
        assert values.max() - values.min() > 0.9 * (one.high - one.low)


def test_a_uniform_plan_is_even_and_a_sparse_one_less() -> None:
    def unevenness(plan: str) -> float:
        spread = []
        for seed in range(10):
            design = draw_design("left", 100, RANGES, plan, seed)
            for one in RANGES:
                counts, _ = np.histogram(design[one.name], 5, (one.low, one.high + one.step))
                spread.append(counts.std() / counts.mean())
        return float(np.mean(spread))

    assert unevenness("uniform") < 0.1 < 0.3 < unevenness("sparse")


def test_a_design_depends_on_its_seed_and_name() -> None:
    first = draw_design("left", 20, RANGES, "uniform", 1)
    assert first.equals(draw_design("left", 20, RANGES, "uniform", 1))
    assert not first["b"].equals(draw_design("left", 20, RANGES, "uniform", 2)["b"])
    assert not first["b"].equals(draw_design("right", 20, RANGES, "uniform", 1)["b"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plan": "x"}, "no such plan"),
        ({"count": 0}, "needs samples"),
        ({"ranges": [Range("a", 2.0, 1.0, 0.1)]}, "not a range"),
        ({"ranges": [Range("a", 1.0, 2.0, 0.0)]}, "not a range"),
    ],
)
def test_bad_plans_are_refused(changes: dict[str, object], words: str) -> None:
    given = {"domain": "d", "count": 3, "ranges": RANGES, "plan": "uniform", "seed": 1, **changes}
    with pytest.raises(InputError, match=words):
        draw_design(**given)  # type: ignore[arg-type]


def test_the_script_writes_the_design(tmp_path) -> None:
    path = tmp_path / "design.csv"
    ranges = '[{"name":"b","low":0,"high":0.5,"step":0.01}]'
    script.main(f"--domain left --count 9 --ranges {ranges} --seed 4 --output {path}".split())
    expected = draw_design("left", 9, [Range("b", 0.0, 0.5, 0.01)], "uniform", 4)
    assert read_table(path).equals(expected)
