"""A tiny task of two splits, its card in a folder of its own and its files under a data root."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.data import card

TOKENS = {
    "train": "fly to boston\nfrom new york to boston\nfly to boston\nlist fares\n",
    "test": "to new york\nfly to boston\n",
}
TAGS = {
    "train": "O O B-to\nO B-from I-from O B-to\nO O B-to\nO O\n",
    "test": "O B-to I-to\nO O B-to\n",
}
CARD = """
name = "tiny"
title = "Tiny"
synthetic = true
citation = "none"
licence = "none"
reader = "parallel"
tag_scheme = "BIO"
tags = ["O", "B-from", "B-to", "I-from", "I-to"]

[counts.train]
sentences = 4
tokens = 13

[protocols.drawn]
default = true
unit = "items"
distinct = true
pool = 2
test = 1
targets = [1, 2]
seeds = 2
strategies = ["random"]

[protocols.fixed]
unit = "words"
pool = "train"
test = "test"
shares = [0.25, 0.5, 0.75]
seeds = 1
strategies = ["random", "lc"]
"""
FILE = """
[[files]]
split = "{split}"
role = "{role}"
path = "tiny/{split}/{role}"
url = "{base}/tiny/{split}/{role}"
sha256 = "{sha256}"
"""

Maker = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Write the tiny task, `edits` applied to its card; the data root is returned."""
    monkeypatch.delenv("BENCH_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(card, "folder", lambda: tmp_path / "cards")

    def write(
        *edits: tuple[str, str],
        base: str = "http://127.0.0.1:1",
        tags: dict[str, str] | None = None,
    ) -> Path:
        root, text = tmp_path / "root", CARD
        for role, content in (("tokens", TOKENS), ("tags", {**TAGS, **(tags or {})})):
            for split, lines in content.items():
                path = root / "tiny" / split / role
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(lines, encoding="utf-8")
                sha256 = hashlib.sha256(lines.encode()).hexdigest()
                text += FILE.format(split=split, role=role, base=base, sha256=sha256)
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        home = tmp_path / "cards" / "tiny"
        home.mkdir(parents=True, exist_ok=True)
        (home / "card.toml").write_text(text, encoding="utf-8")
        return root

    return write
