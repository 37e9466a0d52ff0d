"""Losses of the game between generator and discriminator, over score maps at one scale or more."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = ["hinge_discriminator", "hinge_generator", "lsgan_discriminator", "lsgan_generator"]


def hinge_discriminator(real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """Hinge loss of the discriminator (Lim & Ye 2017, eq. 3): real beyond 1, made below -1; the mean over scales.

    Score maps (N, 1, h, w), one a scale, of any range.
    """
    return _mean([F.relu(1 - seen).mean() for seen in real]) + _mean([F.relu(1 + seen).mean() for seen in made])


def hinge_generator(made: Sequence[Tensor]) -> Tensor:
    """Hinge loss of the generator (Lim & Ye 2017, eq. 3): what is made shall score high; the mean over scales."""
    return -_mean([seen.mean() for seen in made])


def lsgan_discriminator(real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """Least-squares loss of the discriminator (Mao et al. 2017, eq. 9): real is 1, made is 0; the mean over scales.

    Score maps (N, 1, h, w), one a scale, of any range. The paper's factor of one half is left out, as SemIA does.
    """
    return _mean([(seen - 1).square().mean() for seen in real]) + _mean([seen.square().mean() for seen in made])


def lsgan_generator(made: Sequence[Tensor]) -> Tensor:
    """Least-squares loss of the generator (Mao et al. 2017, eq. 9): what is made shall score 1.

    Score maps (N, 1, h, w), one a scale; the mean over scales, without the paper's factor of one half.
    """
    return _mean([(seen - 1).square().mean() for seen in made])


def _mean(values: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean()
