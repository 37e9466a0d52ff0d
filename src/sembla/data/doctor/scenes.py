"""Faults of what the maps show: the wrong photo's scene, a mirrored one, left for right, another order of classes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sembla.core.labels import LabelSet
from sembla.data.doctor.alignment import explained
from sembla.data.doctor.chart import Chart, counted
from sembla.data.doctor.looking import Look
from sembla.data.doctor.remedies import Renumber, Shift
from sembla.data.doctor.report import Fault
from sembla.data.labelsets import (
    CELEBAMASK_HQ_19,
    CELEBAMASK_HQ_19_PARSING,
    CELEBAMASK_HQ_TO_PARSING,
    PARSING_TO_CELEBAMASK_HQ,
)

__all__ = ["MIRRORED", "check_scenes"]

MIRRORED = 0.35
"""The mirrored map explains this much more of one photo; honest pairs of faces reach 0.30."""

_CLEARER = 0.1  # a neighbour's map explains this much more of the photos, on average
_OFTEN = 0.75  # in this share of the pairs
_FEWEST = 6  # pairs in a row that tell of a shift


def check_scenes(chart: Chart) -> Iterator[Fault]:
    """All faults of this module."""
    shift = list(_shifted(chart))
    yield from shift
    if not shift:
        yield from _mirrored(chart)
    yield from _left_right(chart)  # first: it exchanges ids in the order that a map has
    yield from _face_order(chart)


def _runs(chart: Chart) -> Iterator[list[int]]:
    """Numbers of pairs that follow one another within a split and whose thumbnails were kept.

    Maps that were JPEGs are passed over: their many false classes explain any photo.
    """
    run: list[int] = []
    for number, look in enumerate(chart.looks):
        pairs = chart.finding.pairs
        follows = run and number == run[-1] + 1 and pairs[number].split == pairs[run[-1]].split
        if run and not follows:
            yield run
            run = []
        if look.thumbnails is not None and look.photo.turn == 1 and not look.labels.compressed:
            run.append(number)
    if run:
        yield run


def _shifted(chart: Chart) -> Iterator[Fault]:
    """Photos that fit the map of the next, or of the last, in the sorted list; from somewhere to the end of it."""
    for step in (1, -1):
        starts: list[int] = []
        for run in _runs(chart):
            gains = _gains(chart, run, step)
            start = _start(gains)
            if start is not None:
                starts.append(run[max(0, -step) + start])
        if starts:
            yield _shift_fault(chart, step, starts)
            return


def _gains(chart: Chart, run: list[int], step: int) -> NDArray[np.float64]:
    """By how much the map `step` further explains each photo of a run better than its own."""
    here = run[:-1] if step > 0 else run[1:]
    gains = []
    for number in here:
        look, other = chart.looks[number], chart.looks[number + step]
        if look.thumbnails is not None and other.thumbnails is not None:
            gains.append(explained(look.thumbnails.photo, other.thumbnails.labels) - look.fit)
    return np.array(gains)


def _start(gains: NDArray[np.float64]) -> int | None:
    """From where to the end the gains are clear; None if nowhere."""
    if len(gains) < _FEWEST - 1:
        return None
    total = np.cumsum(gains[::-1])[::-1]
    start = int(total.argmax())
    tail = gains[start:]
    clear = len(tail) >= _FEWEST - 1 and tail.mean() > _CLEARER and (tail > 0).mean() >= _OFTEN
    return start if clear else None


def _shift_fault(chart: Chart, step: int, starts: list[int]) -> Fault:
    splits = {chart.finding.pairs[start].split for start in starts}
    first = {split: min(s for s in starts if chart.finding.pairs[s].split == split) for split in splits}
    numbers = [
        number
        for number, pair in enumerate(chart.finding.pairs)
        if pair.split in first and number >= first[pair.split] - (step < 0)
    ]
    begin = chart.finding.pairs[min(starts)].name
    sentence = (
        f"Photos and label maps are shifted by one in the sorted list, from {begin} on ({len(numbers):,} pairs): each "
        f"photo shows what the {'next' if step > 0 else 'previous'} label map shows. One file was lost or added."
    )
    advice = (
        f"each of these photos has the {'next' if step > 0 else 'previous'} label map, and the one photo without a map "
        "is left out. Better: find the file that lacks."
    )
    return chart.fault(
        "shifted",
        sentence,
        chart.images_of(sorted(starts) if len(starts) > 1 else numbers),
        advice=advice,
        remedies=[Shift(step, frozenset(numbers))],
    )


def _mirrored(chart: Chart) -> Iterator[Fault]:
    numbers = chart.where(
        lambda look: look.photo.turn == 1 and look.mirrored - look.fit > MIRRORED and not look.labels.compressed
    )
    if not numbers:
        return
    sentence = (
        f"{counted(len(numbers), chart.whole, 'photo')} {'fits' if len(numbers) == 1 else 'fit'} the mirror image of "
        "the label map far better than the map itself: one of the two was flipped left to right without the other."
    )
    advice = "Flip these label maps (or photos) back; if classes have a left and a right, exchange those as well."
    yield chart.fault("mirrored", sentence, chart.images_of(numbers), advice=advice)


def _faces(chart: Chart) -> list[int]:
    """Maps that show a face in one of the two orders, if most maps of the set do."""
    faces = chart.where(lambda look: look.labels.order is not None)
    return faces if len(faces) > 0.6 * chart.whole else []


def _face_order(chart: Chart) -> Iterator[Fault]:
    """Maps in the order that the set does not have; the order of CelebAMask-HQ where nothing says otherwise."""
    faces = _faces(chart)
    given = chart.expected.label_set if chart.expected else None
    wanted = given if given == CELEBAMASK_HQ_19_PARSING else CELEBAMASK_HQ_19
    wrong = [number for number in faces if chart.looks[number].labels.order != wanted]
    if not wrong:
        return
    other, ours = "face-parsing.PyTorch (skin, brows, eyes, ...)", "CelebAMask-HQ (skin, nose, glasses, eyes, ...)"
    conversion = PARSING_TO_CELEBAMASK_HQ
    if wanted == CELEBAMASK_HQ_19_PARSING:
        other, ours, conversion = ours, other, CELEBAMASK_HQ_TO_PARSING
    sentence = (
        f"{counted(len(wrong), len(faces), 'face map')} {'numbers' if len(wrong) == 1 else 'number'} the 19 classes in "
        f"the order of {other}{', the others in' if len(wrong) < len(faces) else ', not in'} that of {ours}: the same "
        "id means different parts of the face."
    )
    table = np.arange(256, dtype=np.uint8)
    table[:19] = conversion(np.arange(19, dtype=np.uint8)[None])[0]
    advice = f"all maps have the order of {ours}."
    yield chart.fault(
        "celebamask_order",
        sentence,
        chart.labels_of(wrong),
        advice=advice,
        remedies=[Renumber(table, frozenset(wrong))],
    )


def _left_right(chart: Chart) -> Iterator[Fault]:
    """Face maps that were mirrored without exchanging left and right, which are the person's own."""
    by_order: dict[bool, list[int]] = {}
    for number in _faces(chart):
        order = chart.looks[number].labels.order
        if order is not None and _is_reversed(chart.looks[number], order):
            by_order.setdefault(order == CELEBAMASK_HQ_19, []).append(number)
    numbers = sorted(number for some in by_order.values() for number in some)
    if not numbers:
        return
    sentence = (
        f"{counted(len(numbers), len(_faces(chart)), 'face map')} {'has' if len(numbers) == 1 else 'have'} left and "
        "right exchanged: eyes, brows or ears called left are where the right ones belong. "
        "Flipping a picture must also exchange the ids of left and right."
    )
    orders = {True: CELEBAMASK_HQ_19, False: CELEBAMASK_HQ_19_PARSING}
    remedies = [Renumber(orders[which].swap_table, frozenset(some)) for which, some in by_order.items()]
    advice = "the ids of left and right are exchanged in these maps."
    yield chart.fault("left_right", sentence, chart.labels_of(numbers), advice=advice, remedies=remedies)


def _is_reversed(look: Look, label_set: LabelSet) -> bool:
    """Whether the person's left parts are left of the right ones: most pairs of parts, and two at least."""
    labels = look.labels
    if labels.values is None or labels.middles is None:
        return False
    across = dict(zip(labels.values.tolist(), labels.middles[:, 0].tolist(), strict=True))
    gaps = [across[left] - across[right] for left, right in label_set.swaps if left in across and right in across]
    wrong = sum(gap < -0.03 for gap in gaps)
    return bool(wrong >= 2 and wrong > len(gaps) / 2)
