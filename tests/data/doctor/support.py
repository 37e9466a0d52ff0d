"""Clean sets, generated: scenes of six classes, and faces; each photo shows what its label map says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

COLOURS = np.array(
    [[40, 60, 200], [60, 160, 50], [200, 60, 40], [220, 200, 60], [120, 120, 130], [30, 30, 35]], np.uint8
)
SIDE = 96
TRAIN, VAL = 12, 6

Ids = NDArray[np.uint8]


def blobs(rng: np.random.Generator, classes: int = len(COLOURS), side: int = SIDE) -> Ids:
    """A map (side, side) in which every class takes its share."""
    fields = ndimage.gaussian_filter(rng.standard_normal((classes, side, side)), (0, side / 12, side / 12), mode="wrap")
    return np.asarray(fields.argmax(0), np.uint8)


def photo_of(labels: Ids, rng: np.random.Generator, colours: NDArray[np.uint8] = COLOURS) -> NDArray[np.uint8]:
    noise = rng.normal(0, 12, (*labels.shape, 3))
    photo: NDArray[np.uint8] = np.clip(colours[labels] + noise, 0, 255).astype(np.uint8)
    return photo


def make_set(root: Path, *, seed: int = 0, classes: bool = False, side: int = SIDE) -> Path:
    """train/ and val/ with images/ and labels/; with `classes`, a classes.json that names them."""
    rng = np.random.default_rng(seed)
    for split, count in (("train", TRAIN), ("val", VAL)):
        for folder in ("images", "labels"):
            (root / split / folder).mkdir(parents=True)
        for number in range(count):
            labels = blobs(rng, side=side)
            write(root / split / "labels" / f"{split}{number:02}.png", labels)
            write(root / split / "images" / f"{split}{number:02}.png", photo_of(labels, rng))
    if classes:
        write_classes(root, len(COLOURS))
    return root


def write_classes(root: Path, count: int, *, ignore: int | None = None) -> None:
    entries = [{"name": f"thing {n}", "colour": f"#{n * 20:02x}{255 - n * 10:02x}20"} for n in range(count)]
    (root / "classes.json").write_text(json.dumps({"classes": entries, "ignore": ignore}))


def write(path: Path, pixels: NDArray[np.generic], mode: str | None = None) -> None:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path)


def read(path: Path) -> NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)


def label_maps(root: Path) -> list[Path]:
    return sorted(root.glob("**/labels/*"))


def photos(root: Path) -> list[Path]:
    return sorted(root.glob("**/images/*"))


def face(rng: np.random.Generator, side: int = 128) -> Ids:
    """A face in the order of CelebAMask-HQ; the person's left is at the right of the picture."""
    y, x = np.mgrid[0:side, 0:side] / side
    dx, dy = rng.uniform(-0.04, 0.04, 2)
    x, y = x - dx, y - dy
    ids = np.zeros((side, side), np.uint8)

    def ellipse(label: int, middle: tuple[float, float], radii: tuple[float, float]) -> None:
        ids[((x - middle[0]) / radii[0]) ** 2 + ((y - middle[1]) / radii[1]) ** 2 <= 1] = label

    ellipse(18, (0.5, 1.05), (0.45, 0.15))
    ellipse(13, (0.5, 0.4), (0.33, 0.36))
    ellipse(17, (0.5, 0.85), (0.13, 0.13))
    ellipse(1, (0.5, 0.5), (0.24, 0.33))
    for left, right, height, gap, radii in (
        (8, 9, 0.5, 0.26, (0.03, 0.07)),
        (6, 7, 0.36, 0.1, (0.07, 0.015)),
        (4, 5, 0.42, 0.1, (0.05, 0.025)),
    ):
        ellipse(left, (0.5 + gap, height), radii)
        ellipse(right, (0.5 - gap, height), radii)
    ellipse(2, (0.5, 0.54), (0.05, 0.08))
    ellipse(11, (0.5, 0.67), (0.1, 0.02))
    ellipse(10, (0.5, 0.69), (0.08, 0.015))
    ellipse(12, (0.5, 0.715), (0.09, 0.025))
    return ids


def make_faces(root: Path, *, count: int = 10) -> Path:
    rng = np.random.default_rng(5)
    colours = rng.integers(20, 235, (19, 3)).astype(np.uint8)
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    for number in range(count):
        labels = face(rng)
        write(root / "labels" / f"{number}.png", labels)
        write(root / "images" / f"{number}.png", photo_of(labels, rng, colours))
    return root
