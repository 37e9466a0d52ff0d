"""Regions kept: their meaning stays, the rest is made anew."""

from typing import Any

from sembla.core.method import Method, Parts
from sembla.data.prepared import Prepared
from sembla.methods.preserve.config import NOTES, RECIPES, Config, fitted, pace

__all__ = ["METHOD"]


def _load() -> Parts[Config, Prepared, Any]:
    from sembla.methods.preserve.learned import PARTS

    return PARTS


METHOD: Method[Config, Prepared, Any] = Method(
    name="preserve",
    summary="Regions of pictures keep their meaning, and the rest is made anew, many times over.",
    paper=(
        "Chen et al., Fast Region-Semantics Preserving Image Synthesis, 2018; Berthelot et al., BEGAN, 2017; Gulrajani "
        "et al., Improved Training of Wasserstein GANs, 2017; Sauer et al., Projected GANs Converge Faster, 2021."
    ),
    recipes=RECIPES,
    source=Prepared,
    fitted=fitted,
    pace=pace,
    load=_load,
    notes=NOTES,
)
"""Its prior is trained on a prepared set of pictures; label maps are not asked for."""
