"""The seeded generator of `shapes`: small pictures of coloured shapes, five captions each.

A scene has a layout, and in each place of it one thing: a colour, a shape, a size. All are drawn
with the odds written beside them below, in thousandths, falling as Zipf has it:

    things   one in 22 % of scenes, two in 54 %, three in 18.5 %, four in 5.5 %
    layout   27.5 % beside, 20.5 % above, ... 1 % in some corner, 0.7 % four corners
    colour   of things 34 % red, 25 % blue, ... 1.2 % purple, 0.5 % pink, 0.3 % brown
    shape    in the same way, from circle to moon
    size     large (13 pixels): a quarter of things alone or in pairs; else small (9), unsaid

The things of a scene differ in colour or shape, touch only where one is inside the other, and are
named in reading order, the outer before the inner. The background is one of three greys; slight
noise lies over everything. Pixels come from integers alone, so that every machine draws the same.
"""

from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.data.captioning.phrase import phrase

SIDE = 32  # pixels
SMALL, LARGE = 4, 6  # pixels from the middle of a thing to its edge
GREYS = (90, 120, 150)
NOISE = 6  # a pixel's colour is off by so much at most, in each channel

Grid = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Scene(NamedTuple):
    """An image, uint8 [3, 32, 32] (red, green, blue), and its five captions."""

    image: NDArray[np.uint8]
    captions: list[str]


class Thing(NamedTuple):
    """What is drawn in one place."""

    colour: str
    shape: str
    large: bool

    @property
    def name(self) -> str:
        """As captions call it: 'a large red circle'; the small size is not said."""
        return f"a {'large ' * self.large}{self.colour} {self.shape}"


class Layout(NamedTuple):
    """Where the things of a scene are, in pixels."""

    odds: int
    places: tuple[tuple[int, int], ...]  # row and column of the middle of each thing
    jitter: int = 1  # each thing alone is moved by so much at most
    slack: tuple[int, int] = (0, 0)  # and all together by so much, down or up and sideways
    large: tuple[int, ...] = (0, 0, 0, 0)  # each thing's odds of being large


LAYOUTS = {
    "middle": Layout(80, ((16, 16),), large=(250,)),
    "top": Layout(52, ((7, 16),), large=(250,)),
    "bottom": Layout(36, ((24, 16),), large=(250,)),
    "left": Layout(25, ((16, 7),), large=(250,)),
    "right": Layout(16, ((16, 24),), large=(250,)),
    "upper left": Layout(5, ((7, 7),), large=(250,)),
    "upper right": Layout(3, ((7, 24),), large=(250,)),
    "lower left": Layout(2, ((24, 7),), large=(250,)),
    "lower right": Layout(1, ((24, 24),), large=(250,)),
    "beside": Layout(275, ((16, 8), (16, 24)), slack=(2, 0), large=(250, 250)),
    "above": Layout(205, ((8, 16), (24, 16)), slack=(0, 2), large=(250, 250)),
    "inside": Layout(50, ((16, 16), (16, 16)), jitter=0, slack=(2, 2), large=(1000, 0)),
    "falling": Layout(7, ((8, 8), (24, 24)), large=(250, 250)),
    "rising": Layout(3, ((8, 24), (24, 8)), large=(250, 250)),
    "row": Layout(90, ((16, 5), (16, 16), (16, 27)), jitter=0, slack=(3, 0)),
    "column": Layout(50, ((5, 16), (16, 16), (27, 16)), jitter=0, slack=(0, 3)),
    "one on two": Layout(30, ((8, 16), (22, 8), (22, 24)), slack=(2, 2)),
    "two on one": Layout(15, ((8, 8), (8, 24), (22, 16)), slack=(2, 2)),
    "two on two": Layout(48, ((10, 10), (10, 22), (22, 10), (22, 22)), slack=(1, 1)),
    "corners": Layout(7, ((5, 5), (5, 26), (26, 5), (26, 26))),
}

COLOURS = {
    "red": (340, (220, 20, 20)),
    "blue": (250, (20, 40, 220)),
    "green": (170, (20, 160, 40)),
    "yellow": (110, (240, 230, 20)),
    "white": (75, (245, 245, 245)),
    "black": (35, (10, 10, 10)),
    "purple": (12, (130, 20, 170)),
    "pink": (5, (245, 120, 200)),
    "brown": (3, (120, 70, 10)),
}


def _disc(y: Grid, x: Grid, r: int) -> Mask:
    return y * y + x * x <= r * r + r


def _star(y: Grid, x: Grid, r: int) -> Mask:
    """Two triangles, one upside down; both cover the rows near the middle."""
    widen = np.where(2 * abs(y) <= r, abs(y), -abs(y))
    return 4 * abs(x) <= 3 * (r + widen)


# Whether a pixel, y below and x beside the middle, is part of a shape that reaches out to r.
SHAPES: dict[str, tuple[int, Callable[[Grid, Grid, int], Mask]]] = {
    "circle": (340, _disc),
    "square": (250, lambda y, x, r: np.maximum(abs(y), abs(x)) <= r),
    "triangle": (170, lambda y, x, r: 2 * abs(x) <= y + r),
    "diamond": (110, lambda y, x, r: abs(y) + abs(x) <= r),
    "cross": (75, lambda y, x, r: 3 * np.minimum(abs(y), abs(x)) <= r),
    "ring": (35, lambda y, x, r: _disc(y, x, r) & (2 * (y * y + x * x) > r * r)),
    "star": (12, _star),
    "bar": (5, lambda y, x, r: np.maximum(3 * abs(y), abs(x)) <= r),
    "moon": (3, lambda y, x, r: _disc(y, x, r) & ~_disc(y, x - r, r)),
}
HOSTS = {"circle", "square"}  # wide enough for a small thing inside


def generate(seed: int, count: int) -> Iterator[Scene]:
    """`count` scenes with distinct images; a longer draw from a seed starts with a shorter one."""
    generator = np.random.default_rng(seed)
    seen: set[bytes] = set()
    while len(seen) < count:
        scene = _draw(generator)
        if (pixels := scene.image.tobytes()) not in seen:
            seen.add(pixels)
            yield scene


def mask(shape: str, radius: int) -> Mask:
    """The pixels of a shape, [2·radius + 1, 2·radius + 1]."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return SHAPES[shape][1](y, x, radius)


def _draw(generator: np.random.Generator) -> Scene:
    name = _pick(generator, {name: layout.odds for name, layout in LAYOUTS.items()})
    layout = LAYOUTS[name]
    while True:
        things = [_thing(generator, layout.large[place]) for place in range(len(layout.places))]
        if _clear(name, things):
            break
    captions = phrase(generator, name, [thing.name for thing in things])
    return Scene(_paint(generator, layout, things), captions)


def _thing(generator: np.random.Generator, large: int) -> Thing:
    colour = _pick(generator, {name: odds for name, (odds, _) in COLOURS.items()})
    shape = _pick(generator, {name: odds for name, (odds, _) in SHAPES.items()})
    return Thing(colour, shape, int(generator.integers(1000)) < large)


def _clear(layout: str, things: list[Thing]) -> bool:
    """No two look alike; and an outer thing has room for the inner and another colour."""
    if len({(thing.colour, thing.shape) for thing in things}) < len(things):
        return False
    return layout != "inside" or (things[0].shape in HOSTS and things[0].colour != things[1].colour)


def _paint(
    generator: np.random.Generator, layout: Layout, things: list[Thing]
) -> NDArray[np.uint8]:
    image = np.full((3, SIDE, SIDE), GREYS[generator.integers(len(GREYS))])
    shift = [_within(generator, slack) for slack in layout.slack]
    for thing, place in zip(things, layout.places, strict=True):
        radius = LARGE if thing.large else SMALL
        y, x = (
            middle + move + _within(generator, layout.jitter) - radius
            for middle, move in zip(place, shift, strict=True)
        )
        window = image[:, y : y + 2 * radius + 1, x : x + 2 * radius + 1]
        window[:, mask(thing.shape, radius)] = np.array(COLOURS[thing.colour][1])[:, None]
    noise = generator.integers(-NOISE, NOISE, size=image.shape, endpoint=True)
    return (image + noise).clip(0, 255).astype(np.uint8)


def _within(generator: np.random.Generator, reach: int) -> int:
    return int(generator.integers(-reach, reach, endpoint=True))


def _pick(generator: np.random.Generator, odds: Mapping[str, int]) -> str:
    """A name by its odds: integers, so that no machine's rounding can move a choice."""
    bounds = list(accumulate(odds.values()))
    return list(odds)[bisect(bounds, int(generator.integers(bounds[-1])))]
