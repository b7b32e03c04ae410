"""Split a raw CSV into the clean rows (Parquet) and the rejected ones with reasons (CSV).

Needs the raw table and, as JSON, what it holds: features and properties always; raw
measurements, equations, constants and relations where properties are not given directly.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, files
from adaptrode.categories import variables
from adaptrode.cleaning import MINIMUM_ROWS, clean
from adaptrode.equations import TableDescription
from adaptrode.errors import InputError
from adaptrode.provenance import sha256
from adaptrode.reading import read_raw

logger = logging.getLogger("adaptrode")

# A file of a million defects should not make a log of a million lines.
LOGGED = 200

# What the JSON of each option has to be.
LISTS = ("features", "properties", "measurements", "relations")
MAPPINGS = ("columns", "equations", "constants")
KINDS: dict[str, type] = {**dict.fromkeys(LISTS, list), **dict.fromkeys(MAPPINGS, dict)}


def main(argv: Sequence[str] | None = None) -> None:
    """Clean one domain's raw table."""
    parser = cli.parser(__doc__)
    variable = "JSON list of {name, label, unit, low, high}"
    feature = f"{variable} or {{name, label, levels}}"
    parser.add_argument("--raw", type=Path, required=True, help="CSV of a laboratory")
    parser.add_argument("--features", type=cli.json_value, required=True, help=feature)
    parser.add_argument("--properties", type=cli.json_value, required=True, help=variable)
    parser.add_argument("--measurements", type=cli.json_value, default=[], help=variable)
    parser.add_argument(
        "--columns", type=cli.json_value, default={}, help="JSON: name to header in the file"
    )
    parser.add_argument(
        "--equations", type=cli.json_value, default={}, help="JSON: column to equation"
    )
    parser.add_argument(
        "--constants", type=cli.json_value, default={}, help="JSON: argument to number"
    )
    parser.add_argument(
        "--relations", type=cli.json_value, default=[], help='JSON list such as ["a > b"]'
    )
    parser.add_argument("--group", help="column of rows that belong together")
    parser.add_argument("--identifier", help="column that names a row")
    parser.add_argument(
        "--minimum-rows", type=cli.whole(0), default=MINIMUM_ROWS, help="clean rows asked for"
    )
    parser.add_argument("--clean", type=Path, required=True, help="Parquet to write")
    parser.add_argument("--rejected", type=Path, required=True, help="CSV to write")
    options = parser.parse_args(argv)
    for name, kind in KINDS.items():
        cli.check_json(f"--{name}", getattr(options, name), kind)

    description = TableDescription(
        features=variables(options.features),
        properties=variables(options.properties),
        measurements=variables(options.measurements),
        headers=options.columns,
        equations=options.equations,
        constants=options.constants,
        relations=options.relations,
        group=options.group or None,
        identifier=options.identifier or None,
    )
    before = sha256(options.raw) if options.raw.is_file() else None
    cleaned = clean(
        read_raw(options.raw, description.expected_headers()), description, options.minimum_rows
    )
    logger.info(
        "%s: %d rows kept, %d rejected", options.raw, len(cleaned.rows), len(cleaned.rejected)
    )
    for line in cleaned.rejected.head(LOGGED).itertuples():
        logger.info("rejected row %d, column '%s', value '%s': %s", *line[1:])
    if len(cleaned.rejected) > LOGGED:
        logger.info("and %d more, see the rejected table", len(cleaned.rejected) - LOGGED)
    logger.info("sha256 of %s: %s", options.raw, before)
    if sha256(options.raw) == before:
        files.write_tables({options.rejected: cleaned.rejected, options.clean: cleaned.rows})
    # Once more, lest the workflow take this for the result of the later version.
    if sha256(options.raw) != before:
        for path in (options.clean, options.rejected):
            path.unlink(missing_ok=True)
        raise InputError(
            "the raw table changed while it was being cleaned",
            file=options.raw,
            mend="run again when nobody is writing to it",
        )


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
