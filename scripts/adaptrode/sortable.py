"""Markdown as HTML whose tables can be sorted, scrolled and read on narrow screens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

BADGES = {"helps": "helps", "hurts": "hurts", "cannot be told": "unsure"}
LONG = 30  # characters of a cell from which on its column is kept wide
SHORT_NUMBER = re.compile(r"[+−-]?\d.{0,24}")  # a number with its interval: not to be broken


def markdown(text: str, prefix: str, level: int = 3, cards: bool = False) -> str:
    """HTML of CommonMark text with pipe tables that can be sorted; raw HTML is escaped.

    The text's highest headings become ``<h{level}>``; ids begin with ``prefix``. Rows of
    ``cards`` tables are shown one above the other on narrow screens.
    """
    parser = _parser()
    tokens = parser.parse(re.sub(r"(\d) %", "\\1\u00a0%", text))
    _set_headings(tokens, prefix, level)
    made: str = parser.renderer.render(_with_tables(tokens, prefix, cards), parser.options, {})
    return made.strip()


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def inline(text: str) -> str:
    """HTML of a caption; reStructuredText's literals and emphasis are read alike."""
    made: str = _parser().renderInline(" ".join(text.split()))
    return made


def _set_headings(tokens: Sequence[Token], prefix: str, level: int) -> None:
    openings = [token for token in tokens if token.type == "heading_open"]
    if not openings:
        return
    highest = min(int(token.tag[1]) for token in openings)
    number = 0
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) - highest + level)}"
        if token.type == "heading_open":
            number += 1
            token.attrSet("id", f"{prefix}-part-{number}")


def _with_tables(tokens: Sequence[Token], prefix: str, cards: bool) -> list[Token]:
    """The tokens with each table in a box that scrolls, and a button in each header."""
    made: list[Token] = []
    heading = prefix.replace("_", " ").replace("-", " ")
    headers: list[str] = []
    for index, token in enumerate(tokens):
        inner = tokens[index + 1].content if index + 1 < len(tokens) else ""
        if token.type == "heading_open":
            heading = inner
        if token.type == "table_open":
            headers = []
            label = escape(f"Table: {heading}")
            kind = "box cards" if cards else "box"
            made.append(
                _html(f'<div class="{kind}" tabindex="0" role="region" aria-label="{label}">')
            )
        if token.type == "tr_open":
            column = 0
        if token.type in ("th_open", "td_open"):
            _set_cell(token, inner)
        if token.type == "th_open":
            headers.append(inner)
            token.attrSet("scope", "col")
            named = "" if inner else f' aria-label="Sort by column {len(headers)}"'
            made += [token, _html(f'<button type="button" class="sort"{named}>')]
            continue
        if token.type == "td_open":
            token.attrSet("data-label", headers[column])
            column += 1
            if inner in BADGES:
                made += [token, _html(f'<span class="{BADGES[inner]}">')]
                continue
        if token.type == "td_close" and tokens[index - 1].content in BADGES:
            made.append(_html("</span>"))
        if token.type == "th_close":
            made.append(_html("</button>"))
        made.append(token)
        if token.type == "table_close":
            made.append(_html("</div>\n"))
    return made


def _set_cell(token: Token, text: str) -> None:
    style = str(token.attrs.pop("style", ""))
    classes = ["number"] if style.endswith("right") else []
    if token.type == "td_open":
        classes += ["long"] if len(text) > LONG else []
        classes += ["short"] if SHORT_NUMBER.fullmatch(text) else []
    if classes:
        token.attrSet("class", " ".join(classes))


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)
