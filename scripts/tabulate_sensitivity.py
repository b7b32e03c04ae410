"""Tabulate what the published errors depend on, from networks trained over a grid of choices.

Needs the output of sensitivity_networks.py for each property, in the order of --properties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adaptrode import cli, files
from adaptrode.choices import CHOICES, LABELS
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.numbers import percent, share, span

NEAR = 1.5  # the factor within which an error counts as the published one
MATTERS = 1.1  # a choice that moves the median error by less is not named
EVERY = "all"  # in the columns domain, method and choice
METHODS = {
    "pretrained": "pre-trained network",
    "adapter": "adapter",
    "scratch": "network from scratch",
}
MEMBER = [*CHOICES, "scheme", "repeat"]  # what tells a grid's members apart


def main(argv: Sequence[str] | None = None) -> None:
    """Summarise the errors over the grid, as CSV and as Markdown."""
    parser = cli.parser(__doc__)
    parser.add_argument("--errors", type=Path, nargs="+", required=True, help="one a property")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="domains (JSON)")
    parser.add_argument(
        "--published",
        type=cli.json_value,
        default={},
        help="JSON: property to method to domain to MAPE in %%",
    )
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    properties, domains = Variable.many(options.properties), Domain.many(options.domains)
    if len(options.errors) != len(properties):
        raise InputError(
            "one file of errors is needed per property",
            found=f"{len(options.errors)} files",
            allowed=f"{len(properties)} files",
        )
    tables, texts = [], [caption(options.origin)]
    for path, variable in zip(options.errors, properties, strict=True):
        errors = files.read_table(path)
        published = options.published.get(variable.name, {})
        table = summary(errors, published)
        tables.append(table.assign(property=variable.name)[["property", *table.columns]])
        texts.append(layout(variable.label, table, domains))
    files.write_table(pd.concat(tables, ignore_index=True), options.csv)
    files.write_text("\n".join(texts), options.markdown)


def summary(errors: pd.DataFrame, published: Mapping[str, Any]) -> pd.DataFrame:
    """One line per method, domain, choice and level, and one of the whole grid; MAPE in %.

    Parameters
    ----------
    errors
        As `adaptrode.grid.errors` gives them, of one property.
    published
        Method to domain to MAPE.

    Returns
    -------
    DataFrame
        ``method, domain, choice, level, members``, the published MAPE, median and 5th and
        95th percentile of ours, ``near_share`` of members within a factor 1.5 of the
        published one, and ``dead_share``. The line of the choice ``all`` holds the whole
        grid; that of the method and domain ``all`` the share of members, each a combination and
        a split, that come near every published number at once.
    """
    lines = []
    for key, group in errors.groupby(["method", "domain"], sort=False):
        method, domain = map(str, key)
        value = published.get(method, {}).get(domain, np.nan)
        start = {"method": method, "domain": domain}
        lines.append(start | {"choice": EVERY, "level": ""} | _numbers(group, value))
        for choice in CHOICES:
            for level, part in group.groupby(choice):
                names = {"choice": choice, "level": str(level)}
                lines.append(start | names | _numbers(part, value))
    together = _near_every_number(errors, published)
    if len(together):
        names = {"method": EVERY, "domain": EVERY, "choice": EVERY, "level": ""}
        lines.append(names | {"members": len(together), "near_share": float(together.mean())})
    return pd.DataFrame(lines)


def _numbers(group: pd.DataFrame, published: float) -> dict[str, float]:
    mape = group["mape_pct"]
    low, median, high = mape.quantile([0.05, 0.5, 0.95])
    return {
        "members": len(group),
        "mape_published_pct": published,
        "mape_median_pct": median,
        "mape_low_pct": low,
        "mape_high_pct": high,
        "near_share": near(mape, published).mean() if np.isfinite(published) else np.nan,
        "dead_share": group["dead"].mean(),
    }


def near(mape: pd.Series, published: float | pd.Series) -> pd.Series:
    """Which errors are the published one within a factor of 1.5."""
    return mape.between(published / NEAR, published * NEAR)


def _near_every_number(errors: pd.DataFrame, published: Mapping[str, Any]) -> pd.Series:
    """Per member whether all its errors are near the published ones."""
    values = [
        (method, domain, value)
        for method in METHODS
        for domain, value in published.get(method, {}).items()
    ]
    numbers = pd.DataFrame(values, columns=["method", "domain", "published"])
    found = errors.merge(numbers, on=["method", "domain"])
    found["near"] = near(found["mape_pct"], found["published"])
    return found.groupby(MEMBER)["near"].all()


def caption(origin: str) -> str:
    """What the numbers are."""
    return (
        f"Mean absolute percentage error (MAPE) in % on test rows of random splits by rows; "
        f"{origin} data, except the published numbers. All combinations of the levels below "
        f"were trained, each on the same splits. Ours is the median over all combinations and "
        f"splits with the 5th and 95th percentiles; near is the share of them within a factor "
        f"{NEAR:g} of the published number. Then the median for each level of each choice, over "
        f"all levels of the others.\n"
    )


def layout(label: str, table: pd.DataFrame, domains: Sequence[Domain]) -> str:
    """One property's text: its sentence, the numbers, and the medians by level."""
    names = {domain.name: domain.label for domain in domains}
    own = table[table["method"] != EVERY]
    whole = own[own["choice"] == EVERY]
    numbers = pd.DataFrame(
        {
            "Network": whole["method"].map(METHODS),
            "Domain": whole["domain"].map(names),
            "Published": whole["mape_published_pct"].map(percent),
            "Ours": [
                span(median, low, high)
                for median, low, high in whole[
                    ["mape_median_pct", "mape_low_pct", "mape_high_pct"]
                ].itertuples(index=False)
            ],
            "Near": whole["near_share"].map(share),
            "Dead": whole["dead_share"].map(share),
        }
    )
    levels = own[own["choice"] != EVERY]
    titles = [
        f"{METHODS[method]}, {names[domain]}"
        for method, domain in whole[["method", "domain"]].itertuples(index=False)
    ]
    medians = pd.DataFrame(
        [
            [LABELS[str(choice)], level, *(percent(value) for value in part["mape_median_pct"])]
            for (choice, level), part in levels.groupby(["choice", "level"], sort=False)
        ],
        columns=["Choice", "Level", *titles],
    )
    return "\n".join(
        [
            f"## {label}\n",
            f"{sentence(label, table, names)}\n",
            markdown(numbers, 2),
            markdown(medians, 2),
        ]
    )


def sentence(label: str, table: pd.DataFrame, domains: Mapping[str, str]) -> str:
    """What the errors of a property depend on most, in plain words."""
    clauses = [
        clause
        for method in ("pretrained", "adapter")
        if (clause := _largest_effect(table[table["method"] == method], domains))
    ]
    text = f"{label}: {'; '.join(clauses)}."
    together = table[table["method"] == EVERY]
    if len(together):
        met = float(together["near_share"].iloc[0])
        text += (
            f" All published numbers at once are met within a factor {NEAR:g} by "
            f"{share(met) if met > 0 else 'none'} of the combinations and splits."
        )
    return text


def _largest_effect(table: pd.DataFrame, domains: Mapping[str, str]) -> str:
    levels = table[(table["choice"] != EVERY) & table["mape_median_pct"].notna()]
    if levels.empty:
        return ""
    groups = levels.groupby(["domain", "choice"])["mape_median_pct"]
    ratio = groups.max() / groups.min()
    method = METHODS[levels["method"].iloc[0]]
    if not ratio.max() > MATTERS:
        return f"no choice moves the median error of the {method} by more than a tenth"
    at = int(np.nanargmax(ratio.to_numpy()))
    domain, choice = (str(ratio.index.get_level_values(name)[at]) for name in ("domain", "choice"))
    part = levels[(levels["domain"] == domain) & (levels["choice"] == choice)]
    part = part.sort_values("mape_median_pct")
    best, worst = part.iloc[0], part.iloc[-1]
    return (
        f"the {method} depends most on the {LABELS[choice]}, on {domains[domain]} with a median "
        f"error of {percent(best['mape_median_pct'])} % where it is `{best['level']}` and of "
        f"{percent(worst['mape_median_pct'])} % where it is `{worst['level']}`"
    )


def markdown(table: pd.DataFrame, texts: int) -> str:
    """A table whose first columns are texts."""
    align = ["left"] * texts + ["right"] * (table.shape[1] - texts)
    return table.to_markdown(index=False, disable_numparse=True, colalign=align) + "\n"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
