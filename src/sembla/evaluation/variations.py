"""Scores of variations: how much the pictures that answer one request differ, and where."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import SizeError
from sembla.core.types import Picture, Region
from sembla.evaluation.groups import (
    Group,
    Partners,
    check_sizes,
    find_groups,
    find_partners,
    mean_over,
    naming,
    sheets_note,
    split_by_number,
)
from sembla.evaluation.networks import LPIPS_NETWORKS, load_lpips, lpips_names, weights_by_name
from sembla.evaluation.results import Evaluation, Judged, OnProgress
from sembla.imaging.io import read_map
from sembla.imaging.palette import find_palette, snap
from sembla.metrics.diversity import deviation_map, pairwise_distance
from sembla.metrics.pixels import l1
from sembla.metrics.protocol import Protocol, score_name, versions

__all__ = ["FULL_DEVIATION", "VariationSettings", "evaluate_variations", "shown_deviation"]

FULL_DEVIATION = 0.25
"""The deviation, of 0 to 0.5, that maps show as white; half of what black and white in turn would give."""

_MOST_MAPS = 100
_DEVIATION = "0 to 0.5, colours 0 to 1"
_HEAT = np.array([[0, 0, 0], [110, 20, 90], [230, 90, 30], [250, 210, 80], [255, 255, 255]], np.float64)


@dataclass(frozen=True)
class VariationSettings:
    """How variations are scored."""

    regions: Path | None = None
    """Label maps or masks of the regions to tell apart: a folder of one for each request, named as its folder is, or
    one file for all."""
    lpips: str | None = None
    """Backbone of LPIPS between pairs: "alex", "vgg" or "squeeze"."""
    weights: tuple[str, ...] = ()
    """Its files of weights, "[NAME=]FILE"."""


@dataclass(frozen=True)
class _Distance:
    """A distance between two variations."""

    name: str
    unit: str
    between: Callable[[Picture, Picture], float]
    extractor: str = ""
    weights_sha256: str = ""


@dataclass
class _Findings:
    """What was found so far."""

    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """By score, then by request."""
    pictures: dict[str, Judged] = field(default_factory=dict)
    maps: dict[str, Picture] = field(default_factory=dict)


def evaluate_variations(
    made: Path, settings: VariationSettings, *, on_progress: OnProgress | None = None
) -> Evaluation:
    """Score how much the variations of an answer differ.

    `made` is a folder with a folder for each request, or one folder of one request's variations; of a folder whose
    pictures are called NAME-1, NAME-2 and so on, each NAME is a request. "pairwise_l1" and, where asked for, LPIPS are
    means over all pairs of a request's pictures; "deviation" is the standard deviation of a pixel over them, averaged
    over the picture, and with regions over the pixels of each ("deviation.3" for id 3, "deviation.#ff0000" for that
    colour). All are averaged over requests. The deviation of each pixel comes as a map. One request is held at a time.

    Raises `InputError` for folders that are missing, empty or mixed, fewer than two pictures of a request, a request
    without its regions, and files that cannot be read; `SizeError` for sizes that differ; `MissingExtraError` for
    LPIPS without PyTorch.
    """
    distances = _distances(settings)  # first: what is missing is told before any work
    folders = find_groups(made)
    groups = tuple(part for folder in folders for part in split_by_number(folder))
    regions = find_partners(settings.regions, for_all=len(groups) == 1) if settings.regions else None
    found, done, total = _Findings(), 0, sum(len(group.pictures) for group in groups)
    for group in groups:
        with naming(group.name):
            _score(group, distances, regions=regions, found=found)
        done += len(group.pictures)
        if on_progress:
            on_progress(done, total)
    notes = _notes(folders, groups, found)
    regions_sha256 = regions.sha256 if regions else ""
    return _evaluation(made, groups, distances, regions_sha256=regions_sha256, found=found, notes=notes)


def shown_deviation(spread: NDArray[np.float64]) -> Picture:
    """A map of deviations (H, W) as a picture (H, W, 3): black for none, then red and yellow, white for much.

    White stands for `FULL_DEVIATION` and above, whatever the largest value is, so that maps can be compared.
    """
    place = np.clip(spread / FULL_DEVIATION, 0, 1) * (len(_HEAT) - 1)
    channels = [np.interp(place, np.arange(len(_HEAT)), _HEAT[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=2)).astype(np.uint8)


def _distances(settings: VariationSettings) -> tuple[_Distance, ...]:
    asked = lpips_names(settings.lpips) if settings.lpips else ()
    weights = weights_by_name(settings.weights, asked)
    plain = _Distance("pairwise_l1", "0 to 1", l1)
    if not settings.lpips:
        return (plain,)
    lpips = load_lpips(settings.lpips, weights)
    network, _ = LPIPS_NETWORKS[settings.lpips]  # only its published file is taken
    learned = _Distance(score_name("pairwise_lpips", lpips.label), "", lpips, lpips.label, network.sha256)
    return (learned, plain)


def _score(group: Group, distances: tuple[_Distance, ...], *, regions: Partners | None, found: _Findings) -> None:
    """Score one request."""
    pictures = group.read()
    check_sizes(group, pictures)
    for distance in distances:
        found.values[distance.name][group.name] = pairwise_distance(pictures, distance.between)
    spread = deviation_map(pictures)
    found.values["deviation"][group.name] = float(spread.mean())
    file = regions.require(group.name) if regions else None
    if file:
        for name, region in _regions(file, like=pictures[0]).items():
            found.values[f"deviation.{name}"][group.name] = float(spread[region].mean())
    found.pictures[group.name] = Judged(next(iter(group.pictures.values())), labels=file)
    if len(found.maps) < _MOST_MAPS:
        found.maps[f"deviation-{group.name.replace('/', '-')}"] = shown_deviation(spread)


def _regions(path: Path, *, like: Picture) -> Mapping[str, Region]:
    """The regions of a map by id, or by colour for one of colours. Raises `SizeError` for another size."""
    values = read_map(path)
    if values.shape[:2] != like.shape[:2]:
        raise SizeError(
            f"{path} is {values.shape[1]}x{values.shape[0]}, its pictures {like.shape[1]}x{like.shape[0]}; give maps "
            "of their pictures' size."
        )
    if values.ndim == 2:
        return {str(label): values == label for label in np.unique(values)}
    palette = find_palette(values, name=str(path))
    labels = snap(values, palette)
    return {f"#{bytes(palette[label].tolist()).hex()}": labels == label for label in np.unique(labels)}


def _notes(folders: tuple[Group, ...], groups: tuple[Group, ...], found: _Findings) -> tuple[str, ...]:
    notes = []
    sheets = [path for folder in folders for path in folder.sheets]
    if sheets:
        notes.append(sheets_note(sheets))
    if len(groups) > len(folders):
        notes.append(f"pictures called NAME-1, NAME-2, ... were taken as {len(groups)} requests of those names.")
    if len(found.maps) < len(groups):
        notes.append(f"maps of deviation were kept of the first {_MOST_MAPS} of {len(groups)} requests.")
    return tuple(notes)


def _evaluation(
    made: Path,
    groups: tuple[Group, ...],
    distances: tuple[_Distance, ...],
    *,
    regions_sha256: str,
    found: _Findings,
    notes: tuple[str, ...],
) -> Evaluation:
    about = Protocol(
        made=str(made),
        real="",
        count_made=sum(len(group.pictures) for group in groups),
        count_real=0,
        resize="none",
        versions=versions(),
    )
    kinds = {distance.name: distance for distance in distances}
    scores = []
    for name, values in found.values.items():
        kind, settled = kinds.get(name), replace(about, settings={"requests": len(values)})
        if kind:
            settled = replace(settled, extractor=kind.extractor, weights_sha256=kind.weights_sha256)
        elif regions_sha256 and name != "deviation":
            settled = replace(settled, settings={**settled.settings, "regions_sha256": regions_sha256})
        unit = kind.unit if kind else _DEVIATION
        scores.append(mean_over(name, values, of="requests", unit=unit, better="higher", about=settled))
    return Evaluation("variations", str(made), "", tuple(scores), found.pictures, notes, found.maps)
