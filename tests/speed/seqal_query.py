"""SeqAL's side of `test_seqal.py`, which starts this file with an interpreter that has SeqAL.

Reads a line of JSON, {"tags": [tag, …], "pool": [[word, …], …], "query": n}, and answers with one
that names the versions. To each line from then on it answers with the CPU seconds of one query of
least confidence for n of the pool. Weights are as they start: training makes
its scoring neither faster nor slower.
"""

import io
import json
import sys
from importlib.metadata import version
from platform import python_version
from time import process_time

answers, sys.stdout = sys.stdout, io.StringIO()  # flair logs, and prints, to stdout

import flair  # noqa: E402
import torch  # noqa: E402
from flair.data import Dictionary, Sentence  # noqa: E402
from flair.embeddings import OneHotEmbeddings  # noqa: E402
from seqal.samplers import LeastConfidenceSampler  # noqa: E402
from seqal.tagger import SequenceTagger  # noqa: E402


def known(symbols):
    """They as a dictionary of flair."""
    dictionary = Dictionary(add_unk=False)
    for symbol in symbols:
        dictionary.add_item(symbol)
    return dictionary


def tagger(pool, tags):
    """Word vectors from scratch, a BiLSTM, both as large as ours, and a CRF."""
    words = known(sorted({word for sentence in pool for word in sentence}))
    made = SequenceTagger(
        hidden_size=64,
        embeddings=OneHotEmbeddings(words, embedding_length=128),
        tag_dictionary=known(tags),
        tag_type="ner",
        reproject_embeddings=False,
    )
    return made.eval()


def seconds(model, pool, count):
    """CPU seconds of a query; the words are flair's sentences before the clock starts."""
    sentences = [Sentence(words) for words in pool]
    start = process_time()
    chosen = LeastConfidenceSampler()(sentences, "ner", count, tagger=model)
    taken = process_time() - start
    assert len(set(chosen)) == count
    return taken


def main():
    torch.set_num_threads(1)
    flair.device = torch.device("cpu")
    asked = json.loads(sys.stdin.readline())
    pool, model = asked["pool"], tagger(asked["pool"], asked["tags"])
    seconds(model, pool[:64], 8)  # a warm-up, as ours has
    versions = {name: version(name) for name in ("seqal", "flair", "torch", "numpy")}
    print(json.dumps({"python": python_version(), **versions}), file=answers, flush=True)
    for _ in sys.stdin:
        print(seconds(model, pool, asked["query"]), file=answers, flush=True)


if __name__ == "__main__":
    main()
