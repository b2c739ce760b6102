import re
from collections.abc import Callable
from itertools import pairwise
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
    ("shares = [0.25,", "shares = [1,", "'protocols.fixed.shares[0]' should be a decimal number"),
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
    ("pool = 2", 'pool = "train"', "'protocols.drawn' should name the test split too, as its"),
    ("test = 1", 'test = "tset"', "'protocols.drawn' has a size below 1, or a split other"),
    ('pool = "train"', 'pool = "trian"', "'protocols.fixed' has a size below 1, or a split other"),
    ('pool = "train"', 'pool = "test"', "'protocols.fixed' has the same split"),
    ("test = 1", "test = 0", "'protocols.drawn' has a size below 1"),
    ('unit = "items"', 'unit = "words"', "'protocols.drawn' counts words of a drawn pool, so it"),
    ('sha256 = "', 'content = "x', "'files[0].content' should be 64 hexadecimal digits"),
    ('sha256 = "', 'content = "', "'files[0].content' pins what a .gz holds, in place of sha256"),
    ('sha256 = "', f'content = "{"0" * 64}"\nsha256 = "', "'files[0].content' pins what a .gz"),
    ("seeds = 2", "seeds = 0", "'protocols.drawn' needs at least one seed"),
    ("targets = [1, 2]", "targets = [2, 2]", "'protocols.drawn' has targets or shares that do not"),
    ("targets = [1, 2]", "targets = [0, 2]", "'protocols.drawn' has targets or shares that do not"),
    ("targets = [1, 2]", "", "'protocols.drawn' needs either targets or shares"),
    ("targets = [1, 2]", "targets = []", "'protocols.drawn' needs either targets or shares"),
    ("0.5, 0.75]", "0.75, 0.75]", "'protocols.fixed' has targets or shares that do not rise"),
    ("0.5, 0.75]", "0.2]", "'protocols.fixed' has targets or shares that do not rise"),
    ("[0.25, 0.5, 0.75]", "[0.0, 0.5]", "'protocols.fixed' has targets or shares that do not rise"),
    ("0.5, 0.75]", "1.5]", "'protocols.fixed' asks for more than the whole pool"),
    ("0.5, 0.75]", "0.5, 0.75]\ntargets = [1]", "'protocols.fixed' needs either targets or shares"),
    ('unit = "words"', 'unit = "words"\nvariant = "half"', "names no variant of the card: 'half'"),
    ('"parallel"', '"grammar"\ngrammar = {utterances = 1}', "the reader 'grammar' takes no files"),
    ('"parallel"', '"parallel"\npartial = true', "'variant' and 'partial' belong to variants"),
    ('"parallel"', '"parallel"\nvariant = "half"', "'variant' and 'partial' belong to variants"),
    ('"parallel"', '"grammar"\ngrammar = {utterances = 0}', "'grammar' needs at least one utter"),
    ('"parallel"', '"columns"', "'columns' should name two columns, counted from 1: of the words"),
    ('"parallel"', '"columns"\ncolumns = {word = 2, tag = 2}', "'columns' should name two columns"),
    ('"parallel"', '"columns"\ncolumns = {word = 0, tag = 2}', "'columns' should name two columns"),
    (
        '"parallel"',
        '"columns"\ncolumns = {word = 1, tag = -1}',
        "'columns' should name two columns",
    ),
    ('"parallel"', '"columns"\ncolumns = {words = 1}', "unknown key 'columns.words'. Did you mean"),
    ('"parallel"', '"columns"\ncolumns = {scheme = "io"}', "'columns.scheme' is 'io'"),
    (
        '"parallel"',
        '"columns"\ncolumns = {word = 1, tag = 4}',
        "should give the split 'train' one file of sentences",
    ),
    ('"parallel"', '"fmtod"', "should give the split 'train' one file of sentences"),
    ('role = "tokens"', 'role = "sentences"', "'train' one file of tokens and one of tags"),
    ('"parallel"', '"grammar"\ngrammar = 3', "'grammar' should be a table"),
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
    assert tiny.protocols["fixed"].shares == (0.25, 0.5, 0.75)
    assert tiny.protocols["drawn"].targets == (1, 2)
    assert (tiny.kind, tiny.of(""), tiny.variants) == ("tagging", tiny, {})
    assert tiny.folder == card.folder() / "tiny"


def test_a_typo_gets_the_nearest_names(make: Maker) -> None:
    make()
    with pytest.raises(UsageError, match="Did you mean tiny"):
        card.load("tinny")
    with pytest.raises(UsageError, match="Did you mean fixed"):
        card.load("tiny").recipe("fixd")


PICTURES = """
name = "pictures"
title = "Pictures"
synthetic = false
citation = "none"
licence = "none"
reader = "flickr8k"
image_size = 64

[protocols.all]
default = true
variant = "full"
unit = "items"
pool = "train"
test = "test"
shares = [0.5, 1.0]
seeds = 1
strategies = ["random"]

[protocols.few]
variant = "small"
unit = "items"
pool = "train"
test = "test"
targets = [1]
seeds = 1
strategies = ["random"]

[[files]]
role = "captions"
path = "pictures/captions.txt"
url = "https://example.invalid/captions.txt"
sha256 = "{pin}"

[[files]]
role = "split"
split = "train"
path = "pictures/train.txt"
url = "https://example.invalid/train.txt"
sha256 = "{pin}"

[[files]]
role = "split"
split = "test"
path = "pictures/test.txt"
url = "https://example.invalid/test.txt"
sha256 = "{pin}"

[[variants.full.files]]
role = "images"
path = "pictures/all.zip"
url = "https://example.invalid/all.zip"

[variants.full.counts.train]
images = 6
sentences = 30
tokens = 300

[variants.small]
partial = true

[[variants.small.files]]
role = "images"
path = "pictures/few.zip"
url = "https://example.invalid/few.zip"
sha256 = "{pin}"
""".replace("{pin}", "0" * 64)

SCENES = """
name = "scenes"
title = "Scenes"
synthetic = true
citation = "none"
licence = "none"
reader = "scene"
image_size = 32
scene = {seed = 1, images = 9}

[protocols.drawn]
default = true
unit = "items"
pool = 6
test = 3
targets = [1, 2]
seeds = 1
strategies = ["random"]
"""

Writer = Callable[..., card.Card]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Load a card from its text, edited."""
    monkeypatch.setattr(card, "folder", lambda: tmp_path)

    def load(text: str, old: str = "", new: str = "") -> card.Card:
        name = "pictures" if text == PICTURES else "scenes"
        assert old in text
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return card.load(name)

    return load


CAPTION_FAULTS = [
    (PICTURES, "image_size = 64", "", "'image_size' should be at least 8 pixels"),
    (PICTURES, "image_size = 64", "image_size = 7", "'image_size' should be at least 8 pixels"),
    (PICTURES, "image_size = 64", "image_size = 64.0", "'image_size' should be a whole number"),
    (PICTURES, '"flickr8k"', '"scene"\nscene = {images = 9}', "the reader 'scene' takes no files"),
    (PICTURES, '"flickr8k"', '"coco"', "'files' should have the roles captions"),
    (
        PICTURES,
        '"captions"',
        '"images"',
        "'files' should have the roles captions (at most 1), split",
    ),
    (
        PICTURES,
        '"images"',
        '"captions"',
        "'files' should have the roles captions (at most 1), split",
    ),
    (PICTURES, '"images"', '"images"\nsplit = "a"', "should name a split where the role is split"),
    (PICTURES, 'split = "test"', "", "should name a split where the role is split, only"),
    (
        PICTURES,
        "[variants.full.c",
        'member = "../x"\n[variants.full.c',
        "'variants.full.files[0].member' is '../x'",
    ),
    (PICTURES, 'unit = "items"', 'unit = "words"', "'protocols' cannot count words: a caption's"),
    (PICTURES, 'variant = "full"', "", "'protocols.all' names no variant of the card: ''"),
    (PICTURES, '"small"', '"smal"', "'protocols.few' names no variant of the card: 'smal'"),
    (PICTURES, "partial = true", "partial = 1", "'variants.small.partial' should be true or false"),
    (PICTURES, "partial = true", "part = true", "unknown key 'variants.small.part'"),
    (PICTURES, "counts.train]", "counts.trian]", "'counts' should name splits only, which are"),
    (
        PICTURES,
        "images = 6",
        "images = 6.0",
        "'variants.full.counts.train.images' should be a whol",
    ),
    (PICTURES, "pictures/all.zip", "../all.zip", "'variants.full.files[0].path' is '../all.zip'"),
    (PICTURES, '"https://example.invalid/all', '"ftp://all', "'variants.full.files[0].url' is"),
    (PICTURES, '0"\n', '"\n', "'files[0].sha256' should be 64 hexadecimal digits"),
    (PICTURES, '"images"', '"image"', "'variants.full.files[0].role' is 'image'. Did you mean ima"),
    (PICTURES, 'pool = "train"', 'pool = "val"', "'protocols.all' has a size below 1, or a split"),
    (SCENES, '"scene"', '"coco"', "'files' should have the roles captions"),
    (SCENES, "images = 9", "images = 0", "'scene' needs at least one image"),
    (SCENES, "images = 9", "image = 9", "unknown key 'scene.image'. Did you mean images?"),
    (SCENES, "scene = {seed = 1, images = 9}", "", "'scene' needs at least one image"),
    (SCENES, "seed = 1,", 'seed = "1",', "'scene.seed' should be a whole number"),
    (SCENES, "pool = 6", 'pool = "train"', "'protocols.drawn' should name the test split too"),
    (SCENES, "test = 3", 'test = "all"', "'protocols.drawn' leaves no split to draw the pool from"),
    (SCENES, 'unit = "items"', 'unit = "words"', "'protocols' cannot count words"),
]


@pytest.mark.parametrize(("text", "old", "new", "message"), CAPTION_FAULTS)
def test_a_faulty_captioning_card_is_named(
    written: Writer, text: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        written(text, old, new)


def test_a_variant_has_files_and_counts_of_its_own(written: Writer) -> None:
    pictures = written(PICTURES)
    assert (pictures.kind, pictures.splits) == ("captioning", ("train", "test"))
    full, small = pictures.of("full"), pictures.of("small")
    shared = [file.path for file in pictures.files]
    assert [file.path for file in full.files] == [*shared, "pictures/all.zip"]
    assert [file.path for file in small.files] == [*shared, "pictures/few.zip"]
    assert full.counts == {"train": card.Counts(sentences=30, tokens=300, images=6)}
    assert (small.counts, full.partial, small.partial) == ({}, False, True)
    assert (full.variant, small.variant, full.splits) == ("full", "small", pictures.splits)


def test_a_digest_may_be_left_out(written: Writer) -> None:
    full = written(PICTURES).of("full")
    assert [file.path for file in full.files if not file.sha256] == ["pictures/all.zip"]


def test_scenes_are_drawn_from_no_files(written: Writer) -> None:
    scenes = written(SCENES)
    assert (scenes.kind, scenes.splits, scenes.files) == ("captioning", ("all",), ())
    assert scenes.scene == card.Scene(seed=1, images=9)


CLASS_FAULTS = [
    ("digits", '"8", "9"]', '"8"]', None),  # what a reader finds is not the card's to know
    ("digits", '"8", "9"]', '"8", "8"]', "'classes' should name two classes or more, each once"),
    ("digits", "classes = [", "tags = [", "'classes' should name two classes or more, each once"),
    ("digits", "image_size = 8", "", "'image_size' should be at least 8 pixels"),
    ("digits", 'unit = "items"', 'unit = "words"', "'protocols' cannot count words: images have"),
    ("digits", '"digits"\nimage', '"idx"\nimage', "the reader 'idx' takes files"),
    ("mnist", '"idx"', '"digits"', "the reader 'digits' takes no files"),
    ("mnist", 'role = "labels"', 'role = "images"', "'train' one file of labels and one of images"),
    ("mnist", 'split = "test"', 'split = "train"', "'train' one file of labels and one of images"),
    ("mnist", '"idx"', '"cifar"', "'files' should be one of images, without a split"),
    ("mnist", 'test = "test"', 'test = "train"', None),  # then the pool is drawn from `test`
    ("cifar10", 'role = "images"', 'role = "images"\nsplit = "train"', "without a split"),
    ("cifar10", 'role = "images"', 'role = "labels"', "'files' should be one of images"),
    ("cifar10", "[counts.test]", "[counts.dev]", "'counts' should state those of train and test"),
    ("cifar10", 'pool = "train"', 'pool = "dev"', "or a split other than train, test"),
    ("trec", 'role = "sentences"', 'role = "tokens"', "'train' one file of sentences"),
    ("trec", '"latin-1"', '"cp1252"', "'encoding' is 'cp1252'"),
    ("trec", 'unit = "words"', 'unit = "items"', None),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), CLASS_FAULTS)
def test_a_faulty_classification_card_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    old: str,
    new: str,
    message: str | None,
) -> None:
    text = (card.folder() / name / "card.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).mkdir()
    (tmp_path / name / "card.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(card, "folder", lambda: tmp_path)
    if message is None:
        assert card.load(name).kind == "classification"
        return
    with pytest.raises(DataError, match=re.escape(message)):
        card.load(name)


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


@pytest.mark.parametrize("name", ["conll2003", "fmtod", "snips"])
def test_cards_that_follow_the_wbadge_paper(name: str) -> None:
    """Shares and settings as in its sections 5.2 and 5.3; five seeds; no validation."""
    found = card.load(name)
    assert (found.synthetic, found.default, list(found.protocols)) == (False, "words", ["words"])
    words = found.recipe("words")
    step = 0.01 if name == "fmtod" else 0.02
    assert words.shares == tuple(round(step * n, 2) for n in range(1, 11))
    assert (words.unit, words.pool, words.test, words.seeds) == ("words", "train", "test", 5)
    assert words.settings == {
        "embedding": 400,
        "hidden": 256 if name == "fmtod" else 200,
        "decoder": 100,
        "dropout": 0.5,
        "learning_rate": 0.001,
        "batch_size": {"conll2003": 16, "fmtod": 32, "snips": 20}[name],
        "epochs": 25 if name == "conll2003" else 50,
        "validation": 0.0,
    }
    assert words.learner == "bilstm-tagger"
    assert list(found.tags[1:]) == sorted(found.tags[1:])


DAL = {"mnist": (10, 100, 1000), "cifar10": (1000, 5000, 10000)}


@pytest.mark.parametrize(("name", "batch"), [(name, batch) for name in DAL for batch in DAL[name]])
def test_cards_that_follow_the_dal_paper(name: str, batch: int) -> None:
    """Section 5: the initial batch is as large as the others; a fifth for validation; 20 times."""
    found = card.load(name)
    dal = found.recipe(f"dal-{batch}")
    assert dal.targets[:4] == tuple(batch * number for number in range(1, 5))
    assert {high - low for low, high in pairwise(dal.targets)} == {batch}
    assert (dal.unit, dal.pool, dal.test, dal.seeds) == ("items", "train", "test", 20)
    assert dal.settings == {"validation": 0.2, "learning_rate": 0.001}
    assert dal.learner == {"mnist": "lenet", "cifar10": "vgg16"}[name]
    paper = {"random", "entropy", "lc", "dbal", "dfal", "egl", "coreset", "dal"}
    assert set(dal.strategies) == paper
    assert [len(found.classes), len(found.splits)] == [10, 2]


def test_a_lossy_copy_says_so_and_is_a_task_of_its_own() -> None:
    copy, original = card.load("cifar10-jpeg"), card.load("cifar10")
    for text in (copy.title, copy.remark):
        assert "lossy" in text
        assert "not comparable with published CIFAR-10 numbers" in text
    assert copy.classes == original.classes
    assert not original.remark
    assert not {file.path for file in copy.files} & {file.path for file in original.files}


@pytest.mark.parametrize("name", ["trec", "sst2", "mr"])
def test_cards_of_texts_cost_words(name: str) -> None:
    words = card.load(name).recipe("words")
    assert words.shares == tuple(round(0.02 * number, 2) for number in range(1, 11))
    assert (words.unit, words.learner, words.seeds) == ("words", "tfidf-svm", 5)
    assert words.strategies == ("random", "lc", "entropy", "dal")
    assert card.load(name).default == "words"
