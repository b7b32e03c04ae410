"""Render a Markdown table as a page of its own, for the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli
from adaptrode.files import write_text
from adaptrode.pages import page_of_markdown


def main(argv: Sequence[str] | None = None) -> None:
    """Read Markdown, write HTML."""
    parser = cli.parser(__doc__)
    parser.add_argument("--markdown", type=Path, required=True, help="the table's .md file")
    parser.add_argument("--title", required=True, help="the page's title")
    parser.add_argument("--page", type=Path, required=True, help="the .html file to write")
    arguments = parser.parse_args(argv)
    text = arguments.markdown.read_text("utf-8")
    write_text(page_of_markdown(text, arguments.title), arguments.page)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
