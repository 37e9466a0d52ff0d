"""Made pictures against real ones: all scores that two folders, and what comes with them, allow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sembla.core.errors import InputError, LabelError
from sembla.core.labels import LabelSet
from sembla.evaluation.groups import sheets_note
from sembla.evaluation.measures import FileHashes, Measure, Sources, run
from sembla.evaluation.networks import (
    INSTALL_MODELS,
    has_torch,
    load_extractor,
    load_lpips,
    load_segmenter,
    lpips_names,
    weights_by_name,
)
from sembla.evaluation.paired import Identity, LandmarkErrors, PerceptualDistance, PixelScores
from sembla.evaluation.reading import (
    PictureSet,
    Points,
    find_maps,
    open_set,
    read_landmarks,
    set_landmarks,
)
from sembla.evaluation.results import Evaluation, Judged
from sembla.evaluation.segmenting import Agreement
from sembla.evaluation.sets import Distribution, LabelDistribution
from sembla.metrics.protocol import Protocol, Score, versions
from sembla.nn.weights import MOBILEFACENET

__all__ = ["FolderSettings", "evaluate_folders"]


@dataclass(frozen=True)
class FolderSettings:
    """What to score, and how. Raises `InputError` for numbers out of range."""

    extractors: tuple[str, ...] = ()
    """Names of `nn.features.EXTRACTORS`: each gives a Frechet distance, KID, precision, recall, density, coverage."""
    lpips: str | None = None
    """"alex", "vgg" or "squeeze": LPIPS of each pair."""
    segmenter: str | None = None
    """A name of `nn.segmenters.SEGMENTERS`: pixel accuracy and mIoU of the made pictures against `labels`."""
    labels: Path | None = None
    """Folder of the label maps (class ids) that the pictures were made from, by the same names."""
    real_labels: Path | None = None
    """Folder of the label maps of the real pictures; without it, those of the made pictures of the same names."""
    identity: bool = False
    """Whether each pair of faces shows one person (mobilefacenet)."""
    landmarks: Path | None = None
    """Landmarks of the made pictures: a CSV file "name,x1,y1,..." or a prepared set."""
    real_landmarks: Path | None = None
    """Landmarks of the real pictures; without it, those of the prepared set of real pictures."""
    weights: tuple[str, ...] = ()
    """Files of weights, each "[NAME=]FILE" (`networks.weights_by_name`)."""
    split: str | None = None
    """Part of a prepared set, or folder inside a folder: of the real pictures, and of made ones that are prepared."""
    fit: bool = False
    """Resize made pictures to the size of their real ones, and label maps to that of their pictures."""
    nearest: int = 5
    """Neighbours that precision, recall, density and coverage look at, 1 or more."""
    subset_size: int = 1000
    """Pictures in one of the subsets that the spread of KID is taken over, 2 or more."""
    seed: int = 0
    """0 or more; decides all that is drawn."""
    batch: int = 4
    """Pictures that a network sees at once, 1 or more; of no consequence for scores. On processors few are faster."""

    def __post_init__(self) -> None:
        for name, value, least in (
            ("nearest", self.nearest, 1),
            ("subset-size", self.subset_size, 2),
            ("seed", self.seed, 0),
            ("batch", self.batch, 1),
        ):
            if value < least:
                raise InputError(f"--{name} {value} came; give {least} or more.")

    @property
    def networks(self) -> tuple[str, ...]:
        """What `--weights` may name."""
        lpips = lpips_names(self.lpips) if self.lpips else ()
        segmenter = (self.segmenter,) if self.segmenter else ()
        return (*self.extractors, *lpips, *segmenter, *((MOBILEFACENET.name,) if self.identity else ()))


def evaluate_folders(
    made: Path,
    real: Path,
    settings: FolderSettings,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Score the pictures of one folder or prepared set against those of another; each picture is read once.

    Whatever the folders allow is scored: pixels where pictures share a name, the distribution of patches by class
    where label maps came, and what `settings` ask for. What was left out is in the notes. `on_progress` is told how
    many names are done, and how many there are.

    Raises `InputError` (`ImageError`, `LabelError`, `SizeError`) for folders that cannot be compared and for what was
    asked for and is not possible, and `MissingExtraError` for networks without PyTorch.
    """
    sources = _sources(made, real, settings)
    measures = list(_measures(sources, settings))
    notes = _left_out(sources, settings)
    if not measures:
        raise InputError(
            f"nothing in {made} and {real} can be compared: they share no name, and label maps did not come for both. "
            "Name the pictures alike, add --labels FOLDER and --real-labels FOLDER, or add --extractor NAME."
        )
    real_files = FileHashes(sources.real_files)
    found = run([*measures, real_files], sources, batch=settings.batch, on_progress=on_progress)
    return Evaluation(
        kind="folders",
        made=str(made),
        real=str(real),
        scores=_held_against(found.scores, real_files.sha256),
        pictures=_judged(sources),
        notes=(*found.notes, *notes),
    )


def _held_against(scores: Sequence[Score], sha256: str) -> tuple[Score, ...]:
    """Scores whose protocols say what the real pictures are."""
    return tuple(replace(score, protocol=replace(score.protocol, real_sha256=sha256)) for score in scores)


def _sources(made: Path, real: Path, settings: FolderSettings) -> Sources:
    """Find all pictures and maps. Raises `InputError` for one folder given twice."""
    real_set = open_set(real, settings.split)
    made_set = open_set(made, None)
    if made_set.prepared and settings.split is not None:
        made_set = open_set(made, settings.split)
    if made_set.root.resolve() == real_set.root.resolve():
        raise InputError(f"{made} came twice, as made and as real pictures; give two folders.")
    return Sources(
        made=made_set,
        real=real_set,
        labels=_maps(settings.labels, made_set, "--labels", settings.split),
        real_labels=_maps(settings.real_labels, real_set, "--real-labels", settings.split),
        fit=settings.fit,
    )


def _maps(folder: Path | None, pictures: PictureSet, option: str, split: str | None) -> Mapping[str, Path]:
    """The label maps of a folder; every picture must have one."""
    if folder is None:
        return {}
    found = find_maps(folder, split)
    lacking = [name for name in pictures.entries if name not in found]
    if lacking:
        raise InputError(
            f"{len(lacking)} of {len(pictures.entries)} pictures in {pictures.root} have no label map in {folder} "
            f"({option}), first {lacking[0]}; add them, or take the pictures out."
        )
    return found


def _measures(sources: Sources, settings: FolderSettings) -> Iterator[Measure[Any]]:
    """All that can be scored, the most telling first."""
    weights = weights_by_name(settings.weights, settings.networks)
    about = _about(sources, settings)
    label_set = _label_set(sources)
    if (settings.lpips or settings.identity or settings.landmarks) and not sources.shared:
        raise InputError(f"{_no_name(sources)}; LPIPS, identity and landmarks compare pictures of one name.")
    yield from _distributions(sources, settings, about, weights=weights)
    if settings.segmenter is not None:
        if not sources.made_labelled:
            raise InputError("a segmenter was named, but no label maps came; add --labels FOLDER.")
        segmenter = load_segmenter(settings.segmenter, weights)
        yield Agreement(segmenter, sources, about, label_set=label_set, batch=settings.batch)
        label_set = segmenter.label_set
    if settings.lpips is not None:
        yield PerceptualDistance(load_lpips(settings.lpips, weights), sources, about, backbone=settings.lpips)
    if settings.identity:
        yield Identity(load_extractor(MOBILEFACENET.name, weights), sources, about, batch=settings.batch)
    if settings.landmarks is not None or settings.real_landmarks is not None:
        yield LandmarkErrors(*_landmarks(sources, settings), sources=sources, about=about)
    if sources.shared:
        yield PixelScores(sources, about, label_set=label_set)
    if sources.made_labelled and sources.real_labelled:
        yield LabelDistribution(sources, about, label_set=label_set)


def _distributions(
    sources: Sources, settings: FolderSettings, about: Protocol, *, weights: Mapping[str, Path]
) -> Iterator[Distribution]:
    if not settings.extractors:
        return
    for pictures in (sources.made, sources.real):
        if len(pictures.entries) < 2:
            raise InputError(
                f"{pictures.root} holds one picture; a distribution needs two or more. Leave out --extractor."
            )
    for name in dict.fromkeys(settings.extractors):
        yield Distribution(
            load_extractor(name, weights),
            sources,
            about,
            batch=settings.batch,
            nearest=settings.nearest,
            subset_size=settings.subset_size,
        )


def _about(sources: Sources, settings: FolderSettings) -> Protocol:
    return Protocol(
        made=str(sources.made.root),
        real=str(sources.real.root),
        count_made=len(sources.made.entries),
        count_real=len(sources.real.entries),
        split=settings.split or "",
        seed=settings.seed,
        versions=versions(),
    )


def _label_set(sources: Sources) -> LabelSet | None:
    """What is known of the ids: the classes of prepared sets, unless the maps came from folders of their own."""
    known = [
        pictures.label_set
        for pictures, files in ((sources.made, sources.labels), (sources.real, sources.real_labels))
        if pictures.label_set and not files
    ]
    if len(known) == 2 and known[0].names != known[1].names:
        raise LabelError(
            f"{sources.made.root} has the classes {', '.join(known[0].names[:3])}, ..., {sources.real.root} "
            f"{', '.join(known[1].names[:3])}, ...; prepare both with one label set."
        )
    return known[0] if known else None


def _landmarks(sources: Sources, settings: FolderSettings) -> tuple[Mapping[str, Points], Mapping[str, Points]]:
    """Those of the made and of the real pictures: from files where they came, else of prepared sets."""
    found = []
    for path, pictures, option in (
        (settings.landmarks, sources.made, "--landmarks"),
        (settings.real_landmarks, sources.real, "--real-landmarks"),
    ):
        points = set_landmarks(pictures) if path is None else read_landmarks(path, settings.split)
        if not points:
            raise InputError(f"{pictures.root} holds no landmarks; add {option} FILE.")
        found.append(points)
    return found[0], found[1]


def _left_out(sources: Sources, settings: FolderSettings) -> tuple[str, ...]:
    """What could have been scored as well, and how."""
    install = "" if has_torch() else f" PyTorch: {INSTALL_MODELS}"
    several, one = (f"; {who}{install}" if install else "" for who in ("they need", "it needs"))
    notes = [sheets_note(sheets)] if (sheets := (*sources.made.sheets, *sources.real.sheets)) else []
    made, real, shared = len(sources.made.entries), len(sources.real.entries), len(sources.shared)
    if not settings.extractors:
        notes.append(f"Frechet distance, KID, precision and recall were left out; add --extractor NAME{several}.")
    if not shared:
        notes.append(f"Scores picture by picture were left out: {_no_name(sources)}.")
    elif shared < max(made, real):
        notes.append(f"{shared} names are in both sets ({made} made, {real} real): scores by picture are over these.")
    if shared and settings.lpips is None:
        notes.append(f"LPIPS was left out; add --lpips alex{one}.")
    if not sources.made_labelled:
        notes.append("Scores by class were left out: no label maps of the made pictures came; add --labels FOLDER.")
    elif not sources.real_labelled:
        notes.append("Patches by class were left out: no label maps of the real pictures; add --real-labels FOLDER.")
    return tuple(notes)


def _no_name(sources: Sources) -> str:
    made, real = next(iter(sources.made.entries)), next(iter(sources.real.entries))
    return f"no picture is named alike in {sources.made.root} ({made}, ...) and {sources.real.root} ({real}, ...)"


def _judged(sources: Sources) -> Mapping[str, Judged]:
    """The files of the made pictures, for reports; what lies in tars has none."""
    files = {name: entry.file for name, entry in sources.made.entries.items()}
    reals = {name: entry.file for name, entry in sources.real.entries.items()}
    return {
        name: Judged(file, reals.get(name), sources.labels_file(name))
        for name, file in files.items()
        if file is not None
    }
