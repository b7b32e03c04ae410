"""Tabulate how often intervals hold: nominal coverage against the one on held-out rows.

For a study: on every split (the first --repeats of them) intervals are made from the rows
that are not for the test, as predict.py makes them from all, and counted on the test rows.
With groups, rows of held-out groups are counted apart. Files are listed as the domains are,
the source first; networks as the properties are and, of targets, property by property.

The adapters of a repeat have no held-out errors of their own but the test rows', so that
each row is counted by itself: intervals for it are made from the networks that have not
seen it (nor its group) and from the other rows' errors by those of them that have not
seen these either.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from adaptrode import cli, files
from adaptrode.conformal import Band, cross_conformal, ensemble, proportional, unbounded
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.estimators import Adapters, RegistryRegressor, pretrained, source_of
from adaptrode.metrics import mean_interval
from adaptrode.networks import load_stacks
from adaptrode.rivals import Array, Groups, Source
from adaptrode.selection import named
from adaptrode.splits import ALL, BY_ROW

logger = logging.getLogger("adaptrode")

ADAPTER = "adapter"
COLUMNS = [
    *("domain", "property", "scheme", "method", "nominal_pct", "repeats", "rows"),
    *("coverage_pct", "coverage_low_pct", "coverage_high_pct", "width_pct"),
]


@dataclass(frozen=True)
class Rows:
    """A target's rows of one property: [rows, features], [rows] and the table itself."""

    clean: pd.DataFrame
    inputs: Array
    observed: Array
    log: bool

    @classmethod
    def of(cls, clean: pd.DataFrame, features: Sequence[str], target: Variable) -> Rows:
        """The rows in which the property is known."""
        known = clean[np.isfinite(clean[target.name])].reset_index(drop=True)
        observed = known[target.name].to_numpy(np.float64)
        inputs = known[list(features)].to_numpy(np.float64)
        return cls(known, inputs, observed, proportional(target, observed))

    def groups(self, scheme: str) -> Groups | None:
        """Their groups, where whole ones are held out."""
        return None if scheme == BY_ROW else self.clean[scheme].to_numpy(dtype=str)


def main(argv: Sequence[str] | None = None) -> None:
    """Count on every target, property and scheme; write the table."""
    parser = cli.parser(__doc__)
    parser.add_argument("--domains", type=cli.json_value, required=True, help="source first (JSON)")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--clean", type=Path, nargs="+", required=True, help="clean tables")
    parser.add_argument("--splits", type=Path, nargs="+", required=True, help="of the targets")
    parser.add_argument("--source-networks", type=Path, nargs="*", default=[], help=".npz files")
    parser.add_argument("--networks", type=Path, nargs="*", default=[], help="of the targets")
    parser.add_argument("--recipe", default="robust", help="of the networks")
    parser.add_argument("--method", required=True, help="of the registry")
    parser.add_argument("--settings", type=cli.json_value, default={}, help="the method's (JSON)")
    parser.add_argument("--repeats", type=int, default=30, help="splits to count on, at most")
    parser.add_argument("--coverage", type=float, default=0.9, help="nominal")
    parser.add_argument("--folds", type=int, help="fewer fits: CV+ in place of jackknife+")
    parser.add_argument("--seed", type=int, required=True, help="of every draw")
    parser.add_argument("--origin", choices=("measured", "simulated"), required=True)
    parser.add_argument("--csv", type=Path, required=True, help="the table to write")
    parser.add_argument("--markdown", type=Path, required=True, help="the same, for reading")
    options = parser.parse_args(argv)

    named(options.method).check(options.settings)
    domains, properties = Domain.many(options.domains), Variable.many(options.properties)
    features = [variable.name for variable in Variable.many(options.features)]
    source_clean, *cleans = (files.read_table(path) for path in options.clean)
    splits = [files.read_table(path) for path in options.splits]
    tasks = list(itertools.product(properties, range(len(domains) - 1)))
    if not len(cleans) == len(splits) == len(domains) - 1:
        raise InputError("clean tables, splits and domains are not as many")
    if options.networks and len(options.networks) != len(tasks):
        raise InputError(
            "networks are needed of every property and target, in this order, or of none",
            found=f"{len(options.networks)} files",
            allowed=f"{len(tasks)}",
        )
    if options.source_networks and len(options.source_networks) != len(properties):
        raise InputError("networks of the source are needed of every property, or of none")

    lines = []
    for number, (target, place) in enumerate(tasks):
        domain = domains[place + 1].name
        rows = Rows.of(cleans[place], features, target)
        drawn = splits[place][splits[place]["size"] == ALL]
        for scheme in drawn["scheme"].unique():
            own = drawn[(drawn["scheme"] == scheme) & (drawn["repeat"] < options.repeats)]
            stack = None
            if options.source_networks:
                path = options.source_networks[properties.index(target)]
                stack = pretrained(path, scheme, options.recipe)
            group = None if scheme == BY_ROW else str(scheme)
            source = source_of(source_clean, features, target.name, group, stack)
            start = time.process_time()
            with threadpool_limits(1):
                counted = [
                    (band.within(target), observed)
                    for band, observed in by_split(rows, own, str(scheme), source, options)
                ]
            lasted = time.process_time() - start
            key = (domain, target.name, str(scheme))
            logger.info("%s, %s, %s: %.1f s", *key, lasted)
            if counted:
                name = (*key, options.method)
                lines.append(line(name, counted, options.coverage, test_ratio(own)))
            else:
                logger.warning("warning: %s, %s, %s: too few rows or groups for intervals", *key)
            if options.networks:
                stacks = load_stacks(options.networks[number])
                adapters = Adapters.of(stacks, rows.clean, drawn, str(scheme), options.recipe)
                counted = [
                    (band.within(target), observed)
                    for band, observed in by_row(rows, adapters, str(scheme), options.coverage)
                ]
                if counted:
                    lines.append(line((*key, ADAPTER), counted, options.coverage, None))
    table = pd.DataFrame(lines, columns=COLUMNS)
    files.write_table(table, options.csv)
    files.write_text(markdown(table, domains, properties, options.origin), options.markdown)


def by_split(
    rows: Rows, splits: pd.DataFrame, scheme: str, source: Source, options: argparse.Namespace
) -> Iterator[tuple[Band, Array]]:
    """Intervals of the method for the test rows of each split, beside what was observed."""
    groups = rows.groups(scheme)
    for repeat, split in splits.groupby("repeat"):
        numbers = split.loc[split["role"] == "test", "row"]
        test = rows.clean["row"].isin(numbers).to_numpy()
        known = rows.clean["row"].isin(split["row"]).to_numpy() & ~test
        if not test.any() or (groups is not None and len(np.unique(groups[known])) < 2):
            continue  # nothing to count, or no group to learn from while another is left out
        if unbounded(int(known.sum()), options.coverage):
            continue  # the interval is all that is possible: there is nothing to count
        regressor = RegistryRegressor(
            options.method,
            options.settings,
            source,
            options.seed + int(str(repeat)),
            log=rows.log,
        )
        band = cross_conformal(
            regressor,
            rows.inputs[known],
            rows.observed[known],
            rows.inputs[test],
            groups=None if groups is None else groups[known],
            coverage=options.coverage,
            folds=options.folds,
        )
        yield band, rows.observed[test]


def by_row(
    rows: Rows, adapters: Adapters, scheme: str, coverage: float
) -> Iterator[tuple[Band, Array]]:
    """Intervals of the adapters for each row, as if it (and its group) were new."""
    answers = adapters.networks.predict(rows.inputs)
    groups = rows.groups(scheme)
    for row in range(len(rows.observed)):
        unseen = adapters.held_out[:, row]
        others: NDArray[np.bool_] = np.arange(len(rows.observed)) != row
        if groups is not None:
            others &= groups != groups[row]
        if unseen.any():
            band = ensemble(
                answers[np.ix_(unseen, others)],
                adapters.held_out[np.ix_(unseen, others)],
                rows.observed[others],
                answers[unseen][:, [row]],
                log=rows.log,
                coverage=coverage,
            )
            yield band, rows.observed[[row]]


def line(
    key: tuple[str, str, str, str],
    counted: Sequence[tuple[Band, Array]],
    coverage: float,
    ratio: float | None,
) -> list[object]:
    """A line of the table; the coverage's interval where splits were counted (``ratio``)."""
    shares = [100.0 * float(band.covers(observed).mean()) for band, observed in counted]
    # The median: of a network that failed the interval has no bounds to speak of.
    widths = np.concatenate([(band.high - band.low) / band.predicted for band, _ in counted])
    rows = sum(len(observed) for _, observed in counted)
    if ratio is None:
        repeats, mean, low, high = 0, float(np.mean(shares)), np.nan, np.nan
    else:
        interval = mean_interval(shares, ratio)
        repeats, mean = len(shares), interval.mean
        low, high = max(interval.low, 0.0), min(interval.high, 100.0)
    numbers = (mean, low, high, 100.0 * float(np.median(widths)))
    return [*key, 100.0 * coverage, repeats, rows, *(round(number, 2) for number in numbers)]


def test_ratio(splits: pd.DataFrame) -> float:
    """Test rows over the others."""
    test = float((splits["role"] == "test").mean())
    return test / (1.0 - test)


def markdown(
    table: pd.DataFrame, domains: Sequence[Domain], properties: Sequence[Variable], origin: str
) -> str:
    """The table for reading, what it counts above it."""
    labels = {domain.name: domain.label for domain in domains}
    titles = {target.name: target.label for target in properties}
    if table.empty:
        return "There are too few rows of any target to count how often intervals hold.\n"
    nominal = table["nominal_pct"].iloc[0]
    shown = pd.DataFrame(
        {
            "Target": table["domain"].map(labels),
            "Property": table["property"].map(titles),
            "New rows of": table["scheme"].map(
                lambda scheme: "known groups, or none" if scheme == BY_ROW else f"a new {scheme}"
            ),
            "Method": [
                "The paper's adapter" if name == ADAPTER else named(name).label
                for name in table["method"]
            ],
            "Splits": [str(count) if count else "row by row" for count in table["repeats"]],
            "Rows counted": table["rows"],
            "Coverage / %": [
                f"{mean:.1f}" if np.isnan(low) else f"{mean:.1f} ({low:.1f} to {high:.1f})"
                for mean, low, high in table[
                    ["coverage_pct", "coverage_low_pct", "coverage_high_pct"]
                ].itertuples(index=False)
            ],
            "Median width / %": [f"{width:.1f}" for width in table["width_pct"]],
        }
    )
    if table["scheme"].nunique() == 1:
        shown = shown.drop(columns="New rows of")
    text = (
        f"How many held-out rows lie in their interval of nominally {nominal:g} %, and how wide "
        "it is as a share of the prediction. In brackets the 95 % interval over the splits "
        "(Nadeau and Bengio), where there are splits; the adapters' intervals are counted row by "
        "row, each row with the adapters that have not seen it."
    )
    if table["scheme"].nunique() > 1:
        text += (
            " For rows of a new group the rows' coverage rests on few groups, which are "
            "less interchangeable than rows."
        )
    if origin == "simulated":
        text += " All tables that this was counted on are simulated."
    return f"{text}\n\n{shown.to_markdown(index=False, disable_numparse=True)}\n"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
