"""Losses that ask for patches of one source picture: patch coherence, and patch distributions.

Planes are pictures or features of one picture, (C, H, W). A patch of side s is written as a row of C s^2 numbers.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = [
    "nearest_rows",
    "nearest_rows_absolute",
    "patch_coherence",
    "patch_count",
    "patch_rows",
    "rows_at",
    "sliced_wasserstein",
]

_CHUNK = 1 << 22  # distances held at once: 16 MiB


def patch_count(planes: Tensor, side: int) -> int:
    """How many rows `patch_rows` gives."""
    return (planes.shape[1] - side + 1) * (planes.shape[2] - side + 1)


def patch_rows(planes: Tensor, side: int) -> Tensor:
    """Every whole patch of planes (C, H, W), row by row of the picture: ((H - s + 1) (W - s + 1), C s^2)."""
    return F.unfold(planes[None], side)[0].T


def rows_at(planes: Tensor, side: int, places: Tensor) -> Tensor:
    """The patches of `patch_rows(planes, side)[places]`, (N, C s^2), without the others in memory."""
    width = planes.shape[2]
    across = width - side + 1
    first = places // across * width + places % across
    ticks = torch.arange(side, device=planes.device)
    inside = (ticks[:, None] * width + ticks).flatten()
    rows = planes.flatten(1)[:, first[:, None] + inside]  # (C, N, s^2)
    return rows.transpose(0, 1).flatten(1)


def nearest_rows(rows: Tensor, source: Tensor, *, count: int = 1) -> Tensor:
    """Which `count` of the source's rows (M, D) are nearest to each of `rows` (N, D): (N, count), nearest first.

    Squared Euclidean distance, exhaustive, by matrix products: |r - s|^2 = |r|^2 - 2 r.s + |s|^2, of which the first
    does not change the order. A chunk of `rows` is looked at at a time, so no N x M numbers are held.
    """
    with torch.no_grad():
        squares = source.square().sum(1)
        found = [
            torch.addmm(squares, chunk, source.T, alpha=-2).topk(count, largest=False).indices
            for chunk in torch.split(rows, max(1, _CHUNK // len(source)))
        ]
        return torch.cat(found)


def nearest_rows_absolute(rows: Tensor, source: Tensor, *, count: int = 1) -> Tensor:
    """As `nearest_rows`, by the sum of absolute differences, which no matrix product gives: for few rows."""
    with torch.no_grad():
        found = [
            torch.cdist(source, chunk, p=1).T.topk(count, largest=False).indices  # the large one is read once
            for chunk in torch.split(rows, max(1, _CHUNK // len(source)))
        ]
        return torch.cat(found)


def patch_coherence(rows: Tensor, source: Tensor, nearest: Tensor) -> Tensor:
    """How far each patch is from its nearest source patches (Li et al. 2020, their patch coherence loss): (N,).

    The mean absolute difference of `rows` (N, D) to the rows of `source` (M, D) that `nearest` (N, count) names, the
    mean over these. The gradient flows into `rows` alone.
    """
    return (rows[:, None] - source.detach()[nearest]).abs().mean(dim=(1, 2))


def sliced_wasserstein(made: Tensor, real: Tensor, directions: Tensor) -> Tensor:
    """Sliced Wasserstein-1 distance of two clouds of patches (Elnekave & Weiss 2022, eq. 4), a scalar.

    `made` (N, D) and `real` (M, D) are projected onto `directions` (P, D); there the sorted clouds are compared at the
    N levels (i + 1/2) / N of their quantiles. With N = M that is exact. The gradient flows into `made` alone.
    """
    along_made = (made @ directions.T).sort(dim=0).values
    with torch.no_grad():
        along_real = (real @ directions.T).sort(dim=0).values
        levels = (torch.arange(len(made), device=made.device) * 2 + 1) * len(real) // (2 * len(made))
    return (along_made - along_real[levels]).abs().mean()
