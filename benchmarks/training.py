"""Seconds per trained network: Keras ``fit`` as its guide writes it against stacked training.

    python benchmarks/training.py [--fits 3] [--members 1000]

Each side runs in a process of its own, one after the other, on the same rows: 147 for
training and 17 for validation, 6-4-4-4-4-1, 250 epochs, batches of 32. Imports are timed
apart; tracing and compiling count. Then follows how the cost grows with members, rows and
width, warm, and where the time of a chunk goes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

EPOCHS, BATCH, ROWS, HELD, SIZES = 250, 32, 147, 17, (6, 4, 4, 4, 4, 1)


def clock(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and processor seconds of a piece of work."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def make_rows(rows: int) -> tuple[Any, Any]:
    """Standardised features and a positive property, with its 10 % of validation rows."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(rows + HELD, SIZES[0])).astype(np.float32)
    return inputs, (1.5 + 0.2 * np.tanh(inputs[:, 0] + inputs[:, 1])).astype(np.float32)


def keras_side(fits: int) -> dict[str, Any]:
    """One network after another, as https://keras.io/guides/training_with_built_in_methods."""

    def load() -> None:
        import keras  # noqa: F401

    imported = clock(load)
    import keras

    inputs, targets = make_rows(ROWS)

    def fit() -> None:
        model = keras.Sequential(
            [keras.Input((SIZES[0],))]
            + [keras.layers.Dense(units, activation="relu") for units in SIZES[1:-1]]
            + [keras.layers.Dense(1)]
        )
        model.compile(optimizer="adam", loss="mean_absolute_percentage_error")
        model.fit(
            inputs[:ROWS],
            targets[:ROWS],
            validation_data=(inputs[ROWS:], targets[ROWS:]),
            batch_size=BATCH,
            epochs=EPOCHS,
            verbose=0,
        )

    return {"import": imported, "fits": [clock(fit) for _ in range(fits)]}


def make_problem(members: int, rows: int = ROWS, sizes: Sequence[int] = SIZES) -> Any:
    """Networks with first weights and batch orders of their own, on shared rows."""
    from adaptrode.arrange import glorot_uniform
    from adaptrode.training import Problem

    inputs, targets = make_rows(rows)
    drawn = [glorot_uniform(sizes, np.random.default_rng([1, member])) for member in range(members)]
    layers = range(len(sizes) - 1)

    def batch_order(member: int) -> Any:
        own = np.broadcast_to(np.arange(rows), (EPOCHS, rows))
        return np.random.default_rng([2, member]).permuted(own, axis=1)

    return Problem(
        kernels=tuple(np.stack([kernels[layer] for kernels, _ in drawn]) for layer in layers),
        biases=tuple(np.stack([biases[layer] for _, biases in drawn]) for layer in layers),
        inputs=inputs[None],
        targets=targets[None],
        training_rows=[np.arange(rows)],
        validation_rows=[np.arange(rows, rows + HELD)],
        dataset_of_member=np.zeros(members, dtype=int),
        learning_rate=np.full(members, 1e-3),
        batch_order=batch_order,
    )


def stacked_side(members: int) -> dict[str, Any]:
    """All networks at once, on one thread; the first training traces and compiles."""
    from adaptrode import training

    def work(problem: Any) -> tuple[float, float]:
        return clock(lambda: training.train(problem, epochs=EPOCHS, batch_size=BATCH, loss="mape"))

    imported = clock(training.tensorflow)
    problem = make_problem(members)
    result: dict[str, Any] = {"import": imported, "cold": work(problem), "warm": work(problem)}
    growth = []
    for name, count, rows, width in (
        ("64 members", 64, ROWS, 4),
        ("256 members", 256, ROWS, 4),
        ("512 members", 512, ROWS, 4),
        ("1024 members", 1024, ROWS, 4),
        ("37 rows", 512, 37, 4),
        ("294 rows", 512, 294, 4),
        ("width 2", 512, ROWS, 2),
        ("width 3", 512, ROWS, 3),
        ("width 8", 512, ROWS, 8),
        ("width 16", 512, ROWS, 16),
    ):
        sizes = (SIZES[0], width, width, width, width, 1)
        grown = make_problem(count, rows, sizes)
        work(grown)
        seconds = min(work(grown)[1] for _ in range(2))
        # A multiplication and an addition per weight forward, twice as many backward.
        operations = count * EPOCHS * weights(sizes) * (6 * rows + 2 * HELD)
        growth.append((name, weights(sizes), seconds / count, operations / seconds))
    result["growth"] = growth
    result["orders"] = clock(lambda: [problem.batch_order(member) for member in range(256)])
    return result


def weights(sizes: Sequence[int]) -> int:
    """Number of weights and biases."""
    return sum(fan_in * fan_out + fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def report(fits: int, members: int) -> None:
    """Run both sides and print them beside each other."""
    keras = _run("keras", fits)
    stacked = _run("stacked", members)
    fit = np.mean(keras["fits"], axis=0)
    cold, warm = (np.array(stacked[name]) / members for name in ("cold", "warm"))
    print(f"import: keras {keras['import'][0]:.1f} s, stacked {stacked['import'][0]:.1f} s")
    print(f"{'per trained network':44s} {'wall':>10s} {'processor':>10s}")
    print(f"{f'Keras fit, mean of {fits}':44s} {fit[0]:8.2f} s {fit[1]:8.2f} s")
    for name, seconds in (
        (f"stacked, {members}, compile included", cold),
        ("the same, warm", warm),
    ):
        print(f"{name:44s} {1e3 * seconds[0]:7.2f} ms {1e3 * seconds[1]:7.2f} ms")
        print(f"{'  times faster':44s} {fit[0] / seconds[0]:10.0f} {fit[1] / seconds[1]:10.0f}")
    compiling = np.array(stacked["cold"]) - np.array(stacked["warm"])
    print(f"{'trace and compile, once':44s} {compiling[0]:8.2f} s {compiling[1]:8.2f} s")
    orders = np.array(stacked["orders"]) / 256 * 1e3
    print(f"{'drawing batch orders, in the above':44s} {orders[0]:7.2f} ms {orders[1]:7.2f} ms")
    print("\nwarm, on one core; 512 members, 147 rows, width 4 where not said otherwise")
    for name, parameters, seconds, rate in stacked["growth"]:
        print(
            f"  {name:14s}{parameters:5d} weights {1e3 * seconds:8.2f} ms per network"
            f" {1e-9 * rate:6.1f} Gflop/s"
        )


def _run(side: str, count: int) -> Any:
    command = [sys.executable, __file__, "--side", side, str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fits", type=int, default=3, help="networks that Keras trains")
    parser.add_argument("--members", type=int, default=1000, help="networks trained at once")
    parser.add_argument("--side", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        side, count = options.side
        made = keras_side(int(count)) if side == "keras" else stacked_side(int(count))
        print(json.dumps(made))
    else:
        report(options.fits, options.members)


if __name__ == "__main__":
    main()
