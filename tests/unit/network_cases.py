"""Two small domains to train networks on, shared by the tests of these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from adaptrode import tasks
from adaptrode.networks import NetworkStack
from adaptrode.tasks import Recipe, Schedule, Task

FEATURES = ["width_mm", "speed_m_s", "gap_um"]
ROBUST = Recipe("robust", 0.01, 3, "median", "median", "standardised")
LITERAL = Recipe("literal", 0.001, 1, "none", "zero", "raw")
SCHEDULE = Schedule(epochs=15, batch_size=8, loss="mape", seed=5)
HIDDEN, ADAPTER = [3], [2]


def make_table(domain: int, rows: int = 30) -> pd.DataFrame:
    """The second feature does not vary in domain 0."""
    rng = np.random.default_rng(domain)
    table = pd.DataFrame({"row": np.arange(2, rows + 2)})
    table["width_mm"] = rng.uniform(1, 2, rows) + domain
    table["speed_m_s"] = 0.7 + domain * rng.random(rows)
    table["gap_um"] = rng.uniform(50, 90, rows)
    table["mass_g"] = (20 + domain) * table["width_mm"] * np.exp(0.05 * rng.normal(size=rows))
    return table


def make_splits(rows: int = 30, repeats: int = 2, schemes: tuple[str, ...] = ("row",)) -> Any:
    parts = []
    for scheme in schemes:
        for repeat in range(repeats):
            order = np.random.default_rng([len(scheme), repeat]).permutation(rows)
            role = np.select([order < 9, order < 12], ["test", "validation"], "train")
            parts.append(
                pd.DataFrame(
                    {
                        "scheme": scheme,
                        "size": "all",
                        "repeat": repeat,
                        "row": np.arange(2, rows + 2),
                        "role": role,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def make_task(domain: int, table: pd.DataFrame | None = None, splits: Any = None) -> Task:
    return tasks.task(
        "study",
        "mass_g",
        f"domain_{domain}",
        make_table(domain) if table is None else table,
        make_splits() if splits is None else splits,
        FEATURES,
    )


def weights(stack: NetworkStack) -> bytes:
    return b"".join(array.tobytes() for array in (*stack.kernels, *stack.biases))
