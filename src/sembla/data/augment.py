"""Augmentation in two halves: parameters are drawn in one function and applied in others, to all of a pair alike.

What is applied, in this order: crop, resize, flip, colour, warp. Parameters say all of it and can be written as JSON,
so that every picture a model has seen can be made again.

Points count pixel centres as whole numbers: (0, 0) is the middle of the first pixel, (-0.5, -0.5) its outer corner.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.types import Picture
from sembla.data.colour import Colour, recolour
from sembla.data.records import Sample
from sembla.data.resize import bicubic
from sembla.data.warp import MOST_WARP, Places, Warp, blend, pick, source_places, unwarp

__all__ = [
    "Augmentation",
    "Colour",
    "Parameters",
    "apply",
    "apply_to_ids",
    "apply_to_landmarks",
    "apply_to_picture",
    "centre",
    "sample_parameters",
]

Ids = TypeVar("Ids", bound=np.generic)


@dataclass(frozen=True)
class Augmentation:
    """How far parameters may stray. The default flips and does nothing else.

    Raises `InputError` for values outside their ranges.
    """

    flip: float = 0.5
    """Chance that a picture is mirrored left to right, 0 to 1."""
    zoom: tuple[float, float] = (1.0, 1.0)
    """Least and most magnification, 1 or more; what does not fit is cropped at a random place."""
    warp: float = 0.0
    """Most that a control point of the thin-plate spline moves, as a share of the side, 0 to 0.1."""
    brightness: float = 0.0
    """Factors are drawn from 1 - brightness to 1 + brightness; 0 to 1."""
    contrast: float = 0.0
    """As brightness, about middle grey; 0 to 1."""
    saturation: float = 0.0
    """As brightness, about the grey of the same luma; 0 to 1."""
    hue: float = 0.0
    """Most that colours turn, in turns of the colour circle, 0 to 0.5."""

    def __post_init__(self) -> None:
        limits = {"flip": 1.0, "warp": MOST_WARP, "brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.5}
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise InputError(f"{value} came for {name}; give a number from 0 to {most:g}.")
        if not 1 <= self.zoom[0] <= self.zoom[1] < math.inf:
            raise InputError(f"{self.zoom} came for zoom; give the least and the most, each 1 or more.")


@dataclass(frozen=True)
class Parameters:
    """All that is done to one pair."""

    crop: tuple[int, int, int, int]
    """Left, top, width and height of what is kept, in pixels of what comes in."""
    size: tuple[int, int]
    """Height and width that the crop is resized to."""
    flip: bool = False
    """Mirror left to right, and exchange what is left with what is right."""
    warp: Warp | None = None
    colour: Colour | None = None

    def to_json(self) -> dict[str, Any]:
        """These parameters as JSON can hold them; `from_json` gives them back exactly."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Parameters":
        """Give back the parameters of `to_json`. Raises `InputError` for anything else."""
        try:
            left, top, width, height = (int(value) for value in values["crop"])
            rows, columns = (int(value) for value in values["size"])
            warp, colour = values["warp"], values["colour"]
            return Parameters(
                crop=(left, top, width, height),
                size=(rows, columns),
                flip=bool(values["flip"]),
                warp=warp and Warp(int(warp["grid"]), tuple((float(x), float(y)) for x, y in warp["offsets"])),
                colour=colour and Colour(**colour),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{values!r:.80} are no parameters of an augmentation; give what to_json wrote."
            ) from error


def sample_parameters(
    generator: np.random.Generator, augmentation: Augmentation, *, source: tuple[int, int], target: tuple[int, int]
) -> Parameters:
    """Draw parameters for a picture of size `source` that is to have size `target` (each height, width).

    The crop has the shape of the target. The same state of the generator gives the same parameters.
    """
    zoom, across, down = generator.uniform(*augmentation.zoom), generator.random(), generator.random()
    width, height = _largest(source, target, zoom)
    left, top = int(across * (source[1] - width + 1)), int(down * (source[0] - height + 1))
    return Parameters(
        crop=(left, top, width, height),
        size=target,
        flip=bool(generator.random() < augmentation.flip),
        warp=_sample_warp(generator, augmentation.warp) if augmentation.warp else None,
        colour=_sample_colour(generator, augmentation),
    )


def centre(source: tuple[int, int], target: tuple[int, int]) -> Parameters:
    """Parameters without chance: the largest crop of the target's shape, from the middle, resized to the target."""
    width, height = _largest(source, target, 1.0)
    return Parameters(crop=((source[1] - width) // 2, (source[0] - height) // 2, width, height), size=target)


def _largest(source: tuple[int, int], target: tuple[int, int], zoom: float) -> tuple[int, int]:
    """Width and height of the largest box of the target's shape that fits, divided by `zoom`."""
    scale = min(source[0] / target[0], source[1] / target[1]) / zoom
    width, height = (max(1, round(side * scale)) for side in (target[1], target[0]))
    return min(width, source[1]), min(height, source[0])


def _sample_warp(generator: np.random.Generator, most: float, grid: int = 4) -> Warp:
    offsets = generator.uniform(-most, most, (grid * grid, 2))
    return Warp(grid, tuple((float(x), float(y)) for x, y in offsets))


def _sample_colour(generator: np.random.Generator, augmentation: Augmentation) -> Colour | None:
    spreads = (augmentation.brightness, augmentation.contrast, augmentation.saturation)
    if not any(spreads) and not augmentation.hue:
        return None
    factors = [float(generator.uniform(1 - spread, 1 + spread)) for spread in spreads]
    return Colour(
        brightness=factors[0],
        contrast=factors[1],
        saturation=factors[2],
        hue=float(generator.uniform(-augmentation.hue, augmentation.hue)),
    )


def apply(
    parameters: Parameters,
    sample: Sample,
    *,
    label_set: LabelSet | None = None,
    landmark_swaps: Sequence[tuple[int, int]] = (),
) -> Sample:
    """Apply parameters to all of a sample. A flip exchanges the swap pairs of `label_set` and of the landmarks."""
    swaps = label_set.swap_table if label_set and label_set.swaps else None
    places = _places(parameters)
    return replace(
        sample,
        picture=_picture(parameters, sample.picture, places),
        labels=None if sample.labels is None else _ids(parameters, sample.labels, places, swaps=swaps),
        instances=None if sample.instances is None else _ids(parameters, sample.instances, places, swaps=None),
        landmarks=None
        if sample.landmarks is None
        else apply_to_landmarks(parameters, sample.landmarks, swaps=landmark_swaps),
    )


def apply_to_picture(parameters: Parameters, picture: Picture) -> Picture:
    """Apply parameters to a picture (H, W, 3): resized bicubically, with the filter widened where it shrinks.

    Raises `SizeError` where the crop does not lie in the picture.
    """
    return _picture(parameters, picture, _places(parameters))


def apply_to_ids(parameters: Parameters, ids: NDArray[Ids], *, swaps: NDArray[Ids] | None = None) -> NDArray[Ids]:
    """Apply parameters to a label map, instances or a mask (H, W) of any dtype: nearest, so that no id is invented.

    `swaps` is what each id becomes when it is flipped. Raises `SizeError` where the crop does not lie in the map.
    """
    return _ids(parameters, ids, _places(parameters), swaps=swaps)


def _places(parameters: Parameters) -> Places | None:
    """Where the warp takes pixels from; the same for all of a pair."""
    return source_places(parameters.warp, parameters.size) if parameters.warp else None


def _picture(parameters: Parameters, picture: Picture, places: Places | None) -> Picture:
    _check_crop(parameters, picture)
    picture = bicubic(picture, parameters.crop, parameters.size, flip=parameters.flip)
    picture = recolour(picture, parameters.colour) if parameters.colour else picture
    return blend(picture, places) if places else picture


def _ids(
    parameters: Parameters, ids: NDArray[Ids], places: Places | None, *, swaps: NDArray[Ids] | None
) -> NDArray[Ids]:
    _check_crop(parameters, ids)
    left, top, width, height = parameters.crop
    ids = ids[top : top + height, left : left + width]
    if ids.shape != parameters.size:
        rows, columns = (_nearest(old, new) for old, new in zip(ids.shape, parameters.size, strict=True))
        ids = ids[rows][:, columns]
    if parameters.flip:
        ids = ids[:, ::-1] if swaps is None else swaps[ids[:, ::-1]]
    return np.ascontiguousarray(pick(ids, places) if places else ids)


def apply_to_landmarks(
    parameters: Parameters, points: NDArray[np.float32], *, swaps: Sequence[tuple[int, int]] = ()
) -> NDArray[np.float32]:
    """Apply parameters to points (P, 2), x and y in pixels of the picture that comes in.

    `swaps` are the pairs of points that a flip exchanges. Points may come to lie outside the picture.
    """
    left, top, width, height = parameters.crop
    rows, columns = parameters.size
    moved = (points.astype(np.float64) + 0.5 - (left, top)) * (columns / width, rows / height)
    if parameters.flip:
        moved[:, 0] = columns - moved[:, 0]
        order = np.arange(len(points))
        for one, other in swaps:
            order[one], order[other] = other, one
        moved = moved[order]
    if parameters.warp:
        moved = unwarp(parameters.warp, moved / (columns, rows)) * (columns, rows)
    return np.asarray(moved - 0.5, np.float32)


def _check_crop(parameters: Parameters, array: NDArray[Any]) -> None:
    """Raise `SizeError` where the crop does not lie in an array (H, W, ...)."""
    left, top, width, height = parameters.crop
    if min(left, top) < 0 or top + height > array.shape[0] or left + width > array.shape[1]:
        raise SizeError(
            f"a crop of {width}x{height} at ({left}, {top}) came for {array.shape[1]}x{array.shape[0]} pixels; "
            "give parameters that were drawn for this size."
        )


def _nearest(old: int, new: int) -> NDArray[np.intp]:
    """Which of `old` pixels has its centre nearest to that of each of `new`."""
    return (2 * np.arange(new) + 1) * old // (2 * new)
