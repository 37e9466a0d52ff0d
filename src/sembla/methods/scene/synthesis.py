"""What trained networks make: photos of a label map, of any size."""

import logging
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn

from sembla.core import memory
from sembla.core.errors import LabelError
from sembla.core.method import Sheet
from sembla.core.tasks import UNWATCHED, SceneResult, SceneTask, Watch
from sembla.core.types import MIN_SIDE, LabelMap, Picture, Region
from sembla.data.augment import apply, centre
from sembla.data.edges import instance_edges
from sembla.data.loading import pairs_once
from sembla.data.prepared import Prepared, held_out
from sembla.imaging.palette import colourize
from sembla.methods.scene.batches import layout_planes
from sembla.methods.scene.checks import check_layout
from sembla.methods.scene.config import Config
from sembla.methods.scene.painters import Drawn, Painter
from sembla.nn.planes import to_picture, to_planes
from sembla.patches.pyramid import resize_picture

__all__ = ["paint", "previews", "trials"]

_log = logging.getLogger("sembla")

_SEED_STEP = 7919  # between variations, as in other engines
_TILE = 768  # pixels of a tile's side, a multiple of 32; larger layouts are painted in tiles where that is the same
_PLANE_BYTES = 9  # of memory that each plane of a layout takes a pixel
_TRIALS, _ROWS = 16, 8


def paint(config: Config, networks: nn.ModuleDict, task: SceneTask, *, watch: Watch = UNWATCHED) -> SceneResult:
    """Photos of a label map of any size.

    Sides are brought to multiples of what the generator needs by repeating the last pixels, and cropped again. Raises
    `LabelError` for ids and looks of classes that the model does not know, `SizeError` for sizes that no picture has,
    and `MemoryNeedError` for one that will not fit.
    """
    check_layout(task, config.label_set)
    began = time.perf_counter()
    its = cast("Painter", networks["generator"])
    device = next(its.parameters()).device
    if device.type == "cpu":
        _check_memory(config, its, task)
    layout = _padded(_layout(config, task, device), its.multiple)
    _tell_size(task.labels.shape, tuple(layout.shape[2:]), tiled=_is_tiled(its, layout))
    style = None if task.style is None else _style(config, task.style).to(device)
    height, width = task.labels.shape

    def drawn(variation: int) -> Drawn:
        chance = _chance(task.seed + variation * _SEED_STEP)
        return its.drawn(layout, style=style, chance=chance, looks=_looks(config, task))

    def picture(chosen: Drawn) -> Picture:
        watch.check()
        return np.ascontiguousarray(_painted(its, layout, chosen)[:height, :width])

    variations = range(task.first_variation, task.first_variation + task.variations)
    if task.region is None:
        pictures = [picture(drawn(variation)) for variation in variations]
    else:
        inside, first = np.array(task.region), drawn(0)
        plain = picture(first)
        pictures = [
            np.where(inside[:, :, None], picture(_mixed(inside, first, drawn(variation))), plain)
            if variation
            else plain
            for variation in variations
        ]
    return SceneResult(tuple(pictures), task.seed, time.perf_counter() - began)


def trials(config: Config, prepared: Prepared) -> tuple[SceneTask, ...]:
    """Layouts of the split "val", or where there is none, of what is trained on."""
    return tuple(SceneTask(labels) for _, labels in _shown(config, prepared, _TRIALS))


def previews(config: Config, networks: nn.ModuleDict, prepared: Prepared) -> Sheet:
    """A row for each of the first trials: the layout, its photo, and two made, or one where all would be the same."""
    palette = config.label_set.palette
    rows, variations = [], 2 if config.varies() else 1
    for photo, labels in _shown(config, prepared, _ROWS):
        made = paint(config, networks, SceneTask(labels, variations=variations)).pictures
        known = np.where(labels < config.count, labels, 0).astype(np.uint8)
        rows.append((colourize(known, palette), photo, *made))
    return Sheet(("layout", "photo", "made", "another")[: 2 + variations], rows)


def _shown(config: Config, prepared: Prepared, most: int) -> Iterator[tuple[Picture, LabelMap]]:
    """At most so many photos and label maps, from all over the split "val", or where it lacks, "train"."""
    name = held_out(prepared)
    apart = max(1, prepared.counts[name] // most)
    for packed in islice(pairs_once(prepared, name), 0, apart * most, apart):
        sample = packed.decode()
        cropped = apply(centre(_size(sample.picture), config.size), sample)
        assert cropped.labels is not None
        yield cropped.picture, cropped.labels


def _size(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]


def _layout(config: Config, task: SceneTask, device: torch.device) -> Tensor:
    """The planes (1, planes, H, W) of a task's layout; made on the device, for ids are less to bring there."""
    labels = np.where(task.labels < config.count, task.labels, config.count).astype(np.int64)
    edges = None if task.instances is None else torch.from_numpy(instance_edges(task.instances))[None].to(device)
    return layout_planes(config, torch.from_numpy(labels)[None].to(device), edges)


def _check_memory(config: Config, its: Painter, task: SceneTask) -> None:
    """Raise `MemoryNeedError` where painting is predicted to take more than is free.

    What it took was measured for layouts of 512x512 and up; fp32 took 1.7 times what bf16 did.
    """
    pixels = task.labels.size
    at_once = pixels if its.reach is None else min(pixels, (_TILE + 2 * its.reach) ** 2)
    work = its.work * at_once + _PLANE_BYTES * config.planes * pixels
    drawn = 4 * its.draws * pixels * (1 if task.region is None else 3)  # of two pictures, and their mixture
    need = drawn + (work if torch.is_autocast_enabled("cpu") else work * 17 // 10)
    height, width = task.labels.shape
    instead = "give a smaller layout, or close other programs"
    memory.require(need + 3 * pixels * task.variations, what=f"{width}x{height}", instead=instead)


def _looks(config: Config, task: SceneTask) -> dict[int, torch.Generator]:
    """Chances of the classes that have a seed of their own. Raises `LabelError` for one that is unknown."""
    strange = [label for label in task.looks if not 0 <= label < config.count]
    if strange:
        raise LabelError(f"a look of class {strange[0]} came; the model knows ids 0 to {config.count - 1}.")
    return {label: _chance(seed) for label, seed in task.looks.items()}


def _style(config: Config, photo: Picture) -> Tensor:
    """A style photo (1, 3, h, w) in -1 to 1, no larger than the photos that the model learned from."""
    scale = min(1.0, max(config.size) / max(photo.shape[:2]))
    height, width = (max(MIN_SIDE, round(side * scale)) for side in photo.shape[:2])
    return to_planes([resize_picture(photo, (height, width))])


def _chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed % 2**63)


def _padded(layout: Tensor, multiple: int) -> Tensor:
    height, width = layout.shape[2:]
    return F.pad(layout, [0, -width % multiple, 0, -height % multiple], mode="replicate")


def _mixed(region: Region, first: Drawn, drawn: Drawn) -> Drawn:
    """What chance drew, in a region alone where it is drawn by place."""
    inside = torch.from_numpy(region)[None, None].float()
    mixed = []
    for before, now in zip(first, drawn, strict=True):
        if now.dim() < 4:
            mixed.append(now)
            continue
        padded = F.pad(inside, [0, now.shape[3] - inside.shape[3], 0, now.shape[2] - inside.shape[2]])
        mixed.append(torch.where(padded.to(now.device) > 0, now, before))
    return tuple(mixed)


@cache
def _tell_size(asked: tuple[int, int], painted: tuple[int, int], *, tiled: bool) -> None:
    """Say once what a size leads to."""
    (height, width), (high, wide) = asked, painted
    if asked != painted:
        _log.info("%dx%d is painted as %dx%d, the border repeated, and cropped again", width, height, wide, high)
    if tiled:
        _log.info("%dx%d is painted in tiles, which meet without seams", width, height)


def _is_tiled(its: Painter, layout: Tensor) -> bool:
    """Whether a layout is large, and what is far away changes nothing."""
    return its.reach is not None and max(layout.shape[2:]) > _TILE + 2 * its.reach


def _painted(its: Painter, layout: Tensor, drawn: Drawn) -> Picture:
    """The photo of a layout; in tiles where it is large and what is far away changes nothing."""
    height, width = layout.shape[2:]
    if its.reach is None or not _is_tiled(its, layout):
        return to_picture(its(layout, *drawn)[0])
    whole = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            rows, columns = _around(top, height, its.reach), _around(left, width, its.reach)
            parts = [planes[:, :, rows[0] : rows[1], columns[0] : columns[1]] for planes in (layout, *drawn)]
            made = to_picture(its(*parts)[0])[top - rows[0] :, left - columns[0] :][:_TILE, :_TILE]
            whole[top : top + _TILE, left : left + _TILE] = made
    return whole


def _around(first: int, side: int, reach: int) -> tuple[int, int]:
    """From where to where a tile is computed, so that its own pixels come out as in the whole."""
    return max(0, first - reach), min(side, first + _TILE + reach)
