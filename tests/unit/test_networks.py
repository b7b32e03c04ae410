"""Stacked networks predict what each network alone would, and are kept to the last bit."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from adaptrode.errors import InputError
from adaptrode.networks import AdaptedStack, NetworkStack, load_stacks, save_stacks


def make_stack(
    members: int = 4, sizes: Sequence[int] = (3, 4, 2, 1), seed: int = 0
) -> NetworkStack:
    rng = np.random.default_rng(seed)
    layers = list(itertools.pairwise(sizes))
    return NetworkStack(
        kernels=tuple(rng.normal(size=(members, a, b)).astype(np.float32) for a, b in layers),
        biases=tuple(rng.normal(size=(members, b)).astype(np.float32) for _, b in layers),
        input_shift=rng.normal(size=(members, sizes[0])),
        input_scale=rng.uniform(0.5, 2.0, size=(members, sizes[0])),
        output_scale=rng.uniform(1.0, 3.0, size=members),
        members=pd.DataFrame(
            {
                "scheme": np.where(np.arange(members) < members // 2, "row", "campaign"),
                "size": "all",
                "recipe": "robust",
                "repeat": np.arange(members) % max(1, members // 2),
                "restart": 0,
                "loss": rng.random(members).astype(np.float32),
                "validation_loss": np.full(members, np.nan, np.float32),
            }
        ),
    )


def predict_one(stack: NetworkStack, member: int, row: Any) -> float:
    """The definition, number by number."""
    values = [
        (x - shift) / scale
        for x, shift, scale in zip(
            row, stack.input_shift[member], stack.input_scale[member], strict=True
        )
    ]
    for layer, (kernel, bias) in enumerate(zip(stack.kernels, stack.biases, strict=True)):
        values = [
            float(bias[member, unit])
            + sum(value * float(kernel[member, i, unit]) for i, value in enumerate(values))
            for unit in range(kernel.shape[2])
        ]
        if layer < len(stack.kernels) - 1:
            values = [max(value, 0.0) for value in values]
    return float(values[0]) * float(stack.output_scale[member])


def arrays(stack: NetworkStack) -> list[Any]:
    scales = [stack.input_shift, stack.input_scale, stack.output_scale]
    return [*stack.kernels, *stack.biases, *scales]


def assert_equal(one: NetworkStack, other: NetworkStack) -> None:
    for first, second in zip(arrays(one), arrays(other), strict=True):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    pd.testing.assert_frame_equal(one.members, other.members, check_dtype=False, check_exact=True)


def test_predictions_follow_the_definition() -> None:
    stack = make_stack()
    rows = np.random.default_rng(1).normal(size=(5, 3))
    expected = [[predict_one(stack, member, row) for row in rows] for member in range(4)]
    np.testing.assert_allclose(stack.predict(rows), expected, rtol=1e-13)


def test_every_member_may_have_rows_of_its_own() -> None:
    stack = make_stack()
    rows = np.random.default_rng(1).normal(size=(4, 5, 3))
    expected = [[predict_one(stack, member, row) for row in rows[member]] for member in range(4)]
    np.testing.assert_allclose(stack.predict(rows), expected, rtol=1e-13)


def test_an_adapter_sees_the_sources_prediction_in_the_propertys_unit() -> None:
    adapted = AdaptedStack(make_stack(), make_stack(sizes=(1, 4, 1), seed=5))
    rows = np.random.default_rng(1).normal(size=(5, 3))
    answers = adapted.source.predict(rows)
    expected = [
        [predict_one(adapted.adapter, member, [answer]) for answer in answers[member]]
        for member in range(4)
    ]
    np.testing.assert_allclose(adapted.predict(rows), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ((6, 4, 4, 4, 4, 1), 93),
        ((6, 3, 3, 3, 1), 49),
        ((5, 3, 3, 3, 1), 46),
        ((1, 4, 1), 13),
        ((1, 3, 1), 10),
    ],
)
def test_parameters_are_counted_as_in_the_paper(sizes: Sequence[int], count: int) -> None:
    """Tables 3 and 4."""
    stack = make_stack(sizes=sizes)
    assert stack.parameter_count == count
    assert stack.layer_sizes == tuple(sizes)


def test_members_are_selected_by_what_they_are() -> None:
    stack = make_stack(6)
    chosen = stack.select(scheme="campaign", repeat=1)
    assert len(chosen) == 1
    rows = np.ones((2, 3))
    np.testing.assert_array_equal(chosen.predict(rows)[0], stack.predict(rows)[4])
    adapted = AdaptedStack(stack, make_stack(6, (1, 3, 1))).select(scheme="campaign", repeat=1)
    assert_equal(adapted.source, chosen)
    with pytest.raises(KeyError, match="no network with"):
        stack.select(scheme="column")


def test_members_are_matched_by_the_columns_named() -> None:
    stack = make_stack(6)
    wanted = pd.DataFrame({"scheme": ["campaign", "row", "row"], "repeat": [2, 0, 0]})
    matched = stack.matching(wanted, ("scheme", "repeat"))
    assert_equal(matched, stack.take([5, 0, 0]))
    with pytest.raises(KeyError):
        stack.matching(wanted.assign(repeat=7), ("scheme", "repeat"))
    with pytest.raises(ValueError, match="not told apart"):
        stack.matching(wanted, ("scheme",))


def test_unequal_stacks_make_no_adapted_stack() -> None:
    with pytest.raises(ValueError, match="4 source networks, 3 adapters"):
        AdaptedStack(make_stack(4), make_stack(3, (1, 3, 1)))


def test_stacks_are_kept_to_the_last_bit_in_equal_files(tmp_path: Path) -> None:
    stacks = {"adapter": make_stack(sizes=(1, 4, 1)), "scratch": make_stack(seed=3)}
    save_stacks(stacks, tmp_path / "a.npz")
    save_stacks(stacks, tmp_path / "b.npz")
    loaded = load_stacks(tmp_path / "a.npz")
    assert list(loaded) == ["adapter", "scratch"]
    for name, stack in stacks.items():
        assert_equal(loaded[name], stack)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_unreadable_networks_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_stacks(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("not networks")
    with pytest.raises(InputError, match="no networks can be read"):
        load_stacks(tmp_path / "text.npz")
    save_stacks({"one": make_stack()}, tmp_path / "cut.npz")
    whole = (tmp_path / "cut.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="no networks can be read"):
        load_stacks(tmp_path / "cut.npz")
    np.savez(tmp_path / "part.npz", allow_pickle=False, **{"one/kernel_0": np.zeros((1, 2, 1))})
    with pytest.raises(InputError, match="incomplete"):
        load_stacks(tmp_path / "part.npz")
