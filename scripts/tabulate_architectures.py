"""Count layers and trainable parameters of the trained networks: Tables 3 and 4.

Needs one file of networks per property and domain, the first property's domains first,
in the order of --properties and --domains (the source first).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from adaptrode import cli, files
from adaptrode.description import Domain, Variable
from adaptrode.errors import InputError
from adaptrode.networks import load_stacks

# The adapter's frozen source network is counted with the source.
LABELS = {"pretrained": "Pre-trained", "adapter": "TL approach"}
FROZEN = " (plus the frozen previous architecture)"


def main(argv: Sequence[str] | None = None) -> None:
    """Read the networks, write what they are made of as CSV and as Markdown."""
    parser = cli.parser(__doc__)
    parser.add_argument("--networks", type=Path, nargs="+", required=True, help=".npz files")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="domains (JSON)")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    tasks = list(product(Variable.many(options.properties), Domain.many(options.domains)))
    if len(options.networks) != len(tasks):
        raise InputError(
            "one file of networks is needed per property and domain",
            found=f"{len(options.networks)} files",
            allowed=f"{len(tasks)} files",
        )
    lines = []
    for path, (variable, domain) in zip(options.networks, tasks, strict=True):
        for name, stack in load_stacks(path).items():
            if name in LABELS:
                lines.append(
                    {
                        "network": name,
                        "property": variable.name,
                        "label": variable.label,
                        "domain": domain.name,
                        "inputs": stack.layer_sizes[0],
                        "hidden": stack.layer_sizes[1:-1],
                        "parameters": stack.parameter_count,
                        "networks": len(stack),
                    }
                )
    table = pd.DataFrame(lines)
    files.write_text(layout(table), options.markdown)
    tidy = table.drop(columns="label").assign(
        hidden=["-".join(map(str, widths)) for widths in table["hidden"]]
    )
    files.write_table(tidy, options.csv)


def layout(table: pd.DataFrame) -> str:
    """The table as the paper lays it out; targets share a line where they are alike."""
    rows = []
    for name, label in LABELS.items():
        kinds = table[table["network"] == name].drop_duplicates(["property", "inputs", "hidden"])
        for kind in kinds.to_dict("records"):
            widths = kind["hidden"]
            nodes = str(widths[0]) if len(set(widths)) == 1 else ", ".join(map(str, widths))
            layers = f"{len(widths)}{FROZEN if name == 'adapter' else ''}"
            rows.append([label, kind["label"], layers, nodes or "–", str(kind["parameters"])])
    titles = [
        "Neural network",
        "Target output",
        "Hidden layers",
        "Nodes per layer",
        "Trainable parameters",
    ]
    made = pd.DataFrame(rows, columns=titles)
    align = ["left", "left", "left", "right", "right"]
    text = made.to_markdown(index=False, disable_numparse=True, colalign=align)
    return "Counted from the trained networks.\n\n" + text + "\n"


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
