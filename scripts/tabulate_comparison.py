"""Compare all methods on a study's targets: errors with intervals, paired differences, shares.

Needs one file of errors per property and target, the first property's targets first, in
the order of --properties and --domains, and the tables of splits of the targets.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from adaptrode import cli, files
from adaptrode.comparison import compare
from adaptrode.description import Domain, Variable
from adaptrode.methods import NO_RECIPE, judged
from adaptrode.numbers import percent, share, span
from adaptrode.selection import LABELS
from adaptrode.splits import ALL, BY_ROW, held_out_ratio


def main(argv: Sequence[str] | None = None) -> None:
    """Summarise the errors over the splits, as CSV and as Markdown."""
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--splits", type=Path, nargs="+", required=True, help="of each target")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="targets (JSON)")
    parser.add_argument("--schemes", type=cli.json_value, required=True, help="the last one judges")
    parser.add_argument("--recipes", type=cli.json_value, required=True, help="headline first")
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    properties, domains = Variable.many(options.properties), Domain.many(options.domains)
    splits = {
        domain.name: files.read_table(path)
        for domain, path in zip(domains, options.splits, strict=True)
    }
    tasks = list(product(properties, domains))
    parts = []
    for path, (variable, domain) in zip(options.metrics, tasks, strict=True):
        metrics = files.read_table(path)
        named = dict(zip(metrics["method"], metrics["recipe"], strict=True))
        for scheme, recipe in product(options.schemes, options.recipes):
            errors = judged(metrics, recipe, scheme, ALL)
            if recipe != options.recipes[0]:  # rivals know no recipe: once is enough
                errors = errors[[name for name in errors if named[name] != NO_RECIPE]]
            made = compare(errors, LABELS, held_out_ratio(splits[domain.name], scheme))
            dead = judged(metrics, recipe, scheme, ALL, value="dead").mean()
            made["dead_share"] = made["method"].map(dead)
            made["recipe"] = [
                NO_RECIPE if named[name] == NO_RECIPE else recipe for name in made["method"]
            ]
            parts.append(made.assign(property=variable.name, domain=domain.name, scheme=scheme))
    table = pd.concat(parts, ignore_index=True)
    first = ["property", "domain", "scheme", "method", "label", "uses_source", "recipe"]
    table = table[[*first, *table.columns.drop(first)]]
    files.write_table(table, options.csv)
    judge = options.schemes[-1]
    text = caption(judge, options.origin)
    for variable, domain in tasks:
        part = table[(table["property"] == variable.name) & (table["domain"] == domain.name)]
        text += f"## {variable.label}, {domain.label}\n\n"
        text += layout(part[part["recipe"].isin([options.recipes[0], NO_RECIPE])], options.schemes)
        text += "\n"
    files.write_text(text, options.markdown)


def caption(scheme: str, origin: str) -> str:
    """What the numbers are, in a paragraph above the tables."""
    how = "rows" if scheme == BY_ROW else f"whole groups of '{scheme}'"
    beside = ""
    if scheme != BY_ROW:
        beside = (
            " The column of random rows shows what splits that let rows of one group into both "
            "training and test would have shown, the last one how much less that is."
        )
    return (
        f"Mean absolute percentage error in % on test rows that are {how}, over random splits of "
        f"{origin} data; in brackets the 95 % interval of the mean, widened because the splits "
        "overlap (Nadeau and Bengio 2003). Differences are paired, in points; won is the share of "
        "splits with the lower error. ● learns from the source, ○ does not. A method picked for "
        "its low error here looks a little better than it is; the automatic choices do not."
        f"{beside}\n\n"
    )


def layout(table: pd.DataFrame, schemes: Sequence[str]) -> str:
    """One target's table to read, the lowest error first."""
    judge = schemes[-1]
    rows = table[table["scheme"] == judge]
    random = table[table["scheme"] == BY_ROW].set_index("method")["mape_mean_pct"]
    lines = []
    for line in rows.to_dict("records"):
        star = " ★" if line["best_without_source"] else ""
        shown = {
            "Method": f"{'●' if line['uses_source'] else '○'} {line['label']}{star}",
            "Splits": line["repeats"],
            "Mean": span(
                line["mape_mean_pct"], line["mape_mean_low_pct"], line["mape_mean_high_pct"]
            ),
            "Median": percent(line["mape_median_pct"]),
            "To the adapter": difference(line, "adapter"),
            "won": share(line["won_to_adapter"]),
            "To ★": difference(line, "alone"),
            "won ": share(line["won_to_alone"]),
            # The median is constant by design.
            "Dead": "–" if line["method"] == "median" else share(line["dead_share"]),
        }
        if judge != BY_ROW and line["method"] in random:
            shown["Random rows"] = percent(random[line["method"]])
            shown["Flattered"] = f"{line['mape_mean_pct'] / random[line['method']]:.2g} ×"
        lines.append(shown)
    made = pd.DataFrame(lines)
    align = ["left"] + ["right"] * (made.shape[1] - 1)
    text = made.to_markdown(index=False, disable_numparse=True, colalign=align)
    return f"{text}\n\n★ the best method without a source.\n"


def difference(line: Mapping[Hashable, Any], to: str) -> str:
    """A paired difference with its interval."""
    low, high = line[f"difference_low_to_{to}"], line[f"difference_high_to_{to}"]
    return span(line[f"difference_to_{to}"], low, high, with_sign=True)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
