"""Faults of the values in label maps: which there are, which there should be."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.data.doctor.chart import Chart, Expected, counted, listed
from sembla.data.doctor.pixels import LabelFacts
from sembla.data.doctor.remedies import Declare, Fill, Remedy, Renumber, Sharpen, TakeClasses
from sembla.data.doctor.report import Fault

__all__ = ["ALL", "IGNORE", "SOFT", "check_ids"]

IGNORE = 255
"""The value of pixels without a class in maps that Sembla writes."""

SOFT = 0.5
"""Sharp maps have a mixed value on at most a fifth of their borders, blurred ones on six in ten and more."""

ALL = 0.98
"""A class that takes this share of the pixels leaves nothing to learn about others."""

_STRAYS = 0.1  # values of no class show in fewer of the maps than this
_FEW = 4  # with fewer maps nobody can say that a class is never used
_MANY = 40


@dataclass(frozen=True)
class _Census:
    """The values of all maps that hold plain ids."""

    maps: tuple[int, ...]
    """Numbers of the pairs."""
    in_maps: Counter[int]
    """In how many maps each value is."""
    pixels: Counter[int]

    @property
    def values(self) -> list[int]:
        return sorted(self.in_maps)

    @property
    def is_saturated(self) -> bool:
        """Whether more maps would hardly bring new values: few were seen in one map only (Good 1953)."""
        once = sum(count == 1 for count in self.in_maps.values())
        return len(self.maps) >= 3 and once <= 0.1 * len(self.in_maps)

    @property
    def shows_all(self) -> bool:
        """Whether a class that is in none of the maps surprises: many maps, or each shows about what all do."""
        common = all(2 * count >= len(self.maps) for count in self.in_maps.values())
        return self.is_saturated and (len(self.maps) >= _MANY or (len(self.maps) >= _FEW and common))


def check_ids(chart: Chart) -> Iterator[Fault]:
    """All faults of this module."""
    yield from _instances(chart)
    yield from _blurred(chart)
    census = _census(chart)
    if not census.maps:
        return
    if _is_binary(chart, census):
        yield _binary(chart, census)
    elif chart.expected is None:
        yield from _without_classes(chart, census)
    else:
        yield from _with_classes(chart, census, chart.expected)
    yield from _one_class(chart, census)


def holds_plain_ids(labels: LabelFacts) -> bool:
    """Whether a map's values are ids as somebody meant them: not instances, not blurred, never a JPEG."""
    return not (labels.in_colour or labels.compressed or _is_deep(labels) or labels.mixed > SOFT)


def _is_deep(labels: LabelFacts) -> bool:
    return labels.values is not None and len(labels.values) > 0 and int(labels.values[-1]) > 255


def _census(chart: Chart) -> _Census:
    in_maps: Counter[int] = Counter()
    pixels: Counter[int] = Counter()
    maps = chart.where(lambda look: holds_plain_ids(look.labels))
    for number in maps:
        labels = chart.looks[number].labels
        if labels.values is not None and labels.areas is not None:
            values = labels.values.tolist()
            in_maps.update(values)
            pixels.update(dict(zip(values, labels.areas.tolist(), strict=True)))
    return _Census(tuple(maps), in_maps, pixels)


def _holding(chart: Chart, census: _Census, values: set[int]) -> list[int]:
    """The maps that hold one of these values."""
    return [n for n in census.maps if values & set(_values(chart.looks[n].labels))]


def _values(labels: LabelFacts) -> list[int]:
    return [] if labels.values is None else labels.values.tolist()


def _table(changes: dict[int, int]) -> NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    for value, wanted in changes.items():
        table[value] = wanted
    return table


def _instances(chart: Chart) -> Iterator[Fault]:
    """Maps of objects given as maps of classes."""
    numbers = chart.where(lambda look: _is_deep(look.labels))
    if not numbers:
        return
    values = sorted({value for number in numbers for value in _values(chart.looks[number].labels)})
    sentence = (
        f"{counted(len(numbers), chart.whole, 'label map')} {'holds' if len(numbers) == 1 else 'hold'} numbers up to "
        f"{values[-1]:,}; ids of classes end at 255. These are 16-bit numbers of single objects (instances)."
    )
    remedies: list[Remedy] = []
    advice = "Use the files with class ids instead; instance maps belong into a folder of their own, instances/."
    if all(value < 256 or value // 1000 in range(256) for value in values) and any(value >= 1000 for value in values):
        remedies = [TakeClasses(frozenset(numbers))]
        advice = (
            "they are divided by 1000, which leaves the class where numbers are class x 1000 + object, as in "
            "Cityscapes. Better: use the files with class ids, and put these into instances/."
        )
    yield chart.fault("instance_ids", sentence, chart.labels_of(numbers), advice=advice, remedies=remedies)


def _blurred(chart: Chart) -> Iterator[Fault]:
    """Maps that were resized with blending."""
    numbers = chart.where(lambda look: look.labels.mixed > SOFT and not look.labels.compressed)
    if not numbers:
        return
    mixed = max(chart.looks[number].labels.mixed for number in numbers)
    sentence = (
        f"{counted(len(numbers), chart.whole, 'label map')} {'was' if len(numbers) == 1 else 'were'} resized or "
        f"smoothed with blending: up to {mixed:.0%} of the borders show ids between those of the two sides, which are "
        "other classes. Ids must be resized by nearest neighbour."
    )
    advice = (
        "such border pixels go to the nearest region. Better: resize the original maps again, with nearest neighbour."
    )
    yield chart.fault(
        "blurred_labels",
        sentence,
        chart.labels_of(numbers),
        advice=advice,
        remedies=[Sharpen(frozenset(numbers))],
    )


def _is_binary(chart: Chart, census: _Census) -> bool:
    """Whether 255 stands for "yes": the maps hold 0 and 255, or 0 and 1 in some and 0 and 255 in others."""
    values = set(census.values)
    if values == {0, IGNORE}:
        return chart.expected is None or chart.expected.classes.stop == 2
    return values == {0, 1, IGNORE} and not any({1, IGNORE} <= set(_values(chart.looks[n].labels)) for n in census.maps)


def _binary(chart: Chart, census: _Census) -> Fault:
    numbers = _holding(chart, census, {IGNORE})
    sentence = (
        f"{counted(len(numbers), len(census.maps), 'label map')} {'is a mask' if len(numbers) == 1 else 'are masks'} "
        "of black and white, the values 0 and 255; as ids the white would be class 255 of 256."
    )
    table = _table({IGNORE: 1})
    return chart.fault(
        "binary_mask",
        sentence,
        chart.labels_of(numbers),
        advice="255 becomes class 1.",
        remedies=[Renumber(table, frozenset(census.maps))],
    )


def _with_classes(chart: Chart, census: _Census, expected: Expected) -> Iterator[Fault]:
    """Compare the values with those that the set's classes allow."""
    classes, values = expected.classes, set(census.values)
    beyond = values - expected.allowed
    if beyond == {classes.stop} and classes.start not in values and len(classes) > 2 and len(census.maps) > 2:
        yield _off_by_one(chart, census, above=classes.stop)
        return
    marks = {value for value in beyond if value == IGNORE or _is_mark(value, classes.stop, census)}
    if marks:
        yield _ignored(chart, census, marks, count=len(classes))
    if beyond - marks:
        yield _beyond(chart, census, beyond - marks, classes=classes)
    unseen = [value for value in classes if value not in values]
    enough = not chart.kind or len(census.maps) >= _MANY  # a few files of a large known set show few of its classes
    if unseen and census.shows_all and enough:
        yield _unseen(chart, census, unseen, expected)


def _without_classes(chart: Chart, census: _Census) -> Iterator[Fault]:
    """Tell from the values alone what the classes are, and which values are none."""
    values = census.values
    spread = values[-1] > 64 and _is_scale(values)
    marks = set() if spread else _marks(census)
    left = [value for value in values if value not in marks]
    stray = _strays(census, left)
    left = [value for value in left if value not in stray]
    missing = left[-1] + 1 - len(left)
    if marks:
        yield _ignored(chart, census, marks, count=len(left) if missing == 1 else left[-1] + 1)
    if stray:
        yield _beyond(chart, census, stray, classes=range(left[0], left[-1] + 1))
    if len(left) < 2:
        return
    faces = sum(look.labels.order is not None for look in chart.looks) > len(chart.looks) / 2
    if left[0] == 1 and left[-1] == len(left):
        yield _off_by_one(chart, census, above=left[-1])
    elif missing and not faces and (census.shows_all or (census.is_saturated and _is_sparse(left))):
        yield _gaps(chart, census, left)


def _is_scale(values: list[int]) -> bool:
    """Whether values are greys at equal steps, up to rounding: 0, 85, 170, 255."""
    steps = np.diff(values)
    return len(values) > 2 and int(steps.min()) > 4 and int(steps.max() - steps.min()) <= 2


def _is_sparse(values: list[int]) -> bool:
    """Whether fewer than half of the ids up to the largest are in use, or every second, third, ... one."""
    steps = np.diff(values)
    return values[-1] + 1 > 2 * len(values) or bool(steps.min() > 1)


def _marks(census: _Census) -> set[int]:
    """Values that mark pixels without a class: 255, or a value far above all others in several maps."""
    values = census.values
    marks = {IGNORE} & set(values) if len(values) > 1 else set()
    left = [value for value in values if value not in marks]
    if len(left) > 2 and not marks and _is_mark(left[-1], left[-2] + 1, census):
        marks.add(left[-1])
    return marks


def _is_mark(value: int, count: int, census: _Census) -> bool:
    """Whether a value is so far above the classes, and in so many maps, that it was chosen."""
    return value >= max(100, 2 * count) and census.in_maps[value] >= max(2, _STRAYS * len(census.maps))


def _strays(census: _Census, values: list[int]) -> set[int]:
    """Values above a gap that few maps hold, where all below are in use without a gap."""
    solid = 0
    while solid < len(values) and values[solid] == values[0] + solid:
        solid += 1
    stray = set(values[solid:])
    rare = all(census.in_maps[value] <= max(1, _STRAYS * len(census.maps)) for value in stray)
    known = all(census.in_maps[value] > 1 for value in values[:solid])
    enough = solid >= 3 and len(census.maps) >= 2 * _FEW and values[0] <= 1
    return stray if stray and enough and rare and known and len(stray) <= solid else set()


def _off_by_one(chart: Chart, census: _Census, *, above: int) -> Fault:
    sentence = (
        f"The ids start at 1: of {counted(len(census.maps), len(census.maps), 'label map')} none holds 0, and the "
        f"largest id is {above}. Classes are counted from 0, so every class is taken for the next one."
    )
    table = _table({value: value - 1 for value in range(1, IGNORE)})
    return chart.fault(
        "off_by_one",
        sentence,
        chart.labels_of(census.maps),
        advice=f"1 is subtracted: ids 0 to {above - 1}.",
        remedies=[Renumber(table, frozenset(census.maps))],
    )


def _without_class(chart: Chart, census: _Census, values: set[int], *, count: int) -> tuple[str, list[Remedy]]:
    """How pixels of these values are marked as having no class: what --fix does, in words and as remedies."""
    maps = frozenset(census.maps)
    if chart.kind and chart.expected is not None and not chart.expected.others:
        return "such pixels go to the nearest region, as the set knows no pixels without a class", [
            Fill(frozenset(values), maps)
        ]
    void = IGNORE
    if chart.expected is not None and chart.expected.others:
        void = max(chart.expected.others)
    remedies: list[Remedy] = [] if values == {void} else [Renumber(_table(dict.fromkeys(values, void)), maps)]
    if chart.kind:
        return f"such pixels hold {void}, no class", remedies
    words = f"such pixels hold {void}, and classes.json says that {void} is to be ignored"
    return words, [Declare(void, count), *remedies]


def _ignored(chart: Chart, census: _Census, marks: set[int], *, count: int) -> Fault:
    numbers = _holding(chart, census, marks)
    share = sum(census.pixels[value] for value in marks) / sum(census.pixels.values())
    told = listed(sorted(marks))
    sentence = (
        f"The value {told} is in {counted(len(numbers), len(census.maps), 'label map')} ({share:.1%} of all pixels), "
        "far above the other ids: it marks pixels without a class. Programs that do not know take it for a class, and "
        "fail or learn nonsense."
    )
    words, remedies = _without_class(chart, census, marks, count=count)
    return chart.fault("ignore_value", sentence, chart.labels_of(numbers), advice=f"{words}.", remedies=remedies)


def _beyond(chart: Chart, census: _Census, beyond: set[int], *, classes: range) -> Fault:
    numbers = _holding(chart, census, beyond)
    share = sum(census.pixels[value] for value in beyond) / sum(census.pixels.values())
    there = (
        f"the set has {len(classes)} classes, ids {classes.start} to {classes.stop - 1}"
        if chart.expected
        else f"all other maps use ids {classes.start} to {classes.stop - 1} only"
    )
    sentence = (
        f"{counted(len(numbers), len(census.maps), 'label map')} {'holds' if len(numbers) == 1 else 'hold'} "
        f"{listed(sorted(beyond))} ({share:.2%} of all pixels), but {there}."
    )
    words, remedies = _without_class(chart, census, beyond, count=len(classes))
    advice = f"{words}. If they are a class of their own, add it to the classes instead."
    return chart.fault("beyond_count", sentence, chart.labels_of(numbers), advice=advice, remedies=remedies)


def _gaps(chart: Chart, census: _Census, values: list[int]) -> Fault:
    missing = sorted(set(range(values[-1] + 1)) - set(values))
    are_not = "is not:" if len(missing) == 1 else "are not, e.g."
    sentence = (
        f"The ids have gaps: {len(values)} values are in use, {listed(values)}, and {len(missing):,} below the largest "
        f"{are_not} {missing[0]}. A model would be built for {values[-1] + 1} classes."
    )
    table = _table({value: number for number, value in enumerate(values)})
    return chart.fault(
        "gaps",
        sentence,
        chart.labels_of(census.maps),
        advice=f"the ids are 0 to {len(values) - 1}, in the same order. If the missing ids are classes that your "
        "maps just do not show, write all classes into classes.json instead.",
        remedies=[Renumber(table, frozenset(census.maps))],
    )


def _unseen(chart: Chart, census: _Census, unseen: list[int], expected: Expected) -> Fault:
    names = expected.label_set.names if expected.label_set and len(expected.label_set.names) else ()
    told = [
        f"{v} ({names[v - expected.classes.start]})" if v - expected.classes.start < len(names) else v for v in unseen
    ]
    sentence = (
        f"{len(unseen)} of {len(expected.classes)} classes {'are' if len(unseen) > 1 else 'is'} in none of the "
        f"{len(census.maps):,} label maps: {listed(told)}. A model never learns what they look like."
    )
    advice = "Add pairs that show these classes, or do not ask for them later."
    return chart.fault("unseen_classes", sentence, [], advice=advice)


def _one_class(chart: Chart, census: _Census) -> Iterator[Fault]:
    """One class nearly everywhere."""
    total = sum(census.pixels.values())
    value, pixels = census.pixels.most_common(1)[0]
    if pixels < ALL * total or chart.finding.in_cases:
        return
    numbers = [n for n in census.maps if value in _values(chart.looks[n].labels)]
    others = len(census.values) - 1
    sentence = f"All pixels are of class {value}; there is nothing to tell apart."
    if others:
        sentence = (
            f"{pixels / total:.1%} of all pixels are of class {value}; there is next to nothing to learn about the "
            f"{others} other{'s' if others > 1 else ''}."
        )
    advice = "Check that the maps show what you expect (dark ids look all black in a viewer), and add pairs with more."
    yield chart.fault("one_class", sentence, chart.labels_of(numbers), advice=advice)
