"""What trained networks make of drawn codes: people whom nobody knows, as given points say that they stand."""

import time

import numpy as np
import torch
from torch import nn

from sembla.core.errors import InputError
from sembla.core.tasks import UNWATCHED, InventTask, Result, Watch
from sembla.core.types import Picture
from sembla.faces.face_map import face_map
from sembla.faces.landmarks import COUNT, Landmarks
from sembla.latents.drawing import draw_codes
from sembla.methods.inpaint.config import Config
from sembla.nn.planes import to_picture, to_planes

__all__ = ["check_points", "people"]


def people(config: Config, networks: nn.ModuleDict, task: InventTask, *, watch: Watch = UNWATCHED) -> Result:
    """Every drawn person by the points of every face.

    Raises `InputError` where no points came, and for points that are none, and `Cancelled` where `watch` asks for it.
    """
    if not task.landmarks:
        raise InputError("no points came; give those of at least one face.")
    for number, points in enumerate(task.landmarks, 1):
        check_points(points, name=f"face {number}")
    began, sides = time.perf_counter(), (config.side, config.side)
    like = next(networks["generator"].parameters())
    maps = to_planes([face_map(points, sides) for points in task.landmarks]).to(like.device)
    codes = draw_codes(config, task.people, like=like, chance=torch.Generator().manual_seed(task.seed))
    pictures: list[Picture] = []
    for number, code in enumerate(codes):
        watch.check()
        pictures += [to_picture(made) for made in networks["generator"](code.expand(len(maps), -1), maps)]
        watch.show(pictures[-1], level=number, levels=task.people, seconds=time.perf_counter() - began)
    return Result(tuple(pictures), task.seed, time.perf_counter() - began)


def check_points(points: Landmarks, *, name: str) -> None:
    """Raise `InputError` for what are no 68 points."""
    if points.shape != (COUNT, 2) or not np.isfinite(points).all():
        raise InputError(f"{name} has landmarks of shape {points.shape}; give {COUNT} points.")
