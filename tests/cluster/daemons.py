"""Programs that a test engine needs: finding, installing, starting and always stopping them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def call(
    *command: str,
    check: bool = True,
    timeout: float = 60,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command and give what it printed."""
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": PATH, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def why_not(programs: Sequence[str], packages: Sequence[str]) -> str:
    """Why an engine cannot run here, in a line; nothing when it can.

    Debian packages that are missing are installed where that is possible.
    """

    def missing() -> list[str]:
        return [name for name in programs if not shutil.which(name, path=PATH)]

    if os.geteuid() != 0:
        return "the daemons of a batch system start jobs as any user, so they need root"
    if missing() and shutil.which("apt-get"):
        install = ("apt-get", "install", "-qq", "--no-install-recommends", *packages)
        with suppress(subprocess.TimeoutExpired):
            call(*install, check=False, timeout=120, environment=QUIET)
            if missing():
                call("apt-get", "update", "-qq", check=False, timeout=60)
                call(*install, check=False, timeout=120, environment=QUIET)
    absent = missing()
    return f"not installed and not to be had by apt: {', '.join(absent)}" if absent else ""


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(found: Callable[[], T], what: str, seconds: float = 60) -> T:
    """What a function gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds:.0f} s: {what}")
        time.sleep(0.2)
    return value


def stop(pid_file: Path, program: str) -> None:
    """End the daemon that wrote a pid file, and only that one."""
    with suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int(pid_file.read_text())
        for ending in (signal.SIGTERM, signal.SIGKILL):
            for _ in range(40):
                if program not in _command(pid):
                    return
                os.kill(pid, ending)
                time.sleep(0.1)


def kill_jobs(name: str, value: str) -> None:
    """Kill what is left of an engine's jobs: processes that got a variable from it.

    A job whose node was taken away may outlive it, since the node was not real.
    """
    wanted = f"{name}={value}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)


def _command(pid: int) -> str:
    """The command of a process; nothing when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
