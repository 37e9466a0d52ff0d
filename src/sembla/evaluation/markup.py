"""Pieces of HTML that all reports share. Text goes through `text`, so that no name of a file becomes markup."""

import html
import math
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files

import numpy as np

from sembla.evaluation.wording import figure, figures

__all__ = ["asset", "histogram", "page", "slugs", "text"]

_MOST_BINS = 24
_LONGEST_SLUG = 100  # characters
_WIDTH, _HEIGHT = 192, 40  # of a histogram, in its own units

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def asset(name: str) -> str:
    """The text of a file that comes with the package."""
    return files("sembla.evaluation").joinpath("assets", name).read_text(encoding="utf-8")


def text(words: str) -> str:
    """Words as text, in an element or in a quoted attribute."""
    return html.escape(words)


def page(title: str, body: str) -> str:
    """A whole page that asks for nothing beyond itself."""
    return _PAGE.format(title=text(title), style=asset("report.css"), body=body)


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Names as parts of file names, no two alike: "kid[vgg19:dcbb9e9d]" gives "kid-vgg19-dcbb9e9d"."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:_LONGEST_SLUG] or "unnamed"
        number, free = 1, plain
        while free in found.values():
            number += 1
            free = f"{plain}-{number}"
        found[name] = free
    return found


def histogram(values: Mapping[str, float]) -> str:
    """How the scores of single pictures are spread, as an inline SVG with its mean marked; "" without values."""
    finite = np.array([value for value in values.values() if math.isfinite(value)])
    if not len(finite):
        return ""
    low, high, mean = float(finite.min()), float(finite.max()), float(finite.mean())
    told = f"{len(finite)} pictures from {figure(low)} to {figure(high)}, mean {figure(mean)}"
    bins = min(_MOST_BINS, 2 * math.ceil(math.sqrt(len(finite))))
    tallies, _ = np.histogram(finite, bins=bins, range=(low, high) if high > low else (low - 1, low + 1))
    step = _WIDTH / bins
    bars = "".join(
        f'<rect x="{place * step:g}" y="{_HEIGHT - tall:.2f}" width="{step - 1:g}" height="{tall:.2f}"/>'
        for place, tall in enumerate(tallies / tallies.max() * _HEIGHT)
        if tall
    )
    at = (mean - low) / (high - low) * _WIDTH if high > low else _WIDTH / 2
    ends = figures(low, high)
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT + 14}" role="img" aria-label="{text(told)}">'
        f'<title>{text(told)}</title>{bars}<path d="M{at:.2f} 0V{_HEIGHT}"/>'
        f'<text x="0" y="{_HEIGHT + 12}">{ends[0]}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 12}" text-anchor="end">{ends[1]}</text></svg>'
    )
