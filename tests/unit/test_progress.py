from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import failures
import pytest

from adaptrode import progress


def test_nobody_watching_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.steps(range(3), 3, "working")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("patience", "shown"), [(0.0, True), (60.0, False)])
def test_only_long_work_shows_a_bar(monkeypatch, patience: float, shown: bool) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    for _ in progress.steps(range(2), 2, "working"):
        time.sleep(0.6)
    assert ("working" in terminal.getvalue()) == shown


def log(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_failures_are_told_with_their_logs(tmp_path: Path) -> None:
    log(tmp_path, "good.log", "command: python a.py\nall well\ndone after 1.0 s\n")
    log(
        tmp_path, "bad.log", "command: python b.py\nerror: no\n  to mend: yes\nfailed after 1.0 s\n"
    )
    log(tmp_path, "killed.log", "command: python c.py --x 1\nfirst\nsecond\n")
    log(tmp_path, "other.log", "a program of its own\n")
    bad, killed = failures.messages(tmp_path, since=0.0)
    assert bad == f"error: no\n  to mend: yes\n  log:     {tmp_path / 'bad.log'}"
    for words in ("did not come to its end", "second", "python c.py --x 1", "killed.log"):
        assert words in killed
    assert failures.messages(tmp_path, since=time.time() + 60.0) == []
