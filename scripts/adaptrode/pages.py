"""Markdown tables as HTML pages that stand alone."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }}
div.table {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.35rem 0.8rem; border-bottom: 1px solid #ddd; text-align: left; }}
thead th {{ border-bottom: 2px solid #444; vertical-align: bottom; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def page_of_markdown(text: str, title: str) -> str:
    """An HTML page of CommonMark text with pipe tables; raw HTML in it is escaped."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    body = body.replace("<table>", '<div class="table"><table>')
    body = body.replace("</table>", "</table></div>")
    return PAGE.format(title=escape(title), body=body)
