"""Scores of sequences: frames or versions of one subject, such as fills of one hole after another in one face."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sembla.core.errors import InputError
from sembla.core.types import Picture, Region
from sembla.evaluation.groups import (
    Group,
    Partners,
    check_sizes,
    find_groups,
    find_partners,
    in_words,
    mean_over,
    naming,
    read_hole,
    sheets_note,
)
from sembla.evaluation.measures import mean_score
from sembla.evaluation.networks import LPIPS_NETWORKS, load_lpips, lpips_names, weights_by_name
from sembla.evaluation.results import Evaluation, Judged, OnProgress
from sembla.imaging.io import read_picture
from sembla.metrics.consistency import consistency
from sembla.metrics.pixels import l1, psnr, ssim
from sembla.metrics.protocol import Protocol, Score, score_name, versions

__all__ = ["SequenceSettings", "evaluate_sequences"]

_SQUARES = "0 to 4, colours -1 to 1"
_MARGIN = 5  # px that no whole window of SSIM is centred in


@dataclass(frozen=True)
class SequenceSettings:
    """What sequences are held against."""

    original: Path | None = None
    """The pictures as they should be: a folder of one for each made picture, named as it is, or one for each subject,
    named as its folder is; or one file for all."""
    holes: Path | None = None
    """Masks, white where a picture was filled: a folder of one for each picture, named as it is, or for the pictures
    of that name of all subjects; or one file for all."""
    lpips: str | None = None
    """Backbone of LPIPS against the originals: "alex", "vgg" or "squeeze"."""
    weights: tuple[str, ...] = ()
    """Its files of weights, "[NAME=]FILE"."""


@dataclass(frozen=True)
class _Measure:
    """A score of a picture against its original."""

    name: str
    unit: str
    better: str
    whole: Callable[[Picture, Picture], float]
    inside: Callable[[Picture, Picture, Region], float] | None = None
    """The same over the pixels of a region; None for scores that have no such form."""
    margin: int = 0
    """Pixels at the border that `inside` cannot judge."""
    extractor: str = ""
    weights_sha256: str = ""


_PIXELS = (
    _Measure("psnr", "dB", "higher", psnr, lambda a, b, region: psnr(a, b, region=region)),
    _Measure("ssim", "-1 to 1", "higher", ssim, lambda a, b, region: ssim(a, b, region=region), margin=_MARGIN),
    _Measure("l1", "0 to 1", "lower", l1, lambda a, b, region: l1(a, b, region=region)),
)


@dataclass(frozen=True)
class _Plan:
    """What to read and what to score."""

    groups: tuple[Group, ...]
    measures: tuple[_Measure, ...]
    originals: Partners | None
    holes: Partners | None


@dataclass
class _Findings:
    """What was found so far."""

    subjects: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """By score, then by subject."""
    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """By score, then by picture."""
    pictures: dict[str, Judged] = field(default_factory=dict)
    originals: set[Path] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    """Pictures whose mask shows no hole."""
    at_border: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By score, the pictures whose hole lies where the score cannot judge."""


def evaluate_sequences(made: Path, settings: SequenceSettings, *, on_progress: OnProgress | None = None) -> Evaluation:
    """Score how alike the pictures of a sequence are, and how near to their originals.

    `made` is a folder of the frames or versions of one subject, or a folder of such folders. "consistency" is the mean
    squared error of all pairs of a subject's pictures, averaged over subjects; with holes also over the union of each
    pair's holes alone, for pixels that were known are equal whatever the method does. With originals, PSNR, SSIM and
    L1 of each picture, and inside its hole alone (names that end with ".holes"). One subject is held at a time.

    Raises `InputError` for folders that are missing, empty or mixed, fewer than two pictures of a subject, a picture
    without its mask or original, and files that cannot be read; `SizeError` for sizes that differ within a subject;
    `MissingExtraError` for LPIPS without PyTorch.
    """
    measures = _measures(settings)  # first: what is missing is told before any work
    groups = find_groups(made)
    plan = _Plan(
        groups,
        measures,
        find_partners(settings.original, for_all=len(groups) == 1) if settings.original else None,
        find_partners(settings.holes) if settings.holes else None,
    )
    found, done, total = _Findings(), 0, sum(len(group.pictures) for group in groups)
    for group in groups:
        with naming(group.name):
            _score(group, plan, found)
        done += len(group.pictures)
        if on_progress:
            on_progress(done, total)
    return _evaluation(made, plan, settings=settings, found=found)


def _measures(settings: SequenceSettings) -> tuple[_Measure, ...]:
    """What each picture is held to, where there are originals."""
    asked = lpips_names(settings.lpips) if settings.lpips else ()
    weights = weights_by_name(settings.weights, asked)
    if not settings.lpips:
        return _PIXELS
    if settings.original is None:
        raise InputError("LPIPS was asked for, but nothing came to hold the pictures against; add --original FOLDER.")
    lpips = load_lpips(settings.lpips, weights)
    network, _ = LPIPS_NETWORKS[settings.lpips]  # only its published file is taken
    name = score_name("lpips", lpips.label)
    return (*_PIXELS, _Measure(name, "", "lower", lpips, extractor=lpips.label, weights_sha256=network.sha256))


def _score(group: Group, plan: _Plan, found: _Findings) -> None:
    """Score one subject."""
    pictures = group.read()
    check_sizes(group, pictures)
    holes = [_hole(plan.holes, name, like=pictures[0]) for name in group.pictures] if plan.holes else None
    alike = consistency(pictures, holes)
    found.subjects["consistency"][group.name] = alike.whole
    if alike.holes is not None:
        found.subjects["consistency.holes"][group.name] = alike.holes
    found.pictures.setdefault(group.name, Judged(next(iter(group.pictures.values()))))
    real: tuple[Path, Picture] | None = None
    for place, (name, path) in enumerate(group.pictures.items()):
        if plan.originals:
            file = plan.originals.require(name, group.name)
            real = real if real and real[0] == file else (file, read_picture(file))  # often one for all
            hole = holes[place] if holes else None
            with naming(path):
                _hold(name, pictures[place], real[1], hole=hole, measures=plan.measures, found=found)
            found.originals.add(file)
        found.pictures[name] = Judged(path, real[0] if real else None)
        if holes and not holes[place].any():
            found.whole.append(name)


def _hold(
    name: str,
    made: Picture,
    real: Picture,
    *,
    hole: Region | None,
    measures: tuple[_Measure, ...],
    found: _Findings,
) -> None:
    """Score one picture against its original."""
    for measure in measures:
        found.values[measure.name][name] = measure.whole(made, real)
        if hole is None or measure.inside is None:
            continue
        judged = hole[measure.margin : len(hole) - measure.margin, measure.margin : hole.shape[1] - measure.margin]
        if judged.any():
            found.values[f"{measure.name}.holes"][name] = measure.inside(made, real, hole)
        elif hole.any():
            found.at_border[f"{measure.name}.holes"].append(name)


def _hole(holes: Partners, name: str, *, like: Picture) -> Region:
    """The mask of a picture: its own, or the one of that name for all subjects."""
    return read_hole(holes.require(name, name.rpartition("/")[2]), like=like)


def _evaluation(made: Path, plan: _Plan, *, settings: SequenceSettings, found: _Findings) -> Evaluation:
    real = str(settings.original or "")
    real_sha256 = plan.originals.sha256 if plan.originals else ""
    alone = Protocol(
        made=str(made),
        real="",
        count_made=sum(len(group.pictures) for group in plan.groups),
        count_real=0,
        resize="none",
        versions=versions(),
    )
    against = replace(alone, real=real, count_real=len(found.originals), real_sha256=real_sha256)
    in_holes = {"holes_sha256": plan.holes.sha256} if plan.holes else {}
    scores: list[Score] = []
    for name, by_subject in found.subjects.items():
        about = replace(alone, settings=in_holes) if name.endswith(".holes") else alone
        scores.append(mean_over(name, by_subject, of="subjects", unit=_SQUARES, better="lower", about=about))
    for measure in plan.measures if plan.originals else ():
        about = replace(against, extractor=measure.extractor, weights_sha256=measure.weights_sha256)
        for name, settled in ((measure.name, about), (f"{measure.name}.holes", replace(about, settings=in_holes))):
            if name in found.values:
                score = mean_score(name, found.values[name], unit=measure.unit, better=measure.better, about=about)
                scores.append(replace(score, protocol=replace(settled, count_made=len(found.values[name]))))
    return Evaluation("sequences", str(made), real, tuple(scores), found.pictures, _notes(plan, found))


def _notes(plan: _Plan, found: _Findings) -> tuple[str, ...]:
    notes = []
    if found.whole:
        notes.append(f"{len(found.whole)} masks show no hole: {in_words(found.whole)}.")
    for name, pictures in found.at_border.items():
        notes.append(
            f"{name} leaves out {len(pictures)} pictures whose holes lie within {_MARGIN} px of the border, for SSIM "
            f"needs whole windows: {in_words(pictures)}."
        )
    sheets = [path for group in plan.groups for path in group.sheets]
    if sheets:
        notes.append(sheets_note(sheets))
    if plan.holes is None:
        notes.append("scores inside the holes were left out; name the masks with --holes FOLDER.")
    if plan.originals is None:
        notes.append("PSNR, SSIM and L1 were left out; name the pictures as they should be with --original FOLDER.")
    return tuple(notes)
