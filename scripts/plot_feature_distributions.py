"""Draw histograms of every feature, the domains in their colours (figures 2 and S3).

plot_feature_distributions.py --clean results/clean/graphite.parquet \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"}]' \\
        --features '[{"name": "comma_gap_um", "label": "Comma gap", "unit": "µm"}]' \\
        --figure figure_2.svg figure_2.png
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table


def main(argv: Sequence[str] | None = None) -> None:
    """Read the clean tables and draw their features."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--clean", type=Path, nargs="+", required=True, help="clean tables, one for each domain"
    )
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="their names, labels and colours"
    )
    parser.add_argument(
        "--features", type=cli.json_value, required=True, help="the columns to draw"
    )
    options = parser.parse_args(argv)

    domains = figures.pair("--clean", options.clean, Domain.many(options.domains))
    figure = figures.distributions(
        [read_table(path) for path in options.clean],
        domains,
        Variable.many(options.features),
        origin=options.origin,
    )
    figures.save(figure, options.figure)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
