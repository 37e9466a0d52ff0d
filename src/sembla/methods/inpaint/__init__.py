"""Holes in faces filled, the same filling in every frame."""

from typing import Any

from sembla.core.method import Method, Parts
from sembla.data.prepared import Prepared
from sembla.methods.inpaint.config import NOTES, RECIPES, Config, fitted, pace

__all__ = ["METHOD"]


def _load() -> Parts[Config, Prepared, Any]:
    from sembla.methods.inpaint.learned import PARTS

    return PARTS


METHOD: Method[Config, Prepared, Any] = Method(
    name="inpaint",
    summary="Holes in faces are filled, in all frames of a person alike.",
    paper=(
        "Lahiri et al., Improving Consistency and Correctness of Sequence Inpainting using Semantically Guided "
        "Generative Adversarial Network, 2017; Yeh et al., Semantic Image Inpainting with Deep Generative Models, 2017."
    ),
    recipes=RECIPES,
    source=Prepared,
    fitted=fitted,
    pace=pace,
    load=_load,
    notes=NOTES,
)
"""Trained on a prepared set of faces with 68 points each."""
