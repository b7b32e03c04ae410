"""What the jobs of a failed run had to say."""

from __future__ import annotations

from pathlib import Path


def messages(logs: Path, since: float) -> list[str]:
    """The errors in logs written after a time, each with its log's name.

    Parameters
    ----------
    logs
        The folder that holds them, at any depth.
    since
        Seconds since the epoch.
    """
    found = []
    for log in sorted(logs.rglob("*.log")):
        if log.stat().st_mtime >= since:
            text = log.read_text("utf-8", errors="replace")
            start = text.find("error: ") if text.startswith("error: ") else text.find("\nerror: ")
            if start >= 0:
                message = text[start:].strip().split("\nfailed after")[0]
                found.append(f"{message}\n  log:     {log}")
    return found
