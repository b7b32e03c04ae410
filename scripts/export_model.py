"""Export the model of a task with a card that says what it is good for.

Into the folder go the rows and settings of the chosen method, which
`adaptrode.estimators.load` turns into a model again, and ``card.md`` and ``card.json``:
checksums of the data, settings, errors, the domain of validity, how intervals are made.
Where the target's networks are given, the median of its adapters is exported as
``adapter.onnx``, if the package onnx is installed.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adaptrode import cli, files, onnx_export
from adaptrode.conformal import proportional
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.estimators import (
    Adapters,
    RegistryRegressor,
    Validity,
    pretrained,
    save,
    source_of,
    with_groups,
)
from adaptrode.networks import load_stacks
from adaptrode.provenance import sha256, versions
from adaptrode.selection import RECOMMENDED, chosen, named
from adaptrode.splits import ALL, BY_ROW

logger = logging.getLogger("adaptrode")

ADAPTER = "adapter"


def main(argv: Sequence[str] | None = None) -> None:
    """Fit, export, describe."""
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="its title, for the card")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="source, target")
    parser.add_argument("--property", type=cli.json_value, required=True, help="variable (JSON)")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--clean", type=Path, required=True, help="the target's clean table")
    parser.add_argument("--source-clean", type=Path, required=True, help="the source's")
    parser.add_argument("--source-networks", type=Path, help="the source's .npz")
    parser.add_argument("--networks", type=Path, help="the target's .npz")
    parser.add_argument("--splits", type=Path, help="the target's; needed with --networks")
    parser.add_argument("--recipe", default="robust", help="of the networks")
    parser.add_argument("--group", help="column of groups: a model for rows of new ones")
    parser.add_argument("--method", required=True, help=f"of the registry, or {RECOMMENDED}")
    parser.add_argument("--verdict", type=Path, help="CSV that says what is recommended")
    parser.add_argument("--settings", type=cli.json_value, default={}, help="the method's (JSON)")
    parser.add_argument("--seed", type=int, required=True, help="of every draw")
    parser.add_argument("--origin", choices=("measured", "simulated"), required=True)
    parser.add_argument("--metrics", type=Path, help="the target's errors")
    parser.add_argument("--coverage-table", type=Path, help="what tabulate_coverage.py wrote")
    parser.add_argument("--folder", type=Path, required=True, help="to write into")
    options = parser.parse_args(argv)

    source_domain, domain = Domain.many(options.domains)
    target = Variable(**options.property)
    verdicts = pd.read_csv(options.verdict) if options.verdict else None
    method = chosen(options.method, verdicts, domain.name, target.name)
    named(method).check(options.settings)
    names = [variable.name for variable in Variable.many(options.features)]
    clean, source = files.read_table(options.clean), files.read_table(options.source_clean)
    known = clean[np.isfinite(clean[target.name])]
    scheme = options.group or BY_ROW
    stack = None
    if options.source_networks:
        stack = pretrained(options.source_networks, scheme, options.recipe)
    beside = None
    if named(method).uses_source:
        beside = source_of(source, names, target.name, options.group, stack)
    grouped = bool(options.group)
    regressor = RegistryRegressor(method, options.settings, beside, options.seed, grouped)
    observed = known[target.name].to_numpy(np.float64)
    groups = known[options.group].to_numpy(dtype=str) if grouped else None
    regressor.fit(with_groups(known[names].to_numpy(np.float64), groups), observed)

    exported = export_adapters(options, known, scheme, f"{target.name}_{domain.name}")
    card = {
        "study": options.study,
        "target": domain.label,
        "source": source_domain.label if beside is not None else None,
        "property": {"name": target.name, "unit": target.unit},
        "origin": options.origin,
        "method": method,
        "label": named(method).label,
        "settings": {**named(method).defaults, **options.settings},
        "seed": options.seed,
        "new_rows": f"of a new {options.group}" if grouped else "such as the known ones",
        "rows": {"target": len(known), "source": len(source) if beside is not None else 0},
        "checksums": {
            path.name: sha256(path)
            for path in (options.clean, options.source_clean, options.source_networks)
            if path is not None
        },
        "validity": {
            "target": Validity.of(names, known[names]).ranges(),
            "source_and_target": Validity.of(names, known[names], source[names]).ranges(),
            "property": [float(observed.min()), float(observed.max())],
        },
        "errors": errors(options.metrics, (method, ADAPTER), options.recipe),
        "coverage": coverage(options.coverage_table, domain.name, target.name),
        "intervals": intervals(proportional(target, observed)),
        "files": exported,
        "versions": {**versions(), "scikit-learn": metadata.version("scikit-learn")},
    }
    save(options.folder, regressor, names, target)
    text = json.dumps(card, indent=2, ensure_ascii=False, default=list)
    files.write_text(text + "\n", options.folder / "card.json")
    files.write_text(markdown(card, target), options.folder / "card.md")


def export_adapters(
    options: argparse.Namespace, known: pd.DataFrame, scheme: str, name: str
) -> list[str]:
    """Write the adapters as ONNX where that is possible; the names of the files written."""
    if not options.networks:
        return []
    if options.splits is None:
        raise InputError("adapters need the splits that they were trained on", mend="give --splits")
    if util.find_spec("onnx") is None:
        logger.warning("warning: the adapters are not exported: the package onnx is missing")
        return []
    splits = files.read_table(options.splits)
    stacks = load_stacks(options.networks)
    networks = Adapters.of(stacks, known, splits, scheme, options.recipe).networks
    model = onnx_export.onnx_model(networks, name)
    onnx_export.save_onnx(model, options.folder / "adapter.onnx")
    return ["adapter.onnx"]


def errors(path: Path | None, methods: Sequence[str], recipe: str) -> list[dict[str, Any]]:
    """Mean errors on test rows per method and scheme, with the number of splits."""
    if path is None:
        return []
    table = files.read_table(path)
    table = table[
        table["method"].isin(methods)
        & (table["size"] == ALL)
        & table["recipe"].isin([recipe, "none"])
    ]
    return [
        {
            "method": method,
            "scheme": scheme,
            "splits": len(part),
            "mape_pct": round(float(part["mape_pct"].mean()), 2),
            "rmse": float(f"{part['rmse'].mean():.3g}"),
        }
        for (method, scheme), part in table.groupby(["method", "scheme"], sort=False)
    ]


def coverage(path: Path | None, domain: str, name: str) -> list[dict[str, Any]]:
    """The lines of the table of coverage that concern the task."""
    if path is None:
        return []
    table = files.read_table(path)
    own = table[(table["domain"] == domain) & (table["property"] == name)]
    columns = ["method", "scheme", "nominal_pct", "coverage_pct", "width_pct", "rows"]
    return [dict(zip(columns, line, strict=True)) for line in own[columns].to_numpy(object)]


def intervals(log: bool) -> str:
    """How predict.py makes intervals."""
    kind = "differences of logarithms" if log else "differences"
    return (
        "jackknife+ (Barber et al. 2021): the model is learnt anew without each row (or group) "
        f"in turn; errors are {kind}. They hold for new rows that come about as the known ones did."
    )


def markdown(card: Mapping[str, Any], target: Variable) -> str:
    """The card for reading."""
    unit = f" in {target.unit}" if target.unit else ""
    learnt = f"{card['rows']['target']} rows of {card['target']}"
    if card["source"]:
        learnt += f" and {card['rows']['source']} of {card['source']}"
    parts = [
        f"# {target.label}{unit} of {card['target']}",
        f"{card['label']} (`{card['method']}`), learnt from {learnt}. {card['study']}; the tables "
        f"are {card['origin']}.",
        "## Use\n\nTo predict the property for new manufacturing settings, for rows "
        f"{card['new_rows']}, within the ranges below. Not for other materials, machines or "
        "laboratories, not outside the ranges, and not in place of measurements where safety "
        "depends on them.",
        "```python\nimport sys; sys.path.insert(0, 'ADAPTRODE/scripts')\n"
        "from adaptrode.estimators import load\n"
        f"load('THIS_FOLDER').predict([[{', '.join(card['validity']['target'])}]])\n```",
        "## Domain of validity\n\n" + _ranges(card["validity"]),
        f"The property has been {card['validity']['property'][0]:.4g} to "
        f"{card['validity']['property'][1]:.4g} {target.unit}".rstrip()
        + ".",
    ]
    if card["errors"]:
        parts.append("## Errors on test rows\n\n" + _table(card["errors"]))
    parts.append(f"## Intervals\n\nOf `predict.py`: {card['intervals']}")
    if card["coverage"]:
        parts.append(_table(card["coverage"]))
    settings = ", ".join(f"{name} {value}" for name, value in card["settings"].items())
    parts.append(f"## Made from\n\nSettings: {settings or 'none'}; seed {card['seed']}.")
    parts.append(_table([{"file": n, "SHA-256": c} for n, c in card["checksums"].items()]))
    return "\n\n".join(parts) + "\n"


def _ranges(validity: Mapping[str, Any]) -> str:
    lines = []
    for name, (low, high) in validity["target"].items():
        least, most = validity["source_and_target"][name]
        lines.append(
            {
                "feature": name,
                "target": f"{low:g} to {high:g}",
                "source and target": f"{least:g} to {most:g}",
            }
        )
    return _table(lines)


def _table(lines: Sequence[Mapping[str, Any]]) -> str:
    return pd.DataFrame(list(lines)).to_markdown(index=False, disable_numparse=True)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
