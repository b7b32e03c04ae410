"""From a laboratory's raw table to the clean rows and the rejected ones, with reasons."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adaptrode.categories import Category
from adaptrode.cells import missing, mostly_decimal_commas, numbers
from adaptrode.equations import Relation, Step, TableDescription, derivation, parse_relation
from adaptrode.errors import InputError
from adaptrode.reading import RawTable
from adaptrode.rejection import Reasons

Mask = NDArray[np.bool_]

logger = logging.getLogger("adaptrode")

# Below this no split leaves enough rows to train on, to stop by and to test with.
MINIMUM_ROWS = 8


@dataclass(frozen=True)
class Cleaned:
    """The two halves of a raw table.

    Parameters
    ----------
    rows
        ``row`` (int64), identifier and group (text), features and properties (float64),
        in the order of the raw table. A `Category` gives a column of 0 and 1 for each of
        its levels. A property may be NaN, though not all properties of a row.
    rejected
        ``row, column, value, reason``, one line per rejected row; the column is called
        what the file calls it.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame


def clean(
    raw: RawTable, description: TableDescription, minimum_rows: int = MINIMUM_ROWS
) -> Cleaned:
    """Validate a raw table and apply the equations.

    Every row of ``raw`` ends in exactly one of the two results. A row is rejected when
    it repeats an earlier row in every cell or an earlier accepted row's identifier, when
    a needed cell is empty or not one finite number, when a measured or derived value
    lies outside its range or levels, when a property is zero (its percentage error would
    be undefined), when a relation does not hold, or when its group is not named.

    An empty cell of a property, or of a measurement that no feature is computed from,
    makes that property missing in the row; the row is rejected only if all are.

    Raises
    ------
    InputError
        When a column is missing or doubled, an equation or relation names something
        unknown or a category, or fewer than ``minimum_rows`` rows remain, in all or with
        one of the properties.
    """
    read, steps = derivation(description, lambda name: raw.has(description.header(name)))
    derived = [step.name for step in steps]
    known = [*read, *derived]
    relations = _relations(raw, description, known)
    read += dict.fromkeys(n for r in relations for n in r.columns if n not in known)
    categories = _categories(description, steps, relations)
    cells = pd.DataFrame({name: raw.text(description.header(name)) for name in read})
    measured = [name for name in read if name not in categories]
    decimal_comma = mostly_decimal_commas((cells[name] for name in measured), raw.delimiter)
    table = cells.assign(**{name: numbers(cells[name], decimal_comma) for name in measured})
    texts = (description.identifier, description.group)
    labels = [name for name in dict.fromkeys(texts) if name is not None and name not in read]
    for name in labels:
        table[name] = raw.text(description.header(name))

    lacking = _lacking(cells, steps, description)
    nothing = np.logical_and.reduce(
        [lacking.get(v.name, np.zeros(len(table), bool)) for v in description.properties]
    )
    reasons = Reasons(description, raw.path, table.index)
    reasons.add_copies(raw.duplicates())
    for name in read:
        if name in categories:
            reasons.add_words(table[name], categories[name].levels)
        elif name in lacking:
            reasons.add_cells(table[name], cells[name], decimal_comma, lacking[name], nothing)
        else:
            reasons.add_cells(table[name], cells[name], decimal_comma)
    if description.group in labels:
        reasons.add_nameless(table[description.group])
    early = [relation for relation in relations if set(relation.columns) <= set(read)]
    for relation in early:
        reasons.add_relation(relation, table, cells)

    good = table.drop(index=reasons.rows())
    for step in steps:
        good[step.name] = step.values(good, description.constants)
        lacks = lacking[step.name][table.index.isin(good.index)]
        reasons.add_derived(good[step.name], good[[n for n in step.arguments if n in good]], lacks)
    for relation in relations:
        if relation not in early:
            reasons.add_relation(relation, good)
    if description.identifier in labels:
        names = good.loc[good.index.difference(reasons.rows()), description.identifier]
        reasons.add_repeated(names[names != ""])

    rejected = reasons.table()
    kept = good.drop(index=good.index.intersection(reasons.rows()))
    if len(kept) < minimum_rows:
        raise _too_few(raw, rejected, len(kept), minimum_rows)
    _check_properties(raw, kept, description, minimum_rows)
    for name in description.columns:
        if kept[name].nunique() == 1:
            value = kept[name].dropna().iloc[0]
            logger.warning(
                "warning: %s: column '%s' is %s in every row: nothing can be learnt from it",
                *(raw.path, description.header(name)),
                value if name in categories else f"{value:g}",
            )
    made = kept[labels].reset_index(names="row")
    for name in description.columns:
        if name in categories:
            for level, variable in categories[name].indicators.items():
                made[variable.name] = (kept[name] == level).to_numpy(np.float64)
        else:
            made[name] = kept[name].to_numpy(np.float64)
    return Cleaned(made.astype({"row": "int64"}), rejected)


def _categories(
    description: TableDescription, steps: Sequence[Step], relations: Sequence[Relation]
) -> dict[str, Category]:
    """The features that are words; equations and relations are for numbers."""
    found = {v.name: v for v in description.features if isinstance(v, Category)}
    for category in found.values():
        category.check()
    uses = {f"the equation of '{step.name}'": (step.name, *step.arguments) for step in steps}
    uses |= {f"the relation '{relation.text}'": tuple(relation.columns) for relation in relations}
    for use, names in uses.items():
        for name in found.keys() & set(names):
            raise InputError(
                f"{use} takes a feature of levels for a number",
                column=description.header(name),
                found="levels " + ", ".join(map(repr, found[name].levels)),
                allowed="columns of numbers",
                mend="remove the equation or relation, or give the feature a range, not levels",
            )
    taken = ["row", description.group, description.identifier]
    taken += [name for name in description.columns if name not in found]
    for category in found.values():
        for level, variable in category.indicators.items():
            if variable.name in taken:
                raise InputError(
                    f"the level '{level}' of '{category.name}' needs a column of its own",
                    column=variable.name,
                    found="another column of this name",
                    mend="rename the feature or the level in the config",
                )
            taken.append(variable.name)
    return found


def _lacking(
    cells: pd.DataFrame, steps: Sequence[Step], description: TableDescription
) -> dict[str, Mask]:
    """For each column that a row may lack, which rows do: all that no feature needs."""
    needed = {feature.name for feature in description.features}
    for step in reversed(steps):
        if step.name in needed:
            needed.update(step.arguments)
    lacking = {str(n): missing(cells[n]).to_numpy(bool) for n in cells if n not in needed}
    for step in steps:
        absent = np.zeros(len(cells), dtype=bool)
        for argument in step.arguments:
            absent |= lacking.get(argument, False)
        lacking[step.name] = absent
    return lacking


def _relations(
    raw: RawTable, description: TableDescription, known: Sequence[str]
) -> list[Relation]:
    """The relations whose columns are known or can be read."""
    found = []
    for relation in (parse_relation(text, description) for text in description.relations):
        others = [description.header(name) for name in relation.columns if name not in known]
        if all(map(raw.has, others)):
            found.append(relation)
        else:
            # A file that gives its properties directly need not have the measurements.
            logger.info("%s: '%s' is not checked: no such columns", raw.path, relation.text)
    return found


def _check_properties(
    raw: RawTable, kept: pd.DataFrame, description: TableDescription, minimum: int
) -> None:
    """Each property needs rows enough of its own."""
    for variable in description.properties:
        count = int(kept[variable.name].notna().sum())
        if count < minimum:
            raise InputError(
                "too few rows have this property",
                file=raw.path,
                column=description.header(variable.name),
                found=f"{count} of {len(kept)} accepted rows",
                allowed=f"at least {minimum} rows",
                mend="measure it in more samples, or leave the property out of the config",
            )
        if count < len(kept):
            logger.info(
                "%s: %d of %d accepted rows lack '%s'",
                *(raw.path, len(kept) - count, len(kept), description.header(variable.name)),
            )


def _too_few(raw: RawTable, rejected: pd.DataFrame, kept: int, minimum: int) -> InputError:
    place = rejected["column"].where(rejected["column"] != "", "row")
    reason = rejected["reason"].str.split("; | \\(", regex=True).str[0]
    usual = (
        (place + ": " + reason.str.replace(r"row [0-9]+$", "an earlier row", regex=True))
        .value_counts()
        .head(3)
    )
    reasons = ", ".join(f"'{reason}' in {count}" for reason, count in usual.items())
    return InputError(
        "too few rows are left after cleaning",
        file=raw.path,
        found=f"{kept} of {len(raw.cells)} rows" + (f"; rejected for {reasons}" if reasons else ""),
        allowed=f"at least {minimum} rows",
        mend="mend the raw rows, widen the ranges in the config, or measure more samples",
    )
