"""What the published networks are given: groups of parts, their mean colours, and maps painted with these."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sembla.methods.portrait.networks import GROUPS
from sembla.nn.planes import one_hot

__all__ = ["Painted", "grouped", "mean_colours", "painted"]

_SMALLEST = 1e-4


@dataclass(frozen=True)
class Painted:
    """Parsing maps as the published networks see them."""

    groups: Tensor
    """(N, 7, H, W) of 0.0 and 1.0; a pixel of the background has none."""
    coloured: Tensor
    """Each pixel in its group's colour, (N, 3, H, W) in -1 to 1; black where it has none."""

    @property
    def inside(self) -> Tensor:
        """Where there is any group, (N, 1, H, W)."""
        return self.groups.sum(1, keepdim=True)


def grouped(labels: Tensor, table: Tensor) -> Tensor:
    """Parsing maps int64 (N, H, W) as planes of groups (N, 7, H, W), which `table` (K + 1,) turns classes into."""
    return one_hot(table[labels], GROUPS)


def mean_colours(photo: Tensor, groups: Tensor) -> Tensor:
    """Of each group (N, 7, H, W) in photos (N, 3, H, W) in -1 to 1: (N, 7, 3); 0, a middle grey, where it is absent."""
    sums = torch.einsum("nkhw,nchw->nkc", groups.float(), photo.float())
    return sums / (groups.float().sum((2, 3))[:, :, None] + _SMALLEST)


def painted(labels: Tensor, table: Tensor, colours: Tensor) -> Painted:
    """Parsing maps int64 (N, H, W), whose classes `table` (K + 1,) turns into groups, in colours (N, 7, 3)."""
    groups = grouped(labels, table)
    inside = groups.sum(1, keepdim=True)
    return Painted(groups, torch.einsum("nkhw,nkc->nchw", groups, colours.to(groups.dtype)) - (1 - inside))
