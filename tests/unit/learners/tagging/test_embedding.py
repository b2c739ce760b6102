"""Where word embeddings start: at the vectors of the files, and at random elsewhere."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.data import vector
from bench.data.tagging.kind import Tagging
from bench.error import UsageError
from bench.learners import registry
from bench.learners.layer import build
from bench.learners.learner import Labeled, Learner
from bench.learners.tagging.tagger import Tagger
from bench.loop.seed import Streams
from bench.spec import Spec

TAGS = ("O", "B-a", "B-b")
SMALL = {"embedding": 3, "hidden": 4, "decoder": 5, "batch_size": 3, "epochs": 2}
CPU = torch.device("cpu")
GLOVE = "a 1 2\nc 30 40\ne -5 0\n"
CHARS = "b 7\nc 8\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Of a, b, c, d, e, f: the first has a, c, e; the second has b, c."""
    paths = (tmp_path / "glove.txt", tmp_path / "chars.txt")
    for path, content in zip(paths, (GLOVE, CHARS), strict=True):
        path.write_text(content)
    return paths


@pytest.fixture
def family(sentences: Callable[..., pa.ListArray]) -> Callable[..., Tagger]:
    def make(files: Sequence[Path] = (), kind: str = "bilstm-tagger", **params: int) -> Tagger:
        params = {"embeddings": vector.identity(files), **SMALL, **params}
        made = registry.make(Spec.of(kind, params), Tagging(TAGS), sentences(), files)
        assert isinstance(made, Tagger)
        return made

    return make


def start(family: Tagger, seed: int = 0) -> dict[str, Tensor]:
    stream = torch.Generator().manual_seed(seed)
    return dict(build(family.model(family.tags), CPU, stream).state_dict())


WEIGHT = "encoder.embedding.weight"


def test_rows_start_at_the_vectors_of_their_words(
    family: Callable[..., Tagger], files: tuple[Path, Path], kind: str
) -> None:
    made = family(files, kind)
    rows = dict(zip(made.words.symbols.to_pylist(), start(made)[WEIGHT][1:].tolist(), strict=True))
    assert rows["c"] == [30, 40, 8]
    assert rows["a"][:2] == [1, 2]
    assert rows["e"][:2] == [-5, 0]
    assert rows["b"][2] == 7


def test_everything_else_starts_where_it_would_have_scaled_to_the_vectors(
    family: Callable[..., Tagger], files: tuple[Path, Path]
) -> None:
    made, plain = family(files), family()
    assert made.words.symbols.equals(plain.words.symbols)
    found, usual = start(made), start(plain)
    spread = np.std([1, 2, 30, 40, -5, 0, 7, 8], dtype=np.float64)
    known = {"a": [0, 1], "c": [0, 1, 2], "e": [0, 1], "b": [2]}
    for row, word in enumerate([None, *made.words.symbols.to_pylist()]):  # row 0: unknown words
        rest = [column for column in range(3) if column not in known.get(word, [])]
        expected = usual[WEIGHT][row, rest] * spread
        torch.testing.assert_close(found[WEIGHT][row, rest], expected.float())
    assert found.keys() == usual.keys()
    assert all(torch.equal(found[key], usual[key]) for key in found if key != WEIGHT)


def test_the_start_is_a_function_of_the_seed(
    family: Callable[..., Tagger], files: tuple[Path, Path]
) -> None:
    made = family(files)
    one, again, other = start(made)[WEIGHT], start(made)[WEIGHT], start(made, 1)[WEIGHT]
    assert torch.equal(one, again)
    assert (one != other).sum() == one.numel() - 8


def test_all_of_it_is_trained(
    family: Callable[..., Tagger],
    files: tuple[Path, Path],
    labeled: Callable[..., Labeled],
) -> None:
    made = family(files)
    learner = Learner(made, CPU)
    learner.fit(labeled(), Streams(0), lambda epoch: None)
    moved = learner.model.state_dict()[WEIGHT] != made.vectors
    assert moved[1:].any(1).all()
    assert learner.model.encoder.embedding.weight.requires_grad


@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_a_state_is_restored_without_the_files(
    family: Callable[..., Tagger],
    files: tuple[Path, Path],
    labeled: Callable[..., Labeled],
    sentences: Callable[..., pa.ListArray],
    objective: str,
) -> None:
    learner = Learner(family(files), CPU)
    learner.fit(labeled(), Streams(0), lambda epoch: None)
    if objective != "supervised":
        strange = sentences("a c", "f g")
        learner = learner.refine(objective, labeled(), strange, Streams(0), lambda epoch: None)
    state = learner.state()
    plain = Learner(family(), CPU)
    plain.fit(labeled(), Streams(0), lambda epoch: None)
    assert set(plain.state()) - {"outputs"} <= set(state), "vectors are no part of a state"
    for blank in (plain, Learner(family(files), CPU)):
        restored = blank.restore(state)
        assert all(np.array_equal(restored.state()[key], state[key]) for key in state)
        assert torch.equal(
            restored.signal("latent", sentences()), learner.signal("latent", sentences())
        )


def test_another_dimension_is_refused_with_the_way_out(
    family: Callable[..., Tagger], files: tuple[Path, Path]
) -> None:
    with pytest.raises(UsageError) as caught:
        family(files, embedding=128)
    assert str(caught.value) == (
        "The word vectors have 3 dimensions (2 + 1), but 'bilstm-tagger' is set to embedding=128; "
        "ask for --learner 'bilstm-tagger[embedding=3]'."
    )


def test_settings_and_files_must_say_one_thing(
    family: Callable[..., Tagger], files: tuple[Path, Path]
) -> None:
    with pytest.raises(UsageError, match=r"the word vectors 'x:12', but none are given; name"):
        family(embeddings="x:12")
    for said in ("x:12", "random"):
        with pytest.raises(UsageError, match=rf"'{said}', but those given are glove:.*\+chars:"):
            family(files, embeddings=said)
