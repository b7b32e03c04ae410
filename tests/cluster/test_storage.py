"""Raw tables in object storage, read from an S3 server of this machine's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import copy_project, digests, read_config, snakemake, write_config
from small import smaller

boto3 = pytest.importorskip("boto3", reason="no S3 client: boto3 is not installed")
server = pytest.importorskip("moto.server", reason="no S3 server: moto is not installed")
pytest.importorskip("flask_cors", reason="no S3 server: flask-cors is not installed")

pytest.importorskip("snakemake_storage_plugin_s3", reason="no S3 storage plugin")

pytestmark = [pytest.mark.cluster, pytest.mark.end_to_end, pytest.mark.slow]

BUCKET = "line-7"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, and the three variables that let jobs reach it, on any executor."""
    storage = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    storage.start()
    host, port = storage.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"ACCESS_KEY": "a-key", "SECRET_KEY": "a-secret"}
    for name, value in {"ENDPOINT_URL": endpoint, **keys}.items():
        monkeypatch.setenv(f"SNAKEMAKE_STORAGE_S3_{name}", value)
    client = boto3.resource(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["ACCESS_KEY"],
        aws_secret_access_key=keys["SECRET_KEY"],
    )
    yield client.create_bucket(Bucket=BUCKET)
    storage.stop()


@pytest.fixture
def project(root: Path, tmp_path: Path, bucket: Any) -> Path:
    """A project whose raw tables lie in the bucket and nowhere else."""
    folder = copy_project(root, tmp_path / "project")
    config = smaller(read_config(folder))
    [study] = config["studies"].values()
    for domain in study["domains"].values():
        name = Path(domain["raw"]).name
        bucket.upload_file(str(folder / domain["raw"]), f"raw/{name}")
        (folder / domain["raw"]).unlink()
        domain["raw"] = f"s3://{BUCKET}/raw/{name}"
    write_config(folder, config)
    return folder


def clean_tables(folder: Path) -> list[str]:
    [study] = read_config(folder)["studies"].values()
    return [f"results/clean/{domain}.parquet" for domain in study["domains"]]


def test_raw_tables_may_lie_in_object_storage(
    root: Path, project: Path, bucket: Any, tmp_path: Path
) -> None:
    wanted = clean_tables(project)
    snakemake(project, "--cores", "2", *wanted)

    beside = copy_project(root, tmp_path / "beside")
    write_config(beside, smaller(read_config(beside)))
    snakemake(beside, "--cores", "2", *wanted)
    assert digests(project) == digests(beside)

    again = snakemake(project, "--cores", "2", *wanted)
    assert "Nothing to be done" in again.stdout

    # One object is replaced by a shorter table: one domain is cleaned anew.
    [study] = read_config(project)["studies"].values()
    target = study["targets"][0]
    key = study["domains"][target]["raw"].removeprefix(f"s3://{BUCKET}/")
    lines = bucket.Object(key).get()["Body"].read().splitlines(keepends=True)
    bucket.put_object(Key=key, Body=b"".join(lines[:-1]))
    done = snakemake(project, "--cores", "2", *wanted)
    assert f"raw table of {target}" in done.stdout
    assert f"raw table of {study['source']}" not in done.stdout
    assert digests(project) != digests(beside)


def test_a_missing_object_is_named(project: Path, bucket: Any) -> None:
    [study] = read_config(project)["studies"].values()
    address = study["domains"][study["targets"][0]]["raw"]
    bucket.Object(address.removeprefix(f"s3://{BUCKET}/")).delete()
    done = snakemake(project, "--cores", "2", *clean_tables(project), check=False)
    assert done.returncode != 0
    assert address in done.stdout
