"""Scores of filled holes: how right fillings are, and how alike those of one face under different holes.

The experiments are those of arXiv 1711.06106. Its second one compared the undamaged picture with a filling, where it
said that it compares two fillings before their seams are blended, and exchanged the names of its two tables; here both
numbers are of fillings alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.core.tasks import Damaged, InpaintResult, InpaintTask, Result
from sembla.core.types import Picture, Region
from sembla.core.ways import Fill, Predicted, Searched
from sembla.evaluation.faces import WholeFaces
from sembla.evaluation.groups import mean_over
from sembla.evaluation.measures import mean_score
from sembla.evaluation.results import Evaluation, OnProgress
from sembla.imaging.holes import HOLES, draw_hole
from sembla.imaging.sheet import contact_sheet
from sembla.metrics.consistency import consistency
from sembla.metrics.pixels import psnr, ssim
from sembla.metrics.protocol import Protocol, Score

__all__ = [
    "CompletenessSettings",
    "ConsistencySettings",
    "Model",
    "evaluate_completeness",
    "evaluate_consistency",
    "fill_words",
    "sequence_holes",
]

Model: TypeAlias = Callable[[Any], Result]
"""What does tasks of `core.tasks` at one size: that of the faces that it is measured with."""

_SQUARES = "0 to 4, colours -1 to 1"
_SHOWN = 6  # faces on a sheet
_AT_ONCE = 8  # faces, each under every mask; and masks on a sheet
_CELL = 128
_WITHOUT_HOLE = "full"
_PIXELS: Mapping[str, tuple[str, Callable[..., float]]] = {"psnr": ("dB", psnr), "ssim": ("-1 to 1", ssim)}


@dataclass(frozen=True)
class CompletenessSettings:
    """How it is measured how right fillings are."""

    fill: Fill
    masks: tuple[str, ...] = tuple(HOLES)
    """Kinds of `imaging.holes.HOLES`, each laid over every face; of "full", where nothing is missing, what the model
    makes of the whole face is scored."""
    seed: int = 0
    """Of searches."""


@dataclass(frozen=True)
class ConsistencySettings:
    """How it is measured how alike fillings of one face are."""

    fill: Fill
    shared: bool = True
    """One code is found for all masks of a face together, as for the frames of a person; else one for each alone."""
    masks: int = 8
    """How many, the same for all faces: every kind that has a hole in turn, each of its kind by chance."""
    seed: int = 0
    """Of the masks, and of searches."""


@dataclass
class _Findings:
    """What was found so far."""

    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """By score, then by picture or face."""
    rows: dict[str, list[list[Picture]]] = field(default_factory=lambda: defaultdict(list))
    """Of sheets, by their names."""


def evaluate_completeness(
    model: Model, faces: WholeFaces, settings: CompletenessSettings, *, name: str, on_progress: OnProgress | None = None
) -> Evaluation:
    """Score how right the fillings of holes of every kind are; `name` is that of the model.

    PSNR and SSIM of each filling, over the whole picture and over its hole alone (".holes"), over all kinds of masks
    and by each of them (".center"). "pasted_psnr" and "pasted_ssim" are of what was made as it is pasted into the hole,
    before its seams are blended; "inversion_psnr" and "inversion_ssim" of what is made where nothing is missing.

    Raises `InputError` for no mask, an unknown one and one that comes twice, and what the model raises.
    """
    if not settings.masks or len(set(settings.masks)) < len(settings.masks):
        raise InputError(f"masks {', '.join(settings.masks) or 'none'} came; name one or more kinds, each once.")
    holes = {kind: draw_hole(kind, faces.size) for kind in settings.masks}
    found, count = _Findings(), len(faces.names)
    for first in range(0, count, _AT_ONCE):
        places = range(first, min(first + _AT_ONCE, count))
        frames = tuple(_damaged(faces, place, hole) for hole in holes.values() for place in places)
        task = InpaintTask(frames, shared=False, seed=settings.seed, fill=settings.fill)
        result = cast("InpaintResult", model(task))
        fillings = iter(zip(result.made, result.pictures, strict=True))
        for kind, hole in holes.items():
            for place in places:
                _complete(kind, hole, (faces.names[place], faces.pictures[place]), filling=next(fillings), found=found)
        if on_progress:
            on_progress(places.stop * len(holes), count * len(holes))
    headings = ("damaged", "made", "pasted", "blended", "face")
    maps = {kind: contact_sheet(rows, headings=headings, cell=_CELL) for kind, rows in found.rows.items()}
    about = faces.protocol(
        f"{name}, {fill_words(settings.fill)}", seed=settings.seed, settings={"masks": " ".join(settings.masks)}
    )
    return Evaluation(
        "inpaint completeness",
        about.made,
        about.real,
        tuple(_completeness(found, settings.masks, about)),
        maps=maps,
    )


def _complete(
    kind: str, hole: Region, face: tuple[str, Picture], *, filling: tuple[Picture, Picture], found: _Findings
) -> None:
    """Score what was made of a face, with its name, for one kind of mask, and what it is when it is blended."""
    (name, picture), (made, whole) = face, filling
    pasted = _pasted(picture, hole, made)
    if len(found.rows[kind]) < _SHOWN:
        found.rows[kind].append([_seen(picture, hole), made, pasted, whole, picture])
    for metric, (_, score) in _PIXELS.items():
        if kind == _WITHOUT_HOLE:
            found.values[f"inversion_{metric}"][name] = score(made, picture)
            continue
        for prefix, its in (("", whole), ("pasted_", pasted)):
            found.values[f"{prefix}{metric}.holes"][f"{kind}/{name}"] = score(its, picture, region=hole)
            found.values[f"{prefix}{metric}"][f"{kind}/{name}"] = score(its, picture)


def _completeness(found: _Findings, kinds: Sequence[str], about: Protocol) -> Iterator[Score]:
    """Each score over all kinds of masks, and by each."""
    for name, values in found.values.items():
        unit, _ = _PIXELS[name.partition(".")[0].rpartition("_")[2]]
        yield mean_score(name, values, unit=unit, better="higher", about=about)
        for kind in kinds:
            its = {key: value for key, value in values.items() if key.startswith(f"{kind}/")}
            if its:
                yield mean_score(f"{name}.{kind}", its, unit=unit, better="higher", about=about)


def evaluate_consistency(
    model: Model, faces: WholeFaces, settings: ConsistencySettings, *, name: str, on_progress: OnProgress | None = None
) -> Evaluation:
    """Score how alike the fillings of a face under different masks are; `name` is that of the model.

    "consistency" is the mean squared error of all pairs of fillings of a face, averaged over faces, and
    "consistency.holes" that over the union of each pair's holes; "pasted_consistency" the same before seams are
    blended. "psnr.holes" says beside it how right they are, for what is always grey is consistent too.

    Raises `InputError` for fewer than two masks, and what the model raises.
    """
    if settings.masks < 2:
        raise InputError(f"{settings.masks} masks came; consistency compares two or more.")
    holes = sequence_holes(settings.masks, faces.size, seed=settings.seed)
    found, shown = _Findings(), holes[:_AT_ONCE]
    for place, (subject, face) in enumerate(zip(faces.names, faces.pictures, strict=True)):
        frames = tuple(_damaged(faces, place, hole) for hole in holes)
        task = InpaintTask(frames, shared=settings.shared, seed=settings.seed, fill=settings.fill)
        result = cast("InpaintResult", model(task))
        pasted = [_pasted(face, *each) for each in zip(holes, result.made, strict=True)]
        for prefix, versions in (("", result.pictures), ("pasted_", pasted)):
            alike = consistency(versions, holes)
            assert alike.holes is not None
            found.values[f"{prefix}consistency.holes"][subject] = alike.holes
            found.values[f"{prefix}consistency"][subject] = alike.whole
        for number, (whole, hole) in enumerate(zip(result.pictures, holes, strict=True), 1):
            found.values["psnr.holes"][f"{subject}/{number}"] = psnr(whole, face, region=hole)
        if place < _SHOWN:
            damaged = [_seen(face, hole) for hole in shown]
            found.rows["fillings"] += [[face, *damaged], [face, *result.pictures[: len(shown)]]]
        if on_progress:
            on_progress((place + 1) * len(holes), len(faces.names) * len(holes))
    sheet = contact_sheet(found.rows["fillings"], headings=("face", *map(str, range(1, len(shown) + 1))), cell=_CELL)
    return _consistency(found, faces, settings, name=name, sheet=sheet)


def _consistency(
    found: _Findings, faces: WholeFaces, settings: ConsistencySettings, *, name: str, sheet: Picture
) -> Evaluation:
    code = "a code for all masks" if settings.shared else "a code for each mask"
    about = faces.protocol(
        f"{name}, {fill_words(settings.fill)}, {code}", seed=settings.seed, settings={"masks": float(settings.masks)}
    )
    about = replace(about, count_made=len(faces.names) * settings.masks)
    scores = [
        mean_over(score, values, of="faces", unit=_SQUARES, better="lower", about=about)
        for score, values in found.values.items()
        if "consistency" in score
    ]
    scores.append(
        mean_over("psnr.holes", found.values["psnr.holes"], of="pictures", unit="dB", better="higher", about=about)
    )
    return Evaluation("inpaint consistency", about.made, about.real, tuple(scores), maps={"fillings": sheet})


def sequence_holes(count: int, size: tuple[int, int], *, seed: int) -> list[Region]:
    """Holes (H, W) for `count` versions of a face: every kind that has one in turn, each of its kind by chance."""
    kinds = [kind for kind in HOLES if kind != _WITHOUT_HOLE]
    return [
        draw_hole(kinds[number % len(kinds)], size, np.random.default_rng((seed, number))) for number in range(count)
    ]


def fill_words(fill: Fill) -> str:
    """A way to fill in words: "searched with 1500 steps"."""
    if isinstance(fill, Predicted):
        return f"predicted with {fill.steps} steps" if fill.steps else "predicted"
    if isinstance(fill, Searched):
        return f"searched with {fill.steps} steps"
    return f"weighted by {'known' if fill.released else 'missing'} neighbours with {fill.steps} steps"


def _damaged(faces: WholeFaces, place: int, hole: Region) -> Damaged:
    """A face without what its hole held, so that no model can look at it."""
    return Damaged(_seen(faces.pictures[place], hole), hole, faces.landmarks[place])


def _seen(face: Picture, hole: Region) -> Picture:
    """Grey where it is missing."""
    return _pasted(face, hole, np.full_like(face, 128))


def _pasted(face: Picture, hole: Region, made: Picture) -> Picture:
    pasted: NDArray[np.uint8] = np.where(hole[..., None], made, face)
    return pasted
