"""Whether recommendations keep their promise: judged on the electrode simulator.

    python benchmarks/recommendation.py [--laboratories 100] [--seeds 30]

1. Landing. In each of so many simulated laboratories (10 slurries, 60 discs, the shipped
   noise) settings are recommended for a density and a mass loading that another slurry of
   the same laboratory would have, and for the trade-off of both. They are made anew,
   each a new slurry: how many fall into the predicted interval of nominally 90 %?
2. Learning. From 8 random experiments on, 20 are chosen one by one by
   `adaptrode.recommendation.experiments`, or drawn at random; each is a slurry of its own.
   Mean errors on 500 settings of the whole range are compared, paired over the seeds.

Nothing here was tuned on the outcome.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from adaptrode.description import Variable
from adaptrode.electrodes import NMC, SETTINGS, simulate
from adaptrode.metrics import mean_interval, paired_difference
from adaptrode.recommendation import (
    Space,
    experiments,
    reach,
    trade_off,
    within,
)
from adaptrode.surrogates import Neighborhood, Surrogate, surrogate_band

Array = NDArray[np.float64]

PROPERTIES = ("density_g_cm3", "mass_loading_mg_cm2")
LOW = np.array([88.0, 45.0, 0.2, 80.0, 0.27, 20.0])
HIGH = np.array([97.0, 66.0, 1.0, 400.0, 0.54, 200.0])
FEATURES = [
    Variable(name, name, low=low, high=high)
    for name, low, high in zip(SETTINGS, LOW, HIGH, strict=True)
]
NOMINAL = 0.9


def slurries(count: int, discs: int, rng: np.random.Generator) -> pd.DataFrame:
    """Settings of a laboratory: rolls are set by the coating's thickness, as operators do."""
    settings = pd.DataFrame(rng.uniform(LOW, HIGH, (count, len(LOW))), columns=list(SETTINGS))
    settings = settings.assign(campaign=[f"s{number}" for number in range(count)])
    settings = settings.loc[settings.index.repeat(discs)].reset_index(drop=True)
    settings["roll_speed_m_min"] = rng.choice([LOW[4], HIGH[4]], len(settings))
    thick = simulate(NMC, settings.assign(roll_gap_um=1e4))["thickness_um"]
    share = rng.uniform(0.3, 1.0, len(settings))
    gap = share * (thick + NMC.collector_thickness_um)
    return settings.assign(roll_gap_um=np.clip(gap, LOW[5], HIGH[5]))


def made(rows: Array, rng: np.random.Generator | None) -> pd.DataFrame:
    """Electrodes of these settings, each a new slurry."""
    return simulate(NMC, pd.DataFrame(rows, columns=list(SETTINGS)), rng=rng)


def landing(laboratory: int) -> pd.DataFrame:
    """What was recommended in one laboratory, and where it landed."""
    rng = np.random.default_rng([laboratory, 1])
    settings = slurries(10, 6, rng)
    electrodes = simulate(NMC, settings, rng=rng)
    known = settings[list(SETTINGS)].to_numpy()
    groups = settings["campaign"].to_numpy(dtype=str)
    observed = {name: electrodes[name].to_numpy() for name in PROPERTIES}
    surrogates = {
        name: Surrogate(known, values, groups, log=True) for name, values in observed.items()
    }
    space = Space.of(FEATURES, known)
    near = within(Neighborhood(known, groups), 1.0, list(surrogates.values()))
    goal = simulate(NMC, slurries(1, 1, rng)).iloc[0]
    wanted = {name: float(goal[name]) for name in PROPERTIES}
    found = {
        "reach": reach(surrogates, space, wanted, near=near, count=3, seed=laboratory),
        "trade-off": trade_off(
            surrogates, space, dict.fromkeys(PROPERTIES, "max"), near=near, count=4, seed=laboratory
        ),
    }
    lines = []
    for kind, rows in found.items():
        outcome = made(rows, rng)
        for name in PROPERTIES:
            band = surrogate_band(
                known, observed[name], rows, groups=groups, log=True, coverage=NOMINAL
            )
            values = outcome[name].to_numpy()
            for place, inside in enumerate(band.covers(values)):
                lines.append(
                    {
                        "laboratory": laboratory,
                        "kind": kind,
                        "property": name,
                        "inside": inside,
                        "width": (band.high[place] - band.low[place]) / band.predicted[place],
                        "off": abs(values[place] / wanted[name] - 1) if kind == "reach" else np.nan,
                    }
                )
    return pd.DataFrame(lines)


def learning(seed: int, start: int = 8, count: int = 20) -> tuple[float, float, float]:
    """Errors in % at the start, after chosen and after random experiments."""
    rng = np.random.default_rng([seed, 2])
    space = Space(LOW, HIGH, np.zeros(len(LOW)))
    first = rng.uniform(LOW, HIGH, (start, len(LOW)))
    at_random = rng.uniform(LOW, HIGH, (count, len(LOW)))
    asked = rng.uniform(LOW, HIGH, (500, len(LOW)))
    truth = made(asked, None)

    def surrogates(rows: Array, outcomes: pd.DataFrame) -> list[Surrogate]:
        return [Surrogate(rows, outcomes[name].to_numpy(), log=True) for name in PROPERTIES]

    def error(rows: Array, outcomes: pd.DataFrame) -> float:
        shares = [
            np.abs(np.exp(surrogate.moments(asked)[0]) / truth[name].to_numpy() - 1.0).mean()
            for surrogate, name in zip(surrogates(rows, outcomes), PROPERTIES, strict=True)
        ]
        return 100.0 * float(np.mean(shares))

    outcomes = made(first, rng)
    begin = error(first, outcomes)
    both = pd.concat([outcomes, made(at_random, np.random.default_rng([seed, 3]))])
    by_chance = error(np.vstack([first, at_random]), both)
    rows, noise = first, np.random.default_rng([seed, 3])
    for number in range(count):
        new, _ = experiments(
            surrogates(rows, outcomes), space, 1, seed=seed + number, choices=256, references=256
        )
        rows, outcomes = np.vstack([rows, new]), pd.concat([outcomes, made(new, noise)])
    return begin, error(rows, outcomes), by_chance


def main(argv: Sequence[str] | None = None) -> None:
    """Run both and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--laboratories", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=30)
    options = parser.parse_args(argv)
    with threadpool_limits(1):
        start = time.process_time()
        landed = pd.concat([landing(number) for number in range(options.laboratories)])
        for keys, part in landed.groupby(["kind", "property"]):
            shares = part.groupby("laboratory")["inside"].mean()
            inside = mean_interval(100.0 * shares)
            text = (
                f"{keys[0]:10}{keys[1]:22}{inside.mean:6.1f} % inside "
                f"({inside.low:.1f} to {min(inside.high, 100.0):.1f}), {len(part)} electrodes, "
                f"intervals {100 * part['width'].mean():.0f} % wide"
            )
            off = part["off"].median()
            print(text + ("" if np.isnan(off) else f", off by {100 * off:.1f} % in the median"))
        print(f"{time.process_time() - start:.0f} s of CPU")

        start = time.process_time()
        errors = np.array([learning(seed) for seed in range(options.seeds)])
        begin, chosen, by_chance = errors.mean(axis=0)
        difference = paired_difference(errors[:, 1], errors[:, 2])
        print(
            f"mean error: {begin:.2f} % at the start, {chosen:.2f} % after 20 chosen and "
            f"{by_chance:.2f} % after 20 random experiments; difference {difference.mean:.2f} "
            f"({difference.low:.2f} to {difference.high:.2f}), better in "
            f"{100 * difference.won:.0f} % of {options.seeds} seeds"
        )
        print(f"{time.process_time() - start:.0f} s of CPU")


if __name__ == "__main__":
    main()
