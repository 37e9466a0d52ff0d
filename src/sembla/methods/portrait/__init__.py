"""Faces from the maps of their parts, and the same person in another layout."""

from typing import Any

from sembla.core.method import Method, Parts
from sembla.data.prepared import Prepared
from sembla.methods.portrait.config import NOTES, RECIPES, Config, fitted, pace

__all__ = ["METHOD"]


def _load() -> Parts[Config, Prepared, Any]:
    from sembla.methods.portrait.learned import PARTS

    return PARTS


METHOD: Method[Config, Prepared, Any] = Method(
    name="portrait",
    summary="A face is made of the map of its parts and of how a person looks, or edited by another layout.",
    paper=(
        "Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, 2017; Lee et al., MaskGAN: "
        "Towards Diverse and Interactive Facial Image Manipulation, 2020; Zhu et al., SEAN: Image Synthesis with "
        "Semantic Region-Adaptive Normalization, 2020."
    ),
    recipes=RECIPES,
    source=Prepared,
    fitted=fitted,
    pace=pace,
    load=_load,
    notes=NOTES,
)
"""Trained on a prepared set of faces with parsing maps."""
