"""A small prepared set of faces, and a model that has learned nothing from it."""

import atexit
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from tests.faces.test_shape import SIZE, face

from sembla.data.catalog import KINDS
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared


@cache
def faces() -> Prepared:
    """Five pictures of noise to train on and two others, each with the points of a likely face, 128x128."""
    folder = tempfile.TemporaryDirectory(prefix="sembla-test-")
    atexit.register(folder.cleanup)
    source = Path(folder.name, "source")
    for split, count in (("train", 5), ("val", 2)):
        (source / split / "images").mkdir(parents=True)
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(source / split / "images" / f"{split}{number}.png")
    names = [f"{split}{number}" for split, count in (("train", 5), ("val", 2)) for number in range(count)]
    np.savez(source / "landmarks.npz", names=np.array(names), points=np.stack([face(n) for n in range(len(names))]))
    return prepare(KINDS["faces"], source, Path(folder.name, "set"), workers=1).prepared


def untrained(folder: Path) -> Path:
    """The run of a model for faces of 32x32; needs PyTorch."""
    import torch

    from sembla.methods.inpaint.config import Sembla, fitted
    from sembla.methods.inpaint.learned import PARTS
    from sembla.runs.description import Description, write_description, write_weights
    from sembla.runs.folder import RunFolder
    from sembla.runs.plain import to_plain
    from sembla.runs.tensors import named

    folder.mkdir()
    small = Sembla(side=32, width=8, discriminator_width=8, encoder_width=8, refiner_width=8, features="none")
    config = fitted(small, faces())
    about = Description("inpaint", "sembla", to_plain(config), seed=0, batch=1, data="noise (small, SHA-256 0)")
    write_description(RunFolder(folder), about)
    torch.manual_seed(0)
    write_weights(RunFolder(folder), named(dict(PARTS.networks(config))), step=1)
    return folder
