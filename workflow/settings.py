"""Settings of a run: filled up with defaults, checked, and read by the rules.

This is the only Python that knows the layout of ``config.yaml``. It knows nothing of
rules; the rules ask it for what a script needs.
"""

from __future__ import annotations

import difflib
import inspect
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from adaptrode.categories import expanded
from adaptrode.errors import InputError
from adaptrode.physics import EQUATIONS

SCHEMA = Path(__file__).parent / "schemas" / "config.schema.yaml"
TABLE_KINDS = (
    *("errors", "architectures", "distributions", "importance"),
    *("comparison", "learning_curves", "shift", "coverage"),
)
KINDS = ("features", "properties", "measurements")  # of columns of numbers
PER_PROPERTY = ("shapley_force", "shapley_beeswarm", "scratch_loss")


@dataclass(frozen=True)
class Figure:
    """One figure to draw: its file name, its kind and what it shows."""

    name: str
    kind: str
    study: str
    property: str | None = None


@dataclass(frozen=True)
class Table:
    """One table to write: its file name, its kind and its study."""

    name: str
    kind: str
    study: str


class Settings:
    """The checked settings of one run.

    Parameters
    ----------
    config
        The mapping read from the configuration files and the command line.
    defaults
        The project's own ``config.yaml``: what a missing top-level key falls back to,
        except for ``studies``, which are always the user's own.

    Raises
    ------
    InputError
        For anything that the schema or the checks below refuse.
    """

    def __init__(self, config: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        filled = {key: value for key, value in defaults.items() if key != "studies"}
        for key, value in config.items():
            default = filled.get(key)
            if isinstance(default, Mapping) and isinstance(value, Mapping):
                filled[key] = {**default, **value}
            else:
                filled[key] = value
        _check_schema(filled)
        _check_finite(filled)
        self.values: dict[str, Any] = filled
        _check_recipes(filled)
        for name in self.studies:
            _check_study(name, self.study(name))
        _check_unique(filled["studies"])

    # What there is

    @property
    def studies(self) -> list[str]:
        """Names of the studies, in the config's order."""
        return list(self.values["studies"])

    def study(self, study: str) -> dict[str, Any]:
        """One study's settings as they stand in the config."""
        found: dict[str, Any] = self.values["studies"][study]
        return found

    def domains(self, study: str) -> list[str]:
        """A study's domains, the source first."""
        return [self.study(study)["source"], *self.study(study)["targets"]]

    @property
    def all_domains(self) -> list[str]:
        """Every domain of every study."""
        return [domain for study in self.studies for domain in self.domains(study)]

    def study_of(self, domain: str) -> str:
        """The study that a domain belongs to."""
        return next(study for study in self.studies if domain in self.domains(study))

    def split_as(self, domain: str) -> str:
        """The first domain with the same raw table: both are split alike.

        A study for each of several sources then judges them on the same splits.
        """
        files = {name: self.raw(name) for name in self.all_domains}
        return next(name for name, file in files.items() if file == files[domain])

    def raw(self, domain: str) -> str:
        """The path of a domain's raw table as it stands in the config."""
        path: str = self.study(self.study_of(domain))["domains"][domain]["raw"]
        return path

    def properties(self, study: str) -> list[str]:
        """Names of a study's properties."""
        return [record["name"] for record in self.study(study)["properties"]]

    def property_settings(self, study: str, name: str) -> dict[str, Any]:
        """One property's settings."""
        return next(p for p in self.study(study)["properties"] if p["name"] == name)

    def tasks(self) -> Iterator[tuple[str, str, str]]:
        """Every (study, property, domain), the source of each property first."""
        for study in self.studies:
            for name in self.properties(study):
                for domain in self.domains(study):
                    yield study, name, domain

    def schemes(self, study: str) -> list[str]:
        """Ways of splitting: by row, and by the grouping column where there is one."""
        group = self.study(study).get("group")
        return ["row", group] if group else ["row"]

    def judging_scheme(self, study: str) -> str:
        """The one that verdicts rest on: by whole groups where there are any."""
        return self.schemes(study)[-1]

    def sizes(self, domain: str) -> list[int]:
        """Numbers of rows of the learning curves; a source has none."""
        if domain == self.study(self.study_of(domain))["source"]:
            return []
        sizes: list[int] = self.values["split"].get("sizes", [])
        return sizes

    def recipes(self) -> list[dict[str, Any]]:
        """The recipes to train, the headline first, each with its name."""
        known = self.values["training"]["recipes"]
        return [{"name": name, **known[name]} for name in self.values["recipes"]]

    @property
    def generated(self) -> list[str]:
        """Domains of the studies whose raw tables the pipeline can generate itself."""
        known = self.values.get("microstructures", {"domains": {}})["domains"]
        return [domain for domain in self.all_domains if domain in known]

    def picture(self, domain: str) -> dict[str, Any]:
        """Which sample of a generated domain is drawn, and in which voxels."""
        settings = self.values["microstructures"]
        digits = len(str(settings["domains"][domain]["samples"]))
        number = settings["picture"]["sample"]
        return {
            "sample": f"{domain}_{number:0{digits}d}",
            "voxel_um": settings["picture"]["voxel_um"],
        }

    def domain_label(self, domain: str) -> str:
        """What a reader sees for a domain."""
        if domain not in self.all_domains:
            return domain
        label: str = self.study(self.study_of(domain))["domains"][domain]["label"]
        return label

    def figures(self) -> dict[str, Figure]:
        """All figures by file name; a study that lists none gets every kind."""
        made: dict[str, Figure] = {}
        for study in self.studies:
            listed = self.study(study).get("figures")
            if listed is None:
                listed = _default_figures(study, self.properties(study))
            for name, record in listed.items():
                made[name] = Figure(name, record["kind"], study, record.get("property"))
        return made

    def tables(self) -> dict[str, Table]:
        """All tables by file name; a study that lists none gets every kind."""
        made: dict[str, Table] = {}
        for study in self.studies:
            listed = self.study(study).get("tables")
            if listed is None:
                listed = {f"{study}_{kind}": {"kind": kind} for kind in TABLE_KINDS}
            for name, record in listed.items():
                made[name] = Table(name, record["kind"], study)
        return made

    # What scripts are given, as JSON text with a fixed order

    def features_json(self, study: str) -> str:
        """The clean table's features, as `adaptrode.description.Variable` records."""
        return _json([_variable(record) for record in expanded(self.study(study)["features"])])

    def raw_features_json(self, study: str) -> str:
        """The raw table's features, some as `adaptrode.categories.Category` records."""
        keys = ("name", "label", "unit", "low", "high", "levels")
        records = self.study(study)["features"]
        return _json([{key: record[key] for key in keys if key in record} for record in records])

    def properties_json(self, study: str, *names: str) -> str:
        """The properties (or the named ones), as `Variable` records."""
        return _json(
            [
                _variable(record)
                for record in self.study(study)["properties"]
                if not names or record["name"] in names
            ]
        )

    def property_json(self, study: str, name: str) -> str:
        """One property, as a `Variable` record."""
        return _json(_variable(self.property_settings(study, name)))

    def widths_json(self, study: str, part: str) -> str:
        """Widths of the ``hidden`` or ``adapter`` layers, a list for each property."""
        return _json([record[part] for record in self.study(study)["properties"]])

    def workflow_json(self, *studies: str) -> str:
        """What the workflow's figure shows of each study."""
        return _json(
            [
                {
                    "title": self.study(study)["title"],
                    "origin": self.study(study)["origin"],
                    "domains": json.loads(self.domains_json(study)),
                    "features": json.loads(self.features_json(study)),
                    "properties": json.loads(self.properties_json(study)),
                }
                for study in studies
            ]
        )

    def published_json(self, study: str, *keys: str) -> str:
        """What was published of each property: the named entries, or the only one named."""
        published = {p["name"]: p.get("published", {}) for p in self.study(study)["properties"]}
        if len(keys) == 1:
            return _json({n: entry[keys[0]] for n, entry in published.items() if keys[0] in entry})
        return _json(
            {
                name: {key: entry[key] for key in keys if key in entry}
                for name, entry in published.items()
            }
        )

    def measurements_json(self, study: str) -> str:
        """The raw measurements, as `Variable` records."""
        return _json([_variable(record) for record in self.study(study).get("measurements", [])])

    def domains_json(self, study: str, *names: str) -> str:
        """The domains (or the named ones), as `adaptrode.description.Domain` records."""
        return _json(
            [
                {
                    "name": name,
                    "label": self.study(study)["domains"][name]["label"],
                    "color": self.study(study)["domains"][name]["color"],
                }
                for name in self.domains(study)
                if not names or name in names
            ]
        )

    def study_json(self, study: str, key: str, default: Any) -> str:
        """One of a study's optional entries as it stands."""
        return _json(self.study(study).get(key, default))

    def columns_json(self, domain: str) -> str:
        """The file's own header for each column that is named differently."""
        study = self.study_of(domain)
        return _json(self.study(study)["domains"][domain].get("columns", {}))

    def recipes_json(self) -> str:
        """The recipes to train, the headline first."""
        return _json(self.recipes())

    def methods_json(self) -> str:
        """The rival methods, each with its settings and its share of the splits."""
        return _json(self.values["methods"])

    def curves_json(self) -> str:
        """The methods that learning curves show, those with a source first asked for."""
        return _json(self.values["learning_curves"])

    def verdicts_json(self) -> str:
        """What the verdict needs to know of every study."""
        return _json(
            [
                {
                    "name": study,
                    "title": self.study(study)["title"],
                    "origin": self.study(study)["origin"],
                    "scheme": self.judging_scheme(study),
                    "source": json.loads(self.domains_json(study, self.study(study)["source"]))[0],
                    "targets": json.loads(self.domains_json(study, *self.study(study)["targets"])),
                    "features": json.loads(self.features_json(study)),
                    "properties": json.loads(self.properties_json(study)),
                }
                for study in self.studies
            ]
        )


def load_defaults(path: Path) -> dict[str, Any]:
    """Read the project's own ``config.yaml``."""
    with path.open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.safe_load(file)
    return loaded


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _variable(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in ("name", "label", "unit", "low", "high") if key in record}


def _default_figures(study: str, properties: list[str]) -> dict[str, dict[str, str]]:
    kinds = _schema()["$defs"]["study"]["properties"]["figures"]["additionalProperties"]
    figures: dict[str, dict[str, str]] = {}
    for kind in kinds["properties"]["kind"]["enum"]:
        if kind in PER_PROPERTY:
            for name in properties:
                figures[f"{study}_{kind}_{name}"] = {"kind": kind, "property": name}
        else:
            figures[f"{study}_{kind}"] = {"kind": kind}
    return figures


def _schema() -> dict[str, Any]:
    with SCHEMA.open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.safe_load(file)
    return loaded


def _check_schema(config: Mapping[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(_schema())
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.path)))
    if not errors:
        return
    error = errors[0]
    # A nested failure says more than "is not valid under any of the given schemas".
    where = ".".join(str(part) for part in error.absolute_path) or "the top level"
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = list(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known), key=str)[0]
        close = difflib.get_close_matches(str(unknown), known, n=1)
        raise InputError(
            f"settings: unknown key '{unknown}' in {where}",
            found=unknown,
            allowed=", ".join(known),
            mend=f"write '{close[0]}'" if close else "remove the key or correct its name",
        )
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        raise InputError(
            f"settings: '{missing}' is missing in {where}",
            allowed=", ".join(error.schema.get("properties", {})),
            mend=f"add '{missing}:' there, as in the project's own config.yaml",
        )
    raise InputError(
        f"settings: {where} is not allowed: {error.message}",
        found=json.dumps(error.instance, ensure_ascii=False, default=str)[:200],
        allowed=_allowed(error.validator, error.validator_value),
        mend="correct the value; config.yaml of the project explains each key",
    )


def _allowed(validator: str, value: Any) -> str:
    words = {
        "enum": lambda: ", ".join(map(str, value)),
        "type": lambda: str(value),
        "minimum": lambda: f"at least {value}",
        "maximum": lambda: f"at most {value}",
        "exclusiveMinimum": lambda: f"more than {value}",
        "exclusiveMaximum": lambda: f"less than {value}",
        "minItems": lambda: f"at least {value} entries",
        "maxItems": lambda: f"at most {value} entries",
        "pattern": lambda: f"text like {value}",
    }
    return words[validator]() if validator in words else f"{validator} {value}"


def _check_finite(value: Any, *where: Any) -> None:
    """YAML knows .nan and .inf, which no comparison of the schema refuses."""
    if isinstance(value, float) and not math.isfinite(value):
        name = ".".join(map(str, where))
        raise InputError(
            f"settings: {name} is not a finite number",
            found=value,
            allowed="a number",
            mend="leave a range's end out where there is none"
            if where[-1] in ("low", "high")
            else "correct the value",
        )
    if isinstance(value, Mapping):
        for key, entry in value.items():
            _check_finite(entry, *where, key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _check_finite(entry, *where, index)


def _check_recipes(config: Mapping[str, Any]) -> None:
    known = list(config["training"]["recipes"])
    for name in config["recipes"]:
        if name not in known:
            raise InputError(
                f"settings: recipes lists the unknown recipe '{name}'",
                found=name,
                allowed=", ".join(known),
                mend="describe it under training.recipes or correct its name",
            )


def _check_unique(studies: Mapping[str, Any]) -> None:
    seen: dict[str, dict[str, str]] = {"domain": {}, "figure": {}, "table": {}}
    for study, record in studies.items():
        for what, names in (
            ("domain", record["domains"]),
            ("figure", record.get("figures", {})),
            ("table", record.get("tables", {})),
        ):
            for name in names:
                if name in seen[what]:
                    raise InputError(
                        f"settings: the {what} '{name}' is in both studies.{seen[what][name]} "
                        f"and studies.{study}",
                        mend="give one of them another name; results are filed by it",
                    )
                seen[what][name] = study


def _check_study(name: str, study: Mapping[str, Any]) -> None:
    here = f"settings: studies.{name}"
    domains = list(study["domains"])
    for role, listed in (("source", [study["source"]]), ("targets", study["targets"])):
        for domain in listed:
            if domain not in domains:
                raise InputError(
                    f"{here}.{role} names the unknown domain '{domain}'",
                    found=domain,
                    allowed=", ".join(domains),
                    mend="describe it under domains or correct its name",
                )
    if study["source"] in study["targets"]:
        raise InputError(
            f"{here}.targets holds the source",
            found=study["source"],
            mend="a domain is either the source or a target",
        )
    unused = [d for d in domains if d != study["source"] and d not in study["targets"]]
    if unused:
        raise InputError(
            f"{here}.domains describes '{unused[0]}', which is neither source nor target",
            mend=f"add '{unused[0]}' to targets or remove it",
        )
    _check_columns(here, study)
    _check_equations(here, study)
    _check_outputs(here, study)


def _check_columns(here: str, study: Mapping[str, Any]) -> None:
    owner: dict[str, str] = {"row": "the pipeline's own column of row numbers"}
    for key in KINDS:
        for record in study.get(key, []):
            column = record["name"]
            if column in owner:
                raise InputError(
                    f"{here}.{key} names the column '{column}', which is already {owner[column]}",
                    found=column,
                    mend="each column has one role; remove it from one of the lists",
                )
            owner[column] = f"in {key}"
            if record.get("low", float("-inf")) >= record.get("high", float("inf")):
                raise InputError(
                    f"{here}.{key}: '{column}' has an empty range",
                    found=f"low {record['low']}, high {record['high']}",
                    allowed="low below high",
                    mend="exchange or correct them",
                )
    for record in study["features"]:
        if "levels" not in record:
            continue
        try:
            indicators = [indicator["name"] for indicator in expanded([record])]
        except InputError as error:
            raise InputError(
                f"{here}.features: {error.problem}",
                found=error.found,
                allowed=error.allowed,
                mend=error.mend,
            ) from None
        for column in indicators:
            if column in owner:
                raise InputError(
                    f"{here}.features: the levels of '{record['name']}' need the column "
                    f"'{column}', which is already {owner[column]}",
                    found=column,
                    mend="rename the feature or the level",
                )
            owner[column] = f"a level of '{record['name']}'"
    for key in ("group", "identifier"):
        if key in study:
            if study[key] in owner:
                raise InputError(
                    f"{here}.{key} is '{study[key]}', which is already {owner[study[key]]}",
                    mend="name another column",
                )
            owner[study[key]] = f"the {key}"
    renamed = {record["name"] for key in KINDS for record in study.get(key, [])}
    renamed |= {study[key] for key in ("group", "identifier") if key in study}
    for domain, record in study["domains"].items():
        for column in record.get("columns", {}):
            if column not in renamed:
                raise InputError(
                    f"{here}.domains.{domain}.columns renames the unknown column '{column}'",
                    found=column,
                    allowed=", ".join(sorted(renamed)),
                    mend="use the name that features, properties or measurements give it",
                )


def _check_equations(here: str, study: Mapping[str, Any]) -> None:
    columns = {
        record["name"] for key in KINDS for record in study.get(key, []) if "levels" not in record
    }
    constants = set(study.get("constants", {}))
    both = sorted(columns & constants)
    if both:
        raise InputError(
            f"{here}.constants holds '{both[0]}', which is also a column", mend="keep one of them"
        )
    for result, equation in study.get("equations", {}).items():
        if result not in columns:
            raise InputError(
                f"{here}.equations computes the unknown column '{result}'",
                found=result,
                allowed=", ".join(sorted(columns)),
                mend="name a feature, a property or a measurement",
            )
        if equation not in EQUATIONS:
            raise InputError(
                f"{here}.equations.{result} names the unknown equation '{equation}'",
                found=equation,
                allowed=", ".join(EQUATIONS),
                mend="correct the name, or add the equation to scripts/adaptrode/physics.py",
            )
        for argument in inspect.signature(EQUATIONS[equation]).parameters:
            if argument not in columns | constants:
                raise InputError(
                    f"{here}.equations.{result}: '{equation}' needs '{argument}'",
                    mend=f"add '{argument}' to measurements or to constants",
                )
    for relation in study.get("relations", []):
        left, _, right = relation.split()
        for column in (left, right):
            if column not in columns:
                raise InputError(
                    f"{here}.relations: '{relation}' names the unknown column '{column}'",
                    found=column,
                    allowed=", ".join(sorted(columns)),
                    mend="correct the name",
                )


def _check_outputs(here: str, study: Mapping[str, Any]) -> None:
    properties = [record["name"] for record in study["properties"]]
    for record in study["properties"]:
        for method, by_domain in record.get("published", {}).items():
            for domain in by_domain:
                if domain not in study["domains"]:
                    raise InputError(
                        f"{here}.properties.{record['name']}.published.{method} names the "
                        f"unknown domain '{domain}'",
                        found=domain,
                        allowed=", ".join(study["domains"]),
                        mend="correct the name",
                    )
        for domain, order in record.get("published", {}).get("importance", {}).items():
            features = [feature["name"] for feature in expanded(study["features"])]
            for name in order:
                if name not in features:
                    raise InputError(
                        f"{here}.properties.{record['name']}.published.importance.{domain} "
                        f"names the unknown feature '{name}'",
                        found=name,
                        allowed=", ".join(features),
                        mend="correct the name",
                    )
    for name, figure in study.get("figures", {}).items():
        needs = figure["kind"] in PER_PROPERTY
        if needs and figure.get("property") not in properties:
            raise InputError(
                f"{here}.figures.{name} needs the property that it shows",
                found=figure.get("property", "none"),
                allowed=", ".join(properties),
                mend="add 'property: NAME'",
            )
        if not needs and "property" in figure:
            raise InputError(
                f"{here}.figures.{name}: a figure of kind {figure['kind']} shows all properties",
                found=figure["property"],
                mend="remove 'property'",
            )
