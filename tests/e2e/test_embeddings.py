"""Word vectors through the command: what it says, what it writes, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
USUAL = ("--strategy", "random", "--seeds", 2, "--rounds", 1)
SIZES = (10, 6)  # together the 16 of the house's learner


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Half of the words of the small task, and all of them by their n-grams."""
    folder = tmp_path_factory.mktemp("vectors")
    words = sorted(set((TESTS / "tiny/train/tokens").read_text().split()))
    lines = {
        "glove.txt": [f"{len(words)} {SIZES[0]}", *(_line(w, SIZES[0]) for w in words[::2])],
        "chars.txt": sorted({_line(f"2gram-{w[:2]}", SIZES[1]) for w in words if len(w) > 1}),
    }
    for name, each in lines.items():
        (folder / name).write_text("\n".join(each) + "\n")
    return ",".join(str(folder / name) for name in lines)


def _line(key: str, size: int) -> str:
    """A key with numbers that follow from its letters."""
    sum_ = sum(ord(letter) * (place + 7) for place, letter in enumerate(key))
    return " ".join([key, *(f"{sum_ * i % 97 / 97 - 0.5:.4f}" for i in range(1, size + 1))])


def test_vectors_are_told_and_recorded_in_one_process_as_in_two(
    house: Any, tmp_path: Path, files: str, content: Any
) -> None:
    told = []
    for jobs in (1, 2):
        code, error = house.run(tmp_path / str(jobs), *USUAL, "--embeddings", files, "--jobs", jobs)
        assert code == 0, error
        told += [line for line in error.splitlines() if line.startswith("embeddings: ")]
    assert len(told) == 2
    assert told[0] == told[1]
    assert " by character n-grams)" in told[0]
    one, two = (content(tmp_path / str(jobs)) for jobs in (1, 2))
    assert one.equals(two)
    code, error = house.run(tmp_path / "plain", *USUAL)
    assert code == 0, error
    assert "embeddings" not in error
    plain = content(tmp_path / "plain")
    assert len(plain) == len(one) == 2
    for params in map(json.loads, one["learner_params"].to_pylist()):
        names = [part.partition(":")[0] for part in params["embeddings"].split("+")]
        assert names == ["glove", "chars"]
    assert {json.loads(each)["embeddings"] for each in plain["config"].to_pylist()} == {"random"}
    assert one["score"].to_pylist() != plain["score"].to_pylist()


@pytest.mark.parametrize(
    ("code", "options", "said"),
    [
        (2, ("--embeddings", "{glove}"), "have 10 dimensions (10)"),
        (2, ("--embeddings", "{glove},,{chars}"), "is not of the form FILE[,FILE…]"),
        (2, ("--learner", "bilstm-tagger[embeddings=x]"), "'x', but none are given"),
        (3, ("--embeddings", "none.txt,{chars}"), "none.txt cannot be read"),
        (3, ("--embeddings", "{bad},{chars}"), "bad.txt, line 3: 9 numbers after the word, not 10"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    house: Any, tmp_path: Path, files: str, code: int, options: tuple[str, str], said: str
) -> None:
    glove, chars = files.split(",")
    bad = tmp_path / "bad.txt"
    lines = Path(glove).read_text().splitlines()
    bad.write_text("\n".join([*lines[:2], lines[2].rpartition(" ")[0], *lines[3:]]))
    option, value = options
    found, error = house.run(
        tmp_path / "out", option, value.format(glove=glove, chars=chars, bad=bad)
    )
    assert found == code, error
    assert said in error
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
