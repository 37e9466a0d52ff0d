"""Label sets of the public data sets, and what turns one into another.

Names, order and colours are those of each set's makers. Where they gave two classes one colour (ADE20K's road and
skyscraper, Cityscapes' five blacks and its poles), the later class gets the next free shade of blue, so that a colour
map drawn with a set can be read back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap

__all__ = [
    "ADE20K_150",
    "CAMVID_11",
    "CAMVID_32",
    "CAMVID_32_TO_11",
    "CELEBAMASK_HQ_19",
    "CELEBAMASK_HQ_19_PARSING",
    "CELEBAMASK_HQ_TO_PARSING",
    "CELEBAMASK_HQ_TO_PORTRAIT",
    "CITYSCAPES_19",
    "CITYSCAPES_34",
    "CITYSCAPES_34_TO_19",
    "COCO_STUFF_182",
    "FACADES_12",
    "FASSEG_6",
    "IGNORE",
    "LABEL_SETS",
    "LANDMARKS_5",
    "LANDMARKS_68",
    "PARSING_TO_CELEBAMASK_HQ",
    "PARSING_TO_PORTRAIT",
    "PORTRAIT_7",
    "Conversion",
    "LandmarkSet",
]

IGNORE = 255
"""The value of pixels without a class in every set here that has such pixels."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Conversion:
    """How the ids of one label set become those of another."""

    source: LabelSet
    """What comes in."""
    target: LabelSet
    """What comes out."""
    ids: tuple[int, ...]
    """The id in the target of each class of the source; `IGNORE` for classes that the target lacks."""

    def __call__(self, labels: LabelMap) -> LabelMap:
        """Renumber a label map (H, W).

        Pixels to ignore stay so. Raises `LabelError` for an id that the source lacks.
        """
        table = np.full(256, IGNORE, np.uint8)
        table[: len(self.ids)] = self.ids
        largest = int(labels[labels != self.source.ignore].max(initial=0))
        if largest >= self.source.count:
            raise LabelError(
                f"the label map holds id {largest}, but its label set has {self.source.count} classes; "
                "check which label set it follows."
            )
        return table[labels]


@dataclass(frozen=True)
class LandmarkSet:
    """What the points of a list of landmarks are."""

    groups: Mapping[str, range]
    """The indices of each part of the face; left and right are the person's own."""
    swaps: tuple[tuple[int, int], ...]
    """Pairs of points that a left-right flip exchanges."""

    @property
    def count(self) -> int:
        """Number of points."""
        return sum(len(group) for group in self.groups.values())

    def flip(self, points: NDArray[np.float32], width: int) -> NDArray[np.float32]:
        """Mirror points (..., P, 2), x and y in pixels, with their picture of `width` pixels.

        The middle of the first pixel is x = 0, so x becomes width - 1 - x.
        """
        order = np.arange(self.count)
        for left, right in self.swaps:
            order[left], order[right] = right, left
        mirrored: NDArray[np.float32] = points[..., order, :].copy()
        mirrored[..., 0] = width - 1 - mirrored[..., 0]
        return mirrored


def _rows(table: str) -> list[list[str]]:
    """The lines of a table of this package, split at tabs."""
    text = (files("sembla.data") / "tables" / f"{table}.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def _colour(text: str) -> Colour:
    """Turn "rrggbb" into (red, green, blue)."""
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


def _distinct(colours: Iterable[Colour]) -> tuple[Colour, ...]:
    """The colours, with one more step of blue for each that was there before."""
    taken: dict[Colour, None] = {}
    for red, green, first in colours:
        blue = first
        while (red, green, blue) in taken:
            blue += 1
        taken[red, green, blue] = None
    return tuple(taken)


def _pairs(names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Ids of classes that are called the same but for "l_" and "r_"."""
    return tuple(
        (names.index(name), names.index(f"r_{name[2:]}"))
        for name in names
        if name.startswith("l_") and f"r_{name[2:]}" in names
    )


def _conversion(source: LabelSet, target: LabelSet, names: Mapping[str, str]) -> Conversion:
    """The conversion in which each class of the source becomes the class of the target that `names` tells for it."""
    ids = (target.names.index(names[name]) if names.get(name) in target.names else IGNORE for name in source.names)
    return Conversion(source, target, tuple(ids))


# Streets.

_CITYSCAPES = _rows("cityscapes")
_TRAINED = sorted((row for row in _CITYSCAPES if int(row[2]) != IGNORE), key=lambda row: int(row[2]))

CITYSCAPES_34 = LabelSet(
    tuple(row[1] for row in _CITYSCAPES),
    _distinct(_colour(row[0]) for row in _CITYSCAPES),
)
"""The label ids of Cityscapes, its six void classes among them."""

CITYSCAPES_19 = LabelSet(
    tuple(row[1] for row in _TRAINED),
    tuple(_colour(row[0]) for row in _TRAINED),
    ignore=IGNORE,
)
"""The train ids of Cityscapes."""

CITYSCAPES_34_TO_19 = _conversion(CITYSCAPES_34, CITYSCAPES_19, {name: name for name in CITYSCAPES_19.names})
"""Label ids to train ids; what is not trained on is to be ignored."""

CAMVID_11 = LabelSet(
    (
        *("sky", "building", "pole", "road", "pavement", "tree"),
        *("sign symbol", "fence", "car", "pedestrian", "bicyclist"),
    ),
    (
        *((128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (0, 0, 192), (128, 128, 0)),
        *((192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192)),
    ),
    ignore=IGNORE,
)
"""CamVid in the 11 classes of SegNet and nearly all who came after."""

_CAMVID = _rows("camvid")

CAMVID_32 = LabelSet(tuple(row[1] for row in _CAMVID), tuple(_colour(row[0]) for row in _CAMVID))
"""CamVid as it was drawn, in the order of its label_colors.txt."""

CAMVID_32_TO_11 = _conversion(CAMVID_32, CAMVID_11, {row[1]: row[2] for row in _CAMVID})
"""The grouping of Sturgess et al. (2009), which SegNet uses."""

# Scenes and buildings.

_ADE20K, _COCO_STUFF = _rows("ade20k"), _rows("coco_stuff")

ADE20K_150 = LabelSet(
    tuple(row[1] for row in _ADE20K),
    _distinct(_colour(row[0]) for row in _ADE20K),
    ignore=IGNORE,
)
"""ADE20K's 150 classes of scene parsing, by the first of their names; ids are the file's less 1, its 0 is ignored."""

COCO_STUFF_182 = LabelSet(
    tuple(row[1] for row in _COCO_STUFF),
    tuple(_colour(row[0]) for row in _COCO_STUFF),
    ignore=IGNORE,
)
"""COCO's 91 things and 91 kinds of stuff; ids are COCO's less 1. Eleven of them (street sign, hat, ...) never occur."""

FACADES_12 = LabelSet(
    (
        *("background", "facade", "window", "door", "cornice", "sill"),
        *("balcony", "blind", "deco", "molding", "pillar", "shop"),
    ),
    (
        *((0, 0, 170), (0, 0, 255), (0, 85, 255), (0, 170, 255), (0, 255, 255), (85, 255, 170)),
        *((170, 255, 85), (255, 255, 0), (255, 170, 0), (255, 85, 0), (255, 0, 0), (170, 0, 0)),
    ),
)
"""The CMP facade database; ids are the file's less 1."""

# Faces. The colours are MaskGAN's.

_FACE_COLOURS: Mapping[str, Colour] = {
    "background": (0, 0, 0),
    "skin": (204, 0, 0),
    "nose": (76, 153, 0),
    "eye_g": (204, 204, 0),
    "l_eye": (51, 51, 255),
    "r_eye": (204, 0, 204),
    "l_brow": (0, 255, 255),
    "r_brow": (255, 204, 204),
    "l_ear": (102, 51, 0),
    "r_ear": (255, 0, 0),
    "mouth": (102, 204, 0),
    "u_lip": (255, 255, 0),
    "l_lip": (0, 0, 153),
    "hair": (0, 0, 204),
    "hat": (255, 51, 153),
    "ear_r": (0, 204, 204),
    "neck_l": (0, 51, 0),
    "neck": (255, 153, 51),
    "cloth": (0, 204, 0),
}
_PARSING_NAMES = (
    *("background", "skin", "l_brow", "r_brow", "l_eye", "r_eye", "eye_g", "l_ear", "r_ear", "ear_r"),
    *("nose", "mouth", "u_lip", "l_lip", "neck", "neck_l", "cloth", "hair", "hat"),
)
_PORTRAIT_PARTS = {
    **dict.fromkeys(("skin", "l_ear", "r_ear", "neck"), "skin"),
    **dict.fromkeys(("l_eye", "r_eye"), "eyes"),
    **dict.fromkeys(("mouth", "u_lip", "l_lip"), "mouth"),
    **dict.fromkeys(("hair", "l_brow", "r_brow"), "hair"),
    "nose": "nose",
    "cloth": "clothes",
    **dict.fromkeys(("eye_g", "hat", "ear_r", "neck_l"), "accessories"),
}

CELEBAMASK_HQ_19 = LabelSet(tuple(_FACE_COLOURS), tuple(_FACE_COLOURS.values()), swaps=_pairs(tuple(_FACE_COLOURS)))
"""CelebAMask-HQ in the order of its makers (MaskGAN). eye_g: glasses, ear_r: earring, neck_l: necklace."""

CELEBAMASK_HQ_19_PARSING = LabelSet(
    _PARSING_NAMES, tuple(_FACE_COLOURS[name] for name in _PARSING_NAMES), swaps=_pairs(_PARSING_NAMES)
)
"""The same classes in the order of face-parsing.PyTorch, which many tools follow; see `data.face_order`."""

PORTRAIT_7 = LabelSet(
    ("skin", "eyes", "mouth", "hair", "nose", "clothes", "accessories"),
    ((204, 0, 0), (51, 51, 255), (102, 204, 0), (0, 0, 204), (76, 153, 0), (0, 204, 0), (204, 204, 0)),
    ignore=IGNORE,
)
"""CelebAMask-HQ in seven groups: ears and neck are skin, brows are hair; the background is to be ignored."""

CELEBAMASK_HQ_TO_PARSING = _conversion(
    CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING, {name: name for name in _PARSING_NAMES}
)
"""From MaskGAN's order to that of face-parsing.PyTorch."""

PARSING_TO_CELEBAMASK_HQ = _conversion(
    CELEBAMASK_HQ_19_PARSING, CELEBAMASK_HQ_19, {name: name for name in _PARSING_NAMES}
)
"""From the order of face-parsing.PyTorch to MaskGAN's."""

CELEBAMASK_HQ_TO_PORTRAIT = _conversion(CELEBAMASK_HQ_19, PORTRAIT_7, _PORTRAIT_PARTS)
"""From MaskGAN's order to the seven groups."""

PARSING_TO_PORTRAIT = _conversion(CELEBAMASK_HQ_19_PARSING, PORTRAIT_7, _PORTRAIT_PARTS)
"""From the order of face-parsing.PyTorch to the seven groups."""

FASSEG_6 = LabelSet(
    ("background", "skin", "hair", "eyes", "nose", "mouth"),
    ((255, 0, 0), (255, 255, 0), (127, 0, 0), (0, 0, 255), (0, 255, 255), (0, 255, 0)),
)
"""FASSEG's six classes in its own colours; it gives no ids, so their order is ours."""

LANDMARKS_68 = LandmarkSet(
    groups=MappingProxyType(
        {
            "jaw": range(17),
            "right brow": range(17, 22),
            "left brow": range(22, 27),
            "nose bridge": range(27, 31),
            "nostrils": range(31, 36),
            "right eye": range(36, 42),
            "left eye": range(42, 48),
            "outer mouth": range(48, 60),
            "inner mouth": range(60, 68),
        }
    ),
    swaps=(
        *((point, 16 - point) for point in range(8)),
        *((point, 43 - point) for point in range(17, 22)),
        *((31, 35), (32, 34)),
        *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),
        *((48, 54), (49, 53), (50, 52), (55, 59), (56, 58)),
        *((60, 64), (61, 63), (65, 67)),
    ),
)
"""The 68 points of iBUG 300-W."""

LANDMARKS_5 = LandmarkSet(
    groups=MappingProxyType(
        {
            "right eye": range(1),
            "left eye": range(1, 2),
            "nose": range(2, 3),
            "mouth": range(3, 5),
        }
    ),
    swaps=((0, 1), (3, 4)),
)
"""The five points of CelebA: its "left eye" is the one at the left of the picture, the person's right."""

LABEL_SETS: Mapping[str, LabelSet] = MappingProxyType(
    {
        "cityscapes_34": CITYSCAPES_34,
        "cityscapes_19": CITYSCAPES_19,
        "ade20k_150": ADE20K_150,
        "coco_stuff_182": COCO_STUFF_182,
        "camvid_11": CAMVID_11,
        "camvid_32": CAMVID_32,
        "facades_12": FACADES_12,
        "celebamask_hq_19": CELEBAMASK_HQ_19,
        "celebamask_hq_19_parsing": CELEBAMASK_HQ_19_PARSING,
        "portrait_7": PORTRAIT_7,
        "fasseg_6": FASSEG_6,
    }
)
"""All of them by name."""
