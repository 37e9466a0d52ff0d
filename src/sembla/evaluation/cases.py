"""Scores of case sets: results made from a photo, its label map and new layouts, as `sembla analogy` makes them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, SizeError
from sembla.core.types import Picture
from sembla.evaluation.groups import in_words, naming
from sembla.evaluation.measures import mean_score
from sembla.evaluation.networks import load_stem, weights_by_name
from sembla.evaluation.reading import contents
from sembla.evaluation.results import Evaluation, Judged, OnProgress
from sembla.imaging.folders import CaseFolder, find_case, natural
from sembla.imaging.io import SUFFIXES, MapArray, read_map, read_picture
from sembla.imaging.palette import ClassMaps, read_classes
from sembla.metrics.protocol import Protocol, Score, versions
from sembla.metrics.sifid import sifid, sifid_name
from sembla.metrics.single_image import layout_agreement, patch_distance, source_agreement

if TYPE_CHECKING:
    from sembla.nn.features import LocationExtractor

__all__ = ["CaseSettings", "evaluate_cases", "result_names"]

_SHEET = "sheet"
_RESIZE = "longest side to 256 px, Lanczos (Pillow); label maps by nearest pixel"
_UNITS = {"layout_agreement": "0 to 1", "source_agreement": "0 to 1", "patch_distance": "colours 0 to 1"}

_Stem: TypeAlias = "tuple[LocationExtractor, ...]"


@dataclass(frozen=True)
class CaseSettings:
    """How case sets are scored."""

    extractor: str | None = None
    """Inception network for SIFID: "inception" or "inception-torchvision"."""
    weights: tuple[str, ...] = ()
    """Its file of weights, "[NAME=]FILE"."""
    seed: int = 0
    """Of the directions that `patch_distance` draws."""
    adopt_nearest: bool = False
    """Read a layout's class that the label map lacks as the nearest of its classes; else the layout is left out."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"--seed {self.seed} came; give 0 or more.")


@dataclass(frozen=True)
class _Case:
    """One case, the folder of its results, and what names of pictures begin with."""

    folder: Path
    files: CaseFolder
    results: Path
    before: str


@dataclass(frozen=True)
class _Source:
    """The photo of a case, read."""

    case: _Case
    picture: Picture
    own: MapArray
    """Its label map as the file has it."""
    stem: _Stem

    @cached_property
    def ceiling(self) -> float:
        """Its own agreement."""
        name = str(self.case.files.labels)
        with naming(self.case.files.image):
            return source_agreement(self.picture, read_classes(self.own, [self.own], names=(name, name)).labels)

    @cached_property
    def places(self) -> tuple[NDArray[np.float32], ...]:
        """Its features at each layer of SIFID."""
        return tuple(extractor(self.picture) for extractor in self.stem)


@dataclass(frozen=True)
class _Wanted:
    """One layout of a case and the results that were made for it, by the names that scores use."""

    layout: Path
    name: str
    made: Mapping[str, Path]


@dataclass
class _Findings:
    """What was found so far."""

    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """By score, then by picture."""
    pictures: dict[str, Judged] = field(default_factory=dict)
    small: Counter[str] = field(default_factory=Counter)
    """By score, how many pictures have no more places than there are features."""
    sources: dict[str, Path] = field(default_factory=dict)
    """Photos, label maps and layouts that results were held against, by case."""
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def evaluate_cases(
    cases: Path, results: Path, settings: CaseSettings, *, on_progress: OnProgress | None = None
) -> Evaluation:
    """Score the results of one case (img.*, label.*, cond/*), or of a folder of cases.

    `results` is what `sembla analogy CASE --out` wrote: NAME.png for the layout cond/NAME.*, or NAME-1.png, NAME-2.png
    and so on; for a folder of cases, one such folder per case, of its name. Each result is held against its layout
    (`layout_agreement`, beside `source_agreement`, the ceiling that the photo itself reaches), and against the photo's
    patches (`patch_distance`); with an extractor also by SIFID at its two layers. One case is held at a time.

    Missing results and layouts that cannot be read are noted by name. Raises `InputError` where there is no case or no
    result at all, and for a file that cannot be read; `MissingExtraError` for an extractor without PyTorch.
    """
    asked = [settings.extractor] if settings.extractor else []
    weights = weights_by_name(settings.weights, asked)
    stem: _Stem = load_stem(settings.extractor, weights) if settings.extractor else ()
    found = _Findings()
    wanted = [(case, _wanted(case, found)) for case in _find_cases(cases, results, found)]
    total = sum(len(layout.made) for _, layouts in wanted for layout in layouts)
    if not total:
        raise InputError(
            f"{results} holds no result for the layouts of {cases}; expected {wanted[0][1][0].name}.png and so on, as "
            "`sembla analogy CASE --out` writes them."
        )
    for case, layouts in wanted:
        for _ in _score_case(_open_source(case, stem), layouts, settings=settings, found=found):
            if on_progress:
                on_progress(len(found.pictures), total)
    return _evaluation(cases, results, stem, settings=settings, found=found)


def result_names(layouts: tuple[Path, ...]) -> tuple[str, ...]:
    """What `sembla analogy CASE --out` calls the result of each layout, without ".png".

    The layout's own name; its suffix joins where two layouts share a name, or would be taken for the contact sheet.
    """
    stems = Counter(layout.stem for layout in layouts)
    stems[_SHEET] += 1
    return tuple(path.stem if stems[path.stem] == 1 else f"{path.stem}-{path.suffix[1:]}" for path in layouts)


def _find_cases(cases: Path, results: Path, found: _Findings) -> list[_Case]:
    """The cases in natural order; folders beside them that are none are noted."""
    for folder in (cases, results):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; check the path.")
    if (cases / "cond").is_dir() or any(path.stem == "img" for path in _pictures(cases)):
        return [_Case(cases, find_case(cases), results, "")]
    folders = [path for path in cases.iterdir() if path.is_dir() and not path.name.startswith(".")]
    folders.sort(key=lambda path: natural(path.name))
    whole = [folder for folder in folders if (folder / "cond").is_dir()]
    if not whole:
        raise InputError(f"{cases} holds no case; expected img.*, label.* and cond/*, or folders of such.")
    if len(whole) < len(folders):
        others = [path.name for path in folders if path not in whole]
        found.notes.append(f"{in_words(others)} in {cases} are no cases (no folder cond) and were left out.")
    return [_Case(folder, find_case(folder), results / folder.name, f"{folder.name}/") for folder in whole]


def _wanted(case: _Case, found: _Findings) -> list[_Wanted]:
    """The layouts of a case with their results; results of no layout are noted."""
    there: dict[str, Path] = {}
    for path in _pictures(case.results):
        if path.stem in there:
            raise InputError(f"{there[path.stem]} and {path.name} have one name; keep one of them.")
        there[path.stem] = path
    names = result_names(case.files.layouts)
    wanted = []
    for layout, name in zip(case.files.layouts, names, strict=True):
        made = {case.before + stem: there[stem] for stem in _results_of(name, there, names)}
        wanted.append(_Wanted(layout, case.before + name, made))
    used = {path for layout in wanted for path in layout.made.values()}
    spare = [path.name for path in there.values() if path not in used and path.stem != _SHEET]
    if spare and used:
        found.notes.append(f"{in_words(spare)} in {case.results} belong to no layout of {case.folder}.")
    return wanted


def _results_of(name: str, there: Mapping[str, Path], names: tuple[str, ...]) -> Iterator[str]:
    """NAME itself, then NAME-1, NAME-2, ... but not the result of a layout that is called so."""
    if name in there:
        yield name
    numbered = re.compile(re.escape(name) + r"-\d+")
    yield from (stem for stem in there if numbered.fullmatch(stem) and stem not in names)


def _pictures(folder: Path) -> tuple[Path, ...]:
    """The pictures of a folder in natural order; none where it is empty or not there."""
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != "."]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}); change its permissions.") from error
    return tuple(sorted(files, key=lambda path: natural(path.name)))


def _open_source(case: _Case, stem: _Stem) -> _Source:
    picture, own = read_picture(case.files.image), read_map(case.files.labels)
    if own.shape[:2] != picture.shape[:2]:
        raise SizeError(
            f"{case.files.image} is {picture.shape[1]}x{picture.shape[0]}, its map {case.files.labels.name} "
            f"{own.shape[1]}x{own.shape[0]}; give a map of the photo's size."
        )
    return _Source(case, picture, own, stem)


def _score_case(
    source: _Source, layouts: Sequence[_Wanted], *, settings: CaseSettings, found: _Findings
) -> Iterator[None]:
    """Score every result of a case, and yield after each."""
    for wanted in layouts:
        maps = _read_maps(source, wanted, settings=settings, found=found)
        if maps is None:
            continue
        if not wanted.made:
            found.missing.append(wanted.name)
        for name, path in wanted.made.items():
            made = read_picture(path)
            with naming(path):
                scores = {**_scores(made, maps, source, seed=settings.seed), **_sifids(made, source, found)}
            for score, value in scores.items():
                found.values[score][name] = value
            found.pictures[name] = Judged(path, source.case.files.image, wanted.layout)
            for file in (source.case.files.image, source.case.files.labels, wanted.layout):
                found.sources[source.case.before + file.relative_to(source.case.folder).as_posix()] = file
            yield


def _read_maps(source: _Source, wanted: _Wanted, *, settings: CaseSettings, found: _Findings) -> ClassMaps | None:
    """The photo's map and a layout as ids of one palette; None for a layout that cannot be used.

    `sembla analogy` makes nothing for such a layout: folders hold masks and copies too. A result of one is noted.
    """
    names = (str(source.case.files.labels), str(wanted.layout))
    try:
        return read_classes(source.own, [read_map(wanted.layout)], names=names, adopt_nearest=settings.adopt_nearest)
    except InputError as error:
        if wanted.made:
            found.notes.append(f"{wanted.name} was left out: {error}")
        return None


def _scores(made: Picture, maps: ClassMaps, source: _Source, *, seed: int) -> dict[str, float]:
    layout, labels = maps.layouts[0], maps.labels
    return {
        "layout_agreement": layout_agreement(made, layout, source=source.picture, labels=labels),
        "source_agreement": source.ceiling,
        "patch_distance": patch_distance(made, layout, source=source.picture, labels=labels, seed=seed),
    }


def _sifids(made: Picture, source: _Source, found: _Findings) -> dict[str, float]:
    scores = {}
    for extractor, known in zip(source.stem, source.places, strict=True):
        name, features = sifid_name(extractor.dimension, extractor.label), extractor(made)
        scores[name] = sifid(features, known)
        found.small[name] += min(len(features), len(known)) <= extractor.dimension
    return scores


def _evaluation(cases: Path, results: Path, stem: _Stem, *, settings: CaseSettings, found: _Findings) -> Evaluation:
    if not found.pictures:
        raise InputError(f"no layout of {cases} could be used: {found.notes[-1]}")
    if found.missing:
        found.notes.append(f"{len(found.missing)} results are missing in {results}: {in_words(found.missing)}.")
    about = Protocol(
        made=str(results),
        real=str(cases),
        count_made=len(found.pictures),
        count_real=len(found.pictures),
        resize=_RESIZE,
        seed=settings.seed,
        settings={"adopt_nearest": "yes" if settings.adopt_nearest else "no"},
        versions=versions(),
        real_sha256=contents(found.sources),
    )
    abouts = dict.fromkeys(found.values, about)
    for extractor in stem:
        abouts[sifid_name(extractor.dimension, extractor.label)] = replace(
            about, extractor=extractor.label, weights_sha256=extractor.file.sha256, resize="none"
        )
    scores = [_mean(name, found, abouts[name]) for name in found.values]
    return Evaluation("cases", str(results), str(cases), tuple(scores), found.pictures, tuple(found.notes))


def _mean(name: str, found: _Findings, about: Protocol) -> Score:
    better = "higher" if name.endswith("agreement") else "lower"
    score = mean_score(name, found.values[name], unit=_UNITS.get(name, ""), better=better, about=about)
    cautions = list(score.cautions)
    if found.missing:
        cautions.append(f"the results of {len(found.missing)} layouts are missing.")
    if found.small[name]:
        cautions.append(f"{found.small[name]} pictures have fewer places than features: biased upwards.")
    photos = len({judged.real for judged in found.pictures.values()})
    return replace(score, cautions=tuple(cautions), protocol=replace(score.protocol, count_real=photos))
