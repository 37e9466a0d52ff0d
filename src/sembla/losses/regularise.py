"""Losses that keep latents near a distribution."""

from torch import Tensor

__all__ = ["normal_divergence"]


def normal_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of normal distributions (N, ...) from the standard one (Kingma & Welling 2014, B).

    The sum over a row, the mean over rows.
    """
    terms = mean.square() + log_variance.exp() - 1 - log_variance
    return terms.flatten(1).sum(1).mean() / 2
