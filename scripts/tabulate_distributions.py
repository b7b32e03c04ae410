"""Tabulate mean, range and skewness of every property beside the published ones.

Needs one clean table for each domain, in the order of --domains.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table, write_table, write_text
from adaptrode.summaries import distribution


def main(argv: Sequence[str] | None = None) -> None:
    """Read the clean tables, write a line for each property and domain."""
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--domains", type=cli.json_value, required=True, help="domains (JSON)")
    parser.add_argument("--properties", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument(
        "--published",
        type=cli.json_value,
        default={},
        help="JSON: property to domain to mean, low and high",
    )
    parser.add_argument("--origin", required=True, help="of the data: simulated or measured")
    parser.add_argument(
        "--remarks", type=cli.json_value, default=[], help="JSON list of sentences below the table"
    )
    parser.add_argument("--csv", type=Path, required=True, help="table to write, tidy")
    parser.add_argument("--markdown", type=Path, required=True, help="table to write, to read")
    options = parser.parse_args(argv)

    domains = Domain.many(options.domains)
    tables = [read_table(path) for path in options.clean]
    lines, shown = [], []
    for variable in Variable.many(options.properties):
        for domain, table in zip(domains, tables, strict=True):
            found = distribution(table[variable.name].dropna())
            published = options.published.get(variable.name, {}).get(domain.name, {})
            lines.append(
                {
                    "property": variable.name,
                    "domain": domain.name,
                    "origin": options.origin,
                    **found,
                    **{f"published_{key}": published.get(key) for key in ("mean", "low", "high")},
                }
            )
            line = {
                "Property": variable.title,
                "Domain": domain.label,
                "Rows": int(found["rows"]),
                "Mean": f"{found['mean']:.4g}",
                "Range": f"{found['low']:.4g} – {found['high']:.4g}",
                "Skewness": f"{found['skewness']:.2f}",
            }
            if any(options.published.values()):
                span = [published.get(end, "?") for end in ("low", "high")]
                line["Published mean"] = published.get("mean", "–")
                line["Published range"] = " – ".join(map(str, span)) if published else "–"
            shown.append(line)
    write_table(pd.DataFrame(lines), options.csv)
    caption = f"The properties as the clean tables hold them; {options.origin} data.\n\n"
    body = pd.DataFrame(shown).to_markdown(index=False, disable_numparse=True)
    remarks = "".join(f"\n- {remark}" for remark in options.remarks)
    write_text(f"{caption}{body}\n{remarks}\n", options.markdown)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
