"""A small data set in a layout of its own, for tests of what prepares and loads."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import ImageError
from sembla.core.labels import LabelSet
from sembla.data.records import Kind, Record, Sample

CLASSES = LabelSet(
    names=("ground", "left", "right"),
    colours=((0, 0, 0), (255, 0, 0), (0, 0, 255)),
    ignore=255,
    swaps=((1, 2),),
)


def make_source(folder: Path, *, train: int = 7, val: int = 2, size: tuple[int, int] = (24, 36)) -> Path:
    """Write pairs of noise, SPLIT/NAME.png and SPLIT/NAME.map.png."""
    for split, count in (("train", train), ("val", val)):
        for number in range(count):
            write_pair(folder, f"{split}/{split}.{number}", seed=number + 100 * (split == "val"), size=size)
    return folder


def write_pair(folder: Path, name: str, *, seed: int, size: tuple[int, int] = (24, 36), most: int = 3) -> None:
    """Write one pair; `most` is what its ids stay below."""
    generator = np.random.default_rng(seed)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(generator.integers(0, 256, (*size, 3), np.uint8)).save(folder / f"{name}.png")
    ids = generator.integers(0, most, size, np.uint8)
    ids[0, 0], ids[0, 1] = most - 1, 255
    Image.fromarray(ids).save(folder / f"{name}.map.png")


def records(folder: Path) -> list[Record]:
    """All pairs below a folder."""
    found = []
    for path in sorted(folder.glob("*/*.map.png")):
        name = path.name.removesuffix(".map.png")
        files = {"image": path.with_name(f"{name}.png"), "labels": path}
        found.append(Record(f"{path.parent.name}/{name}", path.parent.name, files))
    return found


def read(record: Record) -> Sample:
    """One pair, with instances, landmarks and attributes that follow from its name."""
    try:
        picture = np.asarray(Image.open(record.files["image"]))
    except OSError as error:
        raise ImageError(f"{record.files['image']} is damaged; save it anew.") from error
    labels = np.asarray(Image.open(record.files["labels"]))
    number = hashlib.sha256(record.name.encode()).digest()[0]
    return Sample(
        picture=picture,
        labels=labels,
        instances=labels.astype(np.uint16) * 300 + number,
        landmarks=np.array([[1.5, 2.25], [number / 7, 3], [4, 5], [6, 7], [8.125, 9]], np.float32),
        attributes={"odd": number % 2 == 1},
    )


SMALL = Kind("small", "A set for tests.", CLASSES, records, read, "none")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unlike(one: Sample, other: Sample) -> list[str]:
    """The parts in which two samples differ; landmarks may do so by a rounding."""
    parts = {
        "picture": np.array_equal(one.picture, other.picture),
        "labels": np.array_equal(labels_of(one), labels_of(other)),
        "instances": np.array_equal(instances_of(one), instances_of(other)),
        "landmarks": np.allclose(landmarks_of(one), landmarks_of(other), atol=1e-4),
        "attributes": one.attributes == other.attributes,
    }
    return [name for name, same in parts.items() if not same]


def labels_of(sample: Sample) -> NDArray[np.uint8]:
    """Its label map, which is there."""
    assert sample.labels is not None
    return sample.labels


def instances_of(sample: Sample) -> NDArray[np.uint16]:
    """Its instances, which are there."""
    assert sample.instances is not None
    return sample.instances


def landmarks_of(sample: Sample) -> NDArray[np.float32]:
    """Its landmarks, which are there."""
    assert sample.landmarks is not None
    return sample.landmarks
