"""Draw histograms of every property, the domains in their colours (figures 3 and 8).

plot_property_distributions.py --clean results/clean/graphite.parquet \\
        --domains '[{"name": "graphite", "label": "Graphite", "color": "#2e8b57"}]' \\
        --properties '[{"name": "density_g_cm3", "label": "Density", "unit": "g/cm³"}]' \\
        --figure figure_3.svg figure_3.png
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, figures
from adaptrode.description import Domain, Variable
from adaptrode.files import read_table


def main(argv: Sequence[str] | None = None) -> None:
    """Read the clean tables and draw their properties."""
    parser = figures.parser(__doc__)
    parser.add_argument(
        "--clean", type=Path, nargs="+", required=True, help="clean tables, one for each domain"
    )
    parser.add_argument(
        "--domains", type=cli.json_value, required=True, help="their names, labels and colours"
    )
    parser.add_argument(
        "--properties", type=cli.json_value, required=True, help="the columns to draw"
    )
    options = parser.parse_args(argv)

    domains = figures.pair("--clean", options.clean, Domain.many(options.domains))
    figure = figures.distributions(
        [read_table(path) for path in options.clean],
        domains,
        Variable.many(options.properties),
        origin=options.origin,
        lettered=True,
    )
    figures.save(figure, options.figure)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
