from html.parser import HTMLParser

from bench.board.gallery import Picture, page


class Seen(HTMLParser):
    """What a page holds: its tags, its images' sources and texts, its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name == "src"]
        assert not any(name == "href" for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def shown(*captions: dict[str, str]) -> Seen:
    pictures = [
        Picture(f"data:image/png;base64,{number}", ("first <b>", "second"), said)
        for number, said in enumerate(captions)
    ]
    return Seen(page("Title & co", "About <it>", pictures))


def test_each_image_has_a_caption_by_strategy_and_a_reference() -> None:
    seen = shown({"random": "a dog", "alise": "a cat"}, {"random": "a fox", "alise": "a hen"})
    assert seen.sources == ["data:image/png;base64,0", "data:image/png;base64,1"]
    for word in ("random", "alise", "a dog", "a cat", "a fox", "a hen"):
        assert word in seen.words
    assert seen.words.count("first <b>") == 2
    assert "second" not in seen.words


def test_texts_are_escaped() -> None:
    seen = shown({"<script>": "<script>x</script>"})
    assert "script" not in seen.tags
    assert "<script>x</script>" in seen.words
    assert "Title & co" in seen.words
    assert "About <it>" in seen.words


def test_an_empty_caption_is_said_to_be_nothing() -> None:
    assert "nothing" in shown({"random": ""}).words


def test_nothing_is_fetched() -> None:
    text = page("t", "a", [Picture("data:,", ("r",), {})])
    assert "http" not in text
    assert "<script" not in text
