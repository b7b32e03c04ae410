"""Recommend settings that reach what is wanted of a target, and the next experiments.

Needs the target's clean table and, as JSON, what is wanted of which properties::

    --wanted '{"density_g_cm3": 2.6, "mass_loading_mg_cm2": 12}'
    --wanted '{"density_g_cm3": "max", "mass_loading_mg_cm2": "max"}'

Values are to be reached; with "max" or "min" among them the settings of the best trade-offs
are sought (a Pareto set). Settings and predictions stay within the target's known ranges,
widened by --widen where physically possible. Predictions, with intervals, are a Gaussian
process' of the target's rows. With --group every recommendation and experiment is a new
group (a slurry).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from adaptrode import cli, files
from adaptrode.categories import Category, expanded, variables
from adaptrode.conformal import Band, proportional
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.recommendation import (
    GOALS,
    Penalty,
    Space,
    experiments,
    reach,
    trade_off,
    within,
)
from adaptrode.rivals import Array
from adaptrode.surrogates import Neighborhood, Surrogate, surrogate_band

DIGITS = 4


def main(argv: Sequence[str] | None = None) -> None:
    """Fit, search, write."""
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", type=Path, required=True, help="the target's clean table")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--group", help="column of groups: recommend for new ones")
    parser.add_argument("--wanted", type=cli.json_value, default={}, help="see above (JSON)")
    parser.add_argument("--count", type=int, default=5, help="recommended settings, at most")
    parser.add_argument("--next", type=int, default=5, help="next experiments")
    parser.add_argument("--widen", type=float, default=0.0, help="the ranges, by a share of them")
    parser.add_argument(
        "--remoteness", type=float, default=1.0, help="of what is recommended, at most"
    )
    parser.add_argument("--fixed", type=cli.json_value, default={}, help="JSON: feature to value")
    parser.add_argument("--steps", type=cli.json_value, default={}, help="JSON: feature to step")
    parser.add_argument("--coverage", type=float, default=0.9, help="of the intervals, nominal")
    parser.add_argument("--seed", type=int, required=True, help="of every draw")
    parser.add_argument("--origin", choices=("measured", "simulated"), help="of the rows")
    parser.add_argument("--settings", type=Path, required=True, help="CSV: what is recommended")
    parser.add_argument("--experiments", type=Path, required=True, help="CSV: what to try next")
    parser.add_argument("--markdown", type=Path, required=True, help="both, for reading")
    options = parser.parse_args(argv)

    features = Variable.many(expanded(options.features))
    properties = Variable.many(options.properties)
    check_wanted(options.wanted, properties)
    names = [variable.name for variable in features]
    table = files.read_table(options.clean)
    space = Space.of(
        features,
        table[names].to_numpy(np.float64),
        widen=options.widen,
        fixed=spelt_out(options.fixed, variables(options.features)),
        steps=options.steps,
        exclusive=[
            [indicator.name for indicator in variable.indicators.values()]
            for variable in variables(options.features)
            if isinstance(variable, Category)
        ],
    )
    # One thread: BLAS would otherwise round by the number of threads.
    with threadpool_limits(1):
        surrogates = {
            target.name: Surrogate(**known_rows(table, names, target, options.group))
            for target in properties
        }
        groups = table[options.group].to_numpy(dtype=str) if options.group else None
        neighborhood = Neighborhood(table[names].to_numpy(np.float64), groups)
        near = within(neighborhood, options.remoteness, list(surrogates.values()), options.widen)
        rows = recommended(surrogates, space, options.wanted, near, options.count, options.seed)
        tried, left = experiments(list(surrogates.values()), space, options.next, seed=options.seed)
        settings = described(rows, table, features, properties, options)
        plan = described(tried, table, features, properties, options)
    settings["remoteness"] = np.round(neighborhood.remoteness(rows), 2)
    plan["remoteness"] = np.round(neighborhood.remoteness(tried), 2)
    plan.insert(0, "order", np.arange(1, len(plan) + 1))
    plan["uncertainty_left_pct"] = [round(100.0 * share, 1) for share in left]
    files.write_table(settings, options.settings)
    files.write_table(plan, options.experiments)
    files.write_text(markdown(settings, plan, features, properties, options), options.markdown)


def spelt_out(fixed: Mapping[str, Any], features: Sequence[Variable | Category]) -> dict[str, Any]:
    """What is held fixed, with a feature of words as its columns of 0 and 1.

    Raises
    ------
    InputError
        When a word is no level of its feature, or more than one level is held at 1.
    """
    made = dict(fixed)
    for feature in features:
        if not isinstance(feature, Category):
            continue
        names = {level: column.name for level, column in feature.indicators.items()}
        if feature.name in made:
            level = made.pop(feature.name)
            if level not in names:
                raise InputError(
                    f"--fixed: '{feature.name}' has no such level",
                    found=level,
                    allowed=", ".join(names),
                    mend="name one of them",
                )
            made |= {name: float(level == own) for own, name in names.items()}
        held = [made[name] for name in names.values() if name in made]
        if sum(held) > 1 or (len(held) == len(names) and sum(held) != 1):
            raise InputError(
                f"--fixed: a row has exactly one level of '{feature.name}'",
                found=", ".join(f"{n} {made[n]:g}" for n in names.values() if n in made),
                allowed=f'one level, as {{"{feature.name}": "{next(iter(names))}"}}',
                mend="hold one level, or none",
            )
    return made


def check_wanted(wanted: Any, properties: Sequence[Variable]) -> None:
    """Raise an `InputError` unless it is a possible value or a goal of known properties."""
    known = {target.name: target for target in properties}
    if not isinstance(wanted, Mapping):
        raise InputError("what is wanted is not understood", found=wanted, allowed="a JSON object")
    for name, goal in wanted.items():
        if name not in known:
            raise InputError(
                "there is no such property to be wanted", found=name, allowed=", ".join(known)
            )
        target = known[name]
        number = isinstance(goal, int | float) and not isinstance(goal, bool)
        if goal not in GOALS and not (number and target.low <= goal <= target.high):
            raise InputError(
                "this cannot be wanted of a property",
                column=name,
                found=goal,
                allowed=f"{target.low:g} to {target.high:g}, 'max' or 'min'",
            )


def known_rows(
    table: pd.DataFrame, names: Sequence[str], target: Variable, group: str | None
) -> dict[str, Any]:
    """What a property's surrogate is fitted to."""
    known = table[np.isfinite(table[target.name])]
    observed = known[target.name].to_numpy(np.float64)
    return {
        "inputs": known[list(names)].to_numpy(np.float64),
        "observed": observed,
        "groups": known[group].to_numpy(dtype=str) if group else None,
        "log": proportional(target, observed),
    }


def recommended(
    surrogates: Mapping[str, Surrogate],
    space: Space,
    wanted: Mapping[str, Any],
    near: Penalty,
    count: int,
    seed: int,
) -> Array:
    """Settings that reach the wanted values, or trade-offs; none where nothing is wanted."""
    if not wanted or count < 1:
        return np.empty((0, len(space.low)))
    if any(isinstance(goal, str) for goal in wanted.values()):
        return trade_off(surrogates, space, wanted, near=near, count=count, seed=seed)
    return reach(surrogates, space, wanted, near=near, count=count, seed=seed)


def described(
    rows: Array,
    table: pd.DataFrame,
    features: Sequence[Variable],
    properties: Sequence[Variable],
    options: Any,
) -> pd.DataFrame:
    """Settings with what is predicted of them."""
    names = [variable.name for variable in features]
    made = pd.DataFrame(rows, columns=names)
    for target in properties:
        known = known_rows(table, names, target, options.group)
        if len(rows):
            inputs, observed = known.pop("inputs"), known.pop("observed")
            band = surrogate_band(inputs, observed, rows, coverage=options.coverage, **known)
        else:
            band = Band(*np.empty((3, 0)))
        band = band.within(target)
        ends = {"_predicted": band.predicted, "_low": band.low, "_high": band.high}
        for end, values in ends.items():
            made[target.name + end] = [_rounded(value) for value in values]
    made[names] = made[names].map(_rounded)
    return made.assign(coverage_pct=100.0 * options.coverage)


def markdown(
    settings: pd.DataFrame,
    plan: pd.DataFrame,
    features: Sequence[Variable],
    properties: Sequence[Variable],
    options: Any,
) -> str:
    """Recommendations and next experiments for reading."""
    kind = f" for a new {options.group}" if options.group else ""
    parts = [
        "Predictions of a Gaussian process of the target's rows (a search needs thousands of "
        "them), not of the method that the verdict recommends: ask `predict` about the settings "
        f"below. Intervals are of nominally {100 * options.coverage:g} %{kind}. Remoteness 1 is as "
        "far from the nearest known row as known rows are from one another."
    ]
    if options.origin == "simulated":
        parts.append("The table that this was learnt from is simulated.")
    if options.wanted:
        titles = {target.name: target.title for target in properties}
        wanted = ", ".join(f"{titles[name]}: {goal}" for name, goal in options.wanted.items())
        parts.append(f"## Settings\n\nWanted: {wanted}.")
        parts.append(shown(settings, features, properties).to_markdown(**AS_TEXT))
    parts.append(
        "## Next experiments\n\nTo be made in this order; each takes the ones before it as made. "
        "The last column is the variance of the predictions, averaged over the feasible settings, "
        "as a share of today's."
    )
    left = plan["uncertainty_left_pct"].map("{:.0f} %".format)
    parts.append(
        shown(plan, features, properties).assign(**{"Variance left": left}).to_markdown(**AS_TEXT)
    )
    return "\n\n".join(parts) + "\n"


AS_TEXT: dict[str, Any] = {"index": False, "disable_numparse": True}


def shown(
    table: pd.DataFrame, features: Sequence[Variable], properties: Sequence[Variable]
) -> pd.DataFrame:
    """A table's columns with titles; predictions as ``value (low to high)``."""
    made = {variable.title: table[variable.name].map("{:g}".format) for variable in features}
    for target in properties:
        ends = table[[target.name + end for end in ("_predicted", "_low", "_high")]]
        made[target.title] = pd.Series(
            [f"{a:g} ({b:g} to {c:g})" for a, b, c in ends.itertuples(index=False)], dtype="str"
        )
    return pd.DataFrame(made | {"Remoteness": table["remoteness"].map("{:.1f}".format)})


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
