import gzip
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.captioning.reader import Row, coco, flickr, words
from bench.error import DataError

TOKENS = (
    "a.jpg#0\tA dog .\n"
    "a.jpg#1\tTwo  dogs\u00a0run\n"
    "b.jpg#1\tA cat , asleep\r\n"
    "b.jpg#0\tThe cat\n"
    "b.jpg.1#0\tno such image\n"
    "c.jpg#0\tA bird\n"
)
IMAGES = [{"id": 9, "file_name": "nine.jpg"}, {"id": 2, "file_name": "two.jpg"}]
NOTES = [
    {"id": 5, "image_id": 9, "caption": "A man\n riding. "},
    {"id": 4, "image_id": 2, "caption": "A cat"},
    {"id": 3, "image_id": 9, "caption": "Someone rides"},
]
READ = [
    Row("val", "two.jpg", ["A cat"]),
    Row("val", "nine.jpg", ["Someone rides", "A man riding."]),
]


def written(
    folder: Path, tokens: str | bytes = TOKENS, **lists: str
) -> tuple[Path, dict[str, Path]]:
    path = folder / "tokens.txt"
    path.write_bytes(tokens.encode() if isinstance(tokens, str) else tokens)
    splits = {}
    for split, lines in (lists or {"train": "c.jpg\na.jpg\n", "test": "b.jpg"}).items():
        splits[split] = folder / f"{split}.txt"
        splits[split].write_bytes(lines.encode())
    return path, splits


def annotated(folder: Path, images: Any = IMAGES, annotations: Any = NOTES) -> Path:
    path = folder / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A man doesn't SIT .", ["a", "man", "doesnt", "sit"]),
        ("a tri-colored dog", ["a", "tricolored", "dog"]),
        ("a dog - wet", ["a", "dog", "wet"]),
        ('"Café" 3/4 №5\tÉTÉ', ["café", "34", "5", "été"]),
        (" a\u00a0b\nc ", ["a", "b", "c"]),
        (" .,-_ ", []),
        ("", []),
    ],
)
def test_words(caption: str, expected: list[str]) -> None:
    assert words(caption) == expected


@given(st.text())
def test_words_are_alphanumeric_and_stay_what_they_are(caption: str) -> None:
    found = words(caption)
    assert all(word.isalnum() for word in found)
    assert words(" ".join(found)) == found


def test_flickr_follows_the_lists_and_the_numbers(tmp_path: Path) -> None:
    assert flickr(*written(tmp_path)) == [
        Row("train", "c.jpg", ["A bird"]),
        Row("train", "a.jpg", ["A dog .", "Two dogs run"]),
        Row("test", "b.jpg", ["The cat", "A cat , asleep"]),
    ]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("a.jpg#0\tA dog\na.jpg#1 A dog\n", r"tokens\.txt, line 2: expected image#number, a tab"),
        ("a.jpg\tA dog\n", r"tokens\.txt, line 1: expected image#number"),
        ("a.jpg#x\tA dog\n", r"line 1: expected image#number"),
        ("a.jpg#0\tA dog\n\na.jpg#1\tA dog\n", r"line 2: expected image#number"),
        ("", r"line 1: expected image#number"),
        (
            "a.jpg#0\tA dog\nb.jpg#0\tA dog\na.jpg#0\tA\n",
            r"line 3: caption 'a\.jpg#0' was given bef",
        ),
        ("a.jpg#0\tA dog\na.jpg#1\t , .\n", r"line 2: caption 'a\.jpg#1' has no words \(' , \.'\)"),
        (b"a.jpg#0\tA dog\na.jpg#1\tcaf\xe9\n", r"line 2: byte 12 is not UTF-8"),
    ],
)
def test_a_faulty_token_file_is_told_by_line(
    tmp_path: Path, tokens: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        flickr(*written(tmp_path, tokens, train="a.jpg\n"))


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (
            {"train": "a.jpg\nd.jpg\n"},
            r"train\.txt, line 2: image 'd\.jpg' has no captions in .*tok",
        ),
        ({"train": "a.jpg\n\nb.jpg\n"}, r"train\.txt, line 2: image '' has no captions"),
        ({"train": "a.jpg\n", "test": "b.jpg\na.jpg\n"}, r"test\.txt, line 2: .*listed.*'train'"),
        ({"train": "a.jpg\na.jpg\n"}, r"train\.txt, line 2: image 'a\.jpg' was listed before"),
    ],
)
def test_a_faulty_list_is_told_by_line(tmp_path: Path, lists: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        flickr(*written(tmp_path, **lists))


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    tokens, _ = written(tmp_path)
    with pytest.raises(DataError, match=r"none\.txt cannot be read \(No such file or directory\);"):
        flickr(tokens, {"train": tmp_path / "none.txt"})


def test_coco_is_sorted_and_without_line_breaks(tmp_path: Path) -> None:
    assert coco(annotated(tmp_path), "val") == READ


def test_coco_packed_or_extracted(tmp_path: Path) -> None:
    plain, member = annotated(tmp_path), "annotations/captions_val2014.json"
    packed, archive = tmp_path / "captions.json.gz", tmp_path / "all.zip"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(plain, member)
    extracted = tmp_path / "all" / member
    extracted.parent.mkdir(parents=True)
    extracted.write_bytes(plain.read_bytes())
    assert coco(packed, "val") == READ
    assert coco(archive, "val", member) == READ
    assert coco(tmp_path / "all", "val", member) == READ
    assert coco(extracted, "val", member) == READ
    with pytest.raises(DataError, match=r"all\.zip cannot be read \(.*no item named 'other'"):
        coco(archive, "val", "other")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", b"{", r"x\.json is not JSON in UTF-8 \("),
        ("x.json", b'{"images": "\xe9"}', r"x\.json is not JSON in UTF-8 \(.*0xe9"),
        ("x.json", b"[]", r"x\.json has no list 'images', so it is no COCO caption file"),
        ("x.json", b'{"images": [], "annotations": {}}', "has no list 'annotations'"),
        ("x.json.gz", gzip.compress(b"{}" * 99)[:-9], r"x\.json\.gz cannot be read \("),
        ("x.json.gz", b"{}", r"x\.json\.gz cannot be read \(Not a gzipped file"),
        ("x.zip", b"{}", r"x\.zip cannot be read \(File is not a zip file"),
    ],
)
def test_a_file_that_is_no_annotation(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        coco(path, "val", "x.json")


@pytest.mark.parametrize(
    ("images", "notes", "message"),
    [
        ([*IMAGES, {"id": 2, "file_name": "x.jpg"}], NOTES, "has image 2 twice"),
        ([*IMAGES, {"id": 3, "file_name": "two.jpg"}], NOTES, r"file name 'two\.jpg' for 2 images"),
        ([*IMAGES, {"id": 3, "file_name": "x.jpg"}], NOTES, r"image 3 \(x\.jpg\) without captions"),
        (
            [*IMAGES, {"id": "3", "file_name": "x.jpg"}],
            NOTES,
            r"without a legal 'id': \{\"id\": \"3",
        ),
        ([*IMAGES, {"id": 3}], NOTES, "without a legal 'file_name'"),
        ([*IMAGES, 3], NOTES, "an entry without a legal 'id': 3"),
        (IMAGES[:1], NOTES, "has annotation 4 of image 2, which is not among its images"),
        (
            IMAGES,
            [*NOTES, {"id": 4, "image_id": 9, "caption": "A"}],
            "annotation 4 was given before",
        ),
        (
            IMAGES,
            [*NOTES, {"id": 6, "image_id": 2, "caption": "\n."}],
            "annotation 6 of image 2 with",
        ),
        (IMAGES, [*NOTES, {"id": 6, "image_id": 2}], "without a legal 'caption'"),
        (IMAGES, [*NOTES, {"id": 6, "caption": "A"}], "without a legal 'image_id'"),
    ],
)
def test_a_faulty_entry_is_told_by_id(
    tmp_path: Path, images: list[Any], notes: list[Any], message: str
) -> None:
    with pytest.raises(DataError, match=rf"captions\.json .*{message}"):
        coco(annotated(tmp_path, images, notes), "val")


def test_flickr8k_is_what_its_authors_say(data_root: Path, tmp_path: Path) -> None:
    folder = data_root / "flickr8k"
    tokens = folder / "Flickr8k.token.txt"
    splits = {name: folder / f"Flickr_8k.{name}Images.txt" for name in ("train", "dev", "test")}
    rows = flickr(tokens, splits)
    assert Counter(row.split for row in rows) == {"train": 6000, "dev": 1000, "test": 1000}
    assert {len(row.captions) for row in rows} == {5}
    assert rows[0].name == splits["train"].read_text().split()[0]
    keys = dict.fromkeys(line.split("#")[0] for line in tokens.read_text().splitlines())
    assert "2258277193_586949ec62.jpg.1" in keys.keys() - {row.name for row in rows}
    everything = tmp_path / "all.txt"
    everything.write_text("\n".join(keys))
    rows = flickr(tokens, {"all": everything})
    assert (len(rows), sum(len(row.captions) for row in rows)) == (8092, 40_460)


def test_coco_val2017_is_what_its_authors_say(data_root: Path) -> None:
    rows = coco(data_root / "coco-captions" / "captions_val2017.json.gz", "val")
    assert len(rows) == 5000
    assert Counter(len(row.captions) for row in rows) == {5: 4987, 6: 12, 7: 1}
    assert rows[0].name == "000000000139.jpg"  # file names are the ids, padded with zeros
    assert [row.name for row in rows] == sorted(row.name for row in rows)
    assert all(text == " ".join(text.split()) for row in rows for text in row.captions)
