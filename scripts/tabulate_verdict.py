"""Tell for every target and property whether the transfer helped, and what to use.

Needs for every property and target, in the order of --studies, one file of errors
(--metrics), and for every target of every study its splits and clean table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from adaptrode import cli, curves, files
from adaptrode.description import Domain, Variable
from adaptrode.methods import judged
from adaptrode.selection import LABELS
from adaptrode.splits import ALL, BY_ROW, held_out_ratio
from adaptrode.verdict import Verdict, decide
from adaptrode.verdict_text import (
    Evidence,
    catch_up_remarks,
    heading,
    overview,
    paragraph,
    shift_remarks,
)

INTRODUCTION = """\
Does data of the source help to predict the target, and what should be used? Each answer
compares the best that the rows let one choose with the source's data against the best without,
on test rows that had no part in the choice. *Helps* and *hurts* are said only where the 95 %
interval of the difference leaves no other reading (Nadeau and Bengio 2003, for splits that
overlap); everything else *cannot be told*. The difference *on a typical split* is the geometric
mean over the splits of the ratio of the two errors, so that a few splits cannot decide it.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Read the errors, apply the rule, write the verdicts."""
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--studies",
        type=cli.json_value,
        required=True,
        help="JSON: name, title, origin, scheme, source, targets (domains), properties of each",
    )
    parser.add_argument("--recipe", required=True, help="the headline recipe of the networks")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--splits", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--clean", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--shift", type=Path, nargs="*", default=[], help="CSV of the studies")
    parser.add_argument("--curves", type=cli.json_value, default=[], help="methods (JSON)")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    metrics, splits, clean = iter(options.metrics), iter(options.splits), iter(options.clean)
    shift = [pd.read_csv(path) for path in options.shift]
    lines, text, answers = [], "", []
    for study in options.studies:
        targets = Domain.many(study["targets"])
        tables = {
            target.name: (files.read_table(next(splits)), files.read_table(next(clean)))
            for target in targets
        }
        text += f"\n## {study['title']}\n"
        for variable, target in product(Variable.many(study["properties"]), targets):
            errors = files.read_table(next(metrics))
            evidence = weigh(errors, *tables[target.name], study, variable, target, options.recipe)
            labels = {feature.name: feature.label for feature in Variable.many(study["features"])}
            for sheet in shift:
                own = sheet[sheet["target"] == target.name]
                evidence.remarks.extend(shift_remarks(own, labels, evidence.source.label))
            known = curves.known_rows(tables[target.name][0], study["scheme"])
            evidence.remarks.extend(
                curve_remarks(errors, known, options.curves, study["scheme"], options.recipe)
            )
            lines.append(summary(study["name"], variable.name, target.name, evidence.verdict))
            answers.append(overview(evidence, LABELS))
            text += f"\n### {heading(evidence)}\n\n{paragraph(evidence, LABELS)}\n"
    files.write_table(pd.DataFrame(lines), options.csv)
    table = pd.DataFrame(answers).to_markdown(index=False, disable_numparse=True)
    files.write_text(f"{INTRODUCTION}\n{table}\n{text}", options.markdown)


def curve_remarks(
    metrics: pd.DataFrame,
    known: pd.Series[float],
    methods: Sequence[str],
    scheme: str,
    recipe: str,
) -> list[str]:
    """From how many rows on a source is no longer needed; nothing without curves."""
    errors = curves.comparable(metrics, methods=methods, recipe=recipe, scheme=scheme)
    if errors["size"].nunique() < 2:
        return []
    alone = [name for name in methods if not LABELS[name].uses_source]
    return catch_up_remarks(curves.catch_up(errors, known, alone=alone), known)


def weigh(
    metrics: pd.DataFrame,
    splits: pd.DataFrame,
    clean: pd.DataFrame,
    study: Mapping[str, Any],
    variable: Variable,
    target: Domain,
    recipe: str,
) -> Evidence:
    """The verdict of one target and property, with what it rests on."""
    scheme = study["scheme"]
    errors = judged(metrics, recipe, scheme, ALL)
    known = clean[clean[variable.name].notna()]
    return Evidence(
        property=variable,
        target=target,
        source=Domain(**study["source"]),
        origin=study["origin"],
        scheme=scheme,
        rows=len(known),
        groups=0 if scheme == BY_ROW else known[scheme].nunique(),
        verdict=decide(errors, LABELS, held_out_ratio(splits, scheme)),
        errors=errors.mean(),
        by_row=None if scheme == BY_ROW else judged(metrics, recipe, BY_ROW, ALL).mean(),
        splits=errors.notna().sum(),
    )


def summary(study: str, variable: str, target: str, verdict: Verdict) -> dict[str, Any]:
    """One line of the tidy table."""
    line: dict[str, Any] = {"study": study, "property": variable, "domain": target}
    for name, judgement in (("transfer", verdict.transfer), ("adapter", verdict.adapter)):
        line[name] = judgement.outcome if judgement else "not run"
        if judgement:
            line |= {
                f"{name}_with": judgement.first,
                f"{name}_without": judgement.second,
                f"{name}_splits": judgement.splits,
                f"{name}_ratio": judgement.ratio.mean,
                f"{name}_ratio_low": judgement.ratio.low,
                f"{name}_ratio_high": judgement.ratio.high,
                f"{name}_won": judgement.won,
            }
    return line | {
        "recommended": verdict.recommended,
        "mape_mean_pct": verdict.error.mean,
        "mape_mean_low_pct": max(verdict.error.low, 0.0),
        "mape_mean_high_pct": verdict.error.high,
        "not_told_from_it": " ".join(verdict.ties),
    }


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
