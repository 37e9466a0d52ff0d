"""What trained networks of either recipe make: the photo in another layout, of any size."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor, nn

from sembla.core.errors import LabelError
from sembla.core.method import Sheet
from sembla.core.tasks import AnalogyResult, AnalogyTask
from sembla.core.types import LabelMap, Picture
from sembla.data.case import Case
from sembla.imaging.palette import colourize
from sembla.methods.analogy.config import MULTIPLE, Config
from sembla.methods.analogy.instant import check, output_size, same_view
from sembla.patches.changes import changes, cover
from sembla.patches.pyramid import resize_labels, resize_picture

__all__ = ["Make", "Scene", "previews", "relayout", "to_picture", "to_planes", "trials"]

_FEATHER = 0.008  # of the longer side, beside what is kept
_SEED_STEP = 7919  # between variations, as in the instant engine
_MOST_ROWS = 8


class Scene(NamedTuple):
    """What a generator is given, all of one size, sides multiples of 8."""

    picture: Picture
    """(H, W, 3)."""
    labels: LabelMap
    """(H, W)."""
    layout: LabelMap
    """(H, W)."""


C = TypeVar("C", bound=Config)

Make: TypeAlias = Callable[[C, nn.Module, Scene, torch.Generator], Tensor]
"""A generator's picture (1, 3, H, W) of a scene; may draw from the random numbers given."""


def relayout(config: C, networks: nn.ModuleDict, task: AnalogyTask, *, make: Make[C]) -> AnalogyResult:
    """Answer a task by one pass of the generator a variation.

    The photo is brought to the scale that it was learned at, and the result from there to its size. With `keep`, pixels
    far from any change of label are those of the photo. Raises `LabelError` and `SizeError` as the instant engine does,
    and `LabelError` for classes that were not learned.
    """
    check(task)
    if int(task.labels.max()) >= config.classes:
        raise LabelError(
            f"the label map holds id {task.labels.max()}, but the model was trained on {config.classes} classes; give "
            "the label map that it was trained on."
        )
    began = time.perf_counter()
    scene, (height, width) = _scene(config, task)
    pictures = []
    for variation in range(task.first_variation, task.first_variation + task.variations):
        chance = torch.Generator().manual_seed((task.seed + variation * _SEED_STEP) % 2**63)
        made = to_picture(make(config, networks["generator"], scene, chance)[0])[:height, :width]
        pictures.append(_finished(task, made))
    seconds = time.perf_counter() - began
    return AnalogyResult(tuple(pictures), task.seed, seconds, seconds, len(np.unique(task.labels)))


def trials(config: Config, case: Case) -> tuple[AnalogyTask, ...]:
    """The case's own layout, and then those that are wanted of it; nothing is kept of the photo."""
    del config
    layouts = [layout for layout in case.layouts if not np.setdiff1d(layout, case.labels).size]
    return tuple(AnalogyTask(case.picture, case.labels, layout, keep=False) for layout in (case.labels, *layouts))


def previews(config: C, networks: nn.ModuleDict, case: Case, *, make: Make[C]) -> Sheet:
    """A row for each of the first trials."""
    palette = np.asarray(config.palette, np.uint8)
    rows = []
    for task in trials(config, case)[:_MOST_ROWS]:
        small = min(1.0, max(config.size) / max(task.layout.shape))
        sized = replace(task, size=max(16, round(max(task.layout.shape) * small)))
        made = relayout(config, networks, sized, make=make).picture
        rows.append((task.picture, colourize(task.layout, palette), made))
    return Sheet(("photo", "layout", "made"), rows)


def to_planes(picture: Picture) -> Tensor:
    """A picture (H, W, 3) of 0 to 255 as (1, 3, H, W) in -1 to 1."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1


def to_picture(planes: Tensor) -> Picture:
    """Planes (3, H, W) in -1 to 1 as a picture; what lies beyond is clipped."""
    values = (planes.float().clamp(-1, 1) + 1) * 127.5
    picture: Picture = values.round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return picture


def _scene(config: Config, task: AnalogyTask) -> tuple[Scene, tuple[int, int]]:
    """The task at the scale of the photo that was learned, and the part of the scene that the result is."""
    scale = config.scale_for(max(task.labels.shape))
    size = _scaled(task.labels.shape, scale)
    wanted = size if same_view(task) else _scaled(task.layout.shape, scale)
    rows, columns = (-(-max(pair) // MULTIPLE) * MULTIPLE for pair in zip(size, wanted, strict=True))
    scene = Scene(
        _padded(resize_picture(task.picture, size), rows, columns),
        _padded(resize_labels(task.labels, size), rows, columns),
        _padded(resize_labels(task.layout, wanted), rows, columns),
    )
    return scene, wanted


def _scaled(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _padded(pixels: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Pixels (H, W, ...), mirrored beyond their right and lower border."""
    more = [(0, rows - pixels.shape[0]), (0, columns - pixels.shape[1])]
    return np.pad(pixels, [*more, *[(0, 0)] * (pixels.ndim - 2)], mode="symmetric")


def _finished(task: AnalogyTask, made: Picture) -> Picture:
    """A picture at the size that was asked for, with what is to be kept of the photo."""
    width, height = output_size(task)
    made = resize_picture(made, (height, width))
    if not (task.keep and same_view(task)):
        return made
    photo = resize_picture(task.picture, (height, width))
    touched = changes(resize_labels(task.labels, (height, width)), resize_labels(task.layout, (height, width)))
    open_ = cover(touched.open, (height, width))
    if open_.all():
        return made
    far = distance_transform_edt(open_) / max(2.0, _FEATHER * max(height, width))
    share = np.clip(far, 0, 1)[:, :, None]
    blended: Picture = np.where(open_[:, :, None], np.rint(made * share + photo * (1 - share)), photo).astype(np.uint8)
    return blended
