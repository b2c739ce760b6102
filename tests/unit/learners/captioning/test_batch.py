"""Images and captions as tensors, by hand."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.learners.captioning.batch import END, LIMIT, Captions, Pictures
from bench.learners.vocabulary import IGNORED, Vocabulary

CPU = torch.device("cpu")
KNOWN = Vocabulary(pa.array(["a", "b", "dog"]), first=END + 1)  # 1, 2, 3
X = IGNORED


def rows(*chosen: int) -> torch.Tensor:
    return torch.tensor(chosen)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def data(features, captions) -> Pictures:
    texts = ["a b|A dog!", "b", "zebra|cat zebra", "dog dog dog|a|b a"]
    return Pictures(features, Captions.of(captions(*texts, "a", "a", "a", "a"), KNOWN))


def test_images_are_read_as_they_are_in_their_file(images) -> None:
    whole = images.read(np.arange(8))
    found = Pictures(images).batch(rows(5, 0, 5), CPU)
    assert found.images.dtype == (torch.uint8 if images.shape[0] == 3 else torch.float16)
    assert found.images.shape == (3, *images.shape)
    assert np.array_equal(found.images.numpy(), whole[[5, 0, 5]])
    assert found.captions is None
    assert found.owners is None
    assert found.tokens == 0
    assert len(np.unique(whole.reshape(8, -1), axis=0)) == 8  # so that an order can be told


def test_images_that_were_taken_are_read_by_their_place_there(images) -> None:
    some = images.take(pa.array([6, 2, 4]))
    assert len(Pictures(some)) == 3
    found = Pictures(some).batch(rows(2, 0), CPU).images.numpy()
    assert np.array_equal(found, images.read(np.array([4, 6])))


def test_joined_batches_hold_both_their_images(data) -> None:
    both = data.batch(rows(0, 1), CPU).join(data.batch(rows(7), CPU))
    assert torch.equal(both.images, data.batch(rows(0, 1, 7), CPU).images)
    assert both.captions is None


def test_captions_are_looked_up_ended_and_padded(data) -> None:
    # Of image 0: "a b", "a dog"; of 1: "b"; of 2 nothing known; of 3: "dog dog dog", "a", "b a".
    found = data.batch(rows(3, 2, 0, 1), CPU)
    assert found.captions.T.tolist() == [
        [3, 3, 3, END],
        [1, END, X, X],
        [2, 1, END, X],
        [END, X, X, X],
        [END, X, X, X],
        [1, 2, END, X],
        [1, 3, END, X],
        [2, END, X, X],
    ]
    assert found.owners.tolist() == [0, 0, 0, 1, 1, 2, 2, 3]
    assert found.tokens == 4 + 2 + 3 + 1 + 1 + 3 + 3 + 2


def test_padding_reaches_as_far_as_the_longest_caption_of_the_batch(data) -> None:
    assert data.batch(rows(2), CPU).captions.tolist() == [[END, END]]
    assert data.batch(rows(2, 1), CPU).captions.shape == (2, 3)


def test_long_captions_are_cut_after_their_last_word_that_fits(features, captions) -> None:
    long = " ".join(["b", "zebra"] * LIMIT + ["a"])
    texts = captions(long, " ".join("b" * LIMIT), *"aaaaaa")
    found = Pictures(features, Captions.of(texts, KNOWN)).batch(rows(0, 1), CPU).captions
    # Unknown words are dropped before the cut: they take no place.
    assert found.T.tolist() == [[2] * LIMIT + [END]] * 2
    assert LIMIT == 20


def test_without_known_words_all_captions_are_empty(features, captions) -> None:
    none = Vocabulary(pa.array([], pa.string()), first=END + 1)
    found = Pictures(features, Captions.of(captions(*["a b|c"] * 8), none))
    assert found.batch(rows(0, 7), CPU).captions.tolist() == [[END] * 4]


def test_drawn_captions_are_the_images_own(data) -> None:
    order, asked = stream(), rows(3, 0, 2, 1)
    own = [
        {tuple(column) for column in data.batch(rows(row), CPU).captions.T.tolist()}
        for row in asked.tolist()
    ]
    own = [{tuple(s for s in caption if s != X) for caption in captions} for captions in own]
    for _ in range(50):
        found = data.draw(asked, CPU, order, stream())
        assert found.owners.tolist() == [0, 1, 2, 3]
        assert torch.equal(found.images, data.batch(asked, CPU).images)
        for column, known in zip(found.captions.T.tolist(), own, strict=True):
            assert tuple(symbol for symbol in column if symbol != X) in known
        assert (found.captions[-1] != X).any()  # no longer than its longest caption


def test_captions_are_drawn_equally_often(data) -> None:
    # Image 3 has three captions: 1,000 of 3,000 each, standard deviation 26; image 0 has two.
    found = data.draw(rows(3, 0).repeat(3000), CPU, stream(), stream(1)).captions[0]
    first = torch.bincount(found.view(3000, 2)[:, 0], minlength=4).tolist()
    assert first[END] == 0
    assert all(abs(times - 1000) < 130 for times in first[1:])
    second = data.draw(rows(0).repeat(3000), CPU, stream(), stream(1)).captions[1]
    assert abs(int((second == 2).sum()) - 1500) < 140


def test_captions_are_drawn_from_the_order_stream_alone(data) -> None:
    order, noise = stream(4), stream(5)
    first = data.draw(rows(*[3] * 50), CPU, order, noise).captions
    assert torch.equal(data.draw(rows(*[3] * 50), CPU, stream(4), stream(6)).captions, first)
    assert not torch.equal(data.draw(rows(*[3] * 50), CPU, order, noise).captions, first)
    assert torch.equal(noise.get_state(), stream(5).get_state())


def test_images_without_captions_draw_nothing(features) -> None:
    order = stream()
    found = Pictures(features).draw(rows(1, 2), CPU, order, stream())
    assert found.captions is None
    assert torch.equal(order.get_state(), stream().get_state())
