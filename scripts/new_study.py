"""Write settings for a study of your own from the columns of your tables.

Needs a CSV for the source (the large dataset) and one for each target. The file that it
writes runs as it stands, and says in comments what to check:

  python scripts/new_study.py --source graphite.csv --target sodium.csv \\
      --property density_g_cm3 --output lab/config.yaml
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli
from adaptrode.errors import InputError
from adaptrode.files import write_text
from adaptrode.headers import is_name, simple, unused, words
from adaptrode.proposal import propose
from adaptrode.reading import RawTable, read_raw
from adaptrode.study_template import config_text

SNAKEFILE = Path(__file__).resolve().parents[1] / "Snakefile"


def main(argv: Sequence[str] | None = None) -> None:
    """Read the tables, propose a study, write its settings."""
    parser = cli.parser(__doc__)
    parser.add_argument("--source", type=Path, required=True, help="CSV of the large dataset")
    parser.add_argument(
        "--target", type=Path, action="append", required=True, help="CSV; may be given again"
    )
    parser.add_argument(
        "--property",
        action="append",
        default=[],
        metavar="NAME",
        help="column to predict; may be given again (default: the last column of numbers)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("config.yaml"), help="settings to write"
    )
    parser.add_argument("--study", default="own_data", help="what the study is called")
    parser.add_argument("--origin", choices=["measured", "simulated"], default="measured")
    parser.add_argument("--force", action="store_true", help="overwrite the settings")
    options = parser.parse_args(argv)

    if options.output.exists() and not options.force:
        raise InputError(
            "the settings exist already",
            file=options.output,
            mend="name another path after --output, or add --force to overwrite them",
        )
    if not is_name(options.study):
        raise InputError(
            "the study cannot be called so",
            found=options.study,
            allowed="lower-case letters, figures and _, a letter first",
            mend=f"--study {unused(simple(options.study) or 'own_data', ())}",
        )
    tables: dict[str, RawTable] = {}
    paths = (options.source, *options.target)
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError(
            "a file is given twice",
            found=", ".join(map(str, paths)),
            allowed="another file for the source and for each target",
            mend="split the table into one file for each",
        )
    for path in paths:
        first = next(iter(tables.values())).headers if tables else ()
        tables[unused(simple(path.stem) or "table", tables)] = read_like(path, first)
    proposal = propose(tables, options.property)

    folder = options.output.resolve().parent
    config = folder / options.output.name
    command = shlex.join(
        [
            *("snakemake", "-s", str(SNAKEFILE), "--directory", str(folder)),
            *("--configfile", str(config), "--cores", "8"),
        ]
    )
    stems = [path.stem for path in paths]
    domains = {}
    for name, path in zip(tables, paths, strict=True):
        twice = stems.count(path.stem) > 1
        label = words(f"{path.resolve().parent.name} {path.stem}" if twice else path.stem)
        domains[name] = (label or name, os.path.relpath(path.resolve(), folder))
    text = config_text(
        proposal, study=options.study, domains=domains, origin=options.origin, command=command
    )
    write_text(text, options.output)
    features = ", ".join(record["name"] for record in proposal.features)
    predicted = ", ".join(record["name"] for record in proposal.properties)
    print(f"written: {options.output}")
    print(f"  to predict: {predicted}")
    print(f"  from:       {features}")
    for domain, (kept, rows) in proposal.rows.items():
        print(f"  {domain}: {kept} of {rows} rows are usable")
    print(f"Read it, correct what is marked CHECK, then run:\n  {command}")
    if shutil.which("snakemake") is None:
        print(f"(after: . {shlex.quote(str(Path(sys.executable).with_name('activate')))})")


def read_like(path: Path, headers: Sequence[str]) -> RawTable:
    """Read a table; where it has headers of another one, they decide about the delimiter."""
    try:
        return read_raw(path, headers)
    except InputError:
        return read_raw(path)  # its columns may be spelt differently


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
