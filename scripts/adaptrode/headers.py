"""What a laboratory's column headers say: a label, a unit, a name for the settings.

Understood are ``Gap / µm``, ``Gap (µm)``, ``Gap [µm]``, ``Gap, µm`` and ``gap_um``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 60  # of a name in the settings
RESERVED = {"row"}  # the pipeline's own column of row numbers

_ENCLOSED = re.compile(r"(?P<label>.*\S)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]")
_DIVIDED = re.compile(r"(?P<label>.*?\S)\s+/\s+(?P<unit>\S.*)")
_BESIDE = re.compile(r"(?P<label>.*?\S)\s*(?:/|,|\bin\b)\s*(?P<unit>\S.*)")
_PURE = {"", "-", "1"}  # what a pure number's unit is written as


@dataclass(frozen=True)
class Header:
    """One column's header as the file has it, and what it says."""

    text: str
    name: str
    label: str
    unit: str


def understood(headers: Iterable[str]) -> list[Header]:
    """What each header of one file says; their names are unique."""
    found: list[Header] = []
    taken = set(RESERVED)
    for number, text in enumerate(headers, 1):
        label, unit = _label_and_unit(_folded(text))
        if is_name(text):
            name = text
        else:
            ending = simple(unit)
            name = simple(label) or f"column_{number}"
            if ending and not f"_{name}".endswith(f"_{ending}"):
                name = f"{name[: LONGEST - len(ending) - 1]}_{ending}"
        name = unused(name, taken)
        taken.add(name)
        found.append(Header(_folded(text), name, label or f"Column {number}", unit))
    return found


def is_name(text: str) -> bool:
    """Whether the settings take a text for a name."""
    return re.fullmatch(r"[a-z][a-z0-9_]*", text) is not None and len(text) <= LONGEST


def words(text: str) -> str:
    """A name as a label: spaces, and a capital at the beginning."""
    spaced = " ".join(re.split(r"[_\s]+", text.strip(" _")))
    return spaced[:1].upper() + spaced[1:]


def unused(name: str, taken: Iterable[str]) -> str:
    """The name as the settings allow it, with a number where it is taken already."""
    name = (name if name[:1].isalpha() else f"x_{name}")[:LONGEST]
    taken, number, made = set(taken), 1, name
    while made in taken:
        number += 1
        made = f"{name[: LONGEST - len(str(number)) - 1]}_{number}"
    return made


def simple(text: str) -> str:
    """Text as lower-case ASCII words with underscores between them."""
    spelt = text.replace("%", " pct ").replace("°C", " degc ").replace("Ω", " ohm ")
    spelt = unicodedata.normalize("NFKD", spelt.replace("ß", "ss")).replace("μ", "u")
    plain = spelt.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def _label_and_unit(header: str) -> tuple[str, str]:
    for form in (_ENCLOSED, _DIVIDED):
        if match := form.fullmatch(header):
            unit = match["unit"].strip()
            return words(match["label"]), "" if unit in _PURE else UNITS.get(simple(unit), unit)
    match = _BESIDE.fullmatch(header)
    if match and simple(match["unit"]) in UNITS:
        return words(match["label"]), UNITS[simple(match["unit"])]
    parts = [part for part in re.split(r"[_\s]+", header) if part]
    for length in (2, 1):  # the longest unit that the name ends with
        ending = "_".join(parts[-length:]).lower()
        if len(parts) > length and ending in UNITS:
            return words("_".join(parts[:-length])), UNITS[ending]
    if len(parts) > 1 and parts[-1].lower() == "c" and parts[-2].lower().startswith("temp"):
        return words("_".join(parts[:-1])), "°C"
    return words(header), ""


def _folded(text: str) -> str:
    return " ".join(text.split())


_KNOWN = """
    nm µm mm cm mm² cm² cm³ mg g kg mL L mol % wt.% vol.% ppm s min h d Hz rpm
    mg/cm² g/cm² g/m² g/cm³ kg/m³ g/L mol/L kg/L m²/g m/min m/s mm/s cm/s mL/min
    Pa kPa MPa GPa bar mbar N kN N/m N/mm kN/m Pa·s mPa·s °C K V mV mA mAh Ah W kW
    mAh/g mAh/cm² mA/cm² Wh/kg Ω mΩ Ω·cm² mΩ·cm² S/m S/cm mS/cm
"""
# As a part of a column's name: as it is written for a reader.
UNITS = {simple(unit): unit for unit in _KNOWN.split()}
UNITS |= {"percent": "%", "deg_c": "°C", "mohm": "mΩ", "mohm_cm2": "mΩ·cm²"}
