"""The conda environments, the pins and the declared Python agree."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from sources import imported_modules, imports_of

ENVS = sorted((Path(__file__).resolve().parents[2] / "envs").glob("*.yaml"))


def pins(root: Path, python: str) -> dict[str, str]:
    """Versions that requirements.txt gives on Linux x86-64 with this Python."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
    }
    found = {}
    for line in (root / "requirements.txt").read_text("utf-8").splitlines():
        match = re.match(r"([a-z0-9_.-]+)==([^ ;\\]+)(?: ; (.*?))? *\\?$", line)
        if match and (not match[3] or Marker(match[3]).evaluate(environment)):
            found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("env", ENVS, ids=lambda path: path.stem)
def test_conda_environments_hold_the_pins(root: Path, env: Path) -> None:
    loaded = yaml.safe_load(env.read_text("utf-8"))
    assert set(loaded) == {"channels", "dependencies"}
    python = next(d for d in loaded["dependencies"] if str(d).startswith("python="))
    pinned = pins(root, python.removeprefix("python="))
    packages = next(d for d in loaded["dependencies"] if isinstance(d, dict))["pip"]
    assert packages
    for package in packages:
        name, version = package.split("==")
        assert pinned[name] == version, package


def test_there_is_an_environment_for_every_rule(root: Path) -> None:
    for rules in (root / "workflow" / "rules").glob("*.smk"):
        for name in re.findall(r'"\.\./\.\./envs/(\w+)\.yaml"', rules.read_text("utf-8")):
            assert root / "envs" / f"{name}.yaml" in ENVS, (rules.name, name)


def needed(root: Path) -> dict[str, set[str]]:
    """Distributions that the scripts of each environment's rules import, by environment."""
    of_module = metadata.packages_distributions()
    found: dict[str, set[str]] = {}
    for rules in (root / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"^rule ", rules.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            script = re.search(r'code\("(\w+\.py)"\)', rule)
            env = re.search(r"envs/(\w+)\.yaml", rule)
            if not script or not env:
                continue
            path = root / "scripts" / script[1]
            for module in [path, *imported_modules(path)]:
                for name in imports_of(module):
                    top = name.split(".")[0]
                    names = of_module.get(top, [])
                    if top not in sys.stdlib_module_names and top != "adaptrode" and names:
                        found.setdefault(env[1], set()).add(normal(names))
    return found


def normal(names: list[str]) -> str:
    """The distribution's name as the pins spell it."""
    spelt = {name.lower().replace("_", "-") for name in names}
    return "tensorflow-cpu" if "tensorflow-cpu" in spelt else min(spelt)


def test_environments_hold_what_their_rules_import(root: Path) -> None:
    for env, names in needed(root).items():
        loaded = yaml.safe_load((root / "envs" / f"{env}.yaml").read_text("utf-8"))
        packages = next(d for d in loaded["dependencies"] if isinstance(d, dict))["pip"]
        assert names <= {package.split("==")[0] for package in packages}, env


def test_pins_have_hashes_and_name_no_host(root: Path) -> None:
    text = (root / "requirements.txt").read_text("utf-8")
    assert "://" not in text
    for block in re.split(r"\n(?=[a-z])", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_every_supported_python_has_all_direct_requirements(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    direct = re.findall(
        r"^([A-Za-z0-9_-]+)", (root / "requirements.in").read_text("utf-8"), flags=re.MULTILINE
    )
    for python in ("3.11", "3.12", "3.13"):
        pinned = pins(root, python)
        missing = [n for n in direct if n.lower() not in pinned and n != "tensorflow"]
        assert not missing, (python, missing)
