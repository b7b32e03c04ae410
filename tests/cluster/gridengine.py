"""A Grid Engine of one host on this machine, for tests: a cell of its own and two daemons."""

from __future__ import annotations

import atexit
import re
import shutil
import socket
import tempfile
from pathlib import Path

from daemons import call, free_ports, kill_jobs, stop, wait_until

PROGRAMS = ("qsub", "qstat", "qconf", "qdel", "qacct", "sge_qmaster", "sge_execd")
PACKAGES = ("gridengine-master", "gridengine-exec", "gridengine-client")

# What the Debian packages install, and their own tools to make a cell.
INSTALLED = Path("/var/lib/gridengine")
SHARED = Path("/usr/share/gridengine")
TOOLS = Path("/usr/lib/gridengine")

CONFIGURATION = {
    "min_uid": "0",
    "min_gid": "0",
    "mailer": "/bin/true",
    "load_report_time": "00:00:02",
    "reporting_params": "accounting=true reporting=false flush_time=00:00:01 joblog=false"
    " sharelog=00:00:00",
}
QUEUE = {
    "hostlist": "localhost",
    "slots": "2",
    "pe_list": "smp",
    "load_thresholds": "NONE",
    "shell": "/bin/bash",
}
SCHEDULER = {"schedule_interval": "0:0:1", "flush_submit_sec": "1", "flush_finish_sec": "1"}
ENVIRONMENT = """\
pe_name            smp
slots              2
user_lists         NONE
xuser_lists        NONE
start_proc_args    NONE
stop_proc_args     NONE
allocation_rule    $pe_slots
control_slaves     FALSE
job_is_first_task  TRUE
urgency_slots      min
accounting_summary FALSE
qsort_args         NONE
"""


class GridEngine:
    """Starts at once; `stop` ends both daemons by their pid files and every job with them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="adaptrode-sge-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.stopped = False
        atexit.register(self.stop)
        master, execution = free_ports(2)
        self.environment = {
            "SGE_ROOT": str(self.folder),
            "SGE_CELL": "default",
            "SGE_QMASTER_PORT": str(master),
            "SGE_EXECD_PORT": str(execution),
        }
        self._make_cell()
        self._call("sge_qmaster")
        wait_until(lambda: "localhost" in self._call("qconf", "-sh", check=False), "no master")
        self._call("qconf", "-as", "localhost")
        self._configure()
        self._call("sge_execd")
        wait_until(self._is_up, "no queue that is up")

    def _call(self, *command: str, check: bool = True) -> str:
        return call(*command, check=check, environment=self.environment)

    def _make_cell(self) -> None:
        for name in ("bin", "lib", "util", "utilbin"):
            (self.folder / name).symlink_to(INSTALLED / name)
        common = self.folder / "default" / "common"
        for folder in (common, *(self.folder / name for name in ("qmaster", "execd", "spooldb"))):
            folder.mkdir(parents=True)
        bootstrap = _changed(
            (SHARED / "default-bootstrap").read_text(),
            {
                "admin_user": "none",
                "spooling_params": f"{self.folder}/spooldb",
                "qmaster_spool_dir": f"{self.folder}/qmaster",
            },
        )
        (common / "bootstrap").write_text(bootstrap)
        (common / "act_qmaster").write_text("localhost\n")
        # The machine's own name leads back to localhost.
        (common / "host_aliases").write_text(f"localhost {socket.gethostname()}\n")
        configuration = self.folder / "configuration"
        configuration.write_text(
            _changed(
                (SHARED / "default-configuration").read_text(),
                {**CONFIGURATION, "execd_spool_dir": f"{self.folder}/execd"},
            )
        )
        spool = str(self.folder / "spooldb")
        self._call(str(TOOLS / "spoolinit"), "berkeleydb", "libspoolb", spool, "init")
        defaults = str(TOOLS / "spooldefaults")
        resources = SHARED / "util" / "resources"
        self._call(defaults, "configuration", str(configuration))
        self._call(defaults, "complexes", str(resources / "centry"))
        self._call(defaults, "usersets", str(resources / "usersets"))
        self._call(defaults, "managers", "root")

    def _configure(self) -> None:
        """A queue of two slots, a parallel environment, a quick scheduler."""
        environment = self.folder / "environment"
        environment.write_text(ENVIRONMENT)
        self._call("qconf", "-Ap", str(environment))
        queue = self.folder / "queue"
        template = self._call("qconf", "-sq", check=False)
        queue.write_text(_changed(template, {"qname": "all.q", **QUEUE}))
        self._call("qconf", "-Aq", str(queue))
        scheduler = self.folder / "scheduler"
        scheduler.write_text(_changed(self._call("qconf", "-ssconf"), SCHEDULER))
        self._call("qconf", "-Msconf", str(scheduler))

    def _is_up(self) -> bool:
        lines = self._call("qstat", "-f", check=False).splitlines()
        states = [line.split()[5:] for line in lines if line.startswith("all.q@")]
        return states == [[]]

    def stop(self) -> None:
        """Delete what runs, end the daemons."""
        if self.stopped:
            return
        self.stopped = True
        try:
            self._call("qdel", "-u", "*", check=False)
            wait_until(lambda: not self._call("qstat", "-u", "*", check=False), "jobs stay", 20)
        finally:
            stop(self.folder / "execd" / "localhost" / "execd.pid", "sge_execd")
            stop(self.folder / "qmaster" / "qmaster.pid", "sge_qmaster")
            kill_jobs("SGE_ROOT", str(self.folder))
            shutil.rmtree(self.folder, ignore_errors=True)

    def finished(self) -> list[dict[str, str]]:
        """Grid Engine's own accounting of every finished job, oldest first."""
        text = self._call("qacct", "-j", check=False)
        records = re.split(r"^=+$", text, flags=re.MULTILINE)
        return [
            dict(re.findall(r"^(\w+) +(\S+)", record, flags=re.MULTILINE))
            for record in records
            if "jobnumber" in record
        ]


def _changed(text: str, values: dict[str, str]) -> str:
    """Grid Engine's lines of name and value, some with other values."""
    text = text.replace("\\\n", " ")
    for name, value in values.items():
        text, count = re.subn(rf"^{name}\s.*$", f"{name}  {value}", text, flags=re.MULTILINE)
        if not count:
            raise AssertionError(f"no {name} in Grid Engine's settings:\n{text}")
    return text
