"""Faults of label maps that show colours: palettes, soft edges, the ripples of JPEG."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError
from sembla.core.types import MAX_CLASSES
from sembla.data.doctor.chart import Chart, counted
from sembla.data.doctor.looking import Look
from sembla.data.doctor.pixels import decode, label_pixels
from sembla.data.doctor.remedies import Plain, ReadColours, Remedy
from sembla.data.doctor.report import Fault
from sembla.imaging.palette import find_palette
from sembla.imaging.snapping import nearest

__all__ = ["SOFT_IN_CASES", "check_colours"]

SOFT_IN_CASES = 0.05
"""As many of the pixels of a case may be: the analogy engine takes soft brushes as they come."""

_SOFT = 0.002  # share of the pixels in colours that fill no area
_SAMPLED = 8  # maps in which the classes of a noisy set are sought
_SAME = 24.0  # Euclidean, RGB: noisy maps show a class in colours this near to one another


def check_colours(chart: Chart) -> Iterator[Fault]:
    """All faults of this module; a map has one of them at most."""
    compressed = chart.where(lambda look: look.labels.compressed)
    chosen = _chosen(chart)
    soft = [n for n in chart.where(lambda look: _is_soft(look, chart, chosen)) if n not in set(compressed)]
    coloured = chart.where(lambda look: look.labels.in_colour or look.labels.compressed)
    flat = [n for n in coloured if n not in {*compressed, *soft}]
    remedies = _remedies(chart, coloured, noisy=[*compressed, *soft])
    if compressed:
        yield _fault(chart, "jpeg_noise", compressed, remedies=remedies)
    if soft:
        yield _fault(chart, "anti_aliased", soft, remedies=remedies)
    if flat and not chart.finding.in_cases and not _as_published(chart, flat):
        yield _fault(chart, "rgb_palette", flat, remedies=remedies)
    yield from _three_channels(chart)


def _as_published(chart: Chart, flat: list[int]) -> bool:
    """Whether these maps show the colours in which the makers of the set publish it."""
    drawn = chart.expected.drawn if chart.expected else None
    shown = [chart.looks[number].labels.colours for number in flat]
    return drawn is not None and all(
        colours is not None and nearest(colours, drawn.palette)[1].max(initial=0) == 0 for colours in shown
    )


_SENTENCES = {
    "jpeg_noise": (
        "saved as JPEG once, which smears the classes and adds colours (or ids) that nobody chose. "
        "Label maps must be PNG."
    ),
    "anti_aliased": (
        "soft edges: along the borders colours are blended, and every blend would be a class of its own. "
        "Draw and resize label maps without smoothing."
    ),
    "rgb_palette": "colours instead of ids; training needs one number for each pixel, 0, 1, 2 and so on.",
}


def _fault(chart: Chart, code: str, numbers: list[int], *, remedies: Sequence[Remedy]) -> Fault:
    one = len(numbers) == 1
    verb = {
        "jpeg_noise": "was" if one else "were",
        "anti_aliased": "has" if one else "have",
        "rgb_palette": "shows" if one else "show",
    }[code]
    sentence = f"{counted(len(numbers), chart.whole, 'label map')} {verb} {_SENTENCES[code]}"
    if chart.finding.in_cases:
        advice = "each map is drawn anew in the flat colours of its classes, as PNG."
    elif remedies and isinstance(remedies[0], ReadColours):
        advice = f"{len(remedies[0].palette)} colours become ids, and classes.json says which."
    else:
        advice = (
            "Which colours are classes cannot be told. Get the original maps, or say what the classes are in "
            "classes.json; were photos and label maps swapped?"
        )
    if code == "jpeg_noise" and remedies:
        advice += " Better: get the maps as they were before they became JPEGs."
    return chart.fault(code, sentence, chart.labels_of(numbers), advice=advice, remedies=remedies)


def _chosen(chart: Chart) -> set[tuple[int, ...]]:
    """The colours that fill an area in some map."""
    shown = (look.labels.colours for look in chart.looks if look.labels.in_colour and not look.labels.compressed)
    return {tuple(colour) for colours in shown if colours is not None for colour in colours.tolist()}


def _is_soft(look: Look, chart: Chart, chosen: set[tuple[int, ...]]) -> bool:
    """Whether a map shows colours that fill no area, in it or in another: a class may be but a thin line here."""
    thin = sum(share for colour, share in look.labels.odd.items() if colour in chosen)
    limit = SOFT_IN_CASES if chart.finding.in_cases else _SOFT
    return look.labels.in_colour and look.labels.stray - thin > limit


def _three_channels(chart: Chart) -> Iterator[Fault]:
    """Grey values stored three times over."""
    numbers = chart.where(
        lambda look: (
            look.labels.channels == 3 and not (look.labels.in_colour or look.labels.alpha or look.labels.compressed)
        )
    )
    if not numbers or chart.finding.in_cases:
        return
    sentence = (
        f"{counted(len(numbers), chart.whole, 'label map')} {'is' if len(numbers) == 1 else 'are'} stored as RGB with "
        "three equal channels; programs that expect one id a pixel refuse it or read it wrongly."
    )
    yield chart.fault(
        "rgb_palette",
        sentence,
        chart.labels_of(numbers),
        advice="one channel is kept.",
        remedies=[Plain(frozenset(numbers))],
    )


def _remedies(chart: Chart, coloured: list[int], *, noisy: list[int]) -> list[Remedy]:
    """How to turn the colour maps into ids, if that is safe."""
    if not coloured:
        return []
    if chart.finding.in_cases:
        return [Plain(frozenset(coloured))]
    palette = _palette(chart, coloured, noisy)
    given = chart.expected is not None and chart.expected.label_set is not None
    if palette is None or (len(coloured) < chart.whole and not given):
        return []
    return [ReadColours(palette, frozenset(coloured))]


def _palette(chart: Chart, coloured: list[int], noisy: list[int]) -> NDArray[np.uint8] | None:
    """The colours that are classes, in the order of their ids: those written down, or those found, by area."""
    found = _found(chart, coloured, noisy)
    label_set = chart.expected.label_set if chart.expected else None
    if label_set is not None:
        known = found is not None and float(nearest(found, label_set.palette)[1].max(initial=0)) <= _SAME
        return label_set.palette if known else None
    return found


def _found(chart: Chart, coloured: list[int], noisy: list[int]) -> NDArray[np.uint8] | None:
    """The classes of all maps; None where they cannot be told."""
    areas: dict[tuple[int, ...], int] = {}
    for number in set(coloured) - set(noisy):
        labels = chart.looks[number].labels
        if labels.colours is not None and labels.areas is not None:
            for colour, area in zip(labels.colours.tolist(), labels.areas.tolist(), strict=True):
                areas[tuple(colour)] = areas.get(tuple(colour), 0) + area
    palette = np.array(sorted(areas, key=lambda colour: -areas[colour]), np.uint8).reshape(-1, 3)
    for number in noisy[:: max(1, len(noisy) // _SAMPLED)]:
        pixels = label_pixels(decode(chart.finding.pairs[number].labels)[0])
        try:
            more = find_palette(pixels)
        except LabelError:
            return None
        palette = np.concatenate([palette, more[nearest(more, palette)[1] > _SAME] if len(palette) else more])
    greys = (palette == palette[:, :1]).all()
    if len(palette) > MAX_CLASSES or (greys and noisy and _too_close(palette)):
        return None
    return palette[np.argsort(palette[:, 0], kind="stable")] if greys else palette


def _too_close(palette: NDArray[np.uint8]) -> bool:
    """Whether greys lie so close together that noise mixes them up."""
    return len(palette) < 2 or int(np.diff(np.sort(palette[:, 0].astype(int))).min()) < 16
