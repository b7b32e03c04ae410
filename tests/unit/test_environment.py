"""The conda environments, the pins and the declared Python agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

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
