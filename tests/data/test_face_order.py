"""The order of face maps, found from where the parts of a face are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.core.types import LabelMap
from sembla.data.face_order import detect_celebamask_order
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING, CELEBAMASK_HQ_TO_PARSING

DATA = Path(__file__).parents[3] / "shared" / "data"


def face(*absent: str) -> LabelMap:
    """A face of boxes, 64x64, in MaskGAN's order."""
    boxes = {
        "cloth": (58, 64, 0, 64),
        "neck": (50, 58, 24, 40),
        "hair": (2, 40, 8, 56),
        "skin": (10, 52, 14, 50),
        "l_brow": (18, 20, 36, 46),
        "r_brow": (18, 20, 18, 28),
        "l_eye": (22, 26, 36, 46),
        "r_eye": (22, 26, 18, 28),
        "nose": (26, 36, 29, 35),
        "u_lip": (40, 42, 24, 40),
        "l_lip": (42, 45, 24, 40),
    }
    labels = np.zeros((64, 64), np.uint8)
    for name, (top, bottom, left, right) in boxes.items():
        if name not in absent:
            labels[top:bottom, left:right] = CELEBAMASK_HQ_19.names.index(name)
    return labels


@pytest.mark.parametrize("absent", [(), ("hair",), ("neck", "cloth"), ("l_brow", "r_brow"), ("u_lip", "l_lip")])
def test_tells_both_orders_on_one_drawn_face(absent: tuple[str, ...]) -> None:
    guess = detect_celebamask_order([face(*absent)])
    assert guess.label_set is CELEBAMASK_HQ_19
    assert guess.confidence > 0.2
    assert detect_celebamask_order([CELEBAMASK_HQ_TO_PARSING(face(*absent))]).label_set is CELEBAMASK_HQ_19_PARSING


def test_tells_neither_where_there_is_no_face() -> None:
    noise = np.random.default_rng(0).integers(0, 19, (64, 64)).astype(np.uint8)
    assert detect_celebamask_order([noise]).label_set is None
    assert detect_celebamask_order([face()[::-1]]).label_set is None  # upside down
    assert detect_celebamask_order([np.zeros((64, 64), np.uint8)]).label_set is None
    assert detect_celebamask_order([]).label_set is None


def test_few_parts_do_not_tell_an_order() -> None:
    """Maps of other classes, such as FASSEG's six: by chance, two or three statements hold in either order."""
    few = face(*(name for name in CELEBAMASK_HQ_19.names if name not in {"skin", "nose", "hair"}))
    for labels in (few, CELEBAMASK_HQ_TO_PARSING(few)):
        assert detect_celebamask_order([labels]).label_set is None
    assert detect_celebamask_order([few]).true == 1
    six = np.zeros((64, 64), np.uint8)
    for number, (top, bottom) in enumerate(((10, 64), (0, 10), (50, 54), (26, 30), (36, 44)), 1):
        six[top:bottom, 20:44] = number
    guess = detect_celebamask_order([six])
    assert guess.label_set is None
    assert guess.true < 0.5


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data")
def test_tells_both_orders_on_every_real_face_alone() -> None:
    paths = sorted((DATA / "faces_parsing_celebamaskhq" / "labels").glob("*.png"))[::5]
    paths += sorted((DATA / "samples" / "celebamask_hq" / "MaskGAN_demo_samples").glob("*.png"))
    assert len(paths) > 150
    for path in paths:
        labels = np.asarray(Image.open(path))
        assert detect_celebamask_order([labels]).label_set is CELEBAMASK_HQ_19, path
        assert detect_celebamask_order([CELEBAMASK_HQ_TO_PARSING(labels)]).label_set is CELEBAMASK_HQ_19_PARSING, path
