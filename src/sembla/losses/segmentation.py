"""Losses of networks that name the class of each pixel.

Scores are before the softmax: (N, K, H, W), or for a discriminator that may also say that a pixel is made (Schonfeld et
al. 2021, OASIS), (N, K + 1, H, W), of which the first stands for "made". Label maps are int64 (N, H, W), and values
that are no class count nowhere.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = [
    "class_weights",
    "label_mix",
    "mixed_consistency",
    "segmentation",
    "segmentation_discriminator",
    "segmentation_generator",
]


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Of each pixel (N, H, W): the rarer its class in these maps, the more it counts; the mean is 1 (eq. 1).

    A class of share p among c classes that occur weighs 1 / (c p). Pixels without a class weigh 0.
    """
    counts = torch.bincount(labels.clamp(0, classes).flatten(), minlength=classes + 1)[:classes].float()
    weights = counts.sum() / (counts * (counts > 0).sum()).clamp(min=1)
    weights = torch.cat([weights * (counts > 0), weights.new_zeros(1)])
    return weights[labels.clamp(0, classes)]


def segmentation(scores: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """The mean over pixels of weight (N, H, W) times cross entropy; targets beyond the scores must have weight 0."""
    targets = targets.clamp(max=scores.shape[1] - 1)
    return (F.cross_entropy(scores.float(), targets, reduction="none") * weights).mean()


def segmentation_generator(made: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """What is made shall be taken for the classes that were asked for (eq. 2), weighted by pixel (N, H, W)."""
    return segmentation(made, labels + 1, weights)


def segmentation_discriminator(real: Tensor, made: Tensor, labels: Tensor, *, weights: Tensor) -> Tensor:
    """Photos shall be taken for their classes, and what is made for made (eq. 1)."""
    fakes = segmentation(made, torch.zeros_like(labels), torch.ones_like(weights))
    return segmentation(real, labels + 1, weights) + fakes


def label_mix(labels: Tensor, classes: int) -> Tensor:
    """A mask (N, 1, H, W) of 0.0 and 1.0 that follows the borders of classes: each is real or made, by chance (eq. 4).

    Pixels without a class are decided together, as one more class.
    """
    chosen = torch.randint(2, (len(labels), classes + 1), device=labels.device)
    return chosen.gather(1, labels.clamp(0, classes).flatten(1)).view_as(labels)[:, None].float()


def mixed_consistency(mixed: Tensor, real: Tensor, made: Tensor, *, mask: Tensor) -> Tensor:
    """Scores of a mixed picture shall be the mix of the scores: mean squared difference (eq. 4)."""
    return F.mse_loss(mixed, torch.where(mask > 0, real, made))
