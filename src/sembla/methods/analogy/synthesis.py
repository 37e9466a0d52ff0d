"""What trained networks of either recipe make: the photo in another layout, of any size."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor, nn

from sembla.core.errors import LabelError
from sembla.core.method import Sheet
from sembla.core.tasks import UNWATCHED, AnalogyResult, AnalogyTask, Watch
from sembla.core.types import LabelMap, Picture
from sembla.data.case import Case
from sembla.imaging.palette import colourize
from sembla.methods.analogy.config import MULTIPLE, Config
from sembla.methods.analogy.instant import check, output_size, same_view
from sembla.nn.planes import to_picture
from sembla.patches.changes import changes, cover
from sembla.patches.pyramid import Size, resize_labels, resize_picture

__all__ = ["Make", "Scene", "View", "previews", "relayout", "trials"]

_FEATHER = 0.008  # of the longer side, beside what is kept
_SEED_STEP = 7919  # between variations, as in the instant engine
_MOST_ROWS = 8


class View(NamedTuple):
    """A photo and two layouts of one size, sides multiples of 8."""

    picture: Picture
    """(H, W, 3)."""
    labels: LabelMap
    """(H, W)."""
    layout: LabelMap
    """(H, W)."""


@dataclass(frozen=True)
class Scene:
    """A task at the scale that a photo was learned at."""

    task: AnalogyTask
    size: Size
    """Of the photo at that scale."""
    wanted: Size
    """Of the result at that scale."""

    def at(self, factor: int = 1) -> View:
        """What a generator is given, or that so many times as large; mirrored up to multiples of 8."""
        rows, columns = (
            -(-max(pair) // MULTIPLE) * MULTIPLE * factor for pair in zip(self.size, self.wanted, strict=True)
        )
        size, wanted = ((height * factor, width * factor) for height, width in (self.size, self.wanted))
        return View(
            _padded(resize_picture(self.task.picture, size), rows, columns),
            _padded(resize_labels(self.task.labels, size), rows, columns),
            _padded(resize_labels(self.task.layout, wanted), rows, columns),
        )

    @property
    def factor(self) -> int:
        """How many times as large the result is, the last part of one time counted whole."""
        width, height = output_size(self.task)
        return max(1, -(-height // self.wanted[0]), -(-width // self.wanted[1]))


C = TypeVar("C", bound=Config)

Make: TypeAlias = Callable[[C, nn.Module, Scene, torch.Generator], Tensor]
"""A generator's picture of a scene, (1, 3, H, W), or a whole number of times as large; may draw from what is given."""


def relayout(
    config: C, networks: nn.ModuleDict, task: AnalogyTask, *, make: Make[C], watch: Watch = UNWATCHED
) -> AnalogyResult:
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
    scene = _scene(config, task)
    pictures = []
    for variation in range(task.first_variation, task.first_variation + task.variations):
        watch.check()
        chance = torch.Generator().manual_seed((task.seed + variation * _SEED_STEP) % 2**63)
        made = to_picture(make(config, networks["generator"], scene, chance)[0])
        pictures.append(_finished(scene, made))
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


def _scene(config: Config, task: AnalogyTask) -> Scene:
    scale = config.scale_for(max(task.labels.shape))
    size = _scaled(task.labels.shape, scale)
    return Scene(task, size, size if same_view(task) else _scaled(task.layout.shape, scale))


def _scaled(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _padded(pixels: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Pixels (H, W, ...), mirrored beyond their right and lower border."""
    more = [(0, rows - pixels.shape[0]), (0, columns - pixels.shape[1])]
    return np.pad(pixels, [*more, *[(0, 0)] * (pixels.ndim - 2)], mode="symmetric")


def _finished(scene: Scene, made: Picture) -> Picture:
    """A picture without what was added at its borders, at the size asked for, with what is to be kept of the photo."""
    task, (rows, columns) = scene.task, scene.wanted
    factor = made.shape[0] // (-(-max(rows, scene.size[0]) // MULTIPLE) * MULTIPLE)
    width, height = output_size(task)
    made = resize_picture(made[: rows * factor, : columns * factor], (height, width))
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
