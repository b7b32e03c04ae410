"""Draw a domain's random splits into training, validation and test rows.

Needs the clean table. Each scheme is "row" (single rows are drawn) or a column of the
clean table whose groups are held out whole; sizes give learning curves.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import cli, files
from adaptrode.errors import InputError
from adaptrode.splits import ALL, BY_ROW, random_splits

logger = logging.getLogger("adaptrode")


def main(argv: Sequence[str] | None = None) -> None:
    """Split one domain under every scheme."""
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", type=Path, required=True, help="clean rows (Parquet)")
    parser.add_argument("--domain", required=True, help="its name, a key of the draws")
    parser.add_argument(
        "--schemes", type=cli.json_value, default=[BY_ROW], help='such as ["row", "campaign"]'
    )
    parser.add_argument(
        "--sizes", type=cli.json_value, default=[], help="such as [5, 10, 20]: learning curves"
    )
    parser.add_argument("--size-scheme", default=BY_ROW, help="the scheme that sizes are for")
    parser.add_argument("--size-repeats", type=int, help="how many splits; all, if not said")
    parser.add_argument("--test-fraction", type=cli.fraction, required=True, help="of all rows")
    parser.add_argument(
        "--validation-fraction",
        type=cli.fraction,
        required=True,
        help="of the rows not for the test",
    )
    parser.add_argument("--repeats", type=cli.whole(1), required=True, help="independent splits")
    parser.add_argument("--seed", type=cli.whole(0), required=True, help="of every draw")
    parser.add_argument("--splits", type=Path, required=True, help="Parquet to write")
    options = parser.parse_args(argv)

    for name in ("schemes", "sizes"):
        cli.check_json(f"--{name}", getattr(options, name), list)
    table = files.read_table(options.clean)
    if "row" not in table:
        raise InputError(
            "this is no clean table",
            file=options.clean,
            column="row",
            found=", ".join(map(str, table.columns)),
            mend="give the table that scripts/clean.py writes",
        )
    parts = []
    for scheme in options.schemes:
        if scheme != BY_ROW and scheme not in table:
            raise InputError(
                "there is no such column to split by",
                file=options.clean,
                found=scheme,
                allowed=", ".join([BY_ROW, *table.columns.drop("row")]),
                mend="name it as `group` of the study in the config",
            )
        part = random_splits(
            table["row"],
            test_fraction=options.test_fraction,
            validation_fraction=options.validation_fraction,
            repeats=options.repeats,
            seed=options.seed,
            domain=options.domain,
            groups=None if scheme == BY_ROW else table[scheme],
            sizes=options.sizes if scheme == options.size_scheme else [],
            size_repeats=options.size_repeats,
        )
        roles = part.loc[part["size"] == ALL, "role"].value_counts() / options.repeats
        logger.info(
            "%s by %s: %d splits of %.1f training, %.1f validation and %.1f test rows",
            *(options.domain, scheme, options.repeats),
            *(roles[role] for role in ("train", "validation", "test")),
        )
        parts.append(part)
    files.write_table(pd.concat(parts, ignore_index=True), options.splits)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
