"""What trained networks make: whole faces."""

import math
import time
from collections.abc import Iterator
from itertools import islice
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn

from sembla.core.errors import InputError, SizeError
from sembla.core.frames import Frames, chunked
from sembla.core.method import Sheet
from sembla.core.tasks import (
    UNWATCHED,
    Damaged,
    InpaintResult,
    InpaintTask,
    InventTask,
    PersonResult,
    PersonTask,
    Watch,
)
from sembla.core.types import Picture
from sembla.core.ways import Predicted
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared
from sembla.faces.face_map import face_map
from sembla.imaging.blend import Poisson
from sembla.imaging.holes import draw_hole
from sembla.latents.drawing import draw_codes
from sembla.latents.search import Step, search
from sembla.methods.inpaint.config import Config, Sembla
from sembla.methods.inpaint.light_networks import LightInpainter
from sembla.methods.inpaint.networks import Posterior
from sembla.methods.inpaint.people_synthesis import check_points, people
from sembla.methods.inpaint.searches import Sought, fuse, plan_of
from sembla.nn.planes import to_picture, to_planes

__all__ = ["inpaint", "previews", "recognise", "trials"]

_ROWS = 6
_SHOWN = ("center", "left", "checkboard", "freehand")
_AT_ONCE = 64
_MOST_NORMAL = 3.0  # where a search clips codes that are normal


def inpaint(config: Config, networks: nn.ModuleDict, task: InpaintTask, *, watch: Watch = UNWATCHED) -> InpaintResult:
    """Fill the holes of faces; known pixels stay bit for bit.

    Raises `InputError` for no frame, for points that are none and for the code of another model, `SizeError` for other
    sizes than the model's, and `Cancelled` where `watch` asks for it.
    """
    began = time.perf_counter()
    frames = tuple(_checked(task.frames, config.side))
    made: list[Picture] = []
    for part in [frames] if task.shared else chunked(frames, _AT_ONCE):
        if task.code is None:
            codes = _found(config, networks, part, task=task, watch=watch)
        else:
            codes = _given(config, networks, task.code)
        made += _make(networks["generator"], part, codes, refine=isinstance(task.fill, Predicted), watch=watch)
    watch.show(made[-1], level=_steps(task) - 1, levels=_steps(task), seconds=time.perf_counter() - began)
    filled = [_filled(frame, its, blend=task.blend) for frame, its in zip(frames, made, strict=True)]
    return InpaintResult(tuple(filled), task.seed, time.perf_counter() - began, tuple(made))


def recognise(config: Config, networks: nn.ModuleDict, task: PersonTask, *, watch: Watch = UNWATCHED) -> PersonResult:
    """Look for the code that says who it is in all frames. Raises as `inpaint`."""
    began = time.perf_counter()
    codes = _found(config, networks, task.frames, task=task, watch=watch)
    made = _make(networks["generator"], tuple(islice(task.frames, 1)), codes, refine=False, watch=watch)
    return PersonResult(tuple(made), task.seed, time.perf_counter() - began, codes[0].float().cpu().numpy())


def _steps(task: InpaintTask) -> int:
    """Levels of previews: one a step, at least one."""
    return max(1, task.fill.steps)


def _checked(frames: Frames[Damaged], side: int) -> Iterator[Damaged]:
    """Frames one by one. Raises where there is none, and for those that the model cannot take."""
    if not frames:
        raise InputError("no frame came; give at least one damaged face.")
    for number, frame in enumerate(frames, 1):
        if frame.picture.shape != (side, side, 3) or frame.hole.shape != (side, side):
            raise SizeError(f"frame {number} and its hole are not {side}x{side}; bring them to that size.")
        check_points(frame.landmarks, name=f"frame {number}")
        yield frame


def _given(config: Config, networks: nn.ModuleDict, code: NDArray[np.float32]) -> Tensor:
    """A code that was found before, (1, L)."""
    if code.shape != (config.latent,) or not np.isfinite(code).all():
        raise InputError(f"a code of shape {code.shape} came; this model's have {config.latent} numbers.")
    return torch.from_numpy(code)[None].to(next(networks["generator"].parameters()).device)


def _found(
    config: Config,
    networks: nn.ModuleDict,
    frames: Frames[Damaged],
    *,
    task: InpaintTask | PersonTask,
    watch: Watch,
) -> Tensor:
    """The codes of frames, (N, L), or of all that share one, (1, L).

    Every frame is read; steps, which take memory, look at some frames from all over.
    """
    generator, began = networks["generator"], time.perf_counter()
    start = _start(config, networks, frames, task=task, watch=watch)
    if not task.fill.steps:
        return start
    apart = math.ceil(len(frames) / _AT_ONCE) if task.shared else 1
    looked = tuple(islice(_checked(frames, config.side), 0, None, apart))
    (faces, holes), maps = _known(looked, start.device), _maps(looked, start.device)

    def generate(codes: Tensor) -> Tensor:
        pictures: Tensor = generator(codes.expand(len(maps), -1), maps)
        return pictures

    def realism(pictures: Tensor) -> Tensor:
        if isinstance(config, Sembla) or "discriminator" not in networks:  # ours looks through what may not be there
            return pictures.new_zeros(len(pictures))
        return F.softplus(-networks["discriminator"](pictures, maps).float())[:, 0]

    def tell(step: Step) -> None:
        watch.check()
        if step.number < step.of:
            shown = to_picture(step.pictures[0])
            watch.show(shown, level=step.number - 1, levels=step.of, seconds=time.perf_counter() - began)

    sought = Sought(faces, holes, start, realism, most=_MOST_NORMAL if config.normal else 1.0)
    loss, plan = plan_of(task.fill, sought)
    return search(generate, start, loss, plan=plan, on_step=tell).codes


def _make(
    generator: nn.Module, frames: tuple[Damaged, ...], codes: Tensor, *, refine: bool, watch: Watch
) -> list[Picture]:
    """What the model makes of frames with codes of their own, (N, L), or one for all, (1, L).

    With `refine`, a model that has a refiner joins it to what is known.
    """
    made: list[Picture] = []
    every = codes.expand(len(frames), -1)
    for part in chunked(frames, _AT_ONCE):
        watch.check()
        pictures = generator(every[len(made) : len(made) + len(part)], _maps(part, codes.device))
        if refine and isinstance(generator, LightInpainter):
            pictures = generator.refine(*_known(part, codes.device), pictures)
        made += [to_picture(picture) for picture in pictures]
    return made


def _known(frames: tuple[Damaged, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Faces, grey in their holes, and the holes."""
    holes = torch.from_numpy(np.stack([frame.hole for frame in frames]))[:, None].float()
    faces = to_planes([frame.picture for frame in frames]) * (1 - holes)
    return faces.to(device), holes.to(device)


def _maps(frames: tuple[Damaged, ...], device: torch.device) -> Tensor:
    sides = frames[0].hole.shape[0], frames[0].hole.shape[1]
    return to_planes([face_map(frame.landmarks, sides) for frame in frames]).to(device)


def _start(
    config: Config,
    networks: nn.ModuleDict,
    frames: Frames[Damaged],
    *,
    task: InpaintTask | PersonTask,
    watch: Watch,
) -> Tensor:
    """Codes to begin with: drawn for a search, as the model's codes are; else read in what is known."""
    like = next(networks["generator"].parameters())
    if not isinstance(task.fill, Predicted):
        count = 1 if task.shared else len(frames)
        return draw_codes(config, count, like=like, chance=torch.Generator().manual_seed(task.seed))
    read = []
    for part in chunked(_checked(frames, config.side), _AT_ONCE):
        watch.check()
        read.append(_read(networks, *_known(part, like.device), _maps(part, like.device)))
    codes, unsure = (torch.cat(each) for each in zip(*read, strict=True))
    return fuse(codes, unsure, normal=config.normal) if task.shared else codes


def _read(networks: nn.ModuleDict, faces: Tensor, holes: Tensor, maps: Tensor) -> Posterior:
    generator = networks["generator"]
    if isinstance(generator, LightInpainter):
        return generator.read(faces, holes, maps)
    return cast("Posterior", networks["encoder"](faces, holes, maps))


def _filled(frame: Damaged, made: Picture, *, blend: bool) -> Picture:
    if blend:
        return Poisson(frame.hole)(frame.picture, made)
    return np.where(frame.hole[..., None], made, frame.picture)


def previews(config: Config, networks: nn.ModuleDict, prepared: Prepared) -> Sheet:
    """For each of the first trials: the damaged face, what is made of it, what is made of a drawn code, the face."""
    rows: list[list[Picture]] = []
    for task in trials(config, prepared):
        (frame,), result = task.frames, inpaint(config, networks, task)
        damaged = np.where(frame.hole[..., None], 128, frame.picture).astype(np.uint8)
        drawn = people(config, networks, InventTask((frame.landmarks,), seed=len(rows)))
        rows.append([damaged, result.picture, drawn.picture, frame.picture])
    return Sheet(("damaged", "filled", "another person", "face"), rows)


def trials(config: Config, prepared: Prepared) -> list[InpaintTask]:
    """The first faces that are not trained on, where there are such, each with a hole of another kind."""
    size = (config.side, config.side)
    batch = held_out_batch(prepared, size=size, most=_ROWS)
    assert batch.landmarks is not None
    return [
        InpaintTask((Damaged(photo, draw_hole(_SHOWN[number % len(_SHOWN)], size), points),))
        for number, (photo, points) in enumerate(zip(batch.pictures, batch.landmarks, strict=True))
    ]
