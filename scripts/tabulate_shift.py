"""Tabulate how far each target's rows lie from the source's: the shift sheet.

Needs one clean table for each domain, in the order of --domains (the source first).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from adaptrode import cli, files, shift
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError

FEATURE, PROPERTY, ALL = "feature", "property", "all features"
# What an area under the curve below these is called.
AREAS = {0.6: "hardly", 0.8: "partly", 0.95: "mostly", math.inf: "nearly always"}


def main(argv: Sequence[str] | None = None) -> None:
    """Compare every target with the source, as CSV and as Markdown."""
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="domains (JSON)")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--group", help="column of rows that belong together, if there is one")
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument("--seed", type=int, required=True, help="of the classifier")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    domains = Domain.many(options.domains)
    if len(options.clean) != len(domains) or len(domains) < 2:
        raise InputError(
            "one clean table is needed for the source and for each target",
            found=f"{len(options.clean)} tables, {len(domains)} domains",
        )
    features, properties = Variable.many(options.features), Variable.many(options.properties)
    source, *targets = [files.read_table(path) for path in options.clean]
    tables, text = [], caption(domains[0], options.origin, options.group)
    for target, domain in zip(targets, domains[1:], strict=True):
        sheet = compare(source, target, features, properties, options.group, options.seed)
        text += f"\n### {domain.label} ({len(target)} rows) beside {domains[0].label}"
        text += f" ({len(source)} rows)\n\n"
        text += "\n\n".join(sentences(sheet, features, domain, domains[0]))
        text += f"\n\n{layout(sheet, [*features, *properties])}\n"
        sheet.insert(0, "source", domains[0].name)
        sheet.insert(1, "target", domain.name)
        sheet.insert(2, "origin", options.origin)
        tables.append(sheet)
    files.write_table(pd.concat(tables, ignore_index=True), options.csv)
    files.write_text(text, options.markdown)


def compare(
    source: pd.DataFrame,
    target: pd.DataFrame,
    features: Sequence[Variable],
    properties: Sequence[Variable],
    group: str | None,
    seed: int,
) -> pd.DataFrame:
    """A line for each column and two of all features together.

    Beside the columns of `adaptrode.shift.by_column`, ``kind`` is "feature", "property" or
    "all features", and ``auc`` the classifier's area in the lines of all features. Of
    these the second, ``column`` "unflagged", leaves out what may be another quantity; it
    is there only if there is such a feature. Properties are never flagged: that a
    target's lie elsewhere is what transfer is for.
    """
    names = [variable.name for variable in features]
    sheet = shift.by_column(source, target, names).assign(kind=FEATURE)
    below = shift.by_column(source, target, [v.name for v in properties])
    below = below.assign(kind=PROPERTY, another_quantity=False)
    sets = {"all": names}
    if sheet["another_quantity"].any():
        sets["unflagged"] = sheet.loc[~sheet["another_quantity"], "column"].to_list()
    together = [
        {
            "column": name,
            "kind": ALL,
            "outside_share": shift.outside_any(source, target, kept),
            "auc": shift.classifier_auc(source, target, kept, seed=seed, group=group),
        }
        for name, kept in sets.items()
    ]
    made = pd.concat([sheet, below, pd.DataFrame(together)], ignore_index=True)
    return made[["kind", *[name for name in made.columns if name != "kind"]]]


def sentences(
    sheet: pd.DataFrame, features: Sequence[Variable], target: Domain, source: Domain
) -> list[str]:
    """What the numbers say, in words: the range, what cannot be learnt, the distance."""
    labels = {variable.name: variable.label for variable in features}
    lines = sheet[sheet["kind"] == FEATURE]
    together = sheet[sheet["kind"] == ALL]
    outside = _by_set(together, "outside_share")
    areas = _by_set(together, "auc")
    return [
        _range(lines, outside, labels, target, source),
        *[
            f"{labels[name]} may be another quantity here: no value of {target.label} lies in "
            f"the range of {source.label}, and the means are {number(abs(moved))} standard "
            f"deviations of {source.label} apart. Check that both columns mean the same."
            for name, moved in _pairs(lines[lines["another_quantity"]], "mean_difference_sd")
        ],
        *[
            f"{labels[name]} never varied in {source.label}: the source says nothing of it, and "
            + (
                f"{share(part)} of the rows of {target.label} have another value."
                if part > 0
                else f"all rows of {target.label} have that same value."
            )
            for name, part in _pairs(lines[lines["constant_in_source"]], "outside_share")
        ],
        _distance(lines, areas, labels, target, source),
    ]


def _by_set(together: pd.DataFrame, column: str) -> dict[str, float]:
    """The finite values of a column for all features and for those not flagged."""
    return {name: value for name, value in _pairs(together, column) if math.isfinite(value)}


def _pairs(lines: pd.DataFrame, column: str) -> list[tuple[str, float]]:
    return [(str(n), float(v)) for n, v in zip(lines["column"], lines[column], strict=True)]


def _range(
    lines: pd.DataFrame,
    outside: Mapping[str, float],
    labels: Mapping[str, str],
    target: Domain,
    source: Domain,
) -> str:
    beyond = lines[lines["outside_share"] > 0].sort_values(
        "outside_share", ascending=False, kind="stable"
    )
    if beyond.empty:
        return (
            f"No row of {target.label} has a feature outside the range it has in "
            f"{source.label}, each feature by itself."
        )
    each = ", ".join(
        f"{labels[name]} in {share(part)}" for name, part in _pairs(beyond, "outside_share")
    )
    text = (
        f"{share(outside['all'])} of the rows of {target.label} have at least one feature "
        f"outside the range it has in {source.label}: {each}."
    )
    if "unflagged" in outside:
        text += f" Without {_flagged(lines, labels)} it is {share(outside['unflagged'])}."
    return text


def _distance(
    lines: pd.DataFrame,
    areas: Mapping[str, float],
    labels: Mapping[str, str],
    target: Domain,
    source: Domain,
) -> str:
    if "all" not in areas:
        return (
            "How well the rows of the two can be told apart cannot be said: there are too few "
            "groups of rows."
        )
    word = next(word for limit, word in AREAS.items() if areas["all"] < limit)
    text = (
        f"By all features, a classifier can {word} tell the rows of {target.label} from those of "
        f"{source.label} (AUC {number(areas['all'])}; 0.5 is a guess, 1 is certain)"
    )
    if "unflagged" in areas:
        text += f"; without {_flagged(lines, labels)} its AUC is {number(areas['unflagged'])}"
    others = lines[~lines["another_quantity"] & lines["wasserstein_sd"].gt(0)]
    if others.empty:
        return text + "."
    name, most = max(_pairs(others, "wasserstein_sd"), key=lambda pair: pair[1])
    of = "others" if lines["another_quantity"].any() else "features"
    return (
        f"{text}. Of the {of}, {labels[name]} moved furthest: {number(most)} standard deviations "
        f"of {source.label} (Wasserstein distance)."
    )


def _flagged(lines: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return " and ".join(labels[name] for name in lines.loc[lines["another_quantity"], "column"])


def caption(source: Domain, origin: str, group: str | None) -> str:
    """What the columns are, in a paragraph above the sheets."""
    apart = f"whole groups of '{group}' held out" if group else "equal rows kept together"
    return (
        f"How far the rows of each target lie from those of {source.label}, the source; {origin} "
        "data. Outside: share of the target's rows beyond the source's least or greatest value. "
        "Difference of means and Wasserstein distance are in standard deviations of the source. "
        "KS: Kolmogorov-Smirnov statistic, 0 for equal distributions, 1 for disjoint ones. "
        f"AUC: area under the curve of a random forest that tells the two apart, cross-validated, "
        f"{apart}.\n"
    )


def layout(sheet: pd.DataFrame, variables: Sequence[Variable]) -> str:
    """A target's table, to read."""
    titles = {variable.name: variable.title for variable in variables}
    shown = []
    for _, line in sheet[sheet["kind"] != ALL].iterrows():
        moved = [number(line["mean_difference_sd"]), number(line["wasserstein_sd"])]
        shown.append(
            {
                "": titles[line["column"]],
                "Source: range (median)": _span(line, "source"),
                "Target: range (median)": _span(line, "target"),
                "Outside": share(line["outside_share"]),
                "Difference of means": moved[0],
                "Wasserstein": moved[1],
                "KS": number(line["ks"]),
                "Remark": remark(line),
            }
        )
    align = ["left"] + ["right"] * 6 + ["left"]
    made = pd.DataFrame(shown)
    return made.to_markdown(index=False, disable_numparse=True, colalign=align) + "\n"


def _span(line: pd.Series[Any], which: str) -> str:
    low, high = number(line[f"{which}_low"]), number(line[f"{which}_high"])
    middle = number(line[f"{which}_median"])
    return f"{low} – {high} ({middle})" if low != high else low


def remark(line: pd.Series[Any]) -> str:
    """What a reader must know of a column before trusting it."""
    if line["constant_in_source"]:
        return "never varied: the source says nothing of it"
    if line["another_quantity"]:
        return "another quantity?"
    return "property" if line["kind"] == PROPERTY else ""


def number(value: float) -> str:
    """Three significant digits, written out; a dash for what is not finite."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    rounded = float(f"{value:.2e}")
    return f"{rounded:.{max(0, 2 - math.floor(math.log10(abs(rounded))))}f}"


def share(value: float) -> str:
    """A share in per cent; 0 % and 100 % are only said of none and all."""
    if not 0 < value < 1:
        return f"{number(100 * value)} %"
    return f"{number(min(max(100 * value, 0.1), 99.9))} %"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
