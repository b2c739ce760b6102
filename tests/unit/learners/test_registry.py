"""All learners by name: what they are for, what they offer."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bench.data.image import Images
from bench.error import UsageError
from bench.learners import registry
from bench.learners.captioning.config import Config as Captioner
from bench.learners.tagging.config import Config as Tagger
from bench.spec import Spec

TAGGERS = ["bilstm-aligned", "bilstm-attention", "bilstm-focus", "bilstm-lstm", "bilstm-tagger"]
SEEING = ["lenet", "vgg16"]
READING = ["bilstm-classifier", "tfidf-svm", "tfidf-logreg"]
COMMON = {"latent", "token_entropy", "nbest_log_probs", "best_log_prob"}
OF_SENTENCES = {
    *("lengths", "dropout_predictions", "mutual_information"),
    *("gradient_embedding", "expected_gradient_length"),
}
OF_CLASSES = {"class_log_probs", "predictive_probs", "boundary_distance"}


def test_every_learner_is_for_one_kind_of_task() -> None:
    assert registry.names("tagging") == TAGGERS
    assert registry.names("captioning") == ["show-attend-tell"]
    assert registry.names("classification") == [*SEEING, *READING]
    assert len(registry.names()) == len(TAGGERS) + 1 + len(SEEING) + len(READING)
    assert {registry.kind(name) for name in TAGGERS} == {"tagging"}


def test_classifiers_read_images_or_texts() -> None:
    assert registry.names("classification", "images") == SEEING
    assert registry.names("classification", "sentences") == READING
    images = Images(Path(), pa.array([], pa.string()), np.arange(0))
    registry.check("lenet", "classification", "digits", images)
    with pytest.raises(UsageError, match=r"'tfidf-svm' is for classification of sentences, but "):
        registry.check("tfidf-svm", "classification", "digits", images)
    with pytest.raises(UsageError, match=r"'trec' is classification of sentences; take one of: b"):
        registry.check("lenet", "classification", "trec", pa.array([["a"]]))
    with pytest.raises(UsageError, match="'atis' is tagging; take one of: bilstm-aligned, "):
        registry.check("lenet", "tagging", "atis")


def test_each_kind_has_a_default() -> None:
    assert registry.default("tagging") == "bilstm-aligned"
    assert registry.default("captioning") == "show-attend-tell"


def test_settings_are_those_of_the_kind() -> None:
    assert registry.config(Spec.parse("bilstm-lstm[hidden=7]")) == Tagger(hidden=7)
    assert registry.config(Spec.parse("show-attend-tell[hidden=7]")) == Captioner(hidden=7)
    with pytest.raises(UsageError, match="'bilstm-lstm' has no parameter 'attention'"):
        registry.config(Spec.parse("bilstm-lstm[attention=7]"))
    with pytest.raises(UsageError, match="'show-attend-tell' has no parameter 'unknown'"):
        registry.config(Spec.parse("show-attend-tell[unknown=0.5]"))


@pytest.mark.parametrize("ask", [registry.kind, registry.describe, registry.signals])
def test_a_typo_gets_the_nearest_names(ask) -> None:
    with pytest.raises(UsageError, match=r"no learner 'bilstm-tager'\. Did you mean bilstm-tagger"):
        ask("bilstm-tager")


def test_signals_are_those_of_the_learner_and_its_objective() -> None:
    for name in TAGGERS:
        assert registry.signals(name) == COMMON | OF_SENTENCES
    assert registry.signals("show-attend-tell") == COMMON
    for name in SEEING:
        assert registry.signals(name) == COMMON | OF_CLASSES | OF_SENTENCES - {"lengths"}
    assert registry.signals("bilstm-classifier") == COMMON | OF_CLASSES | OF_SENTENCES
    for name in ("tfidf-svm", "tfidf-logreg"):
        assert registry.signals(name, "adversarial") == COMMON | {"class_log_probs", "lengths"}
    for name in [*TAGGERS, "show-attend-tell", *SEEING, "bilstm-classifier"]:
        gained = registry.signals(name, "adversarial") - registry.signals(name)
        assert gained == {"discriminator"}


def test_without_a_learner_signals_are_those_of_any() -> None:
    assert registry.signals() == COMMON | OF_SENTENCES | OF_CLASSES
    assert registry.signals(None, "adversarial") == registry.signals() | {"discriminator"}
