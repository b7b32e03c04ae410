"""A study's settings as text to read and to correct."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from adaptrode.proposal import Proposal

COLORS = ("#2e8b57", "#1f5fbf", "#c8322b", "#8b5fbf", "#b8860b", "#4f4f4f", "#d2691e", "#008b8b")
HIDDEN, ADAPTER = [4, 4, 4, 4], [4]  # the paper's networks for an electrode's density

_HEAD = """\
# Settings proposed by new_study.py from the columns of {files}.
# Guesses are marked CHECK. What is left out here is as in the project's own config.yaml,
# which explains every entry. To run it:
#
#   {command}

# For a first look in a fraction of the time, take away the two signs below:
# split: {{repeats: 10, sizes: [5, 10], size_repeats: 3}}
# recipes: [robust]
{methods}
studies:
  {study}:
    title: {title}  # as the report calls it
    origin: {origin}  # measured or simulated; said beside every result
    source: {source}
    targets: [{targets}]
    domains:
"""

# A property that is not positive has no logarithm.
_LINEAR = """
# A property has values of zero or less, so the methods on logarithms are not run.
methods:
  - {name: median}
  - {name: ridge}
  - {name: neighbors, repeats: 20, curve_repeats: 0}
  - {name: forest, repeats: 20, curve_repeats: 0}
  - {name: gp}
  - {name: recalibration}
  - {name: pooled_forest, repeats: 20, curve_repeats: 0}
  - {name: residual_gp, repeats: 50, curve_repeats: 0}
  - {name: hierarchical_ridge}
  - {name: hierarchical_gp, repeats: 50, curve_repeats: 0}
  - {name: auto, repeats: 30, curve_repeats: 10, settings: {candidates: [ridge, gp, hierarchical_ridge, residual_gp]}}
  - {name: auto_alone, repeats: 30, curve_repeats: 10, settings: {candidates: [ridge, gp]}}
learning_curves: [adapter, scratch, ridge, gp, hierarchical_ridge, auto, auto_alone]
application: {counted: gp}
"""  # noqa: E501

_STILL = """
# {names}: never varied in the source, whose networks know nothing of it. Scaled with the targets'
# rows it cannot drive them far off; remove this to scale on the source's rows, as the paper does.
training: {{scaling: pooled}}
"""


def config_text(
    proposal: Proposal,
    *,
    study: str,
    domains: Mapping[str, tuple[str, str]],
    origin: str,
    command: str,
) -> str:
    """The settings of one study, with comments.

    Parameters
    ----------
    proposal
        What the columns are for.
    study
        Its name.
    domains
        Label and path of each domain's raw table, the source's first.
    origin
        ``measured`` or ``simulated``.
    command
        What runs it, for the comment at the top.
    """
    source, *targets = domains
    labels = [label for label, _ in domains.values()]
    text = _HEAD.format(
        files=_comment(", ".join(path for _, path in domains.values())),
        command=_comment(command),
        methods=(_STILL.format(names=_comment(", ".join(proposal.still))) if proposal.still else "")
        + ("" if proposal.positive else _LINEAR),
        study=study,
        title=_scalar(f"{labels[0]} to {', '.join(labels[1:])}"),
        origin=origin,
        source=source,
        targets=", ".join(targets),
    )
    for number, (name, (label, path)) in enumerate(domains.items()):
        kept, rows = proposal.rows[name]
        record: dict[str, Any] = {"label": label, "color": COLORS[number % len(COLORS)]}
        record["raw"] = path
        text += f"      # {kept} of its {rows} rows are usable with these settings.\n"
        text += f"      {name}:\n"
        text += "".join(f"        {key}: {_flow(value)}\n" for key, value in record.items())
        if renamed := proposal.columns[name]:
            text += "        columns:  # what the file calls them\n"
            text += "".join(f"          {key}: {_scalar(own)}\n" for key, own in renamed.items())
    text += _role("group", proposal.group, "the column of rows that belong together (one batch)")
    text += _role("identifier", proposal.identifier, "the column that names a row")
    text += (
        "\n    # CHECK low and high: what is physically possible, here the data's range and half\n"
        "    # of it more on either side. A row outside is rejected, so that a slip of the pen\n"
        "    # or another unit is found; CHECK units, which are guessed from the headers.\n"
        "    features:\n"
    )
    text += _list(proposal.features, proposal.remarks)
    text += (
        "\n"
        "    # CHECK what is to be predicted. hidden and adapter are the widths of the network's\n"
        "    # layers and of the adapter's. Where a property follows from raw measurements, see\n"
        "    # `measurements` and `equations` in the project's config.yaml.\n    properties:\n"
    )
    widths = {"hidden": HIDDEN, "adapter": ADAPTER}
    text += _list([{**record, **widths} for record in proposal.properties], proposal.remarks)
    if proposal.left_out:
        text += "\n    # Left out:\n"
        for header, why in proposal.left_out.items():
            text += f"    #   {_comment(header)}: {_comment(why)}\n"
    return text


def _role(key: str, found: tuple[str, bool] | None, meaning: str) -> str:
    if found is None:
        return f"    # {key}: NAME  # {meaning}; none was found\n"
    name, sure = found
    if sure:
        return f"    {key}: {name}  # CHECK: {meaning}\n"
    return (
        f"    # Perhaps {meaning}; where a file calls it otherwise, say so under `columns`:\n"
        f"    # {key}: {name}\n"
    )


def _list(records: Sequence[Mapping[str, Any]], remarks: Mapping[str, str]) -> str:
    text = ""
    for record in records:
        line = f"      - {_flow(record)}"
        remark = _comment(remarks.get(record["name"], ""))
        # A remark that would make the line too long to read goes above it.
        if len(line) + len(remark) > 96:
            text += f"      # {remark}\n{line}\n"
        else:
            text += f"{line}  # {remark}\n" if remark else f"{line}\n"
    return text


def _flow(value: Any) -> str:
    """A value in YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return str(yaml.safe_dump(value)).split("\n")[0]
    text = str(value)
    plain = re.fullmatch(r"[^\W\d][\w ./%²³-]*", text) and not text.endswith(" ")
    return text if plain and yaml.safe_load(text) == text else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """Text that cannot break out of a comment's line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
