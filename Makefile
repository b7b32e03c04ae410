# Two commands do everything on a machine with Python 3.11 to 3.13:
#   make results   the environment, then every result
#   make test      the environment, then linters and tests
# and, where Debian packages can be installed,
#   make test-cluster   the tests on SLURM, Grid Engine and S3, on this machine alone
PYTHON ?= python3
CORES ?= 8
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: results test test-cluster lint environment lock format clean

results: environment
	snakemake --cores $(CORES)

test: environment lint
	python -m pytest tests/unit tests/workflow

test-cluster: environment
	python -m pytest tests/cluster

lint: environment
	ruff check .
	ruff format --check .
	mypy scripts workflow
	snakefmt --check Snakefile workflow/rules
	snakemake --lint > /dev/null

environment: .venv/installed

.venv/installed: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements.txt
	touch $@

# Pins and hashes anew from requirements.in (needs uv).
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header \
	    requirements.in -o requirements.txt

format: environment
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow/rules

clean:
	find results -mindepth 1 ! -name README.md -delete
	rm -rf .snakemake
