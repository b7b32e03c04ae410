"""Predict a target's properties for new manufacturing settings, with intervals.

Needs a CSV of candidates with a column for each feature (others are kept), the clean
tables of source and target, and which method to use. Where networks are given, the
paper's adapters predict too: the median over the repeats' adapters of one recipe,
since a single one of three or four nodes may be a poor draw. Networks are listed in the
order of the properties.

Intervals are jackknife+ for the method and jackknife+-after-bootstrap for the adapters. With
--group they are for rows of new groups (a new slurry), without for rows such as the known
ones. A candidate outside the range of the target's rows is marked with the features
concerned: there nothing vouches for the interval.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from adaptrode import cli, files
from adaptrode.categories import Category, expanded, variables
from adaptrode.cells import mostly_decimal_commas, numbers, why_no_number
from adaptrode.conformal import Band, cross_conformal, ensemble, proportional, unbounded
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.estimators import Adapters, RegistryRegressor, Validity, pretrained, source_of
from adaptrode.networks import load_stacks
from adaptrode.reading import read_raw
from adaptrode.rivals import Array, Source
from adaptrode.selection import METHODS, RECOMMENDED, chosen, named
from adaptrode.splits import BY_ROW
from adaptrode.verdict_text import lower_first

logger = logging.getLogger("adaptrode")

ADAPTER = "adapter"
DIGITS = 4
SHOWN = 50
OWN = ("row", "method", "coverage_pct", "outside_target", "outside_all_data")
ENDS = ("_predicted", "_low", "_high")


def main(argv: Sequence[str] | None = None) -> None:
    """Read the candidates, predict every property, write."""
    parser = cli.parser(__doc__)
    parser.add_argument("--candidates", type=Path, required=True, help="CSV, one row a candidate")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument(
        "--columns", type=cli.json_value, default={}, help="JSON: feature to header in the CSV"
    )
    parser.add_argument("--clean", type=Path, required=True, help="the target's clean table")
    parser.add_argument("--source-clean", type=Path, help="the source's; for methods that use it")
    parser.add_argument(
        "--source-networks", type=Path, nargs="*", default=[], help="its .npz files"
    )
    parser.add_argument("--networks", type=Path, nargs="*", default=[], help="the target's .npz")
    parser.add_argument("--splits", type=Path, help="the target's; needed with --networks")
    parser.add_argument("--recipe", default="robust", help="of the networks")
    parser.add_argument("--group", help="column of groups: predict for rows of new ones")
    parser.add_argument(
        "--method", required=True, help=f"{RECOMMENDED}, or one of {', '.join(METHODS)}"
    )
    parser.add_argument("--verdict", type=Path, help="CSV that says what is recommended")
    parser.add_argument("--domain", default="", help="the target's name, to find it there")
    parser.add_argument("--settings", type=cli.json_value, default={}, help="the method's (JSON)")
    parser.add_argument("--coverage", type=float, default=0.9, help="of the intervals, nominal")
    parser.add_argument("--folds", type=int, help="fewer fits: CV+ in place of jackknife+")
    parser.add_argument("--seed", type=int, required=True, help="of every draw")
    parser.add_argument("--origin", choices=("measured", "simulated"), help="of the rows")
    parser.add_argument("--csv", type=Path, required=True, help="the table to write")
    parser.add_argument("--markdown", type=Path, required=True, help="the same, for reading")
    options = parser.parse_args(argv)

    if not 0 < options.coverage < 1:
        raise InputError("no such coverage", found=options.coverage, allowed="above 0, below 1")
    verdicts = pd.read_csv(options.verdict) if options.verdict else None
    asked = variables(options.features)
    features = Variable.many(expanded(options.features))
    names = [variable.name for variable in features]
    properties = Variable.many(options.properties)
    methods = {
        target.name: chosen(options.method, verdicts, options.domain, target.name)
        for target in properties
    }
    for name in methods.values():
        named(name).check(options.settings)
    taken = [*OWN, *(target.name + end for target in properties for end in ENDS)]
    candidates = read_candidates(options.candidates, asked, options.columns, taken)
    new = candidates[names].to_numpy(np.float64)
    clean = files.read_table(options.clean)
    source = files.read_table(options.source_clean) if options.source_clean else None
    splits = files.read_table(options.splits) if options.splits else None
    of_source = _one_each(options.source_networks, properties)
    of_target = _one_each(options.networks, properties)
    if of_target and splits is None:
        raise InputError("adapters need the splits that they were trained on", mend="give --splits")

    bands: dict[tuple[str, str], Band] = {}
    for target in properties:
        known = clean[np.isfinite(clean[target.name])]
        beside = None
        if source is not None:
            path = of_source.get(target.name)
            stack = pretrained(path, options.group or BY_ROW, options.recipe) if path else None
            beside = source_of(source, names, target.name, options.group, stack)
        by_method = method_band(known, new, names, target, beside, methods[target.name], options)
        bands[options.method, target.name] = by_method.within(target)
        if of_target and splits is not None:
            path = of_target[target.name]
            by_adapters = adapters_band(known, new, names, target, path, splits, options)
            bands[ADAPTER, target.name] = by_adapters.within(target)

    own = Validity.of(names, clean[names])
    data = own if source is None else Validity.of(names, clean[names], source[names])
    marks = {"outside_target": own.outside(new), "outside_all_data": data.outside(new)}
    table = tabulated(candidates, bands, properties, options.coverage, marks)
    files.write_table(table, options.csv)
    text = preamble(options.coverage, options.group, options.origin)
    if options.method == RECOMMENDED:
        said = (f"{p.label}: {lower_first(named(methods[p.name]).label)}" for p in properties)
        text += f"Recommended by the verdict for {'; '.join(said)}.\n\n"
    files.write_text(text + markdown(table, bands, properties), options.markdown)


def method_band(
    known: pd.DataFrame,
    new: Array,
    names: Sequence[str],
    target: Variable,
    source: Source | None,
    method: str,
    options: argparse.Namespace,
) -> Band:
    """What the chosen method predicts of a property, from the rows in which it is known."""
    inputs, observed = known[list(names)].to_numpy(np.float64), known[target.name].to_numpy()
    if unbounded(len(observed), options.coverage):
        logger.warning(
            "warning: %d rows of '%s' are too few for intervals of %g %%: they end where the "
            "property's possible range does; ask for a lower coverage",
            *(len(observed), target.name, 100 * options.coverage),
        )
    regressor = RegistryRegressor(
        method,
        options.settings,
        source,
        options.seed,
        log=proportional(target, observed),
    )
    # One thread: BLAS would otherwise round by the number of threads.
    with threadpool_limits(1):
        return cross_conformal(
            regressor,
            inputs,
            observed,
            new,
            groups=known[options.group].to_numpy(dtype=str) if options.group else None,
            coverage=options.coverage,
            folds=options.folds,
        )


def adapters_band(
    known: pd.DataFrame,
    new: Array,
    names: Sequence[str],
    target: Variable,
    networks: Path,
    splits: pd.DataFrame,
    options: argparse.Namespace,
) -> Band:
    """What the median of the adapters of all repeats predicts, likewise."""
    scheme = options.group or BY_ROW
    adapters = Adapters.of(load_stacks(networks), known, splits, scheme, options.recipe)
    observed = known[target.name].to_numpy(np.float64)
    return ensemble(
        adapters.networks.predict(known[list(names)].to_numpy(np.float64)),
        adapters.held_out,
        observed,
        adapters.networks.predict(new),
        log=proportional(target, observed),
        coverage=options.coverage,
    )


def read_candidates(
    path: Path,
    features: Sequence[Variable],
    columns: Mapping[str, str],
    taken: Sequence[str] = (),
) -> pd.DataFrame:
    """The candidates' features as numbers, beside their other columns as text.

    Parameters
    ----------
    path
        A CSV such as a raw table may be.
    features
        What it must hold; values outside ``low`` to ``high`` are refused.
    columns
        The header of a feature, where it is not its name.
    taken
        What no further column may be called.

    Returns
    -------
    The table, indexed by the rows' numbers.

    Raises
    ------
    InputError
        When a column is missing or doubled, or a cell is not a possible number.
    """
    headers = {variable.name: columns.get(variable.name, variable.name) for variable in features}
    raw = read_raw(path, headers.values())
    cells = {name: raw.text(header) for name, header in headers.items()}
    words = {v.name: v for v in features if isinstance(v, Category)}
    figures = {name: text for name, text in cells.items() if name not in words}
    comma = mostly_decimal_commas(figures.values(), raw.delimiter)
    table = pd.DataFrame(index=raw.cells.index)
    for variable in features:
        if isinstance(variable, Category):
            unseen = ~cells[variable.name].isin(variable.levels)
            if unseen.any():
                raise InputError(
                    "a candidate cannot be predicted: nothing is known of this level",
                    file=path,
                    row=int(raw.cells.index[unseen][0]),
                    column=headers[variable.name],
                    found=f"'{cells[variable.name][unseen].iloc[0]}'",
                    allowed=", ".join(variable.levels),
                    mend="correct the cell or delete the row",
                )
            for level, indicator in variable.indicators.items():
                table[indicator.name] = (cells[variable.name] == level).astype(np.float64)
            continue
        table[variable.name] = numbers(cells[variable.name], comma)
        values, text = table[variable.name], cells[variable.name]
        bad = ~values.between(variable.low, variable.high)
        if bad.any():
            row: Any = bad.idxmax()
            unit = f" {variable.unit}" if variable.unit else ""
            why = why_no_number(text[row], comma) if np.isnan(values[row]) else "impossible value"
            more = f" (and {bad.sum() - 1} more in this column)" if bad.sum() > 1 else ""
            raise InputError(
                f"a candidate cannot be predicted: {why}",
                file=path,
                row=int(row),
                column=headers[variable.name],
                found=f"'{text[row]}'{more}",
                allowed=f"one number of {variable.low:g} to {variable.high:g}{unit}",
                mend="correct the cell or delete the row",
            )
    others = [
        header for header in dict.fromkeys(raw.headers) if header and header not in headers.values()
    ]
    for header in others:
        if header in (*taken, *headers):
            raise InputError(
                "a further column has a name that the predictions need",
                file=path,
                column=header,
                mend="rename it",
            )
    return table.assign(**{header: raw.text(header) for header in others})


def tabulated(
    candidates: pd.DataFrame,
    bands: Mapping[tuple[str, str], Band],
    properties: Sequence[Variable],
    coverage: float,
    marks: Mapping[str, list[str]],
) -> pd.DataFrame:
    """One line per method and candidate, in the order of the candidates' rows."""
    parts = []
    for method in dict.fromkeys(method for method, _ in bands):
        part = candidates.reset_index(names="row").assign(method=method)
        for target in properties:
            if (method, target.name) not in bands:
                continue
            band = bands[method, target.name]
            for end, values in zip(ENDS, (band.predicted, band.low, band.high), strict=True):
                part[target.name + end] = _rounded(values)
        part["coverage_pct"] = 100.0 * coverage
        parts.append(part.assign(**marks))
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("row", kind="stable", ignore_index=True)


def preamble(coverage: float, group: str | None, origin: str | None) -> str:
    """What the predictions are and rest on."""
    rows = f"rows of a new {group}" if group else "rows such as the known ones"
    text = (
        f"Predictions with intervals of nominally {100 * coverage:g} %, for {rows}. They rest on "
        "the assumption that the new rows come about as the known ones did; for a candidate "
        "outside the range of the target's rows nothing vouches for it.\n\n"
    )
    if origin == "simulated":
        text += "The tables that these predictions were learnt from are simulated.\n\n"
    return text


def markdown(
    table: pd.DataFrame,
    bands: Mapping[tuple[str, str], Band],
    properties: Sequence[Variable],
) -> str:
    """The predictions for reading: one line per candidate and method."""
    marks = {
        "outside_target": "Outside the target's range",
        "outside_all_data": "Outside all data",
    }
    rows = table["row"].drop_duplicates().to_numpy()
    lines = []
    for place, row in enumerate(rows[:SHOWN]):
        for mine in table[table["row"] == row].itertuples():
            line = {"Row": row, "Method": label(str(mine.method))}
            for target in properties:
                band = bands.get((str(mine.method), target.name))
                line[target.title] = "" if band is None else _written(band, place)
            lines.append(line | {title: getattr(mine, name) for name, title in marks.items()})
    shown = pd.DataFrame(lines)
    text = ""
    if len(rows) > SHOWN:
        text += f"The first {SHOWN} of {len(rows)} candidates; the CSV file has all.\n\n"
    if (shown[list(marks.values())] == "").all(axis=None):
        shown = shown.drop(columns=list(marks.values()))
        text += "Every candidate lies within the range of the target's rows.\n\n"
    return text + shown.to_markdown(index=False, disable_numparse=True) + "\n"


def label(method: str) -> str:
    """What a reader sees of a method."""
    if method == RECOMMENDED:
        return "Recommended method"
    return "The paper's adapter" if method == ADAPTER else named(method).label


def _one_each(paths: Sequence[Path], properties: Sequence[Variable]) -> dict[str, Path]:
    if paths and len(paths) != len(properties):
        raise InputError(
            "networks are needed for every property, in the same order",
            found=f"{len(paths)} files",
            allowed=f"{len(properties)}, or none",
        )
    return {target.name: path for target, path in zip(properties, paths, strict=False)}


def _rounded(values: Array) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]


def _written(band: Band, place: int) -> str:
    predicted, low, high = (
        f"{values[place]:.{DIGITS}g}" for values in (band.predicted, band.low, band.high)
    )
    return f"{predicted} ({low} to {high})"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
