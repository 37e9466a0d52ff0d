"""What trained priors make: pictures that mean the same in some regions."""

import logging
import time
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from sembla.core.errors import InputError
from sembla.core.method import Sheet
from sembla.core.tasks import UNWATCHED, Kept, PreserveResult, PreserveTask, Watch
from sembla.core.types import Picture
from sembla.core.ways import Faces, FeaturesName, Steered
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared
from sembla.imaging.holes import rectangle
from sembla.imaging.sheet import tiled
from sembla.latents.drawing import draw_codes
from sembla.latents.ranking import best, diverse
from sembla.latents.search import Step, search
from sembla.methods.preserve.canvas import Canvas, check_kept, lay_out
from sembla.methods.preserve.config import Config, Sembla, uses_critic
from sembla.methods.preserve.distance import Likeness
from sembla.methods.preserve.light_networks import RegionEncoder
from sembla.methods.preserve.networks import Autoencoder, WganCritic
from sembla.methods.preserve.searches import Sought, plan_of
from sembla.nn.perceptual import Depths, find_depths
from sembla.nn.planes import to_picture, to_planes
from sembla.nn.weights import SQUEEZENET_CAFFE, best_features, has_features

__all__ = ["preserve", "previews", "trials"]

_log = logging.getLogger("sembla")

_ROWS, _COLUMNS = 4, 8
_SEEN = 36  # pictures that say what a model makes
_TRIALS = 4
_ONE = {"vgg19": 3, "squeezenet": 2, "none": 2}
"""Which depth is that of relu4_1 in VGG-19: an eighth of the size."""
_EIGHTH = 3  # of critics, whose first planes have the pictures' size; of small pictures their deepest


def preserve(
    config: Config, networks: nn.ModuleDict, task: PreserveTask, *, watch: Watch = UNWATCHED
) -> PreserveResult:
    """Look for pictures that mean the same in the regions; previews show all candidates, in rows.

    Raises as `check_kept`, and `Cancelled` where `watch` asks for it.
    """
    check_kept(task.kept, config.side)
    began = time.perf_counter()
    watch.check()
    canvas, generator = lay_out(task.kept), networks["generator"]
    tries = task.search.tries if isinstance(task.search, Steered) else 1
    like, chance = next(generator.parameters()), torch.Generator().manual_seed(task.seed)
    codes = draw_codes(config, tries * task.candidates, like=like, chance=chance)
    sought = _sought(config, networks, canvas, codes, features=task.features)
    seen = draw_codes(config, _SEEN, like=like, chance=torch.Generator().manual_seed(task.seed))
    strangeness = _strangeness(sought, task.kept, generator(seen).float())
    sought = replace(sought, start=_start(networks, task, sought, watch=watch))
    loss, plan = plan_of(task.search, sought)

    def tell(step: Step) -> None:
        watch.check()
        if watch.on_preview is not None and step.number < step.of:
            picture = tiled([to_picture(each) for each in step.pictures])
            watch.show(picture, level=step.number - 1, levels=step.of, seconds=time.perf_counter() - began)

    found = search(generator, sought.start, loss, plan=plan, on_step=tell)
    losses = found.terms["region"].float().cpu().numpy()
    order = range(len(losses)) if isinstance(task.search, Faces) else best(losses, len(losses))  # as published
    made = [canvas.paste(to_picture(picture)) for picture in found.pictures]
    levels = max(1, task.search.steps)
    watch.show(tiled(made), level=levels - 1, levels=levels, seconds=time.perf_counter() - began)
    chosen = best(losses, task.shown)
    if task.diverse:
        chosen = diverse(losses, _apart(found.pictures), task.shown)
    stack = np.stack(made).astype(np.float64)
    spread = stack.std(axis=0).mean(axis=2, keepdims=True)
    return PreserveResult(
        pictures=tuple(made[at] for at in chosen),
        seed=task.seed,
        seconds=time.perf_counter() - began,
        distances=tuple(float(losses[at]) for at in chosen),
        candidates=tuple(made[at] for at in order),
        reference=canvas.alone if isinstance(task.search, Faces) else canvas.within,
        region=canvas.region,
        mean=np.rint(stack.mean(axis=0)).astype(np.uint8),
        strangeness=strangeness,
        deviation=np.rint(np.repeat(spread / max(spread.max(), 1e-9) * 255, 3, axis=2)).astype(np.uint8),
    )


def _sought(
    config: Config, networks: nn.ModuleDict, canvas: Canvas, codes: Tensor, *, features: FeaturesName
) -> Sought:
    """Raises `InputError` for features that are not there."""
    within = to_planes([canvas.within]).to(codes.device)
    name = features or _network(config)
    if name == "critic" and not uses_critic(config):
        raise InputError(
            "features critic came, and this model brings none; give another, or train began or wgan with --features "
            "critic."
        )
    if name == "critic":
        depths, one = _critic(cast("Autoencoder | WganCritic", networks["discriminator"]), within)
    else:
        depths, one = find_depths(name, codes.device), _ONE[name]
    return Sought(
        alone=to_planes([canvas.alone]).to(codes.device),
        within=within,
        weights=torch.from_numpy(canvas.weights)[None, None].to(codes.device),
        start=codes,
        depths=depths,
        one=one,
    )


def _critic(critic: Autoencoder | WganCritic, reference: Tensor) -> tuple[Depths, int]:
    """The planes of a critic, and which depth is an eighth of the size.

    Each is over its mean size in the reference (1, 3, H, W), so that depths can be weighed.
    """
    with torch.no_grad():
        sizes = [planes.abs().mean().clamp(min=1e-9) for planes in critic.taps(reference)]

    def depths(pictures: Tensor) -> list[Tensor]:
        return [planes / size for planes, size in zip(critic.taps(pictures), sizes, strict=True)]

    return depths, min(_EIGHTH, len(sizes) - 1)


def _network(config: Config) -> str:
    """What regions are compared through: what the model brings or learned with, or else what is at hand."""
    if uses_critic(config):
        return "critic"
    if isinstance(config, Sembla) and has_features(config.features):
        return config.features
    found = best_features()
    if found is None:
        _log.warning(
            "no feature network is at hand, so that regions are compared by their colours alone; put %s into the "
            "folder that SEMBLA_WEIGHTS names",
            SQUEEZENET_CAFFE.files[0],
        )
    return found or "none"


def _start(networks: nn.ModuleDict, task: PreserveTask, sought: Sought, *, watch: Watch) -> Tensor:
    """Where a search begins: at codes as drawn; steered, at the best tries of codes that the regions leave open."""
    codes, its = sought.start, task.search
    if not isinstance(its, Steered):
        return codes
    if "encoder" in networks:
        means, unsure = cast("RegionEncoder", networks["encoder"])(sought.within, (sought.weights > 0).float())
        codes = means + codes * (unsure / 2).exp()
    if its.tries == 1:
        return codes
    likeness = Likeness(sought.depths, sought.within, sought.weights, meaning=its.meaning)
    tried, losses = codes.reshape(its.tries, task.candidates, -1), []
    for part in tried:
        watch.check()
        losses.append(likeness(networks["generator"](part).float()))
    start: Tensor = tried[torch.stack(losses).argmin(0), torch.arange(task.candidates, device=codes.device)]
    return start


def _strangeness(sought: Sought, kept: tuple[Kept, ...], made: Tensor) -> float:
    """How far the references are from what the model makes, where 1 is as far as its own pictures are from one another.

    Distances are those of mean features at the second deepest depth, which tells kinds of pictures apart better than
    the deepest, each to the nearest of the pictures (N, 3, H, W) made.
    """
    given = to_planes([one.picture for one in kept]).to(made.device)
    own, theirs = (sought.depths(each)[-2].float().mean((2, 3)) for each in (made, given))
    among = torch.cdist(own, own)
    among.fill_diagonal_(torch.inf)
    return float(torch.cdist(theirs, own).min(1).values.max() / among.min(1).values.max().clamp(min=1e-9))


def _apart(pictures: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Mean absolute differences of all pairs of pictures, (N, N)."""
    flat = pictures.float().flatten(1)
    apart: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = torch.cdist(flat, flat, p=1).double().cpu().numpy()
    return apart / flat.shape[1]


def previews(config: Config, networks: nn.ModuleDict, prepared: Prepared) -> Sheet:
    """Rows of pictures of codes that are the same each time, and, of a model with an encoder, of kept regions."""
    like = next(networks["generator"].parameters())
    codes = draw_codes(config, _ROWS * _COLUMNS, like=like, chance=torch.Generator().manual_seed(0))
    made = [to_picture(picture) for picture in networks["generator"](codes)]
    rows = [made[at : at + _COLUMNS] for at in range(0, len(made), _COLUMNS)]
    if "encoder" in networks:
        rows += [_preview(config, networks, task) for task in trials(config, prepared)]
    return Sheet(("",) * _COLUMNS, rows)


def _preview(config: Config, networks: nn.ModuleDict, task: PreserveTask) -> list[Picture]:
    """The photo, its region alone, and what is made of it without a step."""
    ((kept,), count) = (task.kept, _COLUMNS - 2)
    found = preserve(config, networks, PreserveTask(task.kept, candidates=count, shown=count, search=Steered(0)))
    return [kept.picture, np.where(kept.region[..., None], kept.picture, 0).astype(np.uint8), *found.candidates]


def trials(config: Config, prepared: Prepared) -> list[PreserveTask]:
    """The middle of each of the first photos that are not trained on, where there are such."""
    side = config.side
    region = rectangle((side, side), left=side // 4, top=side // 4, width=side // 2, height=side // 2)
    return [
        PreserveTask((Kept(photo, region),), candidates=_COLUMNS, shown=1, search=Steered(2))
        for photo in held_out_batch(prepared, size=(side, side), most=_TRIALS).pictures
    ]
