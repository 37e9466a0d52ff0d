"""What trained networks make: faces of parsing maps, parts of them, and parsing maps of faces."""

import time
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.method import Sheet
from sembla.core.tasks import UNWATCHED, ParseResult, ParseTask, PortraitMade, PortraitTask, Watch
from sembla.core.types import LabelMap, Picture
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared
from sembla.data.records import IDENTITY
from sembla.imaging.palette import colourize
from sembla.methods.portrait.batches import labels_of
from sembla.methods.portrait.config import Config, Parser, Pix2Pix, Sembla, groups_of
from sembla.methods.portrait.edits import with_parts
from sembla.methods.portrait.light_networks import LightPortraitist
from sembla.methods.portrait.objective import shown_to
from sembla.methods.portrait.painted import grouped, mean_colours, painted
from sembla.nn.planes import to_picture, to_planes

__all__ = ["parse", "portray", "previews", "trials"]

_TRIALS, _ROWS = 16, 6
_LEAST_LOOK = 1e-9
_SMOOTH = 1 / 128  # of the side: the network's stairs go, and on training faces parts are named better


def portray(config: Config, networks: nn.ModuleDict, task: PortraitTask, *, watch: Watch = UNWATCHED) -> PortraitMade:
    """Make a face, or the region of it that is asked for; all else stays bit for bit.

    Raises `SizeError` for other sizes than the model's, `LabelError` for parts that it does not know, and `InputError`
    for looks of parts from a model that has none.
    """
    if isinstance(config, Parser):
        raise InputError("this model names the parts of faces and makes none; give one of another recipe.")
    began = time.perf_counter()
    _check(config, task)
    watch.check()
    usual: tuple[int, ...] = ()
    if isinstance(config, Sembla):
        made, usual = _of_looks(config.count, networks, task)
    else:
        made = _of_groups(cast("Pix2Pix", config), networks, task)
    picture = made if task.region is None else np.where(task.region[:, :, None], made, task.picture)
    return PortraitMade((picture,), task.seed, time.perf_counter() - began, made, usual)


def parse(config: Config, networks: nn.ModuleDict, task: ParseTask, *, watch: Watch = UNWATCHED) -> ParseResult:
    """Name the parts of a face: the mean of it and its mirror image, smoothed.

    Raises as `portray`, and for recipes without a parser.
    """
    if not isinstance(config, Sembla | Parser):
        raise InputError("this model has no face parser; give one of recipe sembla, or a parsing map.")
    began = time.perf_counter()
    watch.check()
    _check_size(config.parses_at, task.picture.shape[:2])
    photo = to_planes([task.picture]).to(next(networks["segmenter"].parameters()).device)
    flip = torch.from_numpy(config.label_set.swap_table[: config.count].astype(np.int64)).to(photo.device)
    scores = networks["segmenter"](torch.cat([photo, photo.flip(3)])).float()[:, -config.count :].softmax(1)
    mean = ((scores[:1] + scores[1:].flip(3)[:, flip]) / 2)[0].cpu().numpy()
    smooth = ndimage.gaussian_filter(mean, (0, *[config.parses_at * _SMOOTH] * 2))
    found: LabelMap = smooth.argmax(0).astype(np.uint8)
    return ParseResult((task.picture,), task.seed, time.perf_counter() - began, found, float(mean.max(0).mean()))


def trials(config: Config, prepared: Prepared) -> tuple[PortraitTask | ParseTask, ...]:
    """Reconstructions of faces of the split "val", or where there is none, of what is trained on; or their parts."""
    tasks = _tasks(config, prepared, _TRIALS)
    return tuple(ParseTask(task.picture) for task in tasks) if isinstance(config, Parser) else tuple(tasks)


def previews(config: Config, networks: nn.ModuleDict, prepared: Prepared) -> Sheet:
    """A row a face: photo, parts, made of them alone, the parts of the next, made in these; ours also edits it."""
    faces, rows = _tasks(config, prepared, _ROWS), []
    palette = np.concatenate([config.label_set.palette, np.zeros((1, 3), np.uint8)])
    if isinstance(config, Parser):
        for task in faces:
            seen = parse(config, networks, ParseTask(task.picture)).labels
            rows.append([task.picture, colourize(task.labels, palette), colourize(seen, palette)])
        return Sheet(("photo", "parts", "seen"), rows)
    for number, task in enumerate(faces):
        other = faces[(number + 1) % len(faces)].labels
        moved = portray(config, networks, _wanting(task, other))
        row = [task.picture, colourize(task.labels, palette), portray(config, networks, task).picture]
        row += [colourize(other, palette), moved.picture]
        if isinstance(config, Sembla):
            edit = _with_hair(config, task.labels, other)
            region = edit != task.labels
            row.append(portray(config, networks, _wanting(task, edit, region)).picture)
        rows.append(row)
    headings = ("photo", "parts", "made of them", "another's parts", "made in them", "with the other's hair")
    return Sheet(headings[: len(rows[0])], rows)


def _wanting(task: PortraitTask, layout: LabelMap, region: NDArray[np.bool_] | None = None) -> PortraitTask:
    return PortraitTask(task.picture, task.labels, layout, region, identity=task.identity)


def _with_hair(config: Config, labels: LabelMap, other: LabelMap) -> LabelMap:
    """A map with another's hair."""
    names = config.label_set.names
    if "hair" not in names:
        return other
    return with_parts(labels, other, [names.index("hair")], names=names)


def _tasks(config: Config, prepared: Prepared, most: int) -> list[PortraitTask]:
    found = held_out_batch(prepared, size=(config.side, config.side), most=most)
    maps = labels_of(config, found)
    who = [None] * len(maps) if found.identities is None else list(found.identities)
    return [
        PortraitTask(picture, labels, labels, identity=identity)
        for picture, labels, identity in zip(found.pictures, maps, who, strict=True)
    ]


def _check(config: Config, task: PortraitTask) -> None:
    maps = [task.labels, task.layout]
    if task.donor is not None:
        maps.append(task.donor.labels)
        _check_size(config.side, task.donor.picture.shape[:2])
    for labels in (task.picture, *maps):
        _check_size(config.side, labels.shape[:2])
    beyond = [int(labels.max()) for labels in maps if labels.max() > config.count]  # that itself stands for no part
    named = {*task.looks, *(task.donor.parts if task.donor else ())}
    beyond += [part for part in named if not 0 <= part < config.count]
    if beyond:
        raise LabelError(f"part {beyond[0]} came; the model knows ids 0 to {config.count - 1}.")
    if (task.donor or task.looks) and not isinstance(config, Sembla):
        raise InputError("the model has no looks of parts that could be lent or drawn; give one of recipe sembla.")


def _check_size(side: int, size: tuple[int, ...]) -> None:
    if size != (side, side):
        raise SizeError(f"{size[1]}x{size[0]} came; the model makes {side}x{side}: bring it to that.")


def _planes(picture: Picture, networks: nn.ModuleDict) -> Tensor:
    return to_planes([picture]).to(next(networks["generator"].parameters()).device)


def _of_looks(count: int, networks: nn.ModuleDict, task: PortraitTask) -> tuple[Picture, tuple[int, ...]]:
    """What ours makes, and those of its `count` parts of which it knows no look."""
    its = cast("LightPortraitist", networks["generator"])
    photo = _planes(task.picture, networks)

    def layout_of(labels: LabelMap) -> Tensor:
        return its.layout(torch.from_numpy(labels.astype(np.int64))[None].to(photo.device))

    layout = layout_of(task.layout)
    looks = its.looks(photo, layout_of(task.labels)).clone()
    if task.donor is not None:
        lent = its.looks(_planes(task.donor.picture, networks), layout_of(task.donor.labels))
        parts = [part for part in task.donor.parts if lent[0, part].abs().max() > _LEAST_LOOK]
        looks[:, parts] = lent[:, parts]
    for part, seed in task.looks.items():
        looks[:, part] = its.drawn_look(part, torch.Generator().manual_seed(seed % 2**63))
    unknown = (looks[0].abs().amax(1) <= _LEAST_LOOK) & (layout[0].amax((1, 2)) > 0)
    region = np.ones(task.layout.shape, np.bool_) if task.region is None else task.region
    hole = torch.from_numpy(region)[None, None].float().to(photo.device)
    noise = its.noise(layout, torch.Generator().manual_seed(task.seed))
    made = its(layout, its.completed(looks), person=its.person(photo), photo=photo, hole=hole, noise=noise)
    return to_picture(made[0]), tuple(int(part) for part in unknown[:count].nonzero()[:, 0])


def _of_groups(config: Pix2Pix, networks: nn.ModuleDict, task: PortraitTask) -> Picture:
    """What the published networks make, all of it."""
    photo = _planes(task.picture, networks)
    table = torch.from_numpy(groups_of(config).astype(np.int64)).to(photo.device)
    own, wanted = (
        torch.from_numpy(labels.astype(np.int64))[None].to(photo.device) for labels in (task.labels, task.layout)
    )
    colours = mean_colours(photo, grouped(own, table))
    its = shown_to(config, painted(wanted, table, colours), photo)
    who = np.zeros(IDENTITY, np.float32) if task.identity is None else np.nan_to_num(task.identity)
    numbers = torch.from_numpy(who)[None].to(photo.device)
    return to_picture(networks["generator"](its.groups, its.coloured, colours=colours.flatten(1), identity=numbers)[0])
