"""Semantic image analogy: one photo, its label map and a new layout become the photo re-laid-out."""

from typing import Any

from sembla.core.method import Method, Parts
from sembla.data.case import Case
from sembla.methods.analogy.config import RECIPES, Config, fitted, pace

__all__ = ["METHOD"]


def _load() -> Parts[Config, Case, Any]:
    from sembla.methods.analogy.learned import PARTS

    return PARTS


METHOD: Method[Config, Case, Any] = Method(
    name="analogy",
    summary="One photo, its label map and a new layout become the photo re-laid-out.",
    paper="Li et al., Semantic Image Analogy with a Conditional Single-Image GAN, 2020.",
    recipes=RECIPES,
    source=Case,
    fitted=fitted,
    pace=pace,
    load=_load,
)
"""A generative network for one photo; the instant engine beside it needs none."""
