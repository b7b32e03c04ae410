"""Seconds per explained row: shap's exact explainer on stored weights against its kernel explainer.

    python benchmarks/shapley.py [--rows 71] [--background 164] [--kernel-rows 10]

One network 6-4-4-4-4-1, explained on the one side by `adaptrode.shapley` (ExactExplainer on
the NumPy forward pass, whole background), on the other by `KernelExplainer` on the same
network's Keras `model.predict`, as tutorials write it, with the same background and all 62
coalitions. The kernel explainer's cost is a row's cost times rows, so fewer rows are enough.
Both sides run in one process, one after the other; imports and just-in-time compiling are
timed apart.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

SIZES = (6, 4, 4, 4, 4, 1)


def clock(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a piece of work gives, its wall and its processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - processor


def make_network() -> Any:
    """A network with random weights that answers to all its features."""
    from adaptrode.networks import NetworkStack

    random = np.random.default_rng(4)
    pairs = list(pairwise(SIZES))
    columns = ("scheme", "size", "recipe", "repeat", "restart", "loss", "validation_loss")
    return NetworkStack(
        kernels=tuple(
            random.normal(0.3, 0.6, size=(1, *pair)).astype(np.float32) for pair in pairs
        ),
        biases=tuple(np.full((1, pair[1]), 0.3, dtype=np.float32) for pair in pairs),
        input_shift=np.zeros((1, SIZES[0])),
        input_scale=np.ones((1, SIZES[0])) * 1.5,
        output_scale=np.ones(1),
        members=pd.DataFrame([dict.fromkeys(columns, 0)]),
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Time both sides, compare their values and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=71, help="rows explained exactly")
    parser.add_argument("--background", type=int, default=164, help="background rows")
    parser.add_argument(
        "--kernel-rows", type=int, default=10, help="rows the kernel explainer does"
    )
    options = parser.parse_args(argv)

    import shap

    from adaptrode import shapley
    from adaptrode.keras_export import keras_model

    logging.getLogger("shap").setLevel(logging.ERROR)  # it advises a smaller background
    random = np.random.default_rng(1)
    background = random.normal(size=(options.background, SIZES[0]))
    rows = random.normal(size=(options.rows, SIZES[0]))
    few = rows[: options.kernel_rows]
    network = make_network()
    model = keras_model(network, "network")

    def exact(inputs: Any) -> Any:
        return shapley.explain(lambda x: network.predict(x)[0], background, inputs).values

    def kernel(predict: Callable[[Any], Any]) -> Any:
        explainer = shap.KernelExplainer(predict, background)
        return explainer.shap_values(few, nsamples=2 ** SIZES[0] - 2, silent=True)

    def keras_predict(inputs: Any) -> Any:
        return model.predict(inputs, verbose=0)[:, 0]

    _, first, _ = clock(lambda: exact(rows[:2]))
    keras_predict(background)  # traced before the clock starts
    exact_values, *exact_seconds = clock(lambda: exact(rows))
    numpy_values, *numpy_seconds = clock(lambda: kernel(lambda x: network.predict(x)[0]))
    keras_values, *keras_seconds = clock(lambda: kernel(keras_predict))

    print(f"{options.background} background rows; first call, compiling included: {first:.1f} s")
    print(f"{'':42}{'ms a row, wall':>16}{'ms a row, CPU':>16}")
    wall, processor = (1000 * seconds / len(rows) for seconds in exact_seconds)
    print(f"{'exact explainer, NumPy':42}{wall:16.2f}{processor:16.2f}")
    for name, seconds in (
        ("kernel explainer, NumPy", numpy_seconds),
        ("kernel explainer, Keras model.predict", keras_seconds),
    ):
        print(f"{name:42}{1000 * seconds[0] / len(few):16.2f}{1000 * seconds[1] / len(few):16.2f}")
    ratio = keras_seconds[0] / len(few) * 1000 / wall
    print(f"exact on NumPy is {ratio:.0f} times faster than kernel on model.predict")
    size = np.abs(exact_values).max()
    for name, values in (("NumPy", numpy_values), ("model.predict", keras_values)):
        apart = np.abs(exact_values[: len(few)] - np.asarray(values)).max()
        print(f"largest difference to kernel on {name}: {apart:.1e} (largest value {size:.2f})")


if __name__ == "__main__":
    main()
