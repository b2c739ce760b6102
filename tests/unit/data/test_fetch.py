import gzip
import hashlib
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.data import card, fetch
from bench.error import DataError, StorageError

Maker = Callable[..., Path]
FIRST = "tiny/train/tokens"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def asked() -> list[str]:
    """What the server was asked for."""
    return []


@pytest.fixture
def server(tmp_path: Path, asked: list[str]) -> Iterator[str]:
    (tmp_path / "root").mkdir()

    class Counting(Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

    handler = partial(Counting, directory=str(tmp_path / "root"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_downloads_once_into_the_cache(make: Maker, server: str) -> None:
    root = make(base=server)
    tiny = card.load("tiny")
    assert {status for _, status in fetch.verify(tiny)} == {"missing"}
    files = fetch.fetch(tiny)
    assert list(files) == [file.path for file in tiny.files]
    for path, place in files.items():
        assert place.read_bytes() == (root / path).read_bytes()
        assert fetch.cache() in place.parents
        (root / path).unlink()
    assert fetch.fetch(tiny) == files
    assert {status for _, status in fetch.verify(tiny)} == {"ok"}


def test_progress_is_shown_on_a_terminal_only(
    make: Maker, server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(base=server)
    first, *others = card.load("tiny").files
    fetch.fetch(replace(card.load("tiny"), files=(first,)))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fetch.fetch(replace(card.load("tiny"), files=tuple(others)))
    assert "100%" in capsys.readouterr().err


def test_a_damaged_download_is_fetched_again(make: Maker, server: str) -> None:
    make(base=server)
    tiny = card.load("tiny")
    place = fetch.fetch(tiny)[FIRST]
    place.write_text("damaged")
    assert dict(fetch.verify(tiny))[FIRST].startswith("wrong checksum: found ")
    assert fetch.fetch(tiny)[FIRST].read_text() != "damaged"


def test_a_wrong_download_is_refused_and_not_kept(make: Maker, server: str) -> None:
    root = make(base=server)
    (root / FIRST).write_text("other")
    tiny = card.load("tiny")
    with pytest.raises(DataError) as caught:
        fetch.fetch(tiny)
    for said in (FIRST, tiny.files[0].url, tiny.files[0].sha256, fetch.digest(root / FIRST)):
        assert said in str(caught.value)
    assert {path.suffix for path in fetch.cache().rglob("*") if path.is_file()} == {".lock"}


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", None])
def test_a_file_out_of_reach_names_three_ways(make: Maker, server: str, base: str | None) -> None:
    root = make(base=base or server)  # nobody listens there, or the server has no such file
    (root / FIRST).unlink()
    with pytest.raises(DataError) as caught:
        fetch.fetch(card.load("tiny"))
    url = f"{base or server}/{FIRST}"
    for said in (FIRST, url, "`bench data fetch tiny`", "--data-root", "BENCH_DATA"):
        assert said in str(caught.value)


def test_a_cache_that_cannot_be_written_is_named(make: Maker, server: str) -> None:
    make(base=server)
    fetch.cache().parent.mkdir(parents=True)
    fetch.cache().write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="labelworth"):
        fetch.fetch(card.load("tiny"))


@pytest.mark.parametrize("named", ["argument", "variable"])
def test_a_data_root_is_used_and_left_alone(
    make: Maker, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    root = make()
    before = sorted(root.rglob("*"))
    if named == "variable":
        monkeypatch.setenv("BENCH_DATA", str(root))
    files = fetch.fetch(card.load("tiny"), root if named == "argument" else None)
    assert files[FIRST] == root / FIRST
    assert sorted(root.rglob("*")) == before
    assert not fetch.cache().exists()


def test_the_argument_wins_over_the_variable(
    make: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = make()
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "elsewhere"))
    assert fetch.fetch(card.load("tiny"), root)[FIRST] == root / FIRST


def test_a_file_missing_in_a_data_root_is_not_downloaded(make: Maker, server: str) -> None:
    root = make(base=server)
    (root / FIRST).unlink()
    tiny = card.load("tiny")
    assert dict(fetch.verify(tiny, root))[FIRST] == "missing"
    with pytest.raises(DataError) as caught:
        fetch.fetch(tiny, root)
    for said in (str(root / FIRST), tiny.files[0].url, "--data-root", "BENCH_DATA"):
        assert said in str(caught.value)
    assert not fetch.cache().exists()


def test_a_wrong_file_in_a_data_root_is_refused(make: Maker) -> None:
    root = make()
    (root / FIRST).write_text("other")
    tiny = card.load("tiny")
    found = fetch.digest(root / FIRST)
    assert dict(fetch.verify(tiny, root))[FIRST] == f"wrong checksum: found {found}"
    with pytest.raises(DataError, match=f"expected {tiny.files[0].sha256}, found {found}"):
        fetch.fetch(tiny, root)


LOOSE = "loose/some.zip"


def test_of_several_processes_one_downloads(make: Maker, server: str, asked: list[str]) -> None:
    make(base=server)
    tiny, fork = card.load("tiny"), multiprocessing.get_context("fork")
    begin = fork.Barrier(4)

    def work() -> None:
        begin.wait()
        fetch.fetch(tiny)

    processes = [fork.Process(target=work) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert sorted(asked) == sorted(f"/{file.path}" for file in tiny.files)


@pytest.fixture
def loose(make: Maker, tmp_path: Path) -> Callable[..., card.Card]:
    """The tiny card with one file alone, a zip whose digest is not stated."""

    def of(base: str = "http://127.0.0.1:1", member: str = "") -> card.Card:
        make()
        (tmp_path / "root" / "loose").mkdir(exist_ok=True)
        (tmp_path / "root" / LOOSE).write_text("first")
        file = card.File("images", LOOSE, f"{base}/{LOOSE}", member=member)
        return replace(card.load("tiny"), files=(file,))

    return of


def record(place: Path) -> Path:
    return place.with_name("some.zip.sha256")


def test_the_digest_of_a_first_download_is_recorded(
    loose: Callable[..., card.Card], server: str
) -> None:
    tiny = loose(server)
    place = fetch.fetch(tiny)[LOOSE]
    assert place.read_text() == "first"
    assert record(place).read_text() == f"{hashlib.sha256(b'first').hexdigest()} 5\n"
    assert fetch.verify(tiny) == [(LOOSE, "ok")]


def test_a_pinned_download_needs_no_record(make: Maker, server: str) -> None:
    make(base=server)
    fetch.fetch(card.load("tiny"))
    assert not list(fetch.cache().rglob("*.sha256"))


def test_a_recorded_digest_is_checked_from_then_on(
    loose: Callable[..., card.Card], server: str, tmp_path: Path
) -> None:
    tiny = loose(server)
    place = fetch.fetch(tiny)[LOOSE]
    place.write_text("damaged")
    (_, status), *_ = fetch.verify(tiny)
    assert status == f"wrong checksum: found {fetch.digest(place)}"
    assert fetch.fetch(tiny)[LOOSE].read_text() == "first"  # had again
    place.write_text("damaged")
    (tmp_path / "root" / LOOSE).write_text("second")
    with pytest.raises(DataError, match=hashlib.sha256(b"first").hexdigest()):
        fetch.fetch(tiny)
    assert record(place).read_text().startswith(hashlib.sha256(b"first").hexdigest())


def test_a_download_that_was_cut_short_before_its_record_is_recorded_later(
    loose: Callable[..., card.Card], server: str
) -> None:
    tiny = loose(server)
    place = fetch.fetch(tiny)[LOOSE]
    record(place).unlink()
    assert fetch.fetch(tiny)[LOOSE] == place
    assert record(place).is_file()


def test_an_unpinned_file_of_a_data_root_is_taken_and_left_alone(
    loose: Callable[..., card.Card], tmp_path: Path
) -> None:
    tiny, root = loose(), tmp_path / "root"
    before = sorted(root.rglob("*"))
    assert fetch.verify(tiny, root) == [(LOOSE, "ok")]
    assert fetch.fetch(tiny, root) == {LOOSE: root / LOOSE}
    assert sorted(root.rglob("*")) == before


def test_an_unpinned_file_may_be_missing(loose: Callable[..., card.Card], tmp_path: Path) -> None:
    tiny, root = loose(), tmp_path / "root"
    (root / LOOSE).unlink()
    assert fetch.verify(tiny, root) == [(LOOSE, "missing")]
    assert fetch.verify(tiny) == [(LOOSE, "missing")]
    for where in (root, None):
        with pytest.raises(DataError, match=LOOSE):
            fetch.fetch(tiny, where)


def test_an_unpacked_folder_stands_for_an_unpinned_zip(
    loose: Callable[..., card.Card], tmp_path: Path
) -> None:
    tiny, root = loose(), tmp_path / "root"
    (root / LOOSE).unlink()
    (root / LOOSE).with_suffix("").mkdir()
    assert fetch.verify(tiny, root) == [(LOOSE, "ok")]
    assert fetch.fetch(tiny, root) == {LOOSE: root / "loose" / "some"}


def test_an_unpacked_member_stands_for_an_unpinned_zip(
    loose: Callable[..., card.Card], tmp_path: Path
) -> None:
    tiny, root = loose(member="notes/a.json"), tmp_path / "root"
    (root / LOOSE).unlink()
    (root / "loose" / "some").mkdir()  # not where the member would lie
    assert fetch.verify(tiny, root) == [(LOOSE, "missing")]
    (root / "loose" / "notes").mkdir()
    (root / "loose" / "notes" / "a.json").write_text("{}")
    assert fetch.verify(tiny, root) == [(LOOSE, "ok")]
    assert fetch.fetch(tiny, root) == {LOOSE: root / "loose"}


def test_a_pinned_zip_is_not_replaced_by_a_folder(
    loose: Callable[..., card.Card], tmp_path: Path
) -> None:
    tiny, root = loose(), tmp_path / "root"
    pinned = replace(tiny, files=(replace(tiny.files[0], sha256="0" * 64),))
    (root / LOOSE).unlink()
    (root / LOOSE).with_suffix("").mkdir()
    assert fetch.verify(pinned, root) == [(LOOSE, "missing")]
    with pytest.raises(DataError, match="is missing"):
        fetch.fetch(pinned, root)


def test_of_two_members_the_one_that_is_missing_counts(
    loose: Callable[..., card.Card], tmp_path: Path
) -> None:
    tiny, root = loose(member="notes/a.json"), tmp_path / "root"
    (root / LOOSE).unlink()
    (root / "loose" / "notes").mkdir()
    (root / "loose" / "notes" / "a.json").write_text("{}")
    one, other = tiny.files[0], replace(tiny.files[0], member="notes/b.json")
    for files in ((one, other), (other, one)):
        assert fetch.verify(replace(tiny, files=files), root) == [(LOOSE, "missing")]
    (root / "loose" / "notes" / "b.json").write_text("{}")
    assert fetch.verify(replace(tiny, files=(one, other)), root) == [(LOOSE, "ok")]


def test_a_changed_source_has_another_fingerprint(tmp_path: Path) -> None:
    zipped, inner = tmp_path / "some.zip", tmp_path / "some" / "inner"
    inner.mkdir(parents=True)
    zipped.write_text("one")
    (inner / "a.jpg").write_text("one")
    whole = card.File("images", "some.zip", "")
    member = replace(whole, member="inner/a.jpg")
    places = [(whole, zipped), (member, zipped), (whole, tmp_path / "some"), (member, inner.parent)]

    def prints() -> list[str]:
        return [fetch.fingerprint(file, place) for file, place in places]

    before = prints()
    one = hashlib.sha256(b"one").hexdigest()
    assert before == prints() == [one, one, "inner/a.jpg 3", one]
    zipped.write_text("two")
    (inner / "a.jpg").write_text("second")
    (inner / "b.jpg").write_text("")
    assert not set(before) & set(prints())


PACKED = "packed/some.gz"


@pytest.fixture
def packed(make: Maker, tmp_path: Path) -> Callable[..., card.Card]:
    """The tiny card with one .gz alone, whose content is pinned, whatever its packing."""

    def of(base: str = "http://127.0.0.1:1") -> card.Card:
        make()
        (tmp_path / "root" / "packed").mkdir(exist_ok=True)
        (tmp_path / "root" / PACKED).write_bytes(gzip.compress(b"first" * 99, 9))
        content = hashlib.sha256(b"first" * 99).hexdigest()
        file = card.File("labels", PACKED, f"{base}/{PACKED}", content=content)
        return replace(card.load("tiny"), files=(file,))

    return of


def test_a_file_packed_otherwise_is_the_same(
    packed: Callable[..., card.Card], tmp_path: Path
) -> None:
    tiny, root = packed(), tmp_path / "root"
    seen = set()
    for level in (1, 9):
        (root / PACKED).write_bytes(gzip.compress(b"first" * 99, level, mtime=level))
        seen.add(fetch.digest(root / PACKED))
        assert fetch.verify(tiny, root) == [(PACKED, "ok")]
        assert fetch.fetch(tiny, root) == {PACKED: root / PACKED}
    assert len(seen) == 2


DAMAGE = [
    (gzip.compress(b"second"), hashlib.sha256(b"second").hexdigest()),
    (gzip.compress(b"first" * 99)[:-9], "no whole .gz (Compressed file ended"),
    (gzip.compress(b"first" * 99)[:20] + b"\xff" * 30, "no whole .gz ("),
    (b"first" * 99, "no whole .gz (Not a gzipped file"),
    (b"", hashlib.sha256(b"").hexdigest()),
]


@pytest.mark.parametrize(("content", "found"), DAMAGE)
def test_wrong_content_in_a_data_root_is_refused(
    packed: Callable[..., card.Card], tmp_path: Path, content: bytes, found: str
) -> None:
    tiny, root = packed(), tmp_path / "root"
    (root / PACKED).write_bytes(content)
    ((_, status),) = fetch.verify(tiny, root)
    assert status.startswith(f"wrong checksum: found {found}")
    with pytest.raises(DataError) as caught:
        fetch.fetch(tiny, root)
    expected = tiny.files[0].content
    assert (
        f"has the wrong checksum of its content, unpacked: expected {expected}, found {found}"
        in (str(caught.value))
    )
    assert (root / PACKED).read_bytes() == content


def test_content_is_downloaded_once_and_again_when_damaged(
    packed: Callable[..., card.Card], server: str, tmp_path: Path
) -> None:
    tiny, source = packed(server), tmp_path / "root" / PACKED
    assert fetch.verify(tiny) == [(PACKED, "missing")]
    place = fetch.fetch(tiny)[PACKED]
    assert place.read_bytes() == source.read_bytes()
    source.write_bytes(gzip.compress(b"first" * 99, 1))
    assert fetch.fetch(tiny)[PACKED].read_bytes() != source.read_bytes()  # not fetched again
    for content, _ in DAMAGE:
        place.write_bytes(content)
        assert fetch.fetch(tiny)[PACKED].read_bytes() == source.read_bytes()
    assert fetch.verify(tiny) == [(PACKED, "ok")]
    assert not list(fetch.cache().rglob("*.sha256"))


@pytest.mark.parametrize(("content", "found"), DAMAGE)
def test_wrong_content_from_an_address_is_refused_and_not_kept(
    packed: Callable[..., card.Card], server: str, tmp_path: Path, content: bytes, found: str
) -> None:
    tiny = packed(server)
    (tmp_path / "root" / PACKED).write_bytes(content)
    with pytest.raises(DataError) as caught:
        fetch.fetch(tiny)
    for said in (PACKED, tiny.files[0].url, tiny.files[0].content, found, "it was not kept"):
        assert said in str(caught.value)
    assert {path.suffix for path in fetch.cache().rglob("*") if path.is_file()} == {".lock"}


def test_content_out_of_reach_names_three_ways(packed: Callable[..., card.Card]) -> None:
    with pytest.raises(DataError, match=r"cannot be fetched .* Three ways"):
        fetch.fetch(packed())
