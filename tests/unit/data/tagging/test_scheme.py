from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, IOBES, Entities

from bench.data.tagging.scheme import SCHEMES, Malformed, detect, to_bio

Span = tuple[str, int]  # type ('' outside of all) and number of words
spans = st.lists(st.tuples(st.sampled_from(["", "x", "y"]), st.integers(1, 4)), max_size=6)


def bio(parts: list[Span]) -> list[str]:
    tags = []
    for kind, words in parts:
        tags += [f"B-{kind}", *[f"I-{kind}"] * (words - 1)] if kind else ["O"] * words
    return tags


def iob1(parts: list[Span]) -> list[str]:
    tags: list[str] = []
    for before, (kind, words) in pairwise([("", 0), *parts]):
        first = "B" if kind == before[0] else "I"
        tags += [f"{first}-{kind}", *[f"I-{kind}"] * (words - 1)] if kind else ["O"] * words
    return tags


def iobes(parts: list[Span]) -> list[str]:
    tags = []
    for kind, words in parts:
        letters = "S" if words == 1 else f"B{'I' * (words - 2)}E"
        tags += [f"{letter}-{kind}" for letter in letters] if kind else ["O"] * words
    return tags


WRITTEN = {"bio": bio, "iob1": iob1, "iobes": iobes}


@given(parts=spans)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_reads_what_was_written(scheme: str, parts: list[Span]) -> None:
    assert to_bio(WRITTEN[scheme](parts), scheme) == bio(parts)
    assert to_bio(WRITTEN[scheme](parts), scheme, strict=True) == bio(parts)


@given(corpus=st.lists(spans, min_size=1, max_size=5))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_scheme_of_a_file_is_found(scheme: str, corpus: list[list[Span]]) -> None:
    marked = any(kind for parts in corpus for kind, _ in parts)
    assert detect(map(WRITTEN[scheme], corpus)) == (scheme if marked else "bio")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_of_all_short_sequences_only_the_legal_are_read(scheme: str) -> None:
    """Legal is what an encoder writes, by exhaustion; in IOB1 also with B- for the I- it begins."""
    words = 3
    cut = [
        [(kind, len_) for kind, len_ in zip(kinds, lens, strict=True)]
        for n in range(1, words + 1)
        for lens in product(range(1, words + 1), repeat=n)
        for kinds in product(["", "x", "y"], repeat=n)
        if sum(lens) == words
    ]
    legal = {tuple(WRITTEN[scheme](parts)): bio(parts) for parts in cut}
    for tags in product(["O", *(f"{a}-{b}" for a in "BIES" for b in "xy")], repeat=words):
        try:
            found = to_bio(tags, scheme, strict=True)
        except Malformed:
            found = None
        assert found == legal.get(tags), tags


@pytest.mark.parametrize(("scheme", "other"), [("bio", IOB2), ("iobes", IOBES)])
def test_spans_are_those_that_seqeval_reads(scheme: str, other: type) -> None:
    parts = [("x", 1), ("", 2), ("y", 3), ("y", 1), ("x", 2)]
    theirs = Entities([WRITTEN[scheme](parts)], other).entities[0]
    ours = Entities([to_bio(WRITTEN[scheme](parts), scheme)], IOB2).entities[0]
    assert [(e.tag, e.start, e.end) for e in theirs] == [(e.tag, e.start, e.end) for e in ours]


def test_iob1_may_begin_any_span_with_b() -> None:
    tags = ["B-x", "I-x", "O", "B-y", "I-x", "B-y"]
    assert to_bio(tags, "iob1") == ["B-x", "I-x", "O", "B-y", "B-x", "B-y"]
    with pytest.raises(Malformed, match="'B-x' of word 1 follows 'O', which is not IOB1"):
        to_bio(tags, "iob1", strict=True)


ILLEGAL = [
    ("bio", "O I-x", 2, "tag 'I-x' of word 2 follows 'O', which is not BIO"),
    ("bio", "B-x I-y", 2, "tag 'I-y' of word 2 follows 'B-x', which is not BIO"),
    ("bio", "B-x E-x", 2, "tag 'E-x' of word 2 follows 'B-x', which is not BIO"),
    ("bio", "S-x", 1, "tag 'S-x' of word 1 follows 'O', which is not BIO"),
    ("iob1", "I-x E-x", 2, "tag 'E-x' of word 2 follows 'I-x', which is not IOB1"),
    ("iobes", "B-x O", 2, "tag 'O' of word 2 follows 'B-x', which is not IOBES"),
    ("iobes", "B-x I-x S-x", 3, "tag 'S-x' of word 3 follows 'I-x', which is not IOBES"),
    ("iobes", "B-x E-y", 2, "tag 'E-y' of word 2 follows 'B-x', which is not IOBES"),
    ("iobes", "S-x E-x", 2, "tag 'E-x' of word 2 follows 'S-x', which is not IOBES"),
    ("iobes", "O B-x", 2, "tag 'B-x' of word 2 ends the sentence, which is not IOBES"),
    ("bio", "O U-x", 2, "tag 'U-x' of word 2 is BILOU"),
    ("iobes", "B-x L-x", 2, "tag 'L-x' of word 2 is BILOU"),
    ("iob1", "NNP", 1, "tag 'NNP' of word 1 is of no known scheme"),
    ("bio", "O M-x", 2, "tag 'M-x' of word 2 is of no known scheme"),
    ("bio", "O B-", 2, "tag 'B-' of word 2 is of no known scheme"),
    ("bio", "b-x", 1, "tag 'b-x' of word 1 is of no known scheme"),
    ("bio", "x-B", 1, "tag 'x-B' of word 1 is of no known scheme"),
    ("bio", "I", 1, "tag 'I' of word 1 is of no known scheme"),
    ("bio", "OB-x", 1, "tag 'OB-x' of word 1 is of no known scheme"),
]


@pytest.mark.parametrize(("scheme", "tags", "place", "message"), ILLEGAL)
def test_what_is_illegal_names_the_word(scheme: str, tags: str, place: int, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        to_bio(tags.split(), scheme)
    assert str(caught.value).startswith(message)
    assert caught.value.place == place


UNCLEAR = [
    # sentences; the number of the one to blame, its word, and what is said
    (["O", "B-x I-x", "O B-x", "O I-x"], 4, 2, "BIO fits 3 of 4 sentences, but not sentence 4:"),
    (["O B-x"] * 3 + ["O I-x", "I-x"], 4, 2, "BIO fits 3 of 5 sentences, but not sentence 4: tag"),
    (["I-x", "O I-x", "O I-x B-y"], 3, 3, "IOB1 fits 2 of 3 sentences, but not sentence 3: tag"),
    (["S-x", "B-x E-x", "O", "B-y I-y"], 4, 2, "IOBES fits 3 of 4 sentences, but not sentence 4:"),
    (["O", "O NNP"], 2, 2, "sentence 2: tag 'NNP' of word 2 is of no known scheme"),
    (["O", "B-x L-x"], 2, 2, "sentence 2: tag 'L-x' of word 2 is BILOU"),
    (["I-x", "U-x"], 2, 1, "sentence 2: tag 'U-x' of word 1 is BILOU"),
]


@pytest.mark.parametrize(("corpus", "sentence", "place", "message"), UNCLEAR)
def test_an_unclear_scheme_is_not_guessed(
    corpus: list[str], sentence: int, place: int, message: str
) -> None:
    with pytest.raises(Malformed) as caught:
        detect(tags.split() for tags in corpus)
    assert message in str(caught.value)
    assert (caught.value.sentence, caught.value.place) == (sentence, place)


@pytest.mark.parametrize("corpus", [[], [[]], [["O"], ["O", "O"]]])
def test_without_spans_any_scheme_fits(corpus: list[list[str]]) -> None:
    assert detect(corpus) == "bio"
