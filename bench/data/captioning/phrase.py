"""The wording of `shapes`: five captions of one scene, each with another body and another opener.

A body says where the things of a layout are; {a}, {b}, {c} and {d} are their names in reading
order, the outer before the inner. The first body of each layout is its plainest. No caption is
longer than 18 words.
"""

import numpy as np

OPENERS = ("", "there is", "here is", "this is", "we see", "you see", "it shows", "look at")

_ALONE = ("{a} @", "{a} alone @", "{a} placed @", "just {a} @", "{a} @ of the scene")
_PLACES = {
    "middle": "in the middle",
    "top": "at the top",
    "bottom": "at the bottom",
    "left": "on the left",
    "right": "on the right",
    "upper left": "in the upper left corner",
    "upper right": "in the upper right corner",
    "lower left": "in the lower left corner",
    "lower right": "in the lower right corner",
}
_ABOVE = (
    "{a} above {b}",
    "{a} placed above {b}",
    "{a} over {b}",
    "{a} with {b} below",
    "{b} below {a}",
)
_DIAGONAL = (
    "{a} above and to the @ of {b}",
    "{a} placed above and to the @ of {b}",
    "{a} up and to the @ of {b}",
    "{a} diagonally opposite to {b}",
    "{b} diagonally below {a}",
)
_ROW = ("@ in a row", "@ in a line", "@ side by side", "a row of @")
_COLUMN = ("@ in a column", "@ in a stack", "@ from top down", "a column of @")
_CORNERS = ("@ in the corners", "@ in all corners", "@ far apart", "@ spread out", "corners with @")
_BETWEEN = "{b} between {a} and {c}"


def _fill(bodies: tuple[str, ...], words: str) -> tuple[str, ...]:
    return tuple(body.replace("@", words) for body in bodies)


def _group(bodies: tuple[str, ...], a: str, b: str) -> tuple[str, ...]:
    return tuple(body.format(a=a, b=b) for body in bodies)


BODIES: dict[str, tuple[str, ...]] = {
    **{place: _fill(_ALONE, words) for place, words in _PLACES.items()},
    "beside": (
        "{a} to the left of {b}",
        "{a} placed to the left of {b}",
        "{a} on the left and {b} on the right",
        "{a} with {b} on its right",
        "{b} to the right of {a}",
    ),
    "above": _ABOVE,
    "inside": (
        "{a} around {b}",
        "{a} with {b} inside",
        "{a} containing {b}",
        "{b} inside {a}",
        "{b} placed within {a}",
    ),
    "falling": _fill(_DIAGONAL, "left"),
    "rising": _fill(_DIAGONAL, "right"),
    "row": (*_fill(_ROW, "{a} {b} and {c}"), _BETWEEN),
    "column": (*_fill(_COLUMN, "{a} {b} and {c}"), _BETWEEN),
    "one on two": _group(_ABOVE, "{a}", "{b} and {c}"),
    "two on one": _group(_ABOVE, "{a} and {b}", "{c}"),
    "two on two": _group(_ABOVE, "{a} and {b}", "{c} and {d}"),
    "corners": _fill(_CORNERS, "{a} {b} {c} and {d}"),
}


def phrase(generator: np.random.Generator, layout: str, names: list[str]) -> list[str]:
    """Five distinct captions, in random order, of things so named ('a red circle') and laid out."""
    named = dict(zip("abcd", names, strict=False))
    bodies = generator.permutation(BODIES[layout])
    openers = generator.permutation(OPENERS)[: len(bodies)]
    return [
        f"{opener} {body.format(**named)}".strip()
        for opener, body in zip(openers, bodies, strict=True)
    ]
