import pytest

from bench.board.report.name import names, slug, title
from bench.board.run import Place

PLACE = Place("atis", "alise", "tagger", "cpu", "1.0", "data" * 16, "conf" * 16)


def test_as_short_as_can_be() -> None:
    found = names([PLACE, PLACE._replace(task="snips", learner="tagger[epochs=3]")])
    assert [title(name) for name in found] == ["atis · alise · tagger", "snips · alise · tagger"]
    assert [slug(name) for name in found] == ["atis-alise-tagger", "snips-alise-tagger"]


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"learner": "tagger[epochs=3,size=0.5]"}, ["", "-epochs-3-size-0.5"]),
        ({"device": "cuda"}, ["-cpu", "-cuda"]),
        ({"rules": "1.1"}, ["-rules-1.0", "-rules-1.1"]),
        ({"data": "0" * 64}, ["-datadata", "-00000000"]),
        ({"config": "0" * 64}, ["-confconf", "-00000000"]),
    ],
)
def test_namesakes_have_what_tells_them_apart(change: dict[str, str], ends: list[str]) -> None:
    other = PLACE._replace(task="snips")
    found = [slug(name) for name in names([PLACE, other, PLACE._replace(**change)])]
    assert found == [
        f"atis-alise-tagger{ends[0]}",
        "snips-alise-tagger",
        f"atis-alise-tagger{ends[1]}",
    ]


def test_a_slug_is_safe_in_an_address() -> None:
    name = ("<a/b>", "p#?%", "l")
    assert slug(name) == "a-b-p-l"
