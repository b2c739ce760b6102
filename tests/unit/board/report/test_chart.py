import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.board.leaderboard import Board
from bench.board.report import chart
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
Colour = NDArray[np.float64]

# What is seen: by most; without red, green or blue cones (Machado et al. 2009, severity 1).
SIGHTS = {
    "trichromat": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def palettes() -> dict[str, dict[str, Colour]]:
    """The colours of the style sheet by name, linear RGB, in the light and in the dark."""
    style = (files("bench.board.report") / "style.css").read_text(encoding="utf-8")
    light, dark, *_ = re.findall(r":root \{(.*?)\}", style, re.DOTALL)

    def read(text: str) -> dict[str, Colour]:
        return {name: linear(code) for name, code in re.findall(r"--(\w+): #(\w{6})", text)}

    return {"light": read(light), "dark": read(dark)}


def linear(code: str) -> Colour:
    values = np.array([int(code[place : place + 2], 16) for place in (0, 2, 4)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, two: Colour) -> float:
    """As WCAG 2 has it."""
    low, high = sorted(float(each @ [0.2126, 0.7152, 0.0722]) for each in (one, two))
    return (high + 0.05) / (low + 0.05)


def oklab(colour: Colour) -> Colour:
    """Ottosson 2020: distances are what an eye tells apart, black to white 1."""
    cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    opponents = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(opponents) @ np.cbrt(np.array(cones) @ np.clip(colour, 0, 1))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_seen_and_told_apart(theme: str) -> None:
    palette = palettes()[theme]
    strategies = [palette[f"s{number}"] for number in range(chart.COLOURS + 1)]
    assert min(contrast(each, palette["paper"]) for each in strategies) >= 3
    for sight, matrix in SIGHTS.items():
        seen = [oklab(np.array(matrix) @ each) for each in strategies]
        nearest = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
        assert nearest >= (0.15 if sight == "trichromat" else 0.08), sight


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_can_be_read(theme: str) -> None:
    palette = palettes()[theme]
    for text in ("ink", "soft", "accent"):
        for ground in ("paper", "tint"):
            assert contrast(palette[text], palette[ground]) >= 4.5
    assert contrast(palette["ink"], palette["heat"]) >= 4.5


def test_two_dozen_strategies_look_different(boards: list[Board]) -> None:
    names = ["random", *(f"s{number}" for number in range(24))]
    entries = tuple(replace(boards[0].entries[0], strategy=name) for name in names)
    marks = chart.marks(replace(boards[0], entries=entries))
    assert [each["name"] for each in marks] == names
    assert len({(each["colour"], each["dash"]) for each in marks}) == 25
    assert len({(each["colour"], each["shape"]) for each in marks[1:]}) == 24
    assert marks[0]["colour"] == 0
    assert 0 not in {each["colour"] for each in marks[1:]}


def test_a_strategy_keeps_its_mark_whatever_its_rank(boards: list[Board]) -> None:
    turned = replace(boards[0], entries=boards[0].entries[::-1])
    assert chart.marks(turned) == chart.marks(boards[0])[::-1]


def test_specifications_are_of_no_board() -> None:
    specs = chart.specs()
    assert set(specs) == {"curve", "price", "overlap"}
    for name, spec in specs.items():
        named = {each["data"]["name"] for each in spec["layer"] if "data" in each}
        assert name in (named or {spec["data"]["name"]})
        assert "values" not in json.dumps(spec)
        assert {each["name"] for each in spec["params"]} == {"focus", "band"}
    assert len(json.dumps(specs)) < 20_000


def test_data_of_a_board(boards: list[Board]) -> None:
    board = boards[0]
    data = chart.data(board)
    assert data["targets"] == [300, 600, 900, 1200]
    assert [len(points) for points in data["successor"]] == [4, 4, 4, 3]
    mean, low, high, text = data["successor"][0][0]
    first = board.entries[0].scores[0]
    assert (mean, text) == (pytest.approx(first.mean), "0.520 [0.500, 0.540]")
    assert (low, high) == (pytest.approx(first.low, abs=1e-5), pytest.approx(first.high, abs=1e-5))
    assert [bool(own) for own in data["own"]] == [False, False, False, True]
    assert data["full"] == {"y": 0.66, "text": "0.660"}
    assert data["cost"][0]["passes"] == [4.0, board.entries[0].cost.front_passes, "4.0"]
    assert len(data["overlap"]) == 6
    json.dumps(data, allow_nan=False)


def test_what_cost_nothing_is_not_on_a_logarithmic_axis(boards: list[Board]) -> None:
    first = boards[0].entries[0]
    free = replace(first, cost=replace(first.cost, passes=0.0, acquisition_seconds=None))
    data = chart.data(replace(boards[0], entries=(free,), pairs=()))
    assert data["cost"] == [{"seconds": None, "passes": None}]
