"""What a laboratory's column headers say: a label, a unit, a name for the settings.

Understood are ``Gap / µm``, ``Gap (µm)``, ``Gap [µm]``, ``Gap, µm`` and ``gap_um``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LONGEST = 60  # of a name in the settings
RESERVED = {"row"}  # the pipeline's own column of row numbers

# As a part of a column's name: as it is written for a reader.
UNITS = {
    **{"um": "µm", "nm": "nm", "mm": "mm", "cm": "cm", "mm2": "mm²", "cm2": "cm²", "cm3": "cm³"},
    **{"mg": "mg", "g": "g", "kg": "kg", "ml": "mL", "l": "L", "mol": "mol"},
    **{"mg_cm2": "mg/cm²", "g_cm2": "g/cm²", "g_m2": "g/m²", "g_cm3": "g/cm³", "kg_m3": "kg/m³"},
    **{"g_l": "g/L", "mol_l": "mol/L", "kg_l": "kg/L", "m2_g": "m²/g"},
    **{"s": "s", "min": "min", "h": "h", "d": "d", "hz": "Hz", "rpm": "rpm"},
    **{"m_min": "m/min", "m_s": "m/s", "mm_s": "mm/s", "cm_s": "cm/s", "ml_min": "mL/min"},
    **{"pa": "Pa", "kpa": "kPa", "mpa": "MPa", "gpa": "GPa", "bar": "bar", "mbar": "mbar"},
    **{"n": "N", "kn": "kN", "n_m": "N/m", "n_mm": "N/mm", "kn_m": "kN/m"},
    **{"pa_s": "Pa·s", "mpa_s": "mPa·s", "degc": "°C", "deg_c": "°C", "k": "K"},
    **{"v": "V", "mv": "mV", "ma": "mA", "mah": "mAh", "ah": "Ah", "w": "W", "kw": "kW"},
    **{"mah_g": "mAh/g", "mah_cm2": "mAh/cm²", "ma_cm2": "mA/cm²", "wh_kg": "Wh/kg"},
    **{"ohm": "Ω", "mohm": "mΩ", "ohm_cm2": "Ω·cm²", "mohm_cm2": "mΩ·cm²"},
    **{"s_m": "S/m", "s_cm": "S/cm", "ms_cm": "mS/cm"},
    **{"wt_pct": "wt.%", "vol_pct": "vol.%", "pct": "%", "percent": "%", "ppm": "ppm"},
}
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
        if re.fullmatch(r"[a-z][a-z0-9_]*", text) and len(text) <= LONGEST:
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


def file_name(path: Path, taken: Iterable[str] = ()) -> tuple[str, str]:
    """A domain's name and label, from its file."""
    name = unused(simple(path.stem) or "table", taken)
    return name, _words(path.stem) or name


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
            return _words(match["label"]), "" if unit in _PURE else UNITS.get(simple(unit), unit)
    match = _BESIDE.fullmatch(header)
    if match and simple(match["unit"]) in UNITS:
        return _words(match["label"]), UNITS[simple(match["unit"])]
    parts = [part for part in re.split(r"[_\s]+", header) if part]
    for length in (2, 1):  # the longest unit that the name ends with
        ending = "_".join(parts[-length:]).lower()
        if len(parts) > length and ending in UNITS:
            return _words("_".join(parts[:-length])), UNITS[ending]
    if len(parts) > 1 and parts[-1].lower() == "c" and parts[-2].lower().startswith("temp"):
        return _words("_".join(parts[:-1])), "°C"
    return _words(header), ""


def _words(text: str) -> str:
    """A name as a label: spaces, and a capital at the beginning."""
    words = " ".join(re.split(r"[_\s]+", text.strip(" _")))
    return words[:1].upper() + words[1:]


def _folded(text: str) -> str:
    return " ".join(text.split())
