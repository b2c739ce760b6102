"""The generator of `shapes`: what it draws, what it says of that, and how often."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.data.captioning.phrase import BODIES, OPENERS
from bench.data.captioning.scene import COLOURS, GREYS, LAYOUTS, SHAPES, Scene, generate, mask

# Of 2,000 scenes of seed 1, pixels and captions.
DIGEST = "9567b7171b813cb46b68b1d539f5df9d864e85ac1097ff48f7a5bfb6b55bf951"

NAME = rf"(?:large )?(?:{'|'.join(COLOURS)}) (?:{'|'.join(SHAPES)})"
THING = f"a ({NAME})"


class Box(NamedTuple):
    """The first and the last row and column of a thing."""

    top: int
    bottom: int
    left: int
    right: int


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return list(generate(1, 2000))


@pytest.fixture(scope="module")
def clear(scenes: list[Scene]) -> list[tuple[Scene, dict[str, Box]]]:
    """Scenes without a colour twice, and where their things are, by name."""
    found = []
    for scene in scenes:
        seen = named(scene.image)
        names = re.findall(THING, scene.captions[0])
        if len({name.split()[-2] for name in names}) == len(names):
            found.append((scene, {name: box(seen == name.split()[-2]) for name in names}))
    return found


def named(image: NDArray[np.uint8]) -> NDArray[np.str_]:
    """The name of each pixel's nearest colour, [32, 32]; that of the background is 'grey'."""
    palette = [(name, value) for name, (_, value) in COLOURS.items()]
    palette += [("grey", (grey, grey, grey)) for grey in GREYS]
    values = np.array([value for _, value in palette])[:, :, None, None]
    return np.array([name for name, _ in palette])[((image - values) ** 2).sum(1).argmin(0)]


def box(inside: NDArray[np.bool_]) -> Box:
    rows, columns = (inside.any(axis).nonzero()[0] for axis in (1, 0))
    return Box(int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1]))


def over(a: Box, b: Box) -> bool:
    return a.bottom + 1 < b.top


def before(a: Box, b: Box) -> bool:
    return a.right + 1 < b.left


def around(a: Box, b: Box) -> bool:
    return a.top < b.top and b.bottom < a.bottom and a.left < b.left and b.right < a.right


def test_the_same_seed_draws_the_same(scenes: list[Scene]) -> None:
    for first, second in zip(scenes[:99], generate(1, 99), strict=True):
        assert (first.image == second.image).all()
        assert first.captions == second.captions


def test_a_shorter_draw_starts_a_longer_one(scenes: list[Scene]) -> None:
    *others, last = generate(1, 7)
    assert len(others) == 6
    assert (last.image == scenes[6].image).all()
    assert last.captions == scenes[6].captions


def test_another_seed_draws_others(scenes: list[Scene]) -> None:
    pairs = zip(scenes, generate(2, 50), strict=False)
    assert sum(a.captions[0] == b.captions[0] for a, b in pairs) < 5


def test_a_draw_is_the_same_on_every_platform(scenes: list[Scene]) -> None:
    digest = hashlib.sha256()
    for scene in scenes:
        digest.update(scene.image.tobytes() + "\n".join(scene.captions).encode())
    assert digest.hexdigest() == DIGEST, "has the generator been edited?"


def test_an_image_is_small_and_coloured(scenes: list[Scene]) -> None:
    assert {(scene.image.shape, scene.image.dtype.name) for scene in scenes} == {
        ((3, 32, 32), "uint8")
    }


def test_all_images_are_distinct(scenes: list[Scene]) -> None:
    assert len({scene.image.tobytes() for scene in scenes}) == 2000


def test_a_repeated_image_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [Scene(np.full((3, 32, 32), shade, np.uint8), []) for shade in (1, 1, 2, 1, 3)]
    drawn = iter(few)
    monkeypatch.setattr("bench.data.captioning.scene._draw", lambda _: next(drawn))
    assert [scene.image[0, 0, 0] for scene in generate(1, 3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ("circle", "..###.. .#####. ####### ####### ####### .#####. ..###.."),
        ("square", "####### ####### ####### ####### ####### ####### #######"),
        ("triangle", "...#... ...#... ..###.. ..###.. .#####. .#####. #######"),
        ("diamond", "...#... ..###.. .#####. ####### .#####. ..###.. ...#..."),
        ("cross", "..###.. ..###.. ####### ####### ####### ..###.. ..###.."),
        ("ring", "..###.. .##.##. ##...## #.....# ##...## .##.##. ..###.."),
        ("star", "...#... ...#... ####### .#####. ####### ...#... ...#..."),
        ("bar", "....... ....... ####### ####### ####### ....... ......."),
        ("moon", "..###.. .###... ###.... ###.... ###.... .###... ..###.."),
    ],
)
def test_a_shape_looks_like_itself(shape: str, rows: str) -> None:
    pixels = np.where(mask(shape, 3), "#", ".")
    assert ["".join(row) for row in pixels] == rows.split()


# The captions against the picture.


def test_a_scene_has_five_captions_of_the_same_things(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert len(set(scene.captions)) == len(scene.captions) == 5
        assert len({tuple(sorted(re.findall(THING, text))) for text in scene.captions}) == 1


def test_captions_differ_in_more_than_their_openers(scenes: list[Scene]) -> None:
    opener = re.compile(f"^({'|'.join(filter(None, OPENERS))}) ")
    for scene in scenes:
        assert len({opener.sub("", text) for text in scene.captions}) == 5


def test_no_two_things_of_a_scene_look_alike(scenes: list[Scene]) -> None:
    for scene in scenes:
        looks = [name.split()[-2:] for name in re.findall(THING, scene.captions[0])]
        assert all(first != second for first, second in combinations(looks, 2))


def test_a_thing_inside_another_has_its_own_colour(scenes: list[Scene]) -> None:
    for scene in scenes:
        outer, inner, *_ = [*re.findall(THING, scene.captions[0]), "", ""]
        if any("inside" in text for text in scene.captions):
            assert outer.split()[-2] != inner.split()[-2]


def test_the_background_is_slightly_noisy(scenes: list[Scene]) -> None:
    for scene in scenes:
        background = scene.image[:, named(scene.image) == "grey"].astype(int)
        near = [np.abs(background - grey).max() for grey in GREYS]
        assert min(near) == 6


def test_captions_are_short_and_of_plain_words(scenes: list[Scene]) -> None:
    texts = [text for scene in scenes for text in scene.captions]
    assert {type(text) for text in texts} == {str}
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*", text) for text in texts)
    lengths = [len(text.split()) for text in texts]
    assert (min(lengths), max(lengths)) == (6, 18)
    assert 11 < np.mean(lengths) < 13
    assert 70 <= len({word for text in texts for word in text.split()}) <= 90


def test_the_colours_named_are_those_seen(scenes: list[Scene]) -> None:
    for scene in scenes:
        said = {name.split()[-2] for name in re.findall(THING, scene.captions[0])}
        assert set(np.unique(named(scene.image))) == said | {"grey"}


def test_the_shapes_and_sizes_named_are_those_seen(
    clear: list[tuple[Scene, dict[str, Box]]],
) -> None:
    for scene, boxes in clear:
        seen = named(scene.image)
        for name, (top, bottom, left, right) in boxes.items():
            *size, colour, shape = name.split()
            whole = mask(shape, 6 if size else 4)
            place = box(whole)
            expected = whole[place.top : place.bottom + 1, place.left : place.right + 1]
            window = seen[top : bottom + 1, left : right + 1]
            # The second for a thing with another inside.
            assert any(
                np.array_equal(drawn, expected) for drawn in (window == colour, window != "grey")
            ), scene.captions


RELATIONS: dict[str, Callable[[Box, Box], bool]] = {
    "A (?:placed )?(?:above|over) B": over,
    "A with .*?B(?: and a .*)? below": over,
    "B (?:diagonally )?below A": over,
    "A (?:placed )?to the left of B": before,
    "A on the left and B on the right": before,
    "A with B on its right": before,
    "B to the right of A": before,
    "A around B": around,
    "A with B inside": around,
    "A containing B": around,
    "B inside A": around,
    "B placed within A": around,
    "A (?:placed )?(?:above|up) and to the left of B": lambda a, b: over(a, b) and before(a, b),
    "A (?:placed )?(?:above|up) and to the right of B": lambda a, b: over(a, b) and before(b, a),
    "A diagonally opposite to B": lambda a, b: over(a, b) and (before(a, b) or before(b, a)),
    "B between A and": lambda a, b: before(a, b) or over(a, b),
    "A between .* and B": lambda a, b: before(a, b) or over(a, b),
}


@pytest.mark.parametrize("said", RELATIONS)
def test_a_relation_holds_in_the_picture(
    clear: list[tuple[Scene, dict[str, Box]]], said: str
) -> None:
    holds, found = RELATIONS[said], 0
    pattern = re.compile(said.replace("A", f"a (?P<a>{NAME})").replace("B", f"a (?P<b>{NAME})"))
    for scene, boxes in clear:
        for text in scene.captions:
            for match in pattern.finditer(text):
                found += 1
                assert holds(boxes[match["a"]], boxes[match["b"]]), text
    assert found >= 5


@pytest.mark.parametrize(
    ("said", "follows", "astray"),
    [
        ("in a row|in a line|side by side|a row of", before, over),
        ("in a column|in a stack|from top down|a column of", over, before),
    ],
)
def test_a_row_and_a_column_are_said_in_order(
    clear: list[tuple[Scene, dict[str, Box]]],
    said: str,
    follows: Callable[[Box, Box], bool],
    astray: Callable[[Box, Box], bool],
) -> None:
    texts = [(text, boxes) for scene, boxes in clear for text in scene.captions]
    lines = [(text, boxes) for text, boxes in texts if re.search(said, text)]
    assert len(lines) > 100
    for text, boxes in lines:
        for first, second in pairwise(re.findall(THING, text)):
            assert follows(boxes[first], boxes[second]), text
            assert not astray(boxes[first], boxes[second]), text


def test_a_place_is_where_it_is_said(clear: list[tuple[Scene, dict[str, Box]]]) -> None:
    places = {"at the top": (0, 1), "at the bottom": (2, 1), "in the middle": (1, 1)}
    places |= {"on the left": (1, 0), "on the right": (1, 2)}
    places |= {"in the upper left corner": (0, 0), "in the upper right corner": (0, 2)}
    places |= {"in the lower left corner": (2, 0), "in the lower right corner": (2, 2)}
    found = Counter[str]()
    for scene, boxes in clear:
        if len(boxes) == 1:
            ((top, bottom, left, right),) = boxes.values()
            third = tuple((twice > 20) + (twice >= 40) for twice in (top + bottom, left + right))
            for text in scene.captions:
                (said,) = (place for place in places if place in text)
                found[said] += 1
                assert third == places[said], text
    assert found.keys() == places.keys()


def test_corners_are_said_line_by_line(clear: list[tuple[Scene, dict[str, Box]]]) -> None:
    texts = [(text, boxes) for scene, boxes in clear for text in scene.captions]
    spread = [(text, boxes) for text, boxes in texts if re.search("corners|far|spread", text)]
    assert spread
    for text, boxes in spread:
        a, b, c, d = (boxes[name] for name in re.findall(THING, text))
        assert max(a.top, b.top, a.left, c.left) <= 2, text
        assert min(c.bottom, d.bottom, b.right, d.right) >= 28, text


def test_things_lie_apart(clear: list[tuple[Scene, dict[str, Box]]]) -> None:
    for scene, boxes in clear:
        if not any("inside" in text for text in scene.captions):
            for a, b in combinations(boxes.values(), 2):
                assert over(a, b) or over(b, a) or before(a, b) or before(b, a), scene.captions


# The odds.


def share(scenes: list[Scene], word: str) -> float:
    return np.mean([any(word in text.split() for text in scene.captions) for scene in scenes])


def test_odds_are_in_thousandths_and_fall() -> None:
    for odds in (
        [odds for odds, _ in COLOURS.values()],
        [odds for odds, _ in SHAPES.values()],
    ):
        assert sum(odds) == 1000
        assert odds == sorted(odds, reverse=True)
    assert sum(layout.odds for layout in LAYOUTS.values()) == 1000


def test_every_layout_has_five_bodies_that_name_all_its_things() -> None:
    assert BODIES.keys() == LAYOUTS.keys()
    assert len(set(OPENERS)) == len(OPENERS) >= 5
    for name, bodies in BODIES.items():
        assert len(set(bodies)) == 5
        wanted = "abcd"[: len(LAYOUTS[name].places)]
        assert {"".join(sorted(re.findall(r"\{(.)\}", body))) for body in bodies} == {wanted}


def test_two_things_are_usual_and_four_are_rare(scenes: list[Scene]) -> None:
    counts = Counter(len(re.findall(THING, scene.captions[0])) for scene in scenes)
    shares = [counts[number] / len(scenes) for number in (1, 2, 3, 4)]
    np.testing.assert_allclose(shares, [0.22, 0.54, 0.185, 0.055], atol=0.03)


@pytest.mark.parametrize(
    ("word", "low", "high"),
    [
        *[("red", 0.5, 0.65), ("blue", 0.38, 0.55), ("black", 0.05, 0.1), ("purple", 0.01, 0.04)],
        *[("pink", 0.004, 0.02), ("brown", 0.002, 0.012), ("circle", 0.5, 0.65)],
        *[("ring", 0.05, 0.1), ("star", 0.01, 0.04), ("bar", 0.004, 0.02), ("moon", 0.002, 0.012)],
        *[("large", 0.25, 0.38), ("inside", 0.035, 0.065), ("column", 0.035, 0.065)],
        *[("corner", 0.005, 0.02), ("corners", 0.003, 0.012), ("diagonally", 0.004, 0.018)],
        *[("lower", 0.0005, 0.008)],
    ],
)
def test_words_have_a_long_tail(scenes: list[Scene], word: str, low: float, high: float) -> None:
    assert low <= share(scenes, word) <= high


def test_some_pairs_of_colour_and_shape_are_very_rare(scenes: list[Scene]) -> None:
    texts = (scene.captions[0].replace("large ", "") for scene in scenes)
    pairs = Counter(pair for text in texts for pair in re.findall(THING, text))
    assert pairs["red circle"] > 300
    assert sum(count <= 5 for count in pairs.values()) > 15


def test_a_random_tenth_misses_words(scenes: list[Scene]) -> None:
    words = [{word for text in scene.captions for word in text.split()} for scene in scenes[:1500]]
    everything = set().union(*words)
    generator = np.random.default_rng(0)
    missed = [
        len(everything.difference(*(words[i] for i in generator.choice(1500, 150, replace=False))))
        for _ in range(50)
    ]
    assert 3 < np.mean(missed) < 9


def test_captions_agree_with_each_other_and_colours_matter(scenes: list[Scene]) -> None:
    from sacrebleu import corpus_bleu

    held = [scene.captions[0] for scene in scenes[:500]]
    others = list(zip(*(scene.captions[1:] for scene in scenes[:500]), strict=True))
    wheel = dict(pairwise([*COLOURS, next(iter(COLOURS))]))
    wrong = [" ".join(wheel.get(word, word) for word in text.split()) for text in held]
    assert 55 < corpus_bleu(held, others).score < 65
    assert corpus_bleu(wrong, others).score < 35
