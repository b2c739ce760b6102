"""What all tests share: a cache of their own, no network for data, and the real data if given."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's caches out of the tests, and the tests out of them."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real corpora; once BENCH_DATA names it, a missing file fails the test."""
    named = os.environ.get("BENCH_DATA")
    if not named:
        pytest.skip("BENCH_DATA is not set: no real data")
    return Path(named).resolve()
