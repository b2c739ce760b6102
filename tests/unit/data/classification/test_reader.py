from dataclasses import replace

import pytest

from bench.data import card
from bench.data.card import Counts
from bench.data.classification import reader
from bench.error import DataError


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        (Counts(images=1796), "(1796, 0, 0)"),
        (Counts(images=1797, sentences=1), "(1797, 1, 0)"),
        (Counts(images=1797, tokens=1), "(1797, 0, 1)"),
    ],
)
def test_what_the_card_states_is_checked(stated: Counts, wanted: str) -> None:
    digits = replace(card.load("digits"), counts={"all": stated})
    with pytest.raises(DataError) as caught:
        reader.read(digits, {})
    assert str(caught.value) == (
        "digits, split all: (1797, 0, 0) images, sentences and words were read, but the card "
        f"states {wanted}; mend the card or take the files it names."
    )
