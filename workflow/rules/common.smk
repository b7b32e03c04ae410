# What the rules share: checked settings, paths, and which code a script depends on.

import importlib.util
import json
import os
import sys
import time
from pathlib import Path

import psutil
from snakemake.exceptions import WorkflowError

# However the command line spells the way to the Snakefile, paths are spelt alike.
BASE = Path(workflow.basedir).resolve()
sys.path[:0] = [str(BASE / "scripts"), str(BASE / "workflow")]

import environment
import failures
from adaptrode.errors import InputError
from settings import Settings, load_defaults
from sources import imported_modules


def check_environment():
    """Stop early when the pinned packages are not beside this Python.

    Under --sdm conda the jobs bring their own.
    """
    environment.put_first_on_path()
    missing = environment.missing_packages()
    if missing and not workflow.deployment_settings.deployment_method:
        raise WorkflowError(
            f"\n{sys.executable} lacks the packages: {', '.join(missing)}\n"
            "  to mend: run `make environment`, then `. .venv/bin/activate`"
        )


def checked_settings():
    try:
        return Settings(config, load_defaults(BASE / "config.yaml"))
    except InputError as error:
        raise WorkflowError(f"\n{error}") from None


def beside(path):
    """A path of the project, relative to the working directory where it lies within it."""
    path = Path(path)
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def library(script):
    """The library modules that a script depends on: an edit of one reruns its rules."""
    return [beside(path) for path in imported_modules(BASE / "scripts" / script)]


def code(script):
    return beside(BASE / "scripts" / script)


def caption(name):
    return str(BASE / "workflow" / "report" / f"{name}.rst")


def stored_file(address, domain):
    """A raw table in object storage; Snakemake fetches it for the job that reads it."""
    if not importlib.util.find_spec("snakemake_storage_plugin_s3"):
        raise WorkflowError(
            f"\n{address}: the raw table of domain '{domain}' lies in object storage,"
            " and the package that reads it is not installed\n"
            "  to mend: pip install snakemake-storage-plugin-s3"
        )
    return storage(address)


def raw_file(domain):
    """A domain's raw table: in the working directory, else beside the Snakefile.

    An address as s3://bucket/table.csv names an object instead.
    """
    named = settings.study(settings.study_of(domain))["domains"][domain]["raw"]
    if named.startswith("s3://"):
        return stored_file(named, domain)
    named = Path(named)
    for candidate in (named, BASE / named):
        if candidate.exists():
            return beside(candidate) if candidate.is_absolute() else str(candidate)
    raise WorkflowError(
        f"\n{named}: the raw table of domain '{domain}' does not exist\n"
        f"  looked in: {Path.cwd()} and {BASE}\n"
        f"  to mend: put the file there or correct the domain's 'raw' in the settings"
    )


def growing(mem_mb):
    """Memory of a job: so much, and as much again at each further attempt (--retries)."""
    return lambda wildcards, attempt: mem_mb * attempt


def respect_memory():
    """Let the jobs of this machine ask for no more memory together than it has.

    Under --executor a cluster looks after that; --resources mem_mb=... has the last word.
    """
    if (
        workflow.resource_settings.nodes is None
        and "mem_mb" not in workflow.global_resources
    ):
        workflow.register_resource(
            "mem_mb", int(0.9e-6 * psutil.virtual_memory().total)
        )


STARTED = time.time()
check_environment()
respect_memory()
settings = checked_settings()
# Here and not in the rule, where Snakemake would put a traceback below the message.
for domain in settings.all_domains:
    if domain not in settings.generated:
        raw_file(domain)
HEADLINE = settings.values["recipes"][0]


def one_of(names):
    """A wildcard's pattern: one of the names, or nothing at all when there are none."""
    return "|".join(sorted(set(names))) or "(?!)"


wildcard_constraints:
    study=one_of(settings.studies),
    domain=one_of(settings.all_domains),
    source=one_of(settings.study(study)["source"] for study in settings.studies),
    target=one_of(
        name for study in settings.studies for name in settings.study(study)["targets"]
    ),
    property=one_of(
        name for study in settings.studies for name in settings.properties(study)
    ),
