"""Faults of files: partners that lack, damage, sizes, EXIF marks, alpha, grey photos, and copies across splits."""

from collections import defaultdict
from collections.abc import Iterator

from sembla.core.types import MAX_PIXELS, MIN_SIDE
from sembla.data.doctor.chart import Chart, counted, listed
from sembla.data.doctor.looking import Look
from sembla.data.doctor.remedies import LeaveOut, Plain, Rename, Resize, Turn
from sembla.data.doctor.report import Fault

__all__ = ["check_files", "lies_upright"]


_AGAIN = "copy or download the files again."
_UNREADABLE = {
    "empty": ("empty_files", "empty: no bytes at all.", _AGAIN),
    "damaged": ("unreadable", "damaged, cut off, or no picture.", _AGAIN),
    "large": (
        "too_large",
        f"larger than {MAX_PIXELS / 1e6:.1f} megapixels, the most that is taken.",
        "make photo and label map smaller, the map with nearest neighbour.",
    ),
    "small": (
        "too_small",
        f"less than {MIN_SIDE} px wide or high, the least that is taken.",
        "use larger photos, and their label maps.",
    ),
}
"""The problems of files: the fault, in what words, and what else can be done than to leave them out."""


def check_files(chart: Chart) -> Iterator[Fault]:
    """All faults of this module, in the order in which one would mend them."""
    yield from _missing_partner(chart)
    yield from _names_differ(chart)
    for problem in _UNREADABLE:
        yield from _unreadable(chart, problem)
    yield from _refused(chart)
    yield from _exif(chart)
    yield from _sizes(chart)
    yield from _alpha(chart)
    yield from _grey(chart)
    yield from _duplicates(chart)


def _missing_partner(chart: Chart) -> Iterator[Fault]:
    images, labels = chart.finding.lone_images, chart.finding.lone_labels
    if not images and not labels:
        return
    told = []
    if images:
        told.append(f"{len(images):,} {'photos have' if len(images) > 1 else 'photo has'} no label map")
    if labels:
        told.append(f"{len(labels):,} {'label maps have' if len(labels) > 1 else 'label map has'} no photo")
    sentence = f"{' and '.join(told)}; a photo and its map need the same name."
    files, other = [*images, *labels], "add the files that lack, or rename them."
    if not chart.finding.pairs:
        yield chart.fault("missing_partner", sentence, files, advice=other.capitalize())
        return
    advice = f"{'it is' if len(files) == 1 else 'they are'} left out. Or {other}"
    yield chart.fault("missing_partner", sentence, files, advice=advice, remedies=[LeaveOut(frozenset())])


def _names_differ(chart: Chart) -> Iterator[Fault]:
    """Pairs that were brought together by the numbers in their names, or by their places in the sorted list."""
    pairs = chart.finding.pairs
    numbers = [number for number, pair in enumerate(pairs) if pair.is_guess]
    if not numbers:
        return
    first = pairs[numbers[0]]
    sentence = (
        f"{counted(len(numbers), len(pairs), 'label map')} {'has' if len(numbers) == 1 else 'have'} another name than "
        f"the photo, e.g. {first.labels.name} for {first.image.name}: which belong together was guessed, and training "
        "does not guess."
    )
    advice = "each of these maps has the name of its photo. Check first that the pairs are right."
    remedies = [Rename(frozenset(numbers))]
    yield chart.fault("names_differ", sentence, chart.labels_of(numbers), advice=advice, remedies=remedies)


def _unreadable(chart: Chart, problem: str) -> Iterator[Fault]:
    """Files of no bytes, files that no picture can be read from, or pictures that are larger than any that is taken."""
    pairs = chart.finding.pairs
    files, numbers = [], []
    for number, look in enumerate(chart.looks):
        photo, labels = look.photo.problem == problem, look.labels.problem == problem
        files += [pairs[number].image] * photo + [pairs[number].labels] * labels
        numbers += [number] * (photo or labels)
    files += [
        path for path, facts in zip(chart.finding.layouts, chart.layouts, strict=True) if facts.problem == problem
    ]
    if not files:
        return
    code, told, other = _UNREADABLE[problem]
    sentence = f"{len(files):,} file{'s are' if len(files) > 1 else ' is'} {told}"
    if len(numbers) == len(pairs):  # nothing would be left
        yield chart.fault(code, sentence, files, advice=other.capitalize())
        return
    pairs_are = "its pair is" if len(files) == 1 else "their pairs are"
    advice = f"{pairs_are} left out. Or {other}"
    yield chart.fault(code, sentence, files, advice=advice, remedies=[LeaveOut(frozenset(numbers))])


def _refused(chart: Chart) -> Iterator[Fault]:
    """Pairs that the reader of their kind cannot make sense of."""
    told = {
        number: complaint
        for number, look in enumerate(chart.looks)
        if (complaint := look.labels.problem or look.photo.problem) not in {"", *_UNREADABLE}
    }
    if not told:
        return
    sentence = f"{len(told):,} pair{'s' if len(told) > 1 else ''} cannot be read as {chart.kind}: {told[min(told)]}"
    advice = f"{'it is' if len(told) == 1 else 'they are'} left out. Or get the files anew."
    remedies = [LeaveOut(frozenset(told))]
    yield chart.fault("unreadable", sentence, chart.images_of(told), advice=advice, remedies=remedies)


def lies_upright(look: Look) -> bool:
    """Whether a label map fits its photo as viewers show it, and not as its pixels are stored."""
    stored, upright, labels = look.photo.size, look.photo.upright, look.labels.size
    if stored != upright and labels in {stored, upright}:
        return labels == upright
    return look.as_shown >= look.fit


def _exif(chart: Chart) -> Iterator[Fault]:
    numbers = chart.where(lambda look: look.photo.turn != 1)
    if not numbers:
        return
    turns = {number: lies_upright(chart.looks[number]) for number in numbers}
    stored = sum(not upright for upright in turns.values())
    sentence = (
        f"{counted(len(numbers), chart.whole, 'photo')} {_is(numbers)} stored lying on the side or upside down, with "
        "an EXIF mark that says how to turn it; programs that ignore the mark see photo and label map disagree."
    )
    if stored:
        sentence += (
            f" {stored:,} of the label maps {'were' if stored > 1 else 'was'} drawn for the photo without the turn."
        )
    advice = "these photos are stored the way their label maps are, without the mark."
    yield chart.fault("exif_rotation", sentence, chart.images_of(numbers), advice=advice, remedies=[Turn(turns)])


def _is(things: list[int]) -> str:
    return "is" if len(things) == 1 else "are"


def _shown_size(look: Look) -> tuple[int, int]:
    """Size of a photo as its label map sees it."""
    return look.photo.upright if look.photo.turn != 1 and lies_upright(look) else look.photo.size


def _sizes(chart: Chart) -> Iterator[Fault]:
    numbers = chart.where(lambda look: _shown_size(look) != look.labels.size)
    if not numbers or _is_celebamask(chart, numbers):
        return
    same_shape = [n for n in numbers if _same_shape(_shown_size(chart.looks[n]), chart.looks[n].labels.size)]
    first = chart.looks[numbers[0]]
    (width, height), (wide, high) = _shown_size(first), first.labels.size
    sentence = (
        f"{counted(len(numbers), chart.whole, 'label map')} {_is(numbers)} not of the size of the photo, e.g. "
        f"{wide}x{high} for a photo of {width}x{height}."
    )
    if len(same_shape) < len(numbers):
        other = len(numbers) - len(same_shape)
        sentence += (
            f" {other:,} of them {'differ' if other > 1 else 'differs'} in shape, too: cropped, or of another photo."
        )
    if same_shape:
        advice = "maps of the same shape are scaled to their photos without blending; look at any others yourself."
        remedies = [Resize(frozenset(same_shape))]
    else:
        advice = "Find the maps that were made for these photos, or crop the photos as the maps were cropped."
        remedies = []
    yield chart.fault("sizes_differ", sentence, chart.labels_of(numbers), advice=advice, remedies=remedies)


def _same_shape(photo: tuple[int, int], labels: tuple[int, int]) -> bool:
    """Whether two sizes differ in scale only, up to rounding."""
    (width, height), (wide, high) = photo, labels
    return abs(width * high - height * wide) <= max(width, height, wide, high)


def _is_celebamask(chart: Chart, numbers: list[int]) -> bool:
    """Whether these are CelebAMask-HQ's photos of 1024 pixels with their maps of 512, as its makers publish them."""
    sizes = {(chart.looks[number].photo.size, chart.looks[number].labels.size) for number in numbers}
    faces = sum(chart.looks[number].labels.order is not None for number in numbers)
    return sizes == {((1024, 1024), (512, 512))} and (chart.kind.startswith("celebamask") or faces > len(numbers) / 2)


def _alpha(chart: Chart) -> Iterator[Fault]:
    """Alpha in label maps; in cases the stored colours are read, whatever alpha says."""
    numbers = chart.where(lambda look: bool(look.labels.alpha))
    if not numbers or chart.finding.in_cases:
        return
    hidden = sum(chart.looks[number].labels.alpha == "see-through" for number in numbers)
    what = f"; in {hidden:,} of them some pixels are see-through, so that what they show depends on the program"
    sentence = (
        f"{counted(len(numbers), chart.whole, 'label map')} {'has' if len(numbers) == 1 else 'have'} an alpha channel"
        f"{what if hidden else ''}. A class is either there or not."
    )
    advice = "alpha is dropped and every pixel keeps the value or colour stored in it."
    yield chart.fault("alpha", sentence, chart.labels_of(numbers), advice=advice, remedies=[Plain(frozenset(numbers))])


def _grey(chart: Chart) -> Iterator[Fault]:
    numbers = chart.where(lambda look: look.photo.grey)
    if not numbers or len(numbers) > chart.whole / 2:
        return
    sentence = (
        f"{counted(len(numbers), chart.whole, 'photo')} {_is(numbers)} grey in a set of colour photos; "
        "a model learns to make some of its pictures grey."
    )
    advice = "Take these photos and their label maps out, unless you want grey pictures."
    yield chart.fault("grey_images", sentence, chart.images_of(numbers), advice=advice)


def _duplicates(chart: Chart) -> Iterator[Fault]:
    """Photos that are in two splits, pixel by pixel."""
    seen: dict[tuple[bytes, tuple[int, int]], list[int]] = defaultdict(list)
    for number in chart.where(lambda _: True):
        photo = chart.looks[number].photo
        seen[photo.digest, photo.size].append(number)
    pairs = chart.finding.pairs
    shared = [same for same in seen.values() if len({pairs[number].split for number in same}) > 1]
    if not shared:
        return
    splits = listed(sorted({pairs[number].split or "no split" for same in shared for number in same}))
    many = len(shared) > 1
    sentence = (
        f"{len(shared):,} photo{'s are' if many else ' is'} in more than one of {splits}; "
        "scores on photos seen in training say nothing."
    )
    spare = frozenset(number for same in shared for number in same if pairs[number].split != _kept(chart, same))
    files = [path for same in shared for path in chart.images_of(same)]
    advice = "each stays in one split: test before val before train."
    yield chart.fault("duplicates", sentence, files, advice=advice, remedies=[LeaveOut(spare)])


def _kept(chart: Chart, same: list[int]) -> str:
    """The split that keeps a photo which several have."""
    splits = {chart.finding.pairs[number].split for number in same}
    return next(split for split in ("test", "val", "train", "") if split in splits)
