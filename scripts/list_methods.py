"""Check the lists of methods in the settings and write what each method is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli, files
from adaptrode.entries import Entry
from adaptrode.errors import InputError
from adaptrode.selection import LABELS, named

ALWAYS = ("pretrained", "adapter", "scratch")


def main(argv: Sequence[str] | None = None) -> None:
    """One line per network and method."""
    parser = cli.parser(__doc__)
    parser.add_argument("--methods", type=cli.json_value, required=True, help="the list (JSON)")
    parser.add_argument("--networks", type=cli.json_value, required=True, help="names (JSON)")
    parser.add_argument("--learning-curves", type=cli.json_value, required=True, help="names")
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    entries = {entry.name: entry for entry in Entry.many(options.methods)}
    known = [*ALWAYS, *options.networks, *entries]
    for name in options.learning_curves:
        if name not in known:
            raise InputError(
                "settings: learning_curves shows a method that is not run",
                found=name,
                allowed=", ".join(known),
                mend="add it to `methods` or take it off `learning_curves`",
            )
    lines = []
    for name in known:
        entry = entries.get(name)
        settings = {**named(name).defaults, **entry.settings} if entry else {}
        lines.append(
            {
                "method": name,
                "label": LABELS[name].text,
                "uses_source": LABELS[name].uses_source,
                "most_splits": entry.repeats if entry else None,
                "settings": json.dumps(settings) if settings else "",
            }
        )
    table = pd.DataFrame(lines).astype({"most_splits": "Int64"})
    files.write_table(table, options.csv)
    shown = pd.DataFrame(
        {
            "Method": [f"`{name}`" for name in table["method"]],
            "What it is": table["label"],
            "Learns from the source": table["uses_source"].map({True: "yes", False: "no"}),
            "At most so many splits": table["most_splits"].astype("string").fillna("all"),
            "Settings": [f"`{text}`" if text else "" for text in table["settings"]],
        }
    )
    text = shown.to_markdown(index=False, disable_numparse=True)
    caption = "All methods that are run, and how they are set."
    files.write_text(f"{caption}\n\n{text}\n", options.markdown)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
