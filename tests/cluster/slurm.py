"""A SLURM of two nodes on this machine, for tests: three daemons and a key of their own."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

from daemons import call, free_ports, kill_jobs, stop, wait_until

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "munged")
PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
NODES = ("n1", "n2")
PARTITION = "normal"  # as in the profiles, which are tested as they are

# A job step drops SLURM_CONF, so that only this place will do.
CONFIG = Path("/etc/slurm/slurm.conf")
MARK = "# Written by tests/cluster, and removed by it.\n"

SETTINGS = """\
ClusterName={cluster}
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,sched_min_interval=0,batch_sched_delay=0
DefMemPerCPU=256
MinJobAge=3600
SlurmdTimeout=10
KillWait=2
ReturnToService=1
{nodes}
PartitionName={partition} Nodes={names} Default=YES State=UP MaxTime=60
"""
CGROUPS = "CgroupPlugin=cgroup/v1\nConstrainCores=no\nConstrainRAMSpace=no\n"


def in_the_way() -> str:
    """Why this machine's own SLURM forbids a second one, in a line; nothing when none does."""
    for path in (CONFIG, CONFIG.with_name("cgroup.conf")):
        if path.exists() and not path.read_text("utf-8").startswith(MARK):
            return f"{path} belongs to a SLURM of this machine"
    owner, _ = _left_over()
    if owner and owner != os.getpid() and Path(f"/proc/{owner}").exists():
        return f"the tests of process {owner} are using it"
    return ""


def _left_over() -> tuple[int, Path | None]:
    """The process that wrote the configuration, and the folder of its daemons."""
    text = CONFIG.read_text("utf-8") if CONFIG.exists() else ""
    found = re.search(
        r"^ClusterName=adaptrode(\d+)$.*?^StateSaveLocation=(\S+)/state$", text, re.M | re.S
    )
    return (int(found[1]), Path(found[2])) if found else (0, None)


def _stop_daemons(folder: Path) -> None:
    for node in NODES:
        stop(folder / f"slurmd.{node}.pid", "slurmd")
    stop(folder / "slurmctld.pid", "slurmctld")
    stop(folder / "munge.pid", "munged")


class Slurm:
    """Starts at once; `stop` ends every daemon by its pid file and every job with it."""

    def __init__(self) -> None:
        # A short path: the name of a socket has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="adaptrode-slurm-", dir="/tmp"))
        self.cluster = f"adaptrode{os.getpid()}"
        self.stopped = False
        atexit.register(self.stop)
        owner, folder = _left_over()
        if folder:  # of tests that were killed
            _stop_daemons(folder)
            kill_jobs("SLURM_CLUSTER_NAME", f"adaptrode{owner}")
            shutil.rmtree(folder, ignore_errors=True)
        self._write_config()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        paths = {"key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        options = [f"--{name}={self.folder}/munge.{suffix}" for name, suffix in paths.items()]
        call("munged", "--force", f"--socket={self.folder}/munge.socket", *options)
        call("slurmctld", "-c")
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: self.states() == dict.fromkeys(NODES, "IDLE"), "no two idle nodes")

    def _write_config(self) -> None:
        controller_port, *node_ports = free_ports(1 + len(NODES))
        # One job each at a time, so that two jobs go to two nodes.
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1"
            f" Port={port} CPUs=1 RealMemory=8000 State=UNKNOWN"
            for name, port in zip(NODES, node_ports, strict=True)
        )
        settings = SETTINGS.format(
            cluster=self.cluster,
            folder=self.folder,
            controller_port=controller_port,
            nodes=nodes,
            names=",".join(NODES),
            partition=PARTITION,
        )
        for name in ("state", *(f"spool.{node}" for node in NODES)):
            (self.folder / name).mkdir()
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(MARK + settings, encoding="utf-8")
        CONFIG.with_name("cgroup.conf").write_text(MARK + CGROUPS, encoding="utf-8")

    def start_node(self, node: str) -> None:
        call("slurmd", "-N", node)

    def stop(self) -> None:
        """Cancel what runs, end the daemons, take the configuration away."""
        if self.stopped:
            return
        self.stopped = True
        try:
            call("scancel", "--user=root", check=False)
            wait_until(lambda: not self.jobs("PENDING", "RUNNING", "COMPLETING"), "jobs stay", 20)
        finally:
            _stop_daemons(self.folder)
            kill_jobs("SLURM_CLUSTER_NAME", self.cluster)
            for path in (CONFIG, CONFIG.with_name("cgroup.conf")):
                if path.exists() and path.read_text("utf-8").startswith(MARK):
                    path.unlink()
            shutil.rmtree(self.folder, ignore_errors=True)

    # What SLURM itself has on record

    def states(self) -> dict[str, str]:
        """The state of each node."""
        lines = call("sinfo", "--noheader", "--Node", "--format=%N %T", check=False).splitlines()
        return {name: state.upper() for name, state in (line.split() for line in lines)}

    def jobs(self, *states: str, folder: Path | None = None) -> list[dict[str, str]]:
        """What SLURM remembers of its jobs, oldest first: of all, or in some states or a folder."""
        lines = call("scontrol", "--oneliner", "show", "jobs", check=False).splitlines()
        records = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines]
        found = [
            job
            for job in records
            if "JobId" in job
            and (not states or job["JobState"] in states)
            and (folder is None or job["WorkDir"] == str(folder))
        ]
        return sorted(found, key=lambda job: int(job["JobId"]))
