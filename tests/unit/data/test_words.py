"""The corpora that the W-BADGE paper counts in words: their pinned files and their budgets."""

from pathlib import Path

import pytest
import torch

from bench.data import card, fetch, task

CORPORA = [
    # name, training words, the first target and the last one
    ("conll2003", 203621, (4072, 40724)),  # 2 % and 20 %
    ("fmtod", 221518, (2215, 22152)),  # 1 % and 10 %
    ("snips", 117700, (2354, 23540)),  # 2 % and 20 %
]


@pytest.mark.parametrize("name", [name for name, _, _ in CORPORA])
def test_files_are_those_the_card_pins(name: str, data_root: Path) -> None:
    assert {status for _, status in fetch.verify(card.load(name), data_root)} == {"ok"}


@pytest.mark.parametrize(("name", "whole", "ends"), CORPORA)
def test_protocol_words(name: str, whole: int, ends: tuple[int, int], data_root: Path) -> None:
    words = task.load(name, None, data_root)
    pool = words.deal(torch.Generator()).pool
    assert torch.equal(pool.ids, words.corpus.rows("train"))
    assert int(pool.cost(pool.ids).sum()) == words.whole == whole
    assert words.protocol.targets[::9] == ends
