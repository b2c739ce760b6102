import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bench.data import array
from bench.data.captioning import feature
from bench.data.captioning.feature import Note, extract, note_path
from bench.data.captioning.picture import present
from bench.error import DataError, StorageError, UsageError

NAMES = ["a.jpg", "b.jpg", "c.jpg"]
FEATURES = np.arange(3 * 4 * 2, dtype=np.float32).reshape(3, 4, 2)  # [N, L, D]
Array = np.ndarray[Any, Any]


def made(path: Path, names: list[str], target: Path) -> Array:
    """What a feature file becomes."""
    note = extract(f"file:{path}", names, [], target)
    held: Array = np.load(target, mmap_mode="r")
    assert held.dtype == np.float16
    assert note.shape == held.shape
    assert note.content == hashlib.sha256(target.read_bytes()).hexdigest()
    return held


def npy(path: Path, held: Array, *names: str) -> Path:
    np.save(path, held)
    if names:
        path.with_name(path.name + ".txt").write_text("\n".join(names) + "\n")
    return path


def mat(path: Path, held: Array, *names: str, key: str = "feats") -> Path:
    from scipy.io import savemat

    savemat(path, {key: held})
    if names:
        path.with_name(path.name + ".txt").write_text("\n".join(names) + "\n")
    return path


def hdf(path: Path, **tables: Any) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        for name, held in tables.items():
            file[name] = held
    return path


@pytest.mark.parametrize(
    ("held", "shape"),
    [
        (FEATURES, (3, 4, 2)),
        (FEATURES.astype(np.float64), (3, 4, 2)),
        (np.asfortranarray(FEATURES), (3, 4, 2)),
        (FEATURES.reshape(3, 2, 2, 2), (3, 4, 2)),
        (FEATURES.astype(np.int16), (3, 4, 2)),
        (FEATURES.reshape(3, 8), (3, 1, 8)),
    ],
)
def test_npy(tmp_path: Path, held: Array, shape: tuple[int, ...]) -> None:
    found = made(npy(tmp_path / "x.npy", held), NAMES, tmp_path / "out.npy")
    assert (found == FEATURES.reshape(shape)).all()


def test_npy_with_names_beside_it(tmp_path: Path) -> None:
    path = npy(tmp_path / "x.npy", FEATURES, "b.jpg", "c.jpg", "a.jpg")
    found = made(path, ["a.jpg", "b.jpg"], tmp_path / "out.npy")
    assert (found == FEATURES[[2, 0]]).all()


def test_mat_of_karpathy(tmp_path: Path) -> None:
    held = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)  # feats [D=2, N=3]
    found = made(mat(tmp_path / "x.mat", held), NAMES, tmp_path / "out.npy")
    assert found.tolist() == [[[1, 4]], [[2, 5]], [[3, 6]]]
    path = mat(tmp_path / "y.mat", held, "c.jpg", "b.jpg", "a.jpg")
    assert made(path, ["a.jpg"], tmp_path / "out.npy").tolist() == [[[3, 6]]]


def test_mat_of_version_73_is_hdf5_with_its_axes_reversed(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "x.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["feats"] = np.array([[1, 4], [2, 5], [3, 6]])
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    found = made(path, NAMES, tmp_path / "out.npy")
    assert found.tolist() == [[[1, 4]], [[2, 5]], [[3, 6]]]


@pytest.mark.parametrize("suffix", [".h5", ".hdf5"])
def test_hdf(tmp_path: Path, suffix: str) -> None:
    path, target = tmp_path / f"x{suffix}", tmp_path / "out.npy"
    assert (made(hdf(path, features=FEATURES), NAMES, target) == FEATURES).all()
    named = hdf(path, features=FEATURES.reshape(3, 2, 2, 2), names=["c.jpg", "a.jpg", "b.jpg"])
    assert (made(named, NAMES, target) == FEATURES[[1, 2, 0]]).all()
    alone = hdf(path, **{name: FEATURES[row] for row, name in enumerate(reversed(NAMES))})
    assert (made(alone, ["a.jpg", "c.jpg"], target) == FEATURES[[2, 0]]).all()


def test_more_than_a_batch(tmp_path: Path) -> None:
    held = np.random.default_rng(0).normal(size=(100, 3, 5))
    names = [f"{row}.jpg" for row in range(100)]
    by_name = hdf(tmp_path / "x.h5", **{name: held[row] for row, name in enumerate(names)})
    in_order = npy(tmp_path / "x.npy", held)
    for path, order in ((by_name, range(99, -1, -1)), (in_order, range(100))):
        found = made(path, [names[row] for row in order], tmp_path / "out.npy")
        assert (found == held[list(order)].astype(np.float16)).all()


def test_a_fault_beyond_the_first_batch_is_told_by_name(tmp_path: Path) -> None:
    names, held = [f"{row}.jpg" for row in range(50)], np.zeros((50, 2, 3))
    held[45] = np.nan
    with pytest.raises(DataError, match=r"picture '45\.jpg': a feature is not finite"):
        extract(f"file:{npy(tmp_path / 'x.npy', held)}", names, [], tmp_path / "out.npy")
    tables = {name: np.zeros((3 if name == "40.jpg" else 2, 3)) for name in names}
    with pytest.raises(DataError, match=r"picture '40\.jpg': features have shape \[3, 3\]"):
        extract(f"file:{hdf(tmp_path / 'x.h5', **tables)}", names, [], tmp_path / "out.npy")
    tables = {name: np.zeros((3 if int(name[:-4]) > 31 else 2, 3)) for name in names}
    with pytest.raises(DataError, match=r"picture '32\.jpg': features have shape \[3, 3\]"):
        extract(f"file:{hdf(tmp_path / 'x.h5', **tables)}", names, [], tmp_path / "out.npy")


def spoilt(value: float) -> Array:
    held = FEATURES.copy()
    held[1, 2, 0] = value
    return held


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda x: npy(x / "x.npy", FEATURES[:2]), "x.npy has 2 items for 3 names; take the file"),
        (lambda x: npy(x / "x.npy", FEATURES, "a.jpg"), "x.npy has 3 items for 1 names; take"),
        (
            lambda x: npy(x / "x.npy", FEATURES, "a.jpg", "B.jpg", "c.jpg"),
            r"x.npy lacks 1 of 3 pictures, first 'b.jpg' \(it has such as \['a.jpg', 'B.jpg'\]\)",
        ),
        (
            lambda x: npy(x / "x.npy", FEATURES, "a.jpg", "b.jpg", "a.jpg"),
            "'a.jpg' 2 times; remove",
        ),
        (lambda x: npy(x / "x.npy", FEATURES[:0], ""), "x.npy has 0 items for 1 names"),
        (lambda x: npy(x / "x.npy", FEATURES[:, 0, 0]), r"'a.jpg': features have shape \[\]; expe"),
        (lambda x: npy(x / "x.npy", FEATURES[..., None, None]), r"'a.jpg': .*shape \[4, 2, 1, 1\]"),
        (lambda x: npy(x / "x.npy", FEATURES[:, :0]), r"'a.jpg': .*shape \[0, 2\]"),
        (
            lambda x: npy(x / "x.npy", FEATURES.astype(str)),
            "'a.jpg': features are <U.*, not numbers",
        ),
        (
            lambda x: npy(x / "x.npy", spoilt(np.nan)),
            "x.npy, picture 'b.jpg': a feature is not fin",
        ),
        (lambda x: npy(x / "x.npy", spoilt(-np.inf)), "picture 'b.jpg': a feature is not finite"),
        (lambda x: npy(x / "x.npy", spoilt(7e4)), "picture 'b.jpg': .*or beyond 65,504"),
        (lambda x: npy(x / "x.npy", FEATURES.astype(object)), "x.npy cannot be read .*ValueError"),
        (
            lambda x: mat(x / "x.mat", FEATURES[0], key="x"),
            r"x.mat has no matrix 'feats' .*, but x;",
        ),
        (lambda x: mat(x / "x.mat", FEATURES), "x.mat has no matrix 'feats'"),
        (lambda x: mat(x / "x.mat", FEATURES[:, 0]), "x.mat has 2 items for 3 names"),
        (lambda x: hdf(x / "x.h5", features=FEATURES[:2]), "x.h5 has 2 items for 3 names"),
        (lambda x: hdf(x / "x.h5", **{"a.jpg": 1, "b.jpg": 2}), "x.h5 lacks 1 of 3 .*'c.jpg'"),
        (
            lambda x: hdf(
                x / "x.h5", **{"a.jpg": FEATURES[0], "b.jpg": FEATURES[0, :3], "c.jpg": FEATURES[0]}
            ),
            r"x.h5, picture 'b.jpg': features have shape \[3, 2\]; expected .*same for all",
        ),
        (
            lambda x: hdf(x / "x.h5", **{"a.jpg/b": 1, "b.jpg": 2, "c.jpg": 3}),
            "x.h5, picture 'a.jpg': features are <U1, not numbers",
        ),
    ],
)
def test_a_feature_file_that_cannot_be_used(
    tmp_path: Path, write: Callable[[Path], Path], message: str
) -> None:
    path, target = write(tmp_path), tmp_path / "out" / "out.npy"
    with pytest.raises(DataError, match=message):
        extract(f"file:{path}", NAMES, [], target)
    assert not target.parent.exists() or not list(target.parent.iterdir())


@pytest.mark.parametrize("suffix", [".npy", ".mat", ".h5"])
@pytest.mark.parametrize("content", [None, b"", b"nothing of the kind" * 99])
def test_a_damaged_feature_file(tmp_path: Path, suffix: str, content: bytes | None) -> None:
    path = tmp_path / f"x{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"x\{suffix} cannot be read \(.+\); mend or replace it"):
        extract(f"file:{path}", NAMES, [], tmp_path / "out.npy")


def test_a_request_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for encoder in ("resnet50", "file:", "npz:x"):
        with pytest.raises(UsageError, match=f"Encoder '{encoder}' is unknown; name hf:MODEL or"):
            extract(encoder, NAMES, [], tmp_path / "out.npy")
    with pytest.raises(UsageError, match="No picture is named"):
        extract("file:x.npy", [], [], tmp_path / "out.npy")
    with pytest.raises(DataError, match=r"x\.txt is no feature file; name one that ends in \.npy"):
        extract("file:x.txt", NAMES, [], tmp_path / "out.npy")
    for package, encoder in (
        ("h5py", "file:x.h5"),
        ("scipy.io", "file:x.mat"),
        ("transformers", "hf:x"),
    ):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(UsageError, match=r"run pip install 'labelworth\[features\]'"):
            extract(encoder, NAMES, [], tmp_path / "out.npy")


def test_features_are_kept_while_nothing_they_come_from_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, target = npy(tmp_path / "x.npy", FEATURES), tmp_path / "out.npy"
    written = []

    def write(*args: Any) -> str:
        written.append(args)
        return array_write(*args)

    array_write = array.write
    monkeypatch.setattr(array, "write", write)
    first = extract(f"file:{path}", NAMES, [], target)
    assert first == Note(**json.loads(note_path(target).read_text()))._replace(shape=(3, 4, 2))
    assert extract(f"file:{path}", NAMES, [], target) == first
    assert len(written) == 1
    npy(path, FEATURES + 1)  # another file of the same name
    second = extract(f"file:{path}", NAMES, [], target)
    assert second.origin != first.origin
    npy(path, FEATURES + 1, "c.jpg", "b.jpg", "a.jpg")  # names are given it
    assert extract(f"file:{path}", NAMES, [], target).content != second.content
    extract(f"file:{path}", NAMES[:2], [], target)  # other pictures are asked for
    assert len(written) == 4
    note_path(target).unlink()  # as after a death between file and note
    extract(f"file:{path}", NAMES[:2], [], target)
    assert len(written) == 5
    assert (np.load(target) == FEATURES[[2, 1]] + 1).all()


def test_another_model_is_another_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_by = {"one": FEATURES, "two": -FEATURES}
    monkeypatch.setattr(feature, "encode", lambda model, *_: iter([made_by[model]]))
    for model, held in made_by.items():
        extract(f"hf:{model}", NAMES, [], tmp_path / "out.npy")
        assert (np.load(tmp_path / "out.npy") == held).all()


def test_a_death_between_file_and_note_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, target = f"file:{npy(tmp_path / 'x.npy', FEATURES)}", tmp_path / "out.npy"
    first = extract(encoder, NAMES, [], target)
    other = f"file:{npy(tmp_path / 'y.npy', FEATURES + 1)}"
    write = array.write

    def dying(*args: Any) -> str:
        write(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(array, "write", dying)
        with pytest.raises(KeyboardInterrupt):
            extract(other, NAMES, [], target)
    assert (np.load(target) == FEATURES + 1).all()
    assert extract(encoder, NAMES, [], target) == first


@pytest.mark.parametrize(
    "damage",
    [
        lambda target: target.write_bytes(target.read_bytes()[:-1]),
        lambda target: target.write_bytes(target.read_bytes()[:-1] + b"!"),
        lambda target: note_path(target).write_text("{"),
        lambda target: note_path(target).write_text('{"encoder": "x"}'),
    ],
)
def test_a_damaged_result_is_told(tmp_path: Path, damage: Callable[[Path], Any]) -> None:
    encoder = f"file:{npy(tmp_path / 'x.npy', FEATURES)}"
    extract(encoder, NAMES, [], tmp_path / "out.npy")
    damage(tmp_path / "out.npy")
    with pytest.raises(
        DataError, match=r"out\.npy or the note out\.json beside it is damaged; del"
    ):
        extract(encoder, NAMES, [], tmp_path / "out.npy")


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    path = npy(tmp_path / "x.npy", FEATURES)
    with pytest.raises(StorageError, match="cannot be written"):
        extract(f"file:{path}", NAMES, [], path / "out.npy")


MEMORY = """
import sys
from pathlib import Path
from bench.data.captioning.feature import extract

def run(count, source):
    names = [str(row) for row in range(count)]
    extract(f"file:{source}", names, [], Path(sys.argv[3]))
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

print(-run(3, sys.argv[1]) + run(20000, sys.argv[2]))
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    small, large = npy(tmp_path / "small.npy", FEATURES), tmp_path / "large.npy"
    held = np.lib.format.open_memmap(large, "w+", np.float16, (20_000, 49, 64))
    held[:] = 1
    held.flush()
    command = [sys.executable, "-c", MEMORY, small, large, tmp_path / "out.npy"]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 20_000  # KiB; the file has 122,500


def tiny(kind: str, folder: Path) -> Path:
    """A model drawn at random, in the form in which they are published."""
    import transformers as t

    size: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    size |= {"image_size": 32, "patch_size": 8, "intermediate_size": 16}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if kind == "resnet":
            net = t.ResNetModel(
                t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
            )
        elif kind == "registers":
            config = t.Dinov2WithRegistersConfig(**size, num_register_tokens=4)
            net = t.Dinov2WithRegistersModel(config)
        elif kind == "clip":
            net = t.CLIPModel(
                t.CLIPConfig(text_config={**size, "vocab_size": 9}, vision_config=size)
            )
        else:
            net = t.ViTModel(t.ViTConfig(**size), add_pooling_layer=kind == "vit")
    net.save_pretrained(folder)
    prepare = {"size": {"height": 32, "width": 32}, "do_resize": True, "do_rescale": True}
    prepare |= {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.1, 0.2, 0.3], "do_normalize": True}
    prepare |= {"image_processor_type": "ViTImageProcessor", "resample": 2}
    (folder / "preprocessor_config.json").write_text(json.dumps(prepare))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = tmp_path_factory.mktemp("models")
    kinds = ("resnet", "vit", "registers", "clip", "headless")
    return {kind: tiny(kind, folder / kind) for kind in kinds}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures, more than a batch."""
    folder, generator = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(40):
        pixels = generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def expected(model: Path, paths: list[Path], before: int) -> Array:
    """The same by hand: resize, scale, shift, run, cut off the `before` first tokens."""
    import transformers

    images = [Image.open(path).resize((32, 32), Image.Resampling.BILINEAR) for path in paths]
    pixels = np.stack([np.asarray(image) / 255 for image in images])
    pixels = (pixels - (0.5, 0.4, 0.3)) / (0.1, 0.2, 0.3)
    net = transformers.AutoModel.from_pretrained(model).eval()
    with torch.inference_mode():
        given = torch.tensor(pixels, dtype=torch.float32).permute(0, 3, 1, 2)
        state = net(pixel_values=given).last_hidden_state
    if state.dim() == 4:  # [b, D, h, w]
        vectors = [
            [list(s[:, y, x]) for y in range(s.shape[1]) for x in range(s.shape[2])] for s in state
        ]
        return np.array(vectors)
    held: Array = state[:, before:].numpy()
    return held


@pytest.mark.parametrize(
    ("kind", "before"), [("resnet", 0), ("vit", 1), ("headless", 1), ("registers", 5)]
)
def test_a_model_gives_a_vector_for_each_place(
    models: dict[str, Path],
    pictures: Path,
    tmp_path: Path,
    kind: str,
    before: int,
) -> None:
    names = sorted(present(pictures), reverse=True)
    target = tmp_path / "out.npy"
    first = extract(f"hf:{models[kind]}", names, [pictures], target)
    found = np.load(target)
    reference = expected(models[kind], [pictures / name for name in names], before)
    assert found.dtype == np.float16
    assert found.shape == first.shape == reference.shape == (40, 16, 16)
    assert np.abs(found - reference).max() < 0.01 < np.abs(reference).max()
    assert extract(f"hf:{models[kind]}", names, [pictures], tmp_path / "again.npy") == first
    assert extract(f"hf:{models[kind]}", names, [pictures], target) == first


def test_real_pictures(models: dict[str, Path], data_root: Path, tmp_path: Path) -> None:
    source = data_root / "flickr8k" / "images_half_1000.zip"
    names = sorted(present(source))[:5]
    extract(f"hf:{models['vit']}", names, [source], tmp_path / "out.npy")
    found = np.load(tmp_path / "out.npy")
    assert found.shape == (5, 16, 16)
    assert found.std(axis=0).min() > 0  # every picture has features of its own


QUIET = """
import sys
from pathlib import Path
from bench.data.captioning.feature import extract

model, pictures, target = sys.argv[1:]
extract(f"hf:{model}", ["0.png"], [Path(pictures)], Path(target))
"""


def test_nothing_is_said_where_there_is_no_terminal(
    models: dict[str, Path], pictures: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", QUIET, models["headless"], pictures, tmp_path / "out.npy"]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("", "")


def test_a_broken_or_missing_picture_stops_everything(
    models: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"Picture 'a\.jpg' .* is broken"):
        extract(f"hf:{models['vit']}", ["a.jpg"], [tmp_path], tmp_path / "out" / "out.npy")
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(DataError, match=r"1 of 2 pictures, first 'b\.jpg', are not in"):
        extract(f"hf:{models['vit']}", ["a.jpg", "b.jpg"], [tmp_path], tmp_path / "out.npy")


def test_a_model_that_cannot_be_had(
    models: dict[str, Path], pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for model in ("no/such-model", str(tmp_path / "none"), str(tmp_path / "empty")):
        with pytest.raises(
            UsageError, match=f"hf:{model} cannot be loaded .*; name a vision model"
        ):
            extract(f"hf:{model}", ["0.png"], [pictures], tmp_path / "out.npy")
    with pytest.raises(UsageError, match="does not turn pictures into a last hidden state"):
        extract(f"hf:{models['clip']}", ["0.png"], [pictures], tmp_path / "out.npy")


def test_weights_that_are_damaged_or_lacking(pictures: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = tiny("vit", tmp_path / "model") / "model.safetensors"
    held = load_file(weights)
    save_file({key: value for key, value in held.items() if "attention" not in key}, weights)
    with pytest.raises(DataError, match=r"its weights lack \d+ tensors, first '.*attention"):
        extract(f"hf:{weights.parent}", ["0.png"], [pictures], tmp_path / "out.npy")
    weights.write_bytes(weights.read_bytes()[:-99])
    with pytest.raises(UsageError, match="cannot be loaded"):
        extract(f"hf:{weights.parent}", ["0.png"], [pictures], tmp_path / "out.npy")
