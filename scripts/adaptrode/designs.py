"""Which samples a table holds: parameters drawn over ranges, seeded by name."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc

from adaptrode.errors import InputError

PLANS = ("uniform", "sparse")
BINS = 5  # of a range in a sparse plan
EVENNESS = 3.0  # of a sparse plan: the Dirichlet parameter of how often a bin is drawn


@dataclass(frozen=True)
class Range:
    """A parameter's column, both ends (included) and the step between its values."""

    name: str
    low: float
    high: float
    step: float

    @classmethod
    def many(cls, records: Sequence[Mapping[str, Any]]) -> list[Range]:
        """Ranges from JSON records such as a script's option holds."""
        return [cls(**record) for record in records]


def draw_design(
    domain: str, count: int, ranges: Sequence[Range], plan: str, seed: int
) -> pd.DataFrame:
    """The design of one domain.

    Parameters
    ----------
    domain
        Its name; with ``seed`` it fixes the draw, and samples are numbered after it.
    count
        How many samples.
    ranges
        What to draw, one column each.
    plan
        ``uniform``: a Latin hypercube (McKay et al., Technometrics 21 (1979) 239), each
        parameter even over its range. ``sparse``: each parameter independently, and
        the fifths of its range not equally often, as in the paper's smaller table.
    seed
        Kept in the design, because the samples' own random streams derive from it.

    Returns
    -------
    DataFrame
        ``sample_id``, ``domain``, ``seed`` and one column a range.
    """
    if plan not in PLANS:
        raise InputError("there is no such plan", found=plan, allowed=", ".join(PLANS))
    if count < 1:
        raise InputError("a design needs samples", found=count, allowed="1 or more")
    for one in ranges:
        if not one.low <= one.high or one.step <= 0.0:
            raise InputError(
                "not a range", column=one.name, found=one, allowed="low <= high and step > 0"
            )
    generator = np.random.default_rng([seed, zlib.crc32(domain.encode())])
    if plan == "uniform":
        shares = qmc.LatinHypercube(len(ranges), rng=generator).random(count)
    else:
        shares = np.empty((count, len(ranges)))
        for k in range(len(ranges)):
            weights = generator.dirichlet(np.full(BINS, EVENNESS))
            bins = generator.choice(BINS, size=count, p=weights)
            shares[:, k] = (bins + generator.random(count)) / BINS
    digits = len(str(count))
    table = {
        "sample_id": [f"{domain}_{k:0{digits}d}" for k in range(1, count + 1)],
        "domain": [domain] * count,
        "seed": [seed] * count,
    }
    columns = {one.name: _on_steps(one, shares[:, k]) for k, one in enumerate(ranges)}
    return pd.DataFrame(table | columns)


def _on_steps(one: Range, shares: np.ndarray) -> np.ndarray:
    """Shares of a range as multiples of its step, written with no more digits than that."""
    last = round((one.high - one.low) / one.step)
    steps = np.minimum((shares * (last + 1)).astype(int), last)
    return np.array([float(f"{one.low + step * one.step:.10g}") for step in steps])
