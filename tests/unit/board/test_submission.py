import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.board import submission
from bench.board.submission import ENVIRONMENT, MANIFEST, REPORT, Manifest
from bench.error import DataError, StorageError, UsageError
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
ROW = "rows/flights-smoke/bilstm-aligned/cpu/mine-seed0.parquet"
FILES = {"mine.py": b"a file\n", REPORT: b"# mine\n", ENVIRONMENT: b"{}\n", ROW: b"PAR1"}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


MADE = Manifest(
    schema_version="1",
    rules_version="1.0",
    bench_version="0.1.0",
    code_digest="c",
    strategy="mine",
    params={"k": 3, "by": "x"},
    file="mine.py",
    sha256=sha(FILES["mine.py"]),
    task="flights",
    protocol="smoke",
    learner="bilstm-aligned",
    learner_params={},
    seeds=[0],
    rows={ROW: sha(FILES[ROW])},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    submission.write(tmp_path / "out" / "mine-1", MADE, FILES)
    return tmp_path / "out" / "mine-1"


def claim(folder: Path, **changes: Any) -> None:
    """Other values in the manifest; None takes one away."""
    known = {**json.loads((folder / MANIFEST).read_text()), **changes}
    known = {name: value for name, value in known.items() if value is not None}
    (folder / MANIFEST).write_text(json.dumps(known))


def refused(folder: Path, reason: str) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        submission.read(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_written_is_read(folder: Path) -> None:
    held = submission.read(folder)
    assert held.manifest == MADE
    assert {name: held.files[name] for name in FILES} == FILES
    assert set(held.files) == {*FILES, MANIFEST}
    assert [path.name for path in folder.parent.iterdir()] == ["mine-1"]


def test_it_can_be_unpacked_elsewhere(folder: Path, tmp_path: Path) -> None:
    submission.unpack(submission.read(folder).files, tmp_path / "copy")
    assert submission.read(tmp_path / "copy") == submission.read(folder)


@pytest.mark.parametrize("name", ["mine.py", ROW])
def test_a_changed_file_is_found(folder: Path, name: str) -> None:
    (folder / name).write_bytes(FILES[name] + b" ")
    refused(folder, f"{Path(name).name} was changed: its digest is [0-9a-f]{{12}}…")


@pytest.mark.parametrize("name", [*FILES])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    refused(folder, f"lacks a file: '{name}'")


@pytest.mark.parametrize("name", ["more.py", ".hidden", "rows/more.parquet", f"{ROW}.py"])
def test_a_file_beside_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("x")
    refused(folder, f"holds a file that its manifest does not name: '{name}'")


@pytest.mark.parametrize("name", ["mine.py", MANIFEST, REPORT, ROW, "other"])
def test_no_file_is_a_link(folder: Path, tmp_path: Path, name: str) -> None:
    content = (folder / name).read_bytes() if (folder / name).exists() else b""
    (tmp_path / "aside").write_bytes(content)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "aside")
    refused(folder, "is a link; a submission has none")


def test_no_folder_is_a_link(folder: Path, tmp_path: Path) -> None:
    (folder / "rows").rename(tmp_path / "rows")
    (folder / "rows").symlink_to(tmp_path / "rows")
    refused(folder, "is a link")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UsageError, match="There is no folder"):
        submission.read(tmp_path / "link")


def test_a_pipe_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    refused(folder, "is no plain file")


def test_folders_do_not_go_deep(folder: Path) -> None:
    (folder / "/".join("abcdef")).mkdir(parents=True)
    (folder / "/".join("abcdef") / "x").write_text("x")
    refused(folder, "is no plain file")


def test_sizes_and_counts_are_bounded(folder: Path) -> None:
    (folder / REPORT).write_bytes(b"x" * submission.BYTES)
    submission.read(folder)
    (folder / REPORT).write_bytes(b"x" * (submission.BYTES + 1))
    refused(folder, "is larger than 4 MiB")
    (folder / REPORT).write_bytes(b"x")
    for number in range(submission.FILES):
        (folder / str(number)).touch()
    refused(folder, "holds more than 100 files")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("\xff", "is no JSON"),
        ("[]", "it is no object"),
        ('{"schema_version": "1", "schema_version": "1"}', "a name comes twice"),
        ("{}", "schema_version is not '1'"),
    ],
)
def test_a_manifest_that_is_none(folder: Path, content: str, reason: str) -> None:
    (folder / MANIFEST).write_text(content, encoding="latin-1")
    refused(folder, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema_version": "2"}, "schema_version is not '1'"),
        ({"task": None}, "'task' is missing"),
        ({"more": 1}, "'more' is unknown"),
        ({"a\n::error::b": 1}, r"'a\\n::error::b' is unknown"),
        ({"task": 3}, "'task' is of another type"),
        ({"seeds": {}}, "'seeds' is of another type"),
        ({"rows": []}, "'rows' is of another type"),
        ({"rows": {}}, "'rows' is empty"),
        ({"seeds": [0, "1"]}, "'seeds' are no list of numbers"),
        ({"seeds": [True]}, "'seeds' are no list of numbers"),
        ({"seeds": [-1]}, "'seeds' are no list of numbers"),
        ({"params": {"k": [1]}}, "'params' holds more than numbers"),
        ({"learner_params": {"k": None}}, "'learner_params' holds more than numbers"),
        *(
            ({"file": name}, "'file' is not the strategy's name and .py")
            for name in ("other.py", "../mine.py", "/mine.py", "mine.py/", "mine.txt", "")
        ),
        ({"strategy": "../mine", "file": "../mine.py"}, "'file' is not the strategy's name"),
        ({"strategy": "m\xefne", "file": "m\xefne.py"}, "'file' is not the strategy's name"),
        *(
            ({"rows": {name: sha(b"")}}, "no file that `bench run` would write")
            for name in (
                *("/etc/passwd", "rows/../../x/y/z.parquet", "rows/a/b/c/../d.parquet"),
                *("rows/a/b/c/.d.parquet", "rows/a/b/d.parquet", "rows/a/b/c/d/e.parquet"),
                *("mine.py", "rows/a/b/c/d.py", "rows//b/c/d.parquet", ROW + "\n", "x\n::error::"),
            )
        ),
        ({"rows": {ROW: "0"}}, "'rows' has no digest of"),
        ({"rows": {ROW: 1}}, "'rows' has no digest of"),
        ({"sha256": "0" * 64}, r"mine\.py was changed"),
        ({"rows": {ROW: "0" * 64}}, r"mine-seed0\.parquet was changed"),
    ],
)
def test_a_manifest_that_is_malformed(folder: Path, changes: dict[str, Any], reason: str) -> None:
    claim(folder, **changes)
    refused(folder, reason)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no folder .*nowhere to verify"):
        submission.read(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="There is no folder"):
        submission.read(tmp_path / "file")
    refused(tmp_path, "is no submission: it has no submission.json")


def test_it_is_written_again_in_its_place(folder: Path) -> None:
    changed = replace(MADE, bench_version="0.2.0", rows={ROW: sha(b"new")})
    submission.write(folder, changed, {**FILES, ROW: b"new"})
    assert submission.read(folder).manifest == changed


@pytest.mark.parametrize(
    "changes",
    [{"params": {}}, {"task": "digits"}, {"protocol": "quick"}, {"learner_params": {"width": 1}}],
)
def test_another_submission_is_not_overwritten(folder: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="holds another submission; choose another --out"):
        submission.write(folder, replace(MADE, **changes), FILES)
    assert submission.read(folder).manifest == MADE


def test_what_is_no_submission_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    (folder / "thesis.txt").write_text("years of work")
    for place in (folder, tmp_path):
        with pytest.raises(UsageError, match=r"is in use: .* Choose another --out"):
            submission.check_free(place, MADE.subject)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is in use"):
        submission.check_free(tmp_path / "link", MADE.subject)
    assert (folder / "thesis.txt").exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Cannot write"):
        submission.write(tmp_path / "file" / "out", MADE, FILES)


@pytest.fixture
def cells(make_run: Make) -> list[list[Row]]:
    """Two seeds of two rounds that the manifest `said` describes."""
    return [make_run("mine", seed, [0.5, 0.6], isolation="sandbox") for seed in (0, 1)]


@pytest.fixture
def said(cells: list[list[Row]]) -> Manifest:
    row = cells[0][0]
    names = ("strategy", "task", "protocol", "learner", "rules_version", "code_digest")
    known = {name: getattr(row, name) for name in names}
    jsons = {name: json.loads(getattr(row, name)) for name in ("params", "learner_params")}
    return replace(MADE, **known, **jsons, seeds=[0, 1])


def targets(cells: list[list[Row]]) -> list[int]:
    return [row.items if row.unit == "items" else row.words for row in cells[0]]


def test_rows_that_are_as_said_have_no_fault(said: Manifest, cells: list[list[Row]]) -> None:
    assert list(submission.faults(said, cells, targets(cells))) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"isolation": "none"}, "seed 1: isolation is not 'sandbox'"),
        ({"status": "failed"}, "seed 1: status is not 'ok'"),
        ({"strategy": "lc"}, "seed 1: strategy is not 'mine'"),
        ({"params": '{"k":4}'}, "seed 1: params is not '{}'"),
        ({"learner_params": '{"k":4}'}, "seed 1: learner_params is not '{}'"),
        ({"code_digest": "x"}, "seed 1: code_digest is not "),
        ({"task": "x"}, "seed 1: task is not "),
        ({"protocol": "x"}, "seed 1: protocol is not "),
        ({"learner": "x"}, "seed 1: learner is not "),
        ({"rules_version": "9"}, "seed 1: rules_version is not "),
        ({"round": 3}, "seed 1 has 2 of 2 rounds"),
    ],
)
def test_rows_that_are_not_as_said(
    said: Manifest, cells: list[list[Row]], changes: dict[str, Any], fault: str
) -> None:
    other = [cells[0], [cells[1][0], replace(cells[1][1], **changes)]]
    found = list(submission.faults(said, other, targets(cells)))
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_seeds_and_rounds_must_all_be_there(said: Manifest, cells: list[list[Row]]) -> None:
    (fault,) = submission.faults(said, cells[:1], targets(cells))
    assert fault == "submission.json names seeds 0, 1, the rows have 0"
    (fault,) = submission.faults(said, [cells[0], cells[1][:1]], targets(cells))
    assert fault == "seed 1 has 1 of 2 rounds"


def test_nobody_may_have_bought_more_than_the_budget(
    said: Manifest, cells: list[list[Row]]
) -> None:
    first, second = targets(cells)
    faults = list(submission.faults(said, cells, [first, second - 1]))
    assert faults == [
        f"seed {seed} has spent {second} by round 1, over {second - 1}" for seed in (0, 1)
    ]


def test_a_manifest_has_nothing_of_the_machine() -> None:
    assert not {"user", "host", "path", "cwd"} & asdict(MADE).keys()


def packed(rows: int = 3, text: str = "x", **options: Any) -> bytes:
    """A Parquet file; as `bench run` packs it, unless `options` say otherwise."""
    sink = pa.BufferOutputStream()
    usual = {"compression": "snappy", "use_dictionary": False}
    pq.write_table(pa.table({"text": [text] * rows}), sink, **{**usual, **options})
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed(), ""),
        (b"PAR1", ""),  # whoever reads the rows says so
        (packed(compression="zstd"), "is packed otherwise than `bench run` does"),
        (packed(use_dictionary=True), "has dictionaries, which `bench run` does not write"),
        (packed(1001), "has 1001 rows"),
        (packed(500, "x" * 100_000), "unpacks to many times its size"),
    ],
)
def test_rows_that_would_fill_the_memory_are_named(
    folder: Path, content: bytes, reason: str
) -> None:
    held = submission.read(folder)
    found = list(submission.swollen(held._replace(files={**held.files, ROW: content})))
    assert found == ([f"{ROW} {reason}"] if reason else [])


def test_a_text_that_a_terminal_would_obey_is_refused(folder: Path) -> None:
    claim(folder, task="x\n::warning::\x1b[2J")
    refused(folder, "a text holds characters that do not print")
