"""Tabulate how much each feature moves the predictions, over all splits.

Needs one file of Shapley values per property and domain, the first property's domains
first, in the order of --properties and --domains (the source first).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table, write_table, write_text
from adaptrode.summaries import importance, order_share


def main(argv: Sequence[str] | None = None) -> None:
    """Read the Shapley values, write a line for each property, domain and feature."""
    parser = cli.parser(__doc__)
    parser.add_argument("--shapley", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="domains (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument(
        "--published",
        type=cli.json_value,
        default={},
        help="JSON: property to domain to the features in the published order",
    )
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    features = Variable.many(options.features)
    labels = {feature.name: feature.label for feature in features}
    tasks = itertools.product(Variable.many(options.properties), Domain.many(options.domains))
    tables, shown = [], []
    for (variable, domain), path in zip(tasks, options.shapley, strict=True):
        values = read_table(path)
        table = importance(values, [feature.name for feature in features])
        order = options.published.get(variable.name, {}).get(domain.name, [])
        table.insert(0, "property", variable.name)
        table.insert(1, "domain", domain.name)
        ranks = {name: rank for rank, name in enumerate(order, start=1)}
        table["published_rank"] = table["feature"].map(ranks)
        tables.append(table)
        line = {
            "Property": variable.title,
            "Domain": domain.label,
            "Mean absolute Shapley value, largest first (5 % to 95 % of splits)": "; ".join(
                f"{labels[name]} {mean:.3g} ({low:.2g} to {high:.2g})"
                for name, mean, low, high in table[["feature", "mean", "low", "high"]].itertuples(
                    index=False
                )
            ),
        }
        if options.published:
            line["Published order"] = " > ".join(labels[n] for n in order) if order else "–"
            line["Holds in"] = f"{100 * order_share(values, order):.0f} %" if order else "–"
        shown.append(line)
    write_table(pd.concat(tables, ignore_index=True), options.csv)
    splits = read_table(options.shapley[0])["repeat"].nunique()
    caption = (
        f"Over {splits} random splits of {options.origin} data: of the network trained on the "
        "source, and of the adapted networks on the targets."
    )
    if options.published:
        caption += " The last column is the share of splits in which the published order holds."
    body = pd.DataFrame(shown).to_markdown(index=False, disable_numparse=True)
    write_text(f"{caption}\n\n{body}\n", options.markdown)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
