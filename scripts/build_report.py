"""Build the report: one page with the verdict, and the figures and tables of every study.

    build_report.py --studies '[{"name": "electrodes", "title": "Electrodes",
        "origin": "simulated", "domains": {"graphite": "Graphite", "nmc": "NMC"},
        "properties": ["Density"], "figures": [{"name": "figure_5", "kind": "predicted_observed"}],
        "tables": [{"name": "table_1", "kind": "errors"}]}]' \\
        --counts '{"repeats": 100, "size_repeats": 20}' \\
        --verdict verdict.md --tables table_1.md --figures figure_5.svg figure_5.png \\
        --captions captions/*.rst --settings settings.yaml \\
        --links table_1.csv workflow_report.html --page report.html

Files are known by their names: tables and figures by those in --studies, captions by the
kinds of figures. The files to link to are not read; they are linked relative to the page.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from adaptrode import cli
from adaptrode.errors import InputError
from adaptrode.files import write_text
from adaptrode.report_page import Contents, Study, data_uri, report_page


def main(argv: Sequence[str] | None = None) -> None:
    """Read texts and figures, write the page."""
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--studies", type=cli.json_value, required=True, help="what there is (JSON)"
    )
    parser.add_argument("--counts", type=cli.json_value, required=True, help="of splits (JSON)")
    parser.add_argument("--verdict", type=Path, required=True, help="the verdict's .md file")
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help=".md files")
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help=".svg and .png files")
    parser.add_argument("--captions", type=Path, nargs="*", default=[], help=".rst files")
    parser.add_argument("--settings", type=Path, required=True, help="the settings of the run")
    parser.add_argument("--links", type=Path, nargs="*", default=[], help="files to link to")
    parser.add_argument("--page", type=Path, required=True, help="the .html file to write")
    options = parser.parse_args(argv)
    cli.check_json("--studies", options.studies, list)
    cli.check_json("--counts", options.counts, dict)
    contents = Contents(
        verdict=_text(options.verdict),
        tables=_texts(options.tables),
        pictures=_pictures(options.figures),
        captions=_texts(options.captions),
        settings=_text(options.settings),
        links={path.name: _href(path, options.page) for path in options.links},
    )
    studies = [Study.of(record) for record in options.studies]
    write_text(report_page(studies, contents, options.counts), options.page)


def _texts(paths: Iterable[Path]) -> dict[str, str]:
    return {path.stem: _text(path) for path in paths}


def _text(path: Path) -> str:
    return _read(path).decode("utf-8")


def _pictures(paths: Sequence[Path]) -> dict[str, str]:
    by_name = {path.name: path for path in paths}
    pairs = {p.stem: (p, by_name.get(f"{p.stem}.png")) for p in paths if p.suffix == ".svg"}
    return {
        name: data_uri(_read(svg), _read(png) if png else None)
        for name, (svg, png) in pairs.items()
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "the file cannot be read",
            file=path,
            found=error.strerror,
            mend="run `snakemake` to make it",
        ) from None


def _href(path: Path, page: Path) -> str:
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
