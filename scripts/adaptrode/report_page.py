"""The report: one page that stands alone, the verdict first, then every study.

Nothing is loaded from elsewhere: styles, script and figures are in the page. It holds no
time and no random name, so that equal results give an equal page.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment

from adaptrode.errors import InputError
from adaptrode.report_kinds import FIGURE_KINDS, TABLE_KINDS, TOPICS
from adaptrode.sortable import inline, markdown

PARTS = Path(__file__).parent / "page"
TITLE = "Adaptrode: does the transfer help?"
ORIGINS = {
    "simulated": "simulated: made by a model, not measured in a laboratory",
    "measured": "measured",
}


@dataclass(frozen=True)
class Entry:
    """A figure or a table of a study: its file name, its kind and what of the study it shows."""

    name: str
    kind: str
    property: str | None = None
    domain: str | None = None


@dataclass(frozen=True)
class Study:
    """What the page says of a study.

    ``domains`` maps names to labels, the source first; ``properties`` are labels.
    """

    name: str
    title: str
    origin: str
    domains: Mapping[str, str]
    properties: Sequence[str]
    figures: Sequence[Entry]
    tables: Sequence[Entry]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Study:
        """From a record as read from JSON."""
        entries = {key: [Entry(**entry) for entry in record[key]] for key in ("figures", "tables")}
        return cls(**{**record, **entries})

    def words(self, entry: Entry) -> dict[str, str]:
        """What an alternative text may name."""
        labels = list(self.domains.values())
        shown = [self.domains[entry.domain]] if entry.domain else labels
        names = [entry.property] if entry.property else self.properties
        return {
            "domains": _listed(shown),
            "source": labels[0],
            "targets": _listed(labels[1:]),
            "properties": _listed([_within(name) for name in names]),
        }


@dataclass(frozen=True)
class Contents:
    """The texts and pictures of a page, by the names of their files without suffix."""

    verdict: str
    tables: Mapping[str, str]
    pictures: Mapping[str, str]  # data URIs
    captions: Mapping[str, str]  # by kind of figure
    settings: str
    links: Mapping[str, str] = field(default_factory=dict)  # hrefs by file name


@dataclass(frozen=True)
class _Item:
    id: str
    title: str
    body: str
    picture: str = ""
    alt: str = ""
    basis: str = ""
    link: str = ""


def data_uri(svg: bytes, png: bytes | None = None) -> str:
    """A figure within a page: its SVG, or its PNG where the SVG is a larger bitmap."""
    if png is not None and b"<image" in svg and len(png) < len(svg):
        return f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def report_page(studies: Sequence[Study], contents: Contents, counts: Mapping[str, int]) -> str:
    """The page as HTML.

    Parameters
    ----------
    studies
        In the order in which they are shown.
    contents
        What they hold. Links that are not given are left out.
    counts
        Numbers of splits: ``repeats``, and ``size_repeats`` of the learning curves.

    Raises
    ------
    InputError
        When a figure or table of a study, or a figure's caption, is not among the contents.
    """
    sections = [
        {
            "id": "verdict",
            "title": "Verdict",
            "body": markdown(contents.verdict, "verdict", level=3, cards=True),
        },
        *(_study_section(study, contents, counts) for study in studies),
        _run_section(contents),
    ]
    environment = Environment(autoescape=True, trim_blocks=False, keep_trailing_newline=True)
    template = environment.from_string((PARTS / "report.html").read_text("utf-8"))
    return template.render(
        title=TITLE,
        origins=_origins(studies),
        sections=sections,
        css=(PARTS / "report.css").read_text("utf-8"),
        js=(PARTS / "report.js").read_text("utf-8"),
    )


def _origins(studies: Sequence[Study]) -> list[str]:
    if len({study.origin for study in studies}) == 1:
        return [f"All data of this report are {ORIGINS[studies[0].origin]}."]
    return [f"{study.title}: the data are {ORIGINS[study.origin]}." for study in studies]


def _study_section(study: Study, contents: Contents, counts: Mapping[str, int]) -> dict[str, Any]:
    source, *targets = study.domains.values()
    body = f"<p>Source: {escape(source)}. Targets: {escape(_listed(targets))}.</p>"
    rejected = [
        f'<a href="{escape(contents.links[name])}">{escape(label)}</a>'
        for domain, label in study.domains.items()
        if (name := f"{domain}.rejected.csv") in contents.links
    ]
    if rejected:
        caption = markdown(_caption("rejected", contents), study.name)
        body += f"\n{caption.removesuffix('</p>')} {', '.join(rejected)}.</p>"
    topics = []
    for topic, places in TOPICS.items():
        items = [item for place in places for item in _items(study, place, contents, counts)]
        if items:
            topics.append({"id": f"{study.name}-{topic.lower()}", "title": topic, "items": items})
    return {
        "id": f"study-{study.name}",
        "title": study.title,
        "origin": study.origin,
        "body": body,
        "topics": topics,
    }


def _items(
    study: Study, place: tuple[str, str], contents: Contents, counts: Mapping[str, int]
) -> list[_Item]:
    what, kind = place
    if what == "table":
        found = [entry for entry in study.tables if entry.kind == kind]
        return [_table(entry, contents) for entry in found]
    found = [entry for entry in study.figures if entry.kind == kind]
    return [_figure(study, entry, contents, counts) for entry in found]


def _figure(study: Study, entry: Entry, contents: Contents, counts: Mapping[str, int]) -> _Item:
    kind = FIGURE_KINDS[entry.kind]
    about = entry.property or (study.domains[entry.domain] if entry.domain else None)
    alt = kind.alt.format(**study.words(entry))
    return _Item(
        id=f"figure-{entry.name}",
        title=_title("figure", entry.name, kind.title, about),
        body=inline(_caption(entry.kind, contents, figure=entry.name)),
        picture=_given(contents.pictures, entry.name, "figure"),
        alt=f"{alt}; {study.title}, {study.origin} data.",
        basis=f"{study.origin.capitalize()} data. {kind.basis.format(**counts)}".strip(),
    )


def _table(entry: Entry, contents: Contents) -> _Item:
    return _Item(
        id=f"table-{entry.name}",
        title=_title("table", entry.name, TABLE_KINDS[entry.kind]),
        body=markdown(_given(contents.tables, entry.name, "table"), f"table-{entry.name}", level=5),
        link=contents.links.get(f"{entry.name}.csv", ""),
    )


def _run_section(contents: Contents) -> dict[str, Any]:
    """How the run was made: methods, settings, and the workflow's own report."""
    items = []
    if "methods" in contents.tables:
        items.append(_table(Entry("methods", "methods"), contents))
    settings = _Item(
        id="settings",
        title="Settings",
        body=(
            f"<p>{inline(_caption('settings', contents))}</p>\n"
            "<details><summary>Show the settings</summary>\n"
            f'<pre tabindex="0">{escape(contents.settings)}</pre></details>'
        ),
    )
    items.append(settings)
    body = ""
    if link := contents.links.get("workflow_report.html"):
        body = (
            f'<p><a href="{escape(link)}">The workflow\'s own report</a> says which job made '
            "each file, with which code, and how long it took.</p>"
        )
    topics = [{"id": "run-parts", "title": "Methods and settings", "items": items}]
    return {"id": "run", "title": "The run", "body": body, "topics": topics}


def _title(what: str, name: str, title: str, about: str | None = None) -> str:
    """A heading: numbered where the file's name has a number, as in the paper."""
    if about:
        title = f"{title}, {_within(about)}"
    numbered = re.fullmatch(rf"{what}_(s?\d+)", name)
    return (
        f"{what.capitalize()} {numbered[1].upper()}: {title}" if numbered else f"{title} ({what})"
    )


def _caption(kind: str, contents: Contents, **wildcards: str) -> str:
    """A caption, which may ask for the figure's name as the workflow's report lets it."""
    template = Environment().from_string(_given(contents.captions, kind, "caption"))
    return template.render(snakemake={"wildcards": wildcards})


def _given(texts: Mapping[str, str], name: str, what: str) -> str:
    if name not in texts:
        raise InputError(
            f"the {what} '{name}' is not among the files of the report",
            found=", ".join(sorted(texts)) or "none",
            mend="name its file, or take it out of the description of the studies",
        )
    return texts[name]


def _listed(labels: Sequence[str]) -> str:
    """As in "a, b and c"."""
    return " and ".join(part for part in (", ".join(labels[:-1]), *labels[-1:]) if part)


def _within(label: str) -> str:
    """A label within a sentence: small, unless its capitals mean something, as in "NMC"."""
    first = label.split()[0] if label.split() else label
    return label[:1].lower() + label[1:] if first[1:].islower() else label
