"""The networks of `sembla`: looks of regions and who it is, and a generator that they modulate."""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.methods.portrait.config import Sembla
from sembla.nn.embedding import face_in
from sembla.nn.light import NOISE, ClassEncoder, LightGenerator, latent_planes
from sembla.nn.planes import one_hot

__all__ = ["LightPortraitist"]

_SLOPE = 0.2
_SIDE = 64
_KNOWN = 4  # planes: what is known of the photo, and what is not


class LightPortraitist(nn.Module):
    """Makes faces, or parts of them, after parsing maps.

    The generator is that of scenes (`nn.light`): a network reads the layout wide around, and its features at each size
    scale and shift those of the face. Beside the layout it reads the look of each place's region (SEAN, Zhu et al.
    2020), who it is, and what is known of the photo, so that what is made goes on where that ends.
    """

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        self.classes = config.count + (config.classes.ignore is not None)
        self.encoder = ClassEncoder(self.classes, width=config.width, latent=config.latent)
        self.person = _Person(config.width, config.identity_numbers)
        planes = self.classes + _KNOWN + config.identity_numbers
        self.generator = LightGenerator(planes, width=config.width, latent=config.latent)

    def layout(self, labels: Tensor) -> Tensor:
        """The planes (N, K, H, W) of parsing maps int64 (N, H, W)."""
        return one_hot(labels, self.classes)

    def looks(self, photo: Tensor, layout: Tensor) -> Tensor:
        """The look of each region of photos, (N, K, L); 0 for those that do not occur."""
        return self.encoder.of_classes(self.encoder(photo), layout)

    def usual(self) -> Tensor:
        """The mean look of each region, (K, L), over the photos that were seen last and have it."""
        remembered = self.encoder.looks
        seen = remembered.any(2, keepdim=True)
        mean: Tensor = remembered.sum(0) / seen.sum(0).clamp(min=1)
        return mean

    def completed(self, looks: Tensor) -> Tensor:
        """Looks (N, K, L), the usual ones for regions that did not occur."""
        return torch.where(looks.any(2, keepdim=True), looks, self.usual())

    def drawn_look(self, part: int, chance: torch.Generator) -> Tensor:
        """The look (L,) of a region in one of the photos seen last, by chance; the usual one where none has it."""
        remembered = self.encoder.looks[:, part]
        seen = remembered.any(1).nonzero()[:, 0]
        if not len(seen):
            return self.usual()[part]
        return remembered[seen[torch.randint(len(seen), (1,), generator=chance)]][0]

    def noise(self, layout: Tensor, chance: torch.Generator | None = None) -> Tensor:
        """Planes of noise for layouts (N, K, H, W)."""
        shape = (len(layout), NOISE, *layout.shape[2:])
        return torch.randn(shape, generator=chance).to(layout)

    def forward(
        self, layout: Tensor, looks: Tensor, *, person: Tensor, photo: Tensor, hole: Tensor, noise: Tensor
    ) -> Tensor:
        """Faces (N, 3, H, W) in -1 to 1 of layouts (N, K, H, W), sides multiples of 32.

        `looks` (N, K, L) are those of regions, `person` (N, I) is what `self.person` reads in a photo, and `photo`
        (N, 3, H, W) is what is known where `hole` (N, 1, H, W) is 0.0; elsewhere it is not looked at.
        """
        everywhere = person[:, :, None, None].expand(-1, -1, *layout.shape[2:])
        planes = [layout, photo * (1 - hole), hole, everywhere.to(layout.dtype)]
        made: Tensor = self.generator(torch.cat(planes, dim=1), latent_planes(layout, looks), noise)
        return made


class _Person(nn.Module):
    """Numbers (N, I) in -1 to 1 of who it is that pictures (N, 3, H, W) show, aligned as those of CelebA-HQ."""

    def __init__(self, width: int, numbers: int) -> None:
        super().__init__()
        chain = [3, width, 2 * width, 4 * width, 4 * width]
        self.layers = nn.ModuleList(nn.Conv2d(*pair, 3, stride=2, padding=1) for pair in pairwise(chain))
        self.norms = nn.ModuleList(nn.GroupNorm(1, made) for made in chain[1:])
        self.last = nn.Linear(4 * width * (_SIDE // 32) ** 2, numbers)

    def forward(self, pictures: Tensor) -> Tensor:
        planes = face_in(pictures, _SIDE)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            planes = F.leaky_relu(norm(layer(planes)), _SLOPE)
        return torch.tanh(self.last(F.avg_pool2d(planes, 2).flatten(1)).float())
