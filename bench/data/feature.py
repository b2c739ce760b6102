"""Features that stand for a task's images: where they lie, how they are made and read."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bench.data import corpus as corpora
from bench.data import fetch
from bench.data.captioning import feature, kind
from bench.data.card import Card
from bench.data.corpus import Corpus
from bench.data.image import Images
from bench.error import UsageError


class Made(NamedTuple):
    """Features of all images of a task: name, file, and its shape [N, L, D]."""

    name: str
    path: Path
    shape: tuple[int, ...]


def make(
    card: Card, encoder: str, name: str | None, device: str, data_root: Path | None = None
) -> Made:
    """Features of a card's images by an encoder, made once (see `captioning.feature.extract`)."""
    kind_of, _, place = encoder.partition(":")
    called = name or (PurePosixPath(place).stem if kind_of == "file" else PurePosixPath(place).name)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", called):
        raise UsageError(
            f"'{called}' is no name for features; give one that begins with a letter, with --name."
        )
    if card.kind != "captioning":
        raise UsageError(f"Task '{card.name}' has no images to make features of.")
    files = fetch.fetch(card, data_root)
    names = [row.name for row in kind.rows_of(card, files)]
    path = _path(corpora.load(card, data_root), called)
    if (before := feature.encoder(path)) not in (None, encoder):
        raise UsageError(f"Features '{called}' are those of {before}; give another --name.")
    note = feature.extract(encoder, names, kind.sources(card, files), path, device)
    return Made(called, path, tuple(note.shape))


def read(corpus: Corpus, name: str) -> Corpus:
    """The corpus with features for its images; UsageError: none of that name were made of it.

    Their content is checked against the digest that they were made with: DataError.
    """
    path = _path(corpus, name)
    if not path.is_file():
        here = sorted(each.stem for each in path.parent.glob("*.npy"))
        there = f"There is: {', '.join(here)}." if here else "There are none yet."
        raise UsageError(
            f"No features '{name}' of this task's images; make them with `bench data features`. "
            f"{there}"
        )
    content = feature.content(path)
    assert isinstance(corpus.inputs, Images)
    images = Images.open(path, corpus.inputs.digests)
    digest = hashlib.sha256(f"{corpus.digest} {content}".encode()).hexdigest()
    return replace(corpus, inputs=images, digest=digest)


def _path(corpus: Corpus, name: str) -> Path:
    """In a folder of the corpus' digest, so that rows and features are those of one corpus."""
    return fetch.cache() / "features" / corpus.digest[:16] / f"{name}.npy"
