"""Results on an object store: a real server of S3's protocol, as a process on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.rows import store
from bench.rows.remote import named

WORK = ["--strategy", "random", "--seeds", "1"]
BUCKET = "s3://bucket"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    for module in ("s3fs", "upath", "moto"):
        pytest.importorskip(module, reason=f"NO {module}: results on s3:// are not tested")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    before, address = dict(os.environ), f"http://127.0.0.1:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ.update({**keys, "AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"})
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            # One kept from an earlier turn of this module knows another port.
            pytest.importorskip("s3fs").S3FileSystem.clear_instance_cache()
            named(BUCKET).mkdir()  # type: ignore[union-attr]
            yield BUCKET
        finally:
            server.terminate()
            os.environ.clear()
            os.environ.update(before)


def mark(bucket: str, name: str) -> Any:
    return named(f"{bucket}/{name}/.lock")


def test_rows_on_an_object_store_are_those_on_disk(
    house: Any, content: Any, bucket: str, tmp_path: Path
) -> None:
    far, near = f"{bucket}/runs", tmp_path / "near"
    assert house.run(near, *WORK)[0] == 0
    code, error = house.run(far, *WORK, "--rounds", 2)
    assert code == 0, error
    assert not mark(bucket, "runs").exists()
    code, error = house.run(far, *WORK)
    assert code == 0, error
    assert content(named(far)).equals(content(near))
    (file,) = named(far).rglob("*.parquet")
    assert str(file).startswith(far)
    assert "1 of 1 cells already finished" in house.run(far, *WORK)[1]


def test_boards_are_read_from_an_object_store(
    bucket: str, house: Any, bench: Any, home: Path
) -> None:
    assert house.run(f"{bucket}/runs", *WORK)[0] == 0  # there already, if the test before ran here
    for verb in ("leaderboard", "check"):
        extra = ["--baseline", f"{bucket}/runs"] if verb == "check" else []
        run = bench(verb, f"{bucket}/runs", *extra)
        assert run.returncode == 0, run.stderr
        assert "random" in run.stdout or "same" in run.stdout
    run = bench("report", f"{bucket}/runs", "--out", "page.html")
    assert run.returncode == 0, run.stderr
    assert f'"{bucket}/runs/tiny-drawn/' in (home / "page.html").read_text()
    run = bench("leaderboard", f"{bucket}/none")
    assert run.returncode == 2
    assert run.stderr == f"Error: There is no folder {bucket}/none to read results from.\n"
    run = bench("leaderboard", "nowhere://bucket")
    assert run.returncode == 2
    assert "nowhere://bucket cannot be reached" in run.stderr


def test_a_run_that_was_killed_here_goes_on_and_one_elsewhere_is_left_alone(
    house: Any, content: Any, bucket: str, tmp_path: Path
) -> None:
    out, whole = f"{bucket}/killed", tmp_path / "whole"
    process = house.start(out, *WORK)
    while process.poll() is None and not mark(bucket, "killed").exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGSTOP)  # it stays at work for as long as the second takes
    code, error = house.run(out, *WORK)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert code == 2, "two runs at once"
    assert f"Another bench run is writing to {out}" in error
    assert mark(bucket, "killed").exists()
    mark(bucket, "killed").write_text("elsewhere")
    code, error = house.run(out, *WORK)
    assert code == 2
    assert f"A bench run on elsewhere is writing to {out}, or was killed there" in error
    mark(bucket, "killed").unlink()
    assert [house.run(each, *WORK)[0] for each in (out, whole)] == [0, 0]
    assert content(named(out)).equals(content(whole))


def test_a_store_that_is_gone_is_told(bucket: str, bench: Any) -> None:
    run = bench("run", "--protocol", "smoke", "--out", "s3://no-such-bucket/runs")
    assert run.returncode == 4
    assert "Cannot write to s3://no-such-bucket/runs" in run.stderr
    assert len(run.stderr.strip().splitlines()) <= 2, run.stderr


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    pytest.importorskip("upath", reason="NO upath: results on URLs are not tested")
    assert named(f"file://{tmp_path}") == tmp_path
    assert store.scan([tmp_path]).num_rows == 0
