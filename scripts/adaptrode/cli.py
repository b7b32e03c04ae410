"""What every script's command line shares: its log, its errors, its settings."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from adaptrode.errors import InputError

logger = logging.getLogger("adaptrode")


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every script has."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--log", type=Path, help="also write what happens to this file")
    return made


def json_value(text: str) -> Any:
    """An option's value as JSON text, or ``@FILE`` for a file that holds it."""
    try:
        return json.loads(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)
    except (OSError, json.JSONDecodeError) as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None


def check_json(option: str, value: Any, kind: type) -> None:
    """Raise an `InputError` when an option's JSON is no list (or no mapping)."""
    if not isinstance(value, kind):
        raise InputError(
            f"{option} is not understood",
            found=json.dumps(value, ensure_ascii=False)[:200],
            allowed='a list, as "[...]"' if kind is list else 'a mapping, as "{...}"',
            mend="mend the option",
        )


def whole(low: int) -> Callable[[str], int]:
    """A type of options: whole numbers from ``low``."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least {low}")
        return value

    return number


def fraction(text: str) -> float:
    """A type of options: numbers above 0 and below 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and below 1")
    return value


def run(main: Callable[[Sequence[str] | None], None], argv: Sequence[str] | None = None) -> int:
    """Run a script's ``main``; return its exit status.

    The log begins with the command and ends with the seconds it took. An
    `InputError` becomes its own message and status 2; anything else a traceback in
    the log, one line on the terminal and status 1.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    start = time.perf_counter()
    log = _log_file(arguments)
    logging.captureWarnings(True)
    logger.setLevel(logging.INFO)
    handlers: list[logging.Handler] = []
    if log is not None:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(log, mode="w", encoding="utf-8"))
        except OSError as error:
            unwritable = InputError(
                "the log cannot be written",
                file=log,
                found=error.strerror,
                mend="name another path after --log",
            )
            print(f"error: {unwritable}", file=sys.stderr)
            return 2
    else:
        handlers.append(logging.StreamHandler(sys.stderr))
    for name in ("adaptrode", "py.warnings"):
        logging.getLogger(name).handlers = list(handlers)
        logging.getLogger(name).propagate = False
    if log is not None:
        logger.info("command: %s", shlex.join([sys.executable, sys.argv[0], *arguments]))
    status = 1
    try:
        main(arguments)
        status = 0
    except SystemExit as error:  # argparse has said it all: help was asked for, or usage is wrong
        return error.code if isinstance(error.code, int) else 1
    except InputError as error:
        logger.error("error: %s", error)
        if log is not None:
            print(f"error: {error}", file=sys.stderr)
        status = 2
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        if log is not None:
            print(f"error: {type(error).__name__}: {error} (traceback in {log})", file=sys.stderr)
    seconds = time.perf_counter() - start
    logger.info("%s after %.1f s", "done" if status == 0 else "failed", seconds)
    for handler in handlers:
        handler.close()
    return status


def _log_file(arguments: Sequence[str]) -> Path | None:
    known, _ = _log_parser.parse_known_args(list(arguments))
    log: Path | None = known.log
    return log


_log_parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
_log_parser.add_argument("--log", type=Path)
