"""`bench check` as a command: its exit codes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench import cli
from bench.rows import store
from bench.rows.schema import RULES_VERSION, Row

Make = Callable[..., list[Row]]
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Exit code, output and message of `bench check` with these arguments."""

    def run(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bench", "check", *map(str, args)])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(str(ended.code))
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def folder(make_run: Make, tmp_path: Path) -> Callable[..., Path]:
    """A folder with one cell of a strategy; `changes` replace values of its rows."""

    def write(name: str, strategy: str = "lc", score: float = 0.6, **changes: object) -> Path:
        rows = make_run(strategy, 0, (0.5, score), rules_version=RULES_VERSION)
        rows = [replace(row, **changes) for row in rows]  # type: ignore[arg-type]
        store.write(tmp_path / name / f"{strategy}.parquet", rows)
        return tmp_path / name

    return write


def test_0_nothing_regressed(check: Check, folder: Callable[..., Path]) -> None:
    code, out, err = check("--baseline", folder("a"), folder("b"))
    assert (code, err) == (0, "")
    assert "1 compared: 1 same" in out


def test_1_regressed(check: Check, folder: Callable[..., Path]) -> None:
    code, out, err = check("--baseline", folder("a"), folder("b", score=0.7))
    assert code == 1
    assert "score 0.6 became 0.7" in out
    assert err == "Error: 1 of 1 regressed: atis lc (changed).\n"


def test_1_goes_before_3(check: Check, folder: Callable[..., Path]) -> None:
    for name, score, data in (("a", 0.6, "beef"), ("b", 0.7, "feed")):
        folder(name, score=score)
        folder(name, "nse", data_digest=data)
    code, out, _ = check("--baseline", folder("a"), folder("b", score=0.7))
    assert code == 1
    assert "data beef and feed" in out


def test_2_the_request_is_wrong(check: Check, folder: Callable[..., Path], tmp_path: Path) -> None:
    assert check(folder("a"))[0] == 2
    assert check("--baseline", tmp_path / "none", folder("a"))[0] == 2
    assert check("--baseline", folder("a"), tmp_path / "none")[0] == 2
    assert check("--baseline", folder("a"), folder("a"), "--format", "json")[0] == 2


@pytest.mark.parametrize("changes", [{"data_digest": "beef"}, {"config_digest": "beef"}])
def test_3_not_comparable(
    check: Check, folder: Callable[..., Path], changes: dict[str, str]
) -> None:
    code, _, err = check("--baseline", folder("a"), folder("b", **changes))
    assert code == 3
    assert err == "Error: 1 of 1 cannot be compared: atis lc (not comparable).\n"


def test_3_other_rules(check: Check, folder: Callable[..., Path]) -> None:
    code, _, err = check("--baseline", folder("a", rules_version="0.1"), folder("b"))
    assert code == 3
    assert "was made under rules 0.1, which do not compare with rules" in err


def test_3_damaged_rows(check: Check, folder: Callable[..., Path]) -> None:
    broken = folder("b")
    file = broken / "lc.parquet"
    file.write_bytes(file.read_bytes()[:-50])
    code, _, err = check("--baseline", folder("a"), broken)
    assert code == 3
    assert "Cannot read" in err


def test_4_nothing_on_one_side(check: Check, folder: Callable[..., Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for args in ((empty, folder("b")), (folder("a"), empty), (empty, empty)):
        code, out, err = check("--baseline", *args)
        assert code == 4
        assert err == f"Error: There are no results in {empty}: nothing was measured.\n"
        assert out == ""


def test_4_nothing_in_common(check: Check, folder: Callable[..., Path]) -> None:
    """All that the baseline has failed in its first round, and still does."""
    failed = {"status": "failed", "error": "no ids", "selected": ()}
    code, _, err = check("--baseline", folder("a", **failed), folder("b", **failed))
    assert code == 4
    assert err == "Error: Nothing was measured: no strategy has a round on both sides.\n"


def test_annotations(check: Check, folder: Callable[..., Path]) -> None:
    before, after = folder("a"), folder("b", score=0.7)
    code, out, _ = check("--baseline", before, after, "--format", "github")
    assert code == 1
    assert out.startswith("::error title=atis lc%3A changed,file=strategies/lc.py::")


def test_more_than_five_are_counted(check: Check, folder: Callable[..., Path]) -> None:
    for number in range(7):
        before, after = folder("a", f"s{number}"), folder("b", f"s{number}", score=0.7)
    _, _, err = check("--baseline", before, after)
    assert err.startswith("Error: 7 of 7 regressed: atis s0 (changed), atis s1 (changed)")
    assert err.endswith("atis s4 (changed), 2 more.\n")


def test_help_says_the_codes(check: Check) -> None:
    code, out, _ = check("--help")
    assert code == 0
    assert "4  nothing was measured" in out
    assert "bench check --baseline tests/golden/gate runs" in out
