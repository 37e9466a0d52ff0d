"""How scores are put into words and figures, the same in every report."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol as Shape
from typing import TypeVar

from sembla.core.errors import InputError
from sembla.metrics.protocol import Protocol, Score

__all__ = [
    "better",
    "counts",
    "distinct_names",
    "figure",
    "figures",
    "measured",
    "pictures",
    "protocol_facts",
    "with_parts",
    "with_spread",
]


class _Named(Shape):
    """A score, or a score of several runs."""

    @property
    def name(self) -> str: ...


_Score = TypeVar("_Score", bound=_Named)

_DIGITS = 4


def figures(*values: float) -> tuple[str, ...]:
    """Values with as many decimals as give the largest of them four digits: all have the same number of decimals."""
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if 0 < largest < 1e-5:
        return tuple(f"{value:.{_DIGITS - 1}e}" if math.isfinite(value) else _odd(value) for value in values)
    decimals = _DIGITS - 1 - math.floor(math.log10(largest)) if largest > 0 else 0
    decimals = min(max(decimals, 0), 8)
    return tuple(_fixed(value, decimals) for value in values)


def figure(value: float) -> str:
    """One value with four digits."""
    return figures(value)[0]


def measured(*values: float, unit: str) -> str:
    """Values with arrows between them and their unit, left out where it is but a range: "22.43 → 36.05 dB"."""
    shown = " → ".join(figures(*values))
    return f"{shown} {unit}" if unit and " " not in unit else shown


def with_spread(score: Score) -> str:
    """The value, and its spread where it has one: "28.13 ± 3.42"."""
    if score.spread is None or not math.isfinite(score.spread):
        return figure(score.value)
    return " ± ".join(figures(score.value, score.spread))


def pictures(count: int) -> str:
    """A number of pictures: "1 picture", "24 pictures"."""
    return f"{count} picture" if count == 1 else f"{count} pictures"


def with_parts(scores: Sequence[_Score]) -> list[tuple[_Score, list[_Score]]]:
    """Each score with those behind it that are its parts: "delta_e" with "delta_e.sky" and "delta_e.water".

    Scores inside holes are none: they are the ones to go by, and have parts of their own ("psnr.holes.center").
    """
    found: list[tuple[_Score, list[_Score]]] = []
    owners: dict[str, list[_Score]] = {}
    for score in scores:
        name = score.name.partition("[")[0]
        metric, dot, part = name.partition(".")
        if part.startswith("holes."):
            metric, part = f"{metric}.holes", part.removeprefix("holes.")
        if dot and part != "holes" and found:
            owners.setdefault(metric, found[-1][1]).append(score)  # "iou" belongs to the "miou" before it
            continue
        found.append((score, []))
        owners[name] = found[-1][1]
    return found


def better(score: Score) -> str:
    """The direction in a word and an arrow: "↑ higher"."""
    return {"higher": "↑ higher", "lower": "↓ lower"}.get(score.better, score.better)


def counts(protocol: Protocol) -> str:
    """The numbers of pictures: "100 / 500", or "100" where nothing was held against."""
    return f"{protocol.count_made} / {protocol.count_real}" if protocol.count_real else str(protocol.count_made)


def protocol_facts(score: Score) -> Iterator[tuple[str, str]]:
    """What a score was taken with, as pairs of words; what is empty is left out."""
    protocol = score.protocol
    facts = (
        ("made", f"{protocol.made}, {protocol.count_made} pictures"),
        ("held against", f"{protocol.real}, {protocol.count_real} pictures" if protocol.real else ""),
        ("SHA-256 of its names and files", protocol.real_sha256),
        ("split", protocol.split),
        ("extractor", protocol.extractor),
        ("SHA-256 of its weights", protocol.weights_sha256),
        ("resized", protocol.resize),
        ("spread", score.spread_of),
        ("seed", str(protocol.seed)),
        *((name.replace("_", " "), _plain(value)) for name, value in sorted(protocol.settings.items())),
        ("versions", ", ".join(f"{name} {version}" for name, version in protocol.versions.items())),
    )
    return ((name, text) for name, text in facts if text)


def distinct_names(folders: Sequence[Path]) -> tuple[str, ...]:
    """Short names of folders or files: the last part of each path, or as many parts as tell them apart.

    Raises `InputError` for a path that comes twice.
    """
    parts = [path.resolve().parts for path in folders]
    for place, path in enumerate(parts):
        if path in parts[:place]:
            raise InputError(f"{folders[place]} came twice; give each folder once.")
    length = 1
    while len({path[-length:] for path in parts}) < len(parts):
        length += 1
    return tuple("/".join(part.strip("/\\") for part in path[-length:]).strip("/") or "/" for path in parts)


def _fixed(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else _odd(value)


def _odd(value: float) -> str:
    if math.isnan(value):
        return "not a number"
    return "infinite" if value > 0 else "-infinite"


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
