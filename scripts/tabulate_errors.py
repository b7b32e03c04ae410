"""Tabulate a study's errors beside the published ones: the paper's Tables 1 and 2.

Needs one file of errors per property and domain, the first property's domains first,
in the order of --properties and --domains (the source first).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adaptrode import cli, files
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.metrics import mean_interval
from adaptrode.numbers import percent, share, span
from adaptrode.splits import ALL, BY_ROW

METHODS = {
    "pretrained": "Pre-trained NN",
    "adapter": "TL approach NN",
    "scratch": "NN from scratch",
}
HEADLINE_REPEAT = 0


def main(argv: Sequence[str] | None = None) -> None:
    """Summarise the errors over the splits, as CSV and as Markdown."""
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="domains (JSON)")
    parser.add_argument(
        "--published",
        type=cli.json_value,
        default={},
        help="JSON: property to method to domain to MAPE in %%",
    )
    parser.add_argument(
        "--recipes", type=cli.json_value, required=True, help="JSON list of names, headline first"
    )
    parser.add_argument("--scheme", default=BY_ROW, help="which kind of split")
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument("--test-fraction", type=float, required=True, help="of the rows")
    parser.add_argument("--seed", type=int, required=True, help="of the run, for the caption")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    properties = Variable.many(options.properties)
    domains = Domain.many(options.domains)
    recipes = [r if isinstance(r, str) else r["name"] for r in options.recipes]
    tasks = list(product(properties, domains))
    if len(options.metrics) != len(tasks):
        raise InputError(
            "one file of errors is needed per property and domain",
            found=f"{len(options.metrics)} files",
            allowed=f"{len(tasks)} files",
        )
    metrics = pd.concat(
        files.read_table(path).assign(property=variable.name, domain=domain.name)
        for path, (variable, domain) in zip(options.metrics, tasks, strict=True)
    )
    chosen = metrics[
        (metrics["scheme"] == options.scheme)
        & (metrics["size"] == ALL)
        & metrics["recipe"].isin(recipes)
        & metrics["method"].isin(METHODS)
    ]
    ratio = options.test_fraction / (1 - options.test_fraction)
    table = summary(chosen, options.published, ratio)
    table.insert(2, "origin", options.origin)
    table.insert(3, "scheme", options.scheme)
    files.write_table(table, options.csv)
    text = caption(table, options.origin, options.scheme, options.seed)
    text += layout(table, properties, domains, recipes, options.published)
    files.write_text(text, options.markdown)


def summary(metrics: pd.DataFrame, published: Mapping[str, Any], test_ratio: float) -> pd.DataFrame:
    """One line per property, domain, method and recipe; MAPE in %.

    Parameters
    ----------
    metrics
        As `adaptrode.metrics.score` gives it, with ``property`` and ``domain``; of one
        scheme and size.
    published
        Property to method to domain to MAPE.
    test_ratio
        Test rows over the others, for the interval.
    """
    keys = ["property", "domain", "method", "recipe"]
    lines = []
    for key, group in metrics.groupby(keys, sort=False):
        name, domain, method, _ = map(str, key)
        errors = group["mape_pct"]
        interval = mean_interval(errors, test_ratio)
        headline = errors[group["repeat"] == HEADLINE_REPEAT]
        lines.append(
            dict(zip(keys, key, strict=True))
            | {
                "splits": len(group),
                "mape_published_pct": published.get(name, {}).get(method, {}).get(domain, np.nan),
                "mape_headline_pct": headline.iloc[0] if len(headline) else np.nan,
                "mape_mean_pct": interval.mean,
                # A mean error cannot be negative, whatever the t-distribution says.
                "mape_mean_low_pct": np.maximum(interval.low, 0.0),
                "mape_mean_high_pct": interval.high,
                "mape_median_pct": errors.median(),
                "dead_share": group["dead"].mean(),
            }
        )
    return pd.DataFrame(lines)


def caption(table: pd.DataFrame, origin: str, scheme: str, seed: int) -> str:
    """What the numbers are, in a paragraph above the table."""
    splits = " to ".join(str(n) for n in sorted({table["splits"].min(), table["splits"].max()}))
    how = "rows" if scheme == BY_ROW else f"whole groups of '{scheme}'"
    others = (
        ", except in the lines of published values" if table["mape_published_pct"].any() else ""
    )
    return (
        f"Mean absolute percentage error (MAPE) in % on test rows; {origin} data{others}. "
        f"{splits} random splits by {how}, seed {seed}; the "
        f"headline split is the first. In brackets the 95 % interval of the mean, widened "
        f"because the splits overlap (Nadeau and Bengio 2003). Dead: share of networks that "
        f"answer the same for every row.\n\n"
    )


def layout(
    table: pd.DataFrame,
    properties: Sequence[Variable],
    domains: Sequence[Domain],
    recipes: Sequence[str],
    published: Mapping[str, Any],
) -> str:
    """The table as the paper lays it out: networks down, properties and domains across."""
    found = {
        (line["property"], line["domain"], line["method"], line["recipe"]): line
        for line in table.to_dict("records")
    }
    across = list(product(properties, domains))
    statistics = {
        "headline split": lambda line: percent(line["mape_headline_pct"]),
        "mean": lambda line: span(
            line["mape_mean_pct"], line["mape_mean_low_pct"], line["mape_mean_high_pct"]
        ),
        "median": lambda line: percent(line["mape_median_pct"]),
        "dead": lambda line: share(line["dead_share"]),
    }
    rows = []
    for method, label in METHODS.items():
        values = [published.get(v.name, {}).get(method, {}).get(d.name) for v, d in across]
        if any(values):
            texts = [f"{value:.2f}" if value else "–" for value in values]
            rows.append([label, "", "published", *texts])
        for recipe, (statistic, text) in product(recipes, statistics.items()):
            lines = [found.get((v.name, d.name, method, recipe)) for v, d in across]
            if any(lines):
                texts = [text(line) if line else "–" for line in lines]
                rows.append([label, recipe, statistic, *texts])
    titles = ["Network", "Recipe", "MAPE / %", *(f"{v.label}, {d.label}" for v, d in across)]
    align = ["left"] * 3 + ["right"] * len(across)
    made = pd.DataFrame(rows, columns=titles)
    return made.to_markdown(index=False, disable_numparse=True, colalign=align) + "\n"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
