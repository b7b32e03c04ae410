"""Draw the design of one domain: which samples with which parameters.

Writes a CSV with one row a sample: sample_id, domain, seed and the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, files
from adaptrode.designs import PLANS, Range, draw_design


def main(argv: Sequence[str] | None = None) -> None:
    """Write the design."""
    parser = cli.parser(__doc__)
    parser.add_argument("--domain", required=True, help="the domain's name")
    parser.add_argument("--count", type=int, required=True, help="how many samples")
    parser.add_argument(
        "--ranges",
        type=cli.json_value,
        required=True,
        help='parameters as JSON: [{"name": ..., "low": ..., "high": ..., "step": ...}, ...]',
    )
    parser.add_argument("--plan", choices=PLANS, default="uniform")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the design, a CSV")
    given = parser.parse_args(argv)
    design = draw_design(
        given.domain, given.count, Range.many(given.ranges), given.plan, given.seed
    )
    files.write_table(design, given.output)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
