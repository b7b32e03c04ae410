"""The closure of a script's imports."""

from __future__ import annotations

from pathlib import Path

from sources import imported_modules


def test_imports_at_any_depth_and_in_circles(tmp_path: Path) -> None:
    library = tmp_path / "adaptrode"
    library.mkdir()
    texts = {
        "one": "from adaptrode.two import x",
        "two": "import adaptrode.three\nfrom adaptrode import one",
        "three": "def f():\n    from adaptrode import four",
        "four": "import numpy",
        "five": "",
    }
    for name, text in texts.items():
        (library / f"{name}.py").write_text(text)
    script = tmp_path / "script.py"
    script.write_text("from __future__ import annotations\nimport adaptrode.one\n")
    assert [path.stem for path in imported_modules(script)] == ["four", "one", "three", "two"]


def test_no_script_imports_tensorflow_but_those_that_train(root: Path) -> None:
    heavy = {
        script.name
        for script in (root / "scripts").glob("*.py")
        if any(
            "import tensorflow" in path.read_text("utf-8")
            for path in [script, *imported_modules(script)]
        )
    }
    assert heavy <= {"pretrain.py", "transfer.py", "sensitivity_networks.py"}
