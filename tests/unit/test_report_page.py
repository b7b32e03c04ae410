"""The report's page: its structure, and what a browser makes of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

import build_report
from adaptrode.errors import InputError
from adaptrode.report_kinds import FIGURE_KINDS, TABLE_KINDS, TOPICS
from adaptrode.report_page import data_uri
from adaptrode.sortable import markdown

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><g id="axes_1"/></svg>'
TABLE = """Errors over 30 splits of {origin} data.

## Density, NMC

| Method   |   Splits |              Mean | Note |
|:---------|---------:|------------------:|:-----|
| ● Middle |       30 | 3.91 [2.84, 4.97] | b    |
| ○ Worst  |       30 | 12.0 [9.48, 14.6] | <i>  |
| ○ None   |       30 |                 – | c    |
| ● Best   |      100 | −0.66 [−1.9, 0.6] | a    |
"""
VERDICT = """Does it help?

| Property | Target | Transfer | Splits |
|:---------|:-------|:---------|:-------|
| Density  | NMC    | helps    | 30     |

## Electrodes & foils

### Density, NMC: the transfer helps

- The mean error is 3.91 %, over 30 splits.
"""


def study(name: str, origin: str = "simulated") -> dict[str, object]:
    """A study with every kind of figure and table."""
    return {
        "name": name,
        "title": "Electrodes & foils",
        "origin": origin,
        "domains": {f"{name}_old": "Graphite", f"{name}_new": "NMC", f"{name}_two": "Si-Gra"},
        "properties": ["Density", "Mass loading"],
        "figures": [
            {"name": f"{name}_{kind}", "kind": kind}
            for kind in FIGURE_KINDS
            if kind not in ("predicted_observed", "shapley_force", "microstructure")
        ]
        + [
            {"name": "figure_5" if name == "one" else "figure_s5", "kind": "predicted_observed"},
            {"name": f"{name}_force", "kind": "shapley_force", "property": "Density"},
            {"name": f"{name}_sample", "kind": "microstructure", "domain": f"{name}_new"},
        ],
        "tables": [
            {"name": f"{name}_{kind}", "kind": kind} for kind in TABLE_KINDS if kind != "methods"
        ],
    }


def build(folder: Path, root: Path, studies: list[dict[str, object]]) -> Path:
    """Write a results folder for these studies and the page in it."""
    tables, figures = folder / "tables", folder / "figures"
    for place in (tables, figures, folder / "clean"):
        place.mkdir(parents=True, exist_ok=True)
    links = [folder / "workflow_report.html", tables / "methods.csv"]
    (tables / "verdict.md").write_text(VERDICT, "utf-8")
    (tables / "methods.md").write_text(TABLE.format(origin="any"), "utf-8")
    (folder / "settings.yaml").write_text("seed: 7  # <&>\n", "utf-8")
    for record in studies:
        for table in record["tables"]:  # type: ignore[attr-defined]
            text = TABLE.format(origin=record["origin"])
            (tables / f"{table['name']}.md").write_text(text, "utf-8")
            links.append(tables / f"{table['name']}.csv")
        for figure in record["figures"]:  # type: ignore[attr-defined]
            (figures / f"{figure['name']}.svg").write_text(SVG, "utf-8")
            (figures / f"{figure['name']}.png").write_bytes(b"\x89PNG")
        links += [folder / "clean" / f"{d}.rejected.csv" for d in record["domains"]]  # type: ignore[attr-defined]
    for link in links:
        link.write_text("row\n", "utf-8")
    page = folder / "report.html"
    build_report.main(
        [
            *("--studies", json.dumps(studies)),
            *("--counts", '{"repeats": 100, "size_repeats": 20}'),
            *("--verdict", str(tables / "verdict.md")),
            *("--tables", *map(str, sorted(tables.glob("*.md")))),
            *("--figures", *map(str, sorted(figures.iterdir()))),
            *("--captions", *map(str, (root / "workflow" / "report").glob("*.rst"))),
            *("--settings", str(folder / "settings.yaml")),
            *("--links", *map(str, links)),
            *("--page", str(page)),
        ]
    )
    return page


class Page(HTMLParser):
    """The elements of a page, each with its attributes and its text."""

    VOID = ("meta", "link", "img", "br", "hr", "input")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(path.read_text("utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str, **having: str) -> list[dict[str, str]]:
        return [
            attributes
            for name, attributes in self.found
            if name == tag and having.items() <= attributes.items()
        ]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Page:
    folder = tmp_path_factory.mktemp("results")
    return Page(build(folder, root, [study("one"), study("two", "measured")]))


def test_every_kind_has_a_place() -> None:
    places = [place for topic in TOPICS.values() for place in topic]
    assert len(places) == len(set(places))
    assert {kind for what, kind in places if what == "figure"} == set(FIGURE_KINDS)
    assert {kind for what, kind in places if what == "table"} == set(TABLE_KINDS) - {"methods"}


def test_the_kinds_are_those_of_the_settings(root: Path) -> None:
    text = (root / "workflow" / "schemas" / "config.schema.yaml").read_text("utf-8")
    for kind in (FIGURE_KINDS.keys() | TABLE_KINDS.keys()) - {"methods", "microstructure"}:
        assert re.search(rf"\b{kind}\b", text), kind
    for kind in FIGURE_KINDS:
        assert (root / "workflow" / "report" / f"{kind}.rst").exists()


def test_the_verdict_comes_first(page: Page) -> None:
    assert [section["id"] for section in page.all("section")] == [
        *("verdict", "study-one", "study-two", "run")
    ]
    text = page.path.read_text("utf-8")
    assert text.index("Does it help?") < text.index('<h2 id="study-one-title"')
    assert '<span class="helps">helps</span>' in text


def test_the_origin_is_said_first_and_of_every_figure(page: Page) -> None:
    text = page.path.read_text("utf-8")
    assert text.count('<div class="origin">') == 1
    top = text[: text.index("<nav")]
    assert "the data are simulated" in top
    assert "the data are measured" in top
    origins = [image["alt"].rpartition(", ")[2] for image in page.all("img")]
    assert origins == ["simulated data."] * 12 + ["measured data."] * 12


def test_every_figure_has_a_text_of_its_own(page: Page) -> None:
    alts = [image["alt"] for image in page.all("img")]
    assert all(len(alt) > 30 and "{" not in alt for alt in alts)
    assert len(set(alts)) == len(alts)
    assert alts[2].startswith(
        "Predicted against observed density and mass loading of Graphite, NMC and Si-Gra"
    )
    assert len(page.all("button", **{"class": "zoom"})) == len(alts)


def test_every_figure_of_errors_says_how_many_splits(page: Page) -> None:
    text = page.path.read_text("utf-8")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text, flags=re.DOTALL)
    diagrams = [caption for caption in captions if "split" not in caption]
    assert len(captions) == 24
    assert len(diagrams) == 4  # the workflow and the networks, of two studies
    assert "1 of 100 splits" in text
    assert "Up to 20 splits" in text


def test_links_resolve(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [link["href"] for link in page.all("a")]
    assert len(links) > 60
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        else:
            assert (page.path.parent / unquote(link)).is_file(), link
    labels = [attributes.get("aria-labelledby", ids[0]) for _, attributes in page.found]
    assert set(labels) <= set(ids)


def test_nothing_comes_from_elsewhere(page: Page) -> None:
    for tag, attributes in page.found:
        for name in ("src", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, name)
        if tag == "link":
            assert attributes["href"] == "data:,"
        assert not any(name.startswith("on") for name in attributes)
    text = page.path.read_text("utf-8")
    assert "://" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_every_column_can_be_sorted(page: Page) -> None:
    headers = page.all("th")
    assert len(headers) == len(page.all("button", **{"class": "sort"})) > 60
    assert all(header["scope"] == "col" for header in headers)
    boxes = [box for box in page.all("div") if box.get("class", "").startswith("box")]
    assert len(boxes) == len(page.all("table"))
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_headings_go_down_in_single_steps(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.found if re.fullmatch(r"h\d", tag)]
    assert levels[:2] == [1, 2]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_equal_results_give_equal_pages(tmp_path: Path, root: Path) -> None:
    pages = [build(tmp_path / name, root, [study("one")]) for name in ("a", "b")]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_one_origin_is_said_once(tmp_path: Path, root: Path) -> None:
    text = build(tmp_path, root, [study("one", "measured")]).read_text("utf-8")
    assert "All data of this report are measured." in text
    assert "simulated" not in text[: text.index("<main")]


def test_a_missing_table_is_named(tmp_path: Path, root: Path) -> None:
    record = study("one")
    build(tmp_path, root, [record])
    record["tables"], record["figures"] = [{"name": "table_9", "kind": "errors"}], []
    with pytest.raises(InputError, match="table 'table_9' is not among"):
        build_report.main(
            [
                *("--studies", json.dumps([record]), "--counts", "{}"),
                *("--verdict", str(tmp_path / "tables" / "verdict.md")),
                *("--settings", str(tmp_path / "settings.yaml")),
                *("--captions", str(root / "workflow" / "report" / "rejected.rst")),
                *("--page", str(tmp_path / "other.html")),
            ]
        )
    assert not (tmp_path / "other.html").exists()


def test_markdown_is_escaped_and_its_headings_are_moved() -> None:
    text = "# One <b>\n\n### Two\n\n![x](http://y)\n\n| a | |\n|---|---:|\n| 1 | <i> 95 % |\n"
    made = markdown(text, "p", level=4)
    assert '<h4 id="p-part-1">One &lt;b&gt;</h4>' in made
    assert '<h6 id="p-part-2">Two</h6>' in made
    assert "<img" not in made
    assert 'aria-label="Sort by column 2"' in made
    assert '<td class="number" data-label="">&lt;i&gt; 95\u00a0%</td>' in made


def test_bitmaps_are_taken_where_they_are_smaller() -> None:
    assert data_uri(b"<svg/>", b"p").startswith("data:image/svg+xml;")
    assert data_uri(b"<svg><image/></svg>", b"p").startswith("data:image/png;")
    assert data_uri(b"<svg><image/></svg>").startswith("data:image/svg+xml;")
    assert data_uri(b"<image", b"larger than that").startswith("data:image/svg+xml;")


# What the page does, and not only says: run within it, told by the page's title.
PROBE = """
const told = [];
const table = document.querySelector("#table-one_comparison table");
const sort = (column) => table.querySelectorAll(".sort")[column].click();
const order = () => told.push(
  [...table.tBodies[0].rows].map((row) => row.cells[0].textContent.slice(2)).join(" "));
sort(2); order(); sort(2); order(); sort(2); order(); sort(3); order(); sort(1); order();
told.push(table.querySelectorAll("[aria-sort]").length);
told.push([...document.images].every((image) => image.complete && image.naturalWidth > 0));
told.push(document.documentElement.scrollWidth <= innerWidth);
document.querySelector(".zoom").click();
told.push(document.getElementById("zoom").open, document.querySelectorAll("dialog img").length);
const shown = () => document.querySelector("dialog img").clientWidth;
const first = shown();
document.querySelector("[data-zoom=in]").click();
told.push(first > document.querySelector(".zoom img").clientWidth, shown() > first);
document.querySelector("dialog [value=close]").click();
told.push(document.getElementById("zoom").open, document.getElementById("contents").open);
document.title = "told: " + told.join("; ") + ".";
"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize(("width", "contents"), [(1280, True), (400, False)])
def test_in_a_browser(page: Page, tmp_path: Path, width: int, contents: bool) -> None:
    assert CHROMIUM is not None
    text = page.path.read_text("utf-8")
    probed = page.path.with_name(f"probed_{width}.html")
    probed.write_text(text.replace("</body>", f"<script>{PROBE}</script></body>"), "utf-8")
    # Windows are no narrower than 500 pixels; frames are.
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="frame" src="{probed.as_uri()}" style="width:{width}px;height:900px;'
        'border:0"></iframe><script>onload = () => document.title = '
        'document.getElementById("frame").contentDocument.title;</script>',
        "utf-8",
    )
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--enable-logging=stderr", "--allow-file-access-from-files"),
            *("--virtual-time-budget=5000", f"--user-data-dir={tmp_path / 'profile'}"),
            *(f"--window-size={max(600, width + 40)},1000", frame.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "CONSOLE" not in done.stderr, done.stderr[-2000:]
    said = re.search(r"<title>told: (.*?)\.</title>", done.stdout)
    assert said, done.stdout[-1000:] + done.stderr[-1000:]
    assert said[1].split("; ") == [
        "Best Middle Worst None",
        "Worst Middle Best None",
        "Middle Worst None Best",
        "Worst Best Middle None",
        "Middle Worst None Best",
        *("1", "true", "true", "true", "1", "true", "true", "false", str(contents).lower()),
    ]
