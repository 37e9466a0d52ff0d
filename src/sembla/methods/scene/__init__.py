"""Scenes: a label map becomes a photo of what it says."""

from typing import Any

from sembla.core.method import Method, Parts
from sembla.data.prepared import Prepared
from sembla.methods.scene.config import NOTES, RECIPES, Config, fitted, pace

__all__ = ["METHOD"]


def _load() -> Parts[Config, Prepared, Any]:
    from sembla.methods.scene.learned import PARTS

    return PARTS


METHOD: Method[Config, Prepared, Any] = Method(
    name="scene",
    summary="A label map becomes a photo of what it says.",
    paper=(
        "Enhancing Semantic Image Synthesis: A GAN-Based Approach with Multi-Feature Adaptive Denormalization Layer, "
        "2023; Park et al., Semantic Image Synthesis with Spatially-Adaptive Normalization, 2019; Schonfeld et al., "
        "You Only Need Adversarial Supervision for Semantic Image Synthesis, 2021."
    ),
    recipes=RECIPES,
    source=Prepared,
    fitted=fitted,
    pace=pace,
    load=_load,
    notes=NOTES,
)
"""Trained on a prepared set of photos with label maps."""
