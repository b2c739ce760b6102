import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.data import card
from bench.error import DataError, UsageError

Maker = Callable[..., Path]

FAULTS = [
    # an edit of the card, and what the error says besides the card's path
    ('title = "Tiny"', 'titel = "Tiny"', "unknown key 'titel'. Did you mean title?"),
    ('title = "Tiny"', "", "key 'title' is missing"),
    ('title = "Tiny"', "title = 3", "'title' should be text, but is 3"),
    ("synthetic = true", "synthetic = 1", "'synthetic' should be true or false"),
    ("seeds = 2", "seeds = true", "'protocols.drawn.seeds' should be a whole number"),
    ("seeds = 2", "seeds = 2\nrouns = 1", "unknown key 'protocols.drawn.rouns'"),
    ("pool = 2", "pool = 2.5", "'protocols.drawn.pool' should be a whole number or text"),
    ("share = 0.25", "share = 1", "'protocols.fixed.share' should be a decimal number"),
    ("targets = [1, 2]", 'targets = [1, "2"]', "'protocols.drawn.targets[1]' should be a whole"),
    ("targets = [1, 2]", "targets = 2", "'protocols.drawn.targets' should be a list"),
    ('tags = ["O", ', 'tags = "O" #', "'tags' should be a list"),
    ("[counts.train]", "[counts]", "'counts.sentences' should be a table"),
    ('role = "tokens"', "", "key 'files[0].role' is missing"),
    ('role = "tokens"', 'role = "token"', "'files[0].role' is 'token'. Did you mean tokens?"),
    ('reader = "parallel"', 'reader = "paralel"', "'reader' is 'paralel'. Did you mean parallel?"),
    ('unit = "items"', 'unit = "item"', "'protocols.drawn.unit' is 'item'. Did you mean items?"),
    ('name = "tiny"', 'name = "tinny"', "'name' is 'tinny', but the folder is called 'tiny'"),
    ('["O", "B-from",', '["B-from",', "'tags' should begin with O"),
    ('["O", "B-from",', '["O", "B-to",', "name each tag once"),
    ('["O", "B-from",', '["O", "from",', "'tags' holds 'from'"),
    ('path = "tiny/train/tokens"', 'path = "../x"', "'files[0].path' is '../x'"),
    ('path = "tiny/train/tokens"', 'path = "/x"', "'files[0].path' is '/x'"),
    ('url = "http', 'url = "file', "'files[0].url' is 'file:"),
    ('sha256 = "', 'sha256 = "x', "'files[0].sha256' should be 64 hexadecimal digits"),
    ('split = "test"', 'split = "tst"', "'files' should give the split 'tst' one file of tokens"),
    ("[counts.train]", "[counts.trian]", "'counts' should name splits only"),
    ("default = true", "", "'protocols' should hold exactly one with default = true"),
    ("test = 1", 'test = "test"', "'protocols.drawn' should give pool and test both"),
    ('pool = "train"', 'pool = "trian"', "'protocols.fixed' has a size below 1, or a split other"),
    ('pool = "train"', 'pool = "test"', "'protocols.fixed' has the same split"),
    ("test = 1", "test = 0", "'protocols.drawn' has a size below 1"),
    ('unit = "items"', 'unit = "words"', "'protocols.drawn' counts words, so"),
    ("seeds = 2", "seeds = 0", "'protocols.drawn' needs at least one seed"),
    ("targets = [1, 2]", "targets = [2, 2]", "'protocols.drawn' has targets that do not rise"),
    ("targets = [1, 2]", "targets = [0, 2]", "'protocols.drawn' has targets that do not rise"),
    ("targets = [1, 2]", "", "'protocols.drawn' needs either targets or both"),
    ("rounds = 3", "", "'protocols.fixed' needs share and rounds above 0"),
    ("rounds = 3", "rounds = 5", "share times rounds is above 1"),
    ("rounds = 3", "rounds = 3\ntargets = [1]", "'protocols.fixed' needs either targets or both"),
    ("seeds = 2", "seeds = ", "is not legal TOML"),
]


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_names_the_card_and_the_faulty_key(make: Maker, old: str, new: str, message: str) -> None:
    make((old, new))
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        card.load("tiny")
    assert "tiny/card.toml" in str(caught.value)


def test_reads_the_tiny_card(make: Maker) -> None:
    make()
    tiny = card.load("tiny")
    assert tiny.splits == ("train", "test")
    assert tiny.default == "drawn"
    assert tiny.counts["train"] == card.Counts(sentences=4, tokens=13)
    assert tiny.protocols["fixed"].rounds == 3
    assert tiny.folder == card.folder() / "tiny"


def test_a_typo_gets_the_nearest_names(make: Maker) -> None:
    make()
    with pytest.raises(UsageError, match="Did you mean tiny"):
        card.load("tinny")
    with pytest.raises(UsageError, match="Did you mean fixed"):
        card.load("tiny").recipe("fixd")


@pytest.mark.parametrize("name", card.names())
def test_every_card_of_the_repository_is_sound(name: str) -> None:
    assert card.load(name).name == name


def test_atis_card_follows_the_paper() -> None:
    atis = card.load("atis")
    alise = atis.recipe("alise")
    assert atis.default == "alise"
    assert not atis.synthetic
    assert (alise.unit, alise.distinct, alise.pool, alise.test) == ("items", True, 3000, 2130)
    assert alise.targets == tuple(range(300, 2701, 300))
    assert len(atis.tags) == 127
    assert list(atis.tags[1:]) == sorted(atis.tags[1:])


def test_flights_card_is_marked_synthetic() -> None:
    flights = card.load("flights")
    assert flights.synthetic
    assert flights.default == "quick"
    assert flights.grammar.utterances == 6000
