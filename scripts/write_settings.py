"""Write the settings that a run used, defaults filled in, beside its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from adaptrode import cli
from adaptrode.files import write_text


def main(argv: Sequence[str] | None = None) -> None:
    """Write the settings as YAML that ``--configfile`` accepts."""
    parser = cli.parser(__doc__)
    parser.add_argument("--settings", type=cli.json_value, required=True, help="JSON of them all")
    parser.add_argument("--output", type=Path, required=True, help="the YAML file to write")
    arguments = parser.parse_args(argv)
    text = yaml.safe_dump(arguments.settings, sort_keys=False, allow_unicode=True)
    write_text(text, arguments.output)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
