"""Tabulate the error by the number of known rows, and where the source stops paying.

Needs one file of errors per property and target, the first property's targets first, in
the order of --properties and --domains (the targets alone), and one file of splits per
target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from adaptrode import cli, curves, files
from adaptrode.curves import CatchUp
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.numbers import percent, span
from adaptrode.selection import LABELS
from adaptrode.splits import ALL, BY_ROW


def main(argv: Sequence[str] | None = None) -> None:
    """Summarise the errors by size, as CSV and as Markdown."""
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--splits", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="targets (JSON)")
    parser.add_argument(
        "--methods",
        type=cli.json_value,
        required=True,
        help="JSON list of the main methods in order: names, or records of name and label",
    )
    parser.add_argument(
        "--without-source",
        type=cli.json_value,
        help="JSON list of the methods that do without the source; as registered when not given",
    )
    parser.add_argument("--recipe", required=True, help="of the networks")
    parser.add_argument("--scheme", default=BY_ROW, help="which kind of split")
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    properties = Variable.many(options.properties)
    domains = Domain.many(options.domains)
    tasks = list(product(properties, domains))
    if len(options.metrics) != len(tasks) or len(options.splits) != len(domains):
        raise InputError(
            "one file of errors is needed per property and target, one of splits per target",
            found=f"{len(options.metrics)} and {len(options.splits)} files",
            allowed=f"{len(tasks)} and {len(domains)} files",
        )
    labels = named(options.methods)
    alone = options.without_source
    if alone is None:
        alone = [name for name in labels if name in LABELS and not LABELS[name].uses_source]
    known = {
        domain.name: curves.known_rows(files.read_table(path), options.scheme)
        for domain, path in zip(domains, options.splits, strict=True)
    }
    tables, text = [], caption(options.origin, options.scheme, options.recipe)
    for path, (variable, domain) in zip(options.metrics, tasks, strict=True):
        errors = curves.comparable(
            files.read_table(path),
            methods=list(labels),
            recipe=options.recipe,
            scheme=options.scheme,
        )
        if errors.empty:
            raise InputError(
                "there are no errors of these methods",
                file=path,
                found=f"recipe {options.recipe}, scheme {options.scheme}",
                mend="check the names, or delete the file and run `snakemake` again",
            )
        rows = known[domain.name]
        table = curves.summary(errors, rows, list(labels))
        table["label"] = table["method"].map(labels)
        table["uses_source"] = ~table["method"].isin(alone)
        found = curves.catch_up(errors, rows, alone=alone)
        text += f"\n### {variable.label}, {domain.label}\n\n{layout(table)}\n"
        text += "\n\n".join(sentences(found, labels)) + "\n"
        table.insert(0, "property", variable.name)
        table.insert(1, "domain", domain.name)
        table.insert(2, "scheme", options.scheme)
        tables.append(table)
    files.write_table(pd.concat(tables, ignore_index=True), options.csv)
    files.write_text(text, options.markdown)


def named(methods: Sequence[str | Mapping[str, str]]) -> dict[str, str]:
    """Label by name, in order; of a mere name the registered one, or the name itself."""
    known = {name: label.text for name, label in LABELS.items()}
    records = [{"name": m} if isinstance(m, str) else m for m in methods]
    return {r["name"]: r.get("label") or known.get(r["name"], r["name"]) for r in records}


def caption(origin: str, scheme: str, recipe: str) -> str:
    """What the numbers are, in a paragraph above the tables."""
    how = "rows" if scheme == BY_ROW else f"whole groups of '{scheme}'"
    return (
        f"Mean absolute percentage error (MAPE) in % on test rows by the number of known rows, for "
        f"training and validation together; {origin} data, random splits by {how}, networks "
        f"trained by the recipe '{recipe}'. The test rows are the same at every size; of each "
        f"method, only splits that have every size are compared. In brackets the 95 % interval of "
        f"the mean, widened because the splits overlap (Nadeau and Bengio 2003): the fewer the "
        f"known rows beside the test rows, the wider. The best method of a size is chosen by its "
        f"test error, with and without the source alike.\n"
    )


def layout(table: pd.DataFrame) -> str:
    """A table of one property and domain: methods down, known rows across."""
    sizes = table.drop_duplicates("size").sort_values("known_rows", kind="stable")
    titles = {
        size: f"{rows:.0f} rows" + (" (all)" if size == ALL else "")
        for size, rows in sizes[["size", "known_rows"]].itertuples(index=False)
    }
    cells = [
        span(mean, low, high)
        for mean, low, high in table[
            ["mape_mean_pct", "mape_mean_low_pct", "mape_mean_high_pct"]
        ].itertuples(index=False)
    ]
    found = dict(zip(zip(table["method"], table["size"], strict=True), cells, strict=True))
    shown = [
        [
            group["label"].iloc[0],
            "yes" if group["uses_source"].iloc[0] else "no",
            number_of_splits(group["repeats"]),
            *(found.get((method, size), "–") for size in titles),
        ]
        for method, group in table.groupby("method", sort=False)
    ]
    made = pd.DataFrame(shown, columns=["Method", "Source", "Splits", *titles.values()])
    align = ["left", "left", *["right"] * (1 + len(titles))]
    return made.to_markdown(index=False, disable_numparse=True, colalign=align) + "\n"


def number_of_splits(counts: pd.Series[int]) -> str:
    """One number, or the least and the greatest."""
    return " to ".join(str(count) for count in sorted({counts.min(), counts.max()}))


def sentences(found: CatchUp, labels: Mapping[str, str]) -> list[str]:
    """Where methods without a source catch up, with the paper's adapter and with any."""
    most = f"{found.best['known_rows'].max():.0f}"
    said = [_beside_adapter(found, labels, most), _beside_source(found, labels, most)]
    return [*said, "No other number of known rows was tried."] if len(found.best) == 1 else said


def _beside_adapter(found: CatchUp, labels: Mapping[str, str], most: str) -> str:
    if not np.isfinite(found.best[["adapter_pct", "alone_pct"]]).all(axis=1).any():
        return "The paper's adapter and a method without a source were not run on the same splits."
    if found.over_adapter is None:
        return (
            f"No method without a source is as good as the paper's adapter: not within the {most} "
            f"rows there are."
        )
    line = found.best[found.best["size"] == found.over_adapter].iloc[0]
    return (
        f"The least number of known rows with which the best method without a source is no worse "
        f"than the paper's adapter is {line['known_rows']:.0f} ({labels[line['alone']]}, "
        f"{percent(line['alone_pct'])} %, beside {percent(line['adapter_pct'])} %; means over "
        f"{line['splits']} splits)."
    )


def _beside_source(found: CatchUp, labels: Mapping[str, str], most: str) -> str:
    compared = found.best[found.best["ratio"].notna()]
    if compared.empty:
        return "No method with the source and none without it were run on the same splits."
    if compared["splits"].max() < 2:
        return "Whether the source pays beyond noise cannot be told from a single split."
    at = found.over_source
    line = compared.iloc[-1] if at is None else compared[compared["size"] == at].iloc[0]
    pair = (
        f"error of {labels[line['sourced']]} over that of {labels[line['alone']]} on a typical "
        f"split: {span(line['ratio'], line['low'], line['high'])} with "
        f"{line['known_rows']:.0f} known rows"
    )
    if at is None:
        return (
            f"The best method with the source stays better than the best one without it beyond "
            f"noise: they do not catch up within the {most} rows there are ({pair})."
        )
    if at == compared["size"].iloc[0]:
        return (
            f"At no number of known rows is the best method with the source better than the best "
            f"one without it beyond noise ({pair})."
        )
    return (
        f"From {line['known_rows']:.0f} known rows on, the best method with the source is no "
        f"longer better than the best one without it beyond noise ({pair})."
    )


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
