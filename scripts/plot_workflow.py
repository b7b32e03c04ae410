"""Draw what is learnt where and carried over to what (figure 1).

    plot_workflow.py --clean results/clean/{graphite,nmc}.parquet \\
        --studies '[{"title": "Lithium-ion battery electrodes", "origin": "simulated",
            "domains": [{"name": "graphite", "label": "Graphite", "color": "#2e8b57"},
                        {"name": "nmc", "label": "NMC", "color": "#c8322b"}],
            "features": [{"name": "comma_gap_um", "label": "Comma gap", "unit": "µm"}],
            "properties": [{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]}]' \\
        --figure figure_1.svg figure_1.png

One clean table for each domain, in the order of the studies and their domains, the source first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from adaptrode import cli, figures, schematics
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table

# All lengths are inches.
CARD, CARD_GAP, TITLE, LANE, MARGIN, ARROW = 0.62, 0.14, 0.5, 1.45, 0.25, 0.65
NETWORK_WIDTH, LEAST_WIDTH, LETTER = 3.0, 1.7, 0.088
MOST_FEATURES = 12
NEUTRAL = figures.NOTE_COLOR

Span = tuple[float, float]  # left edge and width


@dataclass(frozen=True)
class Study:
    """What one row of the figure shows."""

    title: str
    origin: str
    domains: list[Domain]
    counts: list[int]
    features: list[Variable]
    properties: list[Variable]

    @property
    def lanes(self) -> tuple[float, float]:
        """Heights of the source's and of the targets' lane."""
        targets = (len(self.domains) - 1) * (CARD + CARD_GAP)
        lanes = LANE, max(LANE, targets) if targets else 0.0
        listed = min(len(self.features), MOST_FEATURES + 1)
        needed = max(0.21 * listed + 0.55, len(self.properties) * (CARD + CARD_GAP))
        spare = max(0.0, needed - sum(lanes)) / 2
        return lanes[0] + spare, lanes[1] + spare

    @property
    def height(self) -> float:
        """With title and margin."""
        return TITLE + sum(self.lanes) + 0.35


def main(argv: Sequence[str] | None = None) -> None:
    """Count the rows and draw a row for each study."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--studies", type=cli.json_value, required=True, help="what to draw, see above"
    )
    parser.add_argument(
        "--clean", type=Path, nargs="+", required=True, help="clean tables, one for each domain"
    )
    options = parser.parse_args(argv)

    figures.pair("--clean", options.clean, [d for s in options.studies for d in s["domains"]])
    counts = iter([len(read_table(path)) for path in options.clean])
    studies = [
        Study(
            title=record["title"],
            origin=record.get("origin", options.origin),
            domains=Domain.many(record["domains"]),
            counts=[next(counts) for _ in record["domains"]],
            features=Variable.many(record["features"]),
            properties=Variable.many(record["properties"]),
        )
        for record in options.studies
    ]
    spans = columns(studies)
    top = sum(study.height for study in studies)
    figure, axis = schematics.sheet(sum(spans[-1]) + MARGIN, top)
    for study in studies:
        draw(axis, study, spans, top)
        top -= study.height
    figures.save(figure, options.figure)


def columns(studies: Sequence[Study]) -> list[Span]:
    """Where data, features, networks and properties stand: wide enough for the longest name."""
    longest = (
        max(len(domain.label) for study in studies for domain in study.domains),
        max(len(feature.title) for study in studies for feature in study.features),
        0,
        max(len(variable.label) for study in studies for variable in study.properties),
    )
    spans: list[Span] = []
    left = MARGIN
    for index, letters in enumerate(longest):
        width = NETWORK_WIDTH if index == 2 else max(LEAST_WIDTH, letters * LETTER + 0.3)
        spans.append((left, width))
        left += width + ARROW
    return spans


def draw(axis: Axes, study: Study, spans: Sequence[Span], top: float) -> None:
    """Draw one study below a height."""
    title = axis.text(MARGIN, top - 0.12, study.title, fontsize=12, fontweight="bold", va="top")
    if study.origin == "simulated":
        axis.annotate(
            "simulated data",
            xy=(1, 0),
            xycoords=title,
            xytext=(10, 1.5),
            textcoords="offset points",
            style="italic",
            fontsize=9,
            color=NEUTRAL,
        )
    top -= TITLE
    upper, lower = study.lanes
    source_y, target_y = top - upper / 2, top - upper - lower / 2
    source, targets = study.domains[0], study.domains[1:]
    data, feature_span, network, property_span = spans

    heights = [source_y, *stacked(len(targets), target_y)]
    for domain, count, y in zip(study.domains, study.counts, heights, strict=True):
        role = "source" if domain is source else "target"
        box(axis, data, y - CARD / 2, y + CARD / 2, domain.color)
        entry(axis, data, y, domain.label, f"{role}, {count} rows", domain.color)
    box(axis, feature_span, top - upper - lower, top, NEUTRAL)
    list_features(axis, feature_span, study.features, top - (upper + lower) / 2)
    draw_networks(axis, network[0] + 0.15, source, targets, source_y, target_y)
    box(axis, property_span, top - upper - lower, top, NEUTRAL)
    middles = stacked(len(study.properties), top - (upper + lower) / 2)
    for variable, y in zip(study.properties, middles, strict=True):
        entry(axis, property_span, y, variable.label, variable.unit, figures.INK)
    for y in (source_y, target_y) if targets else (source_y,):
        for left, right in pairwise(spans):
            schematics.arrow(axis, (sum(left) + 0.1, y), (right[0] - 0.1, y), NEUTRAL)


def stacked(count: int, middle: float) -> list[float]:
    """Middles of cards, one below the other."""
    step = CARD + CARD_GAP
    return [middle + ((count - 1) / 2 - index) * step for index in range(count)]


def box(axis: Axes, span: Span, low: float, high: float, color: str) -> None:
    """A rounded box between two heights."""
    for face, edge, alpha in ((color, "none", 0.1), ("none", color, 1.0)):
        axis.add_patch(
            FancyBboxPatch(
                (span[0], low),
                span[1],
                high - low,
                boxstyle="round,pad=0,rounding_size=0.08",
                fc=face,
                ec=edge,
                alpha=alpha,
                lw=1.3,
            )
        )


def entry(axis: Axes, span: Span, y: float, name: str, detail: str, color: str) -> None:
    """A name and a line below it."""
    x = span[0] + span[1] / 2
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    axis.text(x, y + (0.11 if detail else 0), name, fontweight="bold", color=color, **centred)
    axis.text(x, y - 0.13, detail, fontsize=9, **centred)


def list_features(axis: Axes, span: Span, features: Sequence[Variable], middle: float) -> None:
    """How many features there are and their names, around a height."""
    names = [feature.title for feature in features[:MOST_FEATURES]]
    if len(features) > MOST_FEATURES:
        names.append(f"and {len(features) - MOST_FEATURES} more")
    x, y = span[0] + span[1] / 2, middle + 0.105 * len(names)
    count = f"{len(features)} features" if len(features) > 1 else "1 feature"
    axis.text(x, y + 0.02, count, ha="center", va="center", fontweight="bold")
    for index, name in enumerate(names):
        axis.text(x, y - 0.25 - 0.21 * index, name, ha="center", va="center", fontsize=9)


def draw_networks(
    axis: Axes,
    left: float,
    source: Domain,
    targets: Sequence[Domain],
    source_y: float,
    target_y: float,
) -> None:
    """The trained network, and below it the frozen one with its adapter."""
    gap = 0.42
    small: dict[str, Any] = {"fontsize": 9}
    frozen, adapter = schematics.FROZEN_COLOR, schematics.ADAPTER_COLOR
    shape: dict[str, Any] = {"left": left, "gap": gap, "spacing": 0.21, "node": 0.13}
    schematics.draw_network(axis, [4, 3, 3, 1], [source.color] * 4, middle=source_y, **shape)
    axis.text(
        left + 3 * gap + 0.17, source_y, "network trained\non the source", va="center", **small
    )
    if not targets:
        return
    colors = [frozen] * 4 + [adapter] * 2
    schematics.draw_network(axis, [4, 3, 3, 1, 3, 1], colors, middle=target_y, **shape)
    centre = left + 1.5 * gap
    below: dict[str, Any] = {"ha": "center", "va": "top", **small}
    axis.text(centre, target_y - 0.44, "❄ frozen", color=NEUTRAL, **below)
    which = "the target" if len(targets) == 1 else "each target"
    axis.text(
        left + 4.6 * gap, target_y - 0.44, f"adapter trained\non {which}", color=adapter, **below
    )
    schematics.arrow(axis, (centre, source_y - 0.5), (centre, target_y + 0.5), source.color)
    axis.text(centre + 0.12, (source_y + target_y) / 2, "transfer", va="center", **small)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
