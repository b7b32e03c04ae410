"""What the jobs of a failed run had to say."""

from __future__ import annotations

from pathlib import Path

LAST_LINES = 5


def messages(logs: Path, since: float) -> list[str]:
    """The errors in logs written after a time, each with its log's name.

    A job that ended without a word, as one does that was killed, is told with the last
    lines of its log.

    Parameters
    ----------
    logs
        The folder that holds them, at any depth.
    since
        Seconds since the epoch.
    """
    found = []
    for log in sorted(logs.rglob("*.log")):
        if log.stat().st_mtime < since:
            continue
        text = log.read_text("utf-8", errors="replace")
        start = text.find("error: ") if text.startswith("error: ") else text.find("\nerror: ")
        if start >= 0:
            message = text[start:].strip().split("\nfailed after")[0]
            found.append(f"{message}\n  log:     {log}")
        elif text.startswith("command: ") and not _ended(text):
            found.append(_broken_off(text, log))
    return found


def _ended(text: str) -> bool:
    return text.rstrip().rpartition("\n")[2].startswith("done after")


def _broken_off(text: str, log: Path) -> str:
    command, *said = text.strip().splitlines()
    lines = "\n".join(f"    {line}" for line in said[-LAST_LINES:]) or "    nothing"
    return (
        f"error: a job did not come to its end\n  last in its log:\n{lines}\n"
        "  to mend: see whether it was killed or ran out of memory, then run again; or run it "
        f"alone:\n    {command.removeprefix('command: ')}\n  log:     {log}"
    )
