# The pinned environment with the workflow in it:
#
#   docker build --tag adaptrode .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD/lab:/lab" adaptrode
#
# The shipped studies come to be in lab/results. Your own: put config.yaml and the tables
# that it names into lab, and add to the command `--configfile config.yaml --cores 8`.
# For Apptainer: apptainer build adaptrode.sif docker-daemon://adaptrode:latest, then
# apptainer run --bind "$PWD/lab:/lab" adaptrode.sif --configfile config.yaml --cores 8
FROM python:3.12-slim

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    MPLBACKEND=agg

# Its own layer, so that an edit of the workflow does not install everything anew.
COPY requirements.txt /adaptrode/requirements.txt
RUN python -m pip install --require-hashes --requirement /adaptrode/requirements.txt

COPY Snakefile config.yaml /adaptrode/
COPY workflow /adaptrode/workflow
COPY scripts /adaptrode/scripts
COPY envs /adaptrode/envs
COPY data /adaptrode/data

# Any user may work here: caches go to a folder that all may write.
ENV HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /lab

ENTRYPOINT ["snakemake", "--snakefile", "/adaptrode/Snakefile", "--directory", "/lab"]
CMD ["--configfile", "/adaptrode/config.yaml", "--cores", "8"]
