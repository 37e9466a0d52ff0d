"""From a draft to a picture: each place takes what of the photo looks most like what is drafted there.

Texture optimisation's last step (Kwatra et al. 2005), once, and by an exhaustive search: a draft is small enough. A
place is a square of `GRAIN` by `GRAIN` pixels. It is described by the draft around it, seen through a Gaussian window,
and by the layout there; the photo's place of the same class that is described most alike is its match, unless to
continue a neighbour's match is nearly as good. Matches bring the places around them along, so nine of them vote on each
pixel, those with the pixel's class alone.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = ["GRAIN", "Pixels", "copied", "described", "reduced"]

GRAIN = 4
"""Pixels of a place's side."""

_WINDOW = 9  # places, of the side of what describes one
_SPREAD = 3.0  # places, standard deviation of the window
_ORDERS = 6  # of cosines across colours; fewer than this down and across together
_LAYOUT_ORDERS = 2
_LAYOUT_WEIGHT = 0.5
_APART = 8.0  # between classes; colours differ by 12 at most, squared
_PASSES = 3
_ALONE = 1.0  # what it costs not to continue one of eight neighbours, in mean distances of matches
_NOWHERE = 1 << 20
_CHUNK = 1 << 20  # distances held at once
_NONE = 1e-9  # what a vote of another class counts, where no other comes
_FAINT = 1e-3  # what a vote counts at least, however unlike its match
_NEIGHBOURS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
_BESIDE = (1, 3, 5, 7)  # those that share a side with the place


def reduced(planes: Tensor) -> Tensor:
    """Planes (N, C, H, W) by places: means, (N, C, H / 4, W / 4)."""
    return F.avg_pool2d(planes, GRAIN)


def described(planes: Tensor, *, orders: int = _ORDERS) -> Tensor:
    """What planes (N, C, h, w) look like around each place, (N, C B, h, w), B = orders (orders + 1) / 2.

    The lowest coefficients of the cosine transform of 9x9 windows under a Gaussian. So the squared distance of two
    descriptions is the Gaussian mean of the windows' squared differences (Parseval), as far as these are smooth.
    """
    basis = _basis(orders).to(planes)
    count, channels, height, width = planes.shape
    around = F.pad(planes, [_WINDOW // 2] * 4, mode="replicate").flatten(0, 1)[:, None]
    return F.conv2d(around, basis[:, None]).view(count, channels * len(basis), height, width)


class Pixels(NamedTuple):
    """What is copied and where to, g times as large as drafts and photos are compared at; g is a whole number."""

    photo: Tensor
    """(1, 3, g H', g W')."""
    source: Tensor
    """The photo's classes as real numbers, (1, 1, g H', g W')."""
    target: Tensor
    """The classes of the picture to make, (1, 1, g H, g W)."""


def copied(draft: Tensor, photo: Tensor, *, source: Tensor, target: Tensor, pixels: Pixels | None = None) -> Tensor:
    """The picture (1, 3, H, W) of a draft (1, 3, H / 4, W / 4) in the layout `target`, from the photo's pixels.

    The photo is (1, 3, H', W') with layout `source` (1, K, H', W'); layouts are planes of 0 and 1. All is in fp32. With
    `pixels` the picture has their size.
    """
    with torch.autocast(draft.device.type, enabled=False):
        draft, photo = draft.float(), photo.float()
        wanted, given = reduced(target), reduced(source)
        kinds = wanted.argmax(1), given.argmax(1)
        ours, theirs = _rows(draft, wanted, kinds[0]), _rows(reduced(photo), given, kinds[1])
        distances, matches = _nearest_of_kind(ours, theirs, *(kind.flatten() for kind in kinds))
        unit = distances.mean().clamp(min=1e-6)
        size = photo.shape[2] // GRAIN, photo.shape[3] // GRAIN
        matches = torch.stack([matches // size[1], matches % size[1]]).view(2, *draft.shape[2:])
        found = matches, (distances / unit).view(draft.shape[2:])
        rated = ours / unit.sqrt(), theirs / unit.sqrt()
        for _ in range(_PASSES):
            found = _coherent(found, rated, size)
        return _voted(found, pixels or Pixels(photo, _ids(source), _ids(target)))


def _nearest_of_kind(ours: Tensor, theirs: Tensor, wanted: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
    """As `_nearest`, kind by kind, some rows at a time: of all others for a kind (N,) that none of those (M,) is of."""
    distances, matches = ours.new_empty(len(ours)), wanted.new_empty(len(ours))
    for kind in torch.unique(wanted).tolist():
        places = (given == kind).nonzero()[:, 0]
        if not len(places):
            places = torch.arange(len(theirs), device=theirs.device)
        known = _prepared(theirs[places])
        for rows in (wanted == kind).nonzero()[:, 0].split(max(1, _CHUNK // len(places))):
            distances[rows], found = _nearest(ours[rows], known)
            matches[rows] = places[found]
    return distances, matches


def _prepared(theirs: Tensor) -> Tensor:
    """What `_nearest` multiplies by, of rows (M, D): (D + 1, M), with their squares."""
    return torch.cat([theirs, theirs.square().sum(1, keepdim=True)], 1).T.contiguous()


def _nearest(ours: Tensor, prepared: Tensor) -> tuple[Tensor, Tensor]:
    """To each row (N, D) the nearest of the others (M, D): squared distances (N,) and which (N,), by one product."""
    distances, matches = (torch.cat([-2 * ours, torch.ones_like(ours[:, :1])], 1) @ prepared).min(1)
    return (distances + ours.square().sum(1)).clamp(min=0), matches


def _ids(layout: Tensor) -> Tensor:
    """The class of each pixel, (1, 1, H, W), of planes (1, K, H, W) of 0 and 1; as real numbers."""
    return (layout * torch.arange(layout.shape[1]).to(layout).view(1, -1, 1, 1)).sum(1, keepdim=True)


def _rows(picture: Tensor, shares: Tensor, kinds: Tensor) -> Tensor:
    """What is compared of each place, (h w, D).

    Of a picture by places (1, 3, h, w), the classes' shares of them (1, K, h, w), and the most frequent one (1, h, w).
    """
    apart = _APART * F.one_hot(kinds, shares.shape[1]).movedim(3, 1)
    around = _LAYOUT_WEIGHT * described(shares, orders=_LAYOUT_ORDERS)
    return torch.cat([described(picture), around, apart], dim=1)[0].flatten(1).T.contiguous()


def _coherent(
    found: tuple[Tensor, Tensor], rated: tuple[Tensor, Tensor], size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Matches (2, h, w), each that of the place or a neighbour's continued, and their squared distances (h, w).

    A match costs its distance, and `_ALONE` for each of the eight neighbours that it does not continue. So where
    many places of the photo would do, what belongs together there stays together (Ashikhmin 2001).
    """
    (matches, distance), (ours, theirs) = found, rated
    height, width = distance.shape
    below, across = size
    down, right = (torch.arange(side, device=matches.device) for side in (height, width))
    places = torch.stack(torch.meshgrid(down, right, indexing="ij"))
    shifts = F.pad(matches - places, [1] * 4, value=_NOWHERE)
    around = [shifts[:, 1 + up : 1 + up + height, 1 + side : 1 + side + width] for up, side in _NEIGHBOURS]
    codes = torch.stack([down * _NOWHERE + right for down, right in around])  # one number a shift
    chosen, least = matches - places, distance - _ALONE * (codes == codes[4]).sum(0)
    for index in _BESIDE:
        shift = around[index]
        row, column = shift + places
        inside = (row >= 0) & (row < below) & (column >= 0) & (column < across)
        place = row.clamp(0, below - 1) * across + column.clamp(0, across - 1)
        other = theirs.index_select(0, place.flatten()).sub_(ours).square_().sum(1).view(height, width)
        cost = other - _ALONE * (codes == codes[index]).sum(0)
        better = inside & (cost < least)
        chosen, least = torch.where(better, shift, chosen), torch.where(better, cost, least)
        distance = torch.where(better, other, distance)
    return chosen + places, distance


def _voted(found: tuple[Tensor, Tensor], pixels: Pixels) -> Tensor:
    """The picture of places with these matches, rows and columns of places (2, h, w), and distances (h, w)."""
    matches, distances = found
    height, width = distances.shape
    grain = pixels.target.shape[2] // height
    below, across = (side // grain for side in pixels.photo.shape[2:])
    known = _by_place(torch.cat([pixels.photo, pixels.source], dim=1), grain).flatten(0, 1).flatten(1)
    wanted = _by_place(pixels.target, grain)[:, :, 0]  # (h, w, grain^2)
    near = _nearness(grain).to(known)
    # One place more on each side, with no confidence, so that each place has eight neighbours.
    rows, columns = (F.pad(part, [1] * 4) for part in matches)
    sure = F.pad(torch.exp(-distances) + _FAINT, [1] * 4)[:, :, None]
    weight, own = torch.zeros_like(wanted), torch.zeros_like(wanted)
    total = torch.zeros_like(wanted)[:, :, None].repeat(1, 1, 3, 1)
    for index, (down, right) in enumerate(_NEIGHBOURS):
        part = slice(1 + down, 1 + down + height), slice(1 + right, 1 + right + width)
        row, column = rows[part] - down, columns[part] - right
        inside = (row >= 0) & (row < below) & (column >= 0) & (column < across)
        place = row.clamp(0, below - 1) * across + column.clamp(0, across - 1)
        brought = known.index_select(0, place.flatten()).view(height, width, 4, grain**2)
        fits = ((brought[:, :, 3] == wanted) & inside[:, :, None]).to(known)
        vote = (fits + _NONE) * near[index] * sure[part]
        total.addcmul_(brought[:, :, :3], vote[:, :, None])
        weight.add_(vote)
        own.addcmul_(fits, sure[part])
    voted = torch.cat([total / weight[:, :, None], (own > 0)[:, :, None].to(known)], dim=2)
    voted = F.pixel_shuffle(voted.flatten(2).movedim(2, 0)[None], grain)
    return _mended(voted[:, :3], voted[:, 3:], pixels.target, step=grain)


def _by_place(planes: Tensor, grain: int) -> Tensor:
    """Planes (1, C, g h, g w) as the pixels of each place, (h, w, C, g^2)."""
    channels, height, width = planes.shape[1:]
    places = planes.view(channels, height // grain, grain, width // grain, grain)
    return places.permute(1, 3, 0, 2, 4).flatten(3)


def _mended(picture: Tensor, known: Tensor, labels: Tensor, *, step: int) -> Tensor:
    """The picture (1, 3, H, W) with pixels that are not `known` from known ones of their class, so many pixels away."""
    height, width = picture.shape[2:]
    parts = F.pad(torch.cat([picture * known, known, labels], dim=1), [step] * 4)
    total = weight = known * 0
    for down, right in _NEIGHBOURS:
        there = parts[:, :, (1 + down) * step :, (1 + right) * step :][:, :, :height, :width]
        fits = there[:, 3:4] * (there[:, 4:] == labels).to(picture)
        total, weight = total + there[:, :3] * fits, weight + fits
    return torch.where((known > 0) | (weight == 0), picture, total / weight.clamp(min=1))


def _basis(orders: int) -> Tensor:
    """Orthonormal cosines of low order under a Gaussian, (B, 9, 9); the Gaussian's squares sum to one."""
    ticks = torch.arange(_WINDOW) - _WINDOW // 2
    window = torch.exp(-(ticks**2) / (4 * _SPREAD**2))
    window = window / window.square().sum().sqrt()
    waves = [torch.cos(math.pi * order * (ticks + _WINDOW / 2) / _WINDOW) for order in range(orders)]
    waves = [math.sqrt((1 if order == 0 else 2) / _WINDOW) * wave * window for order, wave in enumerate(waves)]
    pairs = [(down, across) for down in range(orders) for across in range(orders - down)]
    return torch.stack([waves[down][:, None] * waves[across] for down, across in pairs])


def _nearness(grain: int) -> Tensor:
    """How much the match of each neighbour counts for each of a place's pixels, (9, grain^2): a Gaussian around it."""
    ticks = (torch.arange(grain) + 0.5) / grain - 0.5  # in places, from the middle of the place
    fall = {shift: torch.exp(-0.5 * ((ticks - shift) / 0.75) ** 2) for shift in (-1, 0, 1)}
    return torch.stack([(fall[down][:, None] * fall[right]).flatten() for down, right in _NEIGHBOURS])
