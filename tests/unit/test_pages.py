"""Markdown tables become pages."""

from __future__ import annotations

from adaptrode.pages import page_of_markdown


def test_tables_titles_and_escapes() -> None:
    page = page_of_markdown("Text\n\n| a | b |\n|---|---|\n| 1 < 2 | <b>x</b> |\n", "A & B")
    assert "<title>A &amp; B</title>" in page
    assert "<th>a</th>" in page
    assert "<td>1 &lt; 2</td>" in page
    assert "&lt;b&gt;" in page
    assert '<div class="table"><table>' in page
