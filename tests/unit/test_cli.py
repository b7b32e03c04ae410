"""A script's exit status, its messages and its log."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pytest

from adaptrode import cli
from adaptrode.errors import InputError


def test_bad_input_is_one_message_without_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(argv: Sequence[str] | None = None) -> None:
        raise InputError(
            "the weight is missing",
            file="raw.csv",
            row=7,
            column="disc_mass_mg",
            found="''",
            allowed="1 to 200",
            mend="weigh the disc again",
        )

    log = tmp_path / "deep" / "job.log"
    assert cli.run(main, ["--log", str(log)]) == 2
    shown = capsys.readouterr().err
    for part in ("raw.csv, row 7, column 'disc_mass_mg'", "1 to 200", "weigh the disc again"):
        assert part in shown
        assert part in log.read_text("utf-8")
    assert "Traceback" not in shown


def test_a_defect_of_ours_keeps_its_traceback_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(argv: Sequence[str] | None = None) -> None:
        raise ZeroDivisionError("by nought")

    log = tmp_path / "job.log"
    assert cli.run(main, ["--log", str(log)]) == 1
    assert "Traceback" in log.read_text("utf-8")
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert "by nought" in shown


def test_log_begins_with_the_command_and_ends_with_the_time(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert cli.run(lambda argv=None: cli.logger.info("at work"), ["--log", str(log)]) == 0
    first, *_, last = log.read_text("utf-8").splitlines()
    assert first.startswith("command: ")
    assert last.startswith("done after ")
    assert "at work" in log.read_text("utf-8")


def test_json_options(tmp_path: Path) -> None:
    assert cli.json_value('{"a": [1, 2]}') == {"a": [1, 2]}
    file = tmp_path / "value.json"
    file.write_text("[3]")
    assert cli.json_value(f"@{file}") == [3]
    for wrong in ("{", "@/nowhere/at/all.json"):
        with pytest.raises(argparse.ArgumentTypeError):
            cli.json_value(wrong)


def nothing(argv: Sequence[str] | None = None) -> None:
    """Do nothing."""


def test_a_log_that_cannot_be_written_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(nothing, ["--log", str(tmp_path)]) == 2
    assert "the log cannot be written" in capsys.readouterr().err


def test_numbers_of_options() -> None:
    assert cli.whole(1)("3") == 3
    assert cli.fraction("0.25") == 0.25
    for text in ("0", "-1", "2.5", "many", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="at least 1"):
            cli.whole(1)(text)
    for text in ("0", "1", "nan", "half", "inf"):
        with pytest.raises(argparse.ArgumentTypeError, match="above 0 and below 1"):
            cli.fraction(text)
    with pytest.raises(InputError, match="--sizes is not understood"):
        cli.check_json("--sizes", {}, list)
