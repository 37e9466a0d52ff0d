"""VGG-16 and VGG-19, with torchvision's names of tensors, and their features by the names of layers."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

__all__ = ["VGG", "VGG16_DEPTHS", "VGG19_DEPTHS", "VGGFeatures"]

VGG16_DEPTHS = (2, 2, 3, 3, 3)
"""Configuration D: 138,357,544 parameters with the classifier."""

VGG19_DEPTHS = (2, 2, 4, 4, 4)
"""Configuration E: 143,667,240 parameters with the classifier."""

_WIDTHS = (64, 128, 256, 512, 512)


class VGGFeatures(nn.Module):
    """The convolutions of VGG without batch normalisation (Simonyan & Zisserman 2015).

    `depths` is the number of convolutions in each of the five blocks. `features` is numbered as torchvision numbers it.
    Layers are called "relu1_1" to "relu5_4": block, then convolution in the block.
    """

    def __init__(self, depths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self._places: dict[str, int] = {}
        channels = 3
        for block, (depth, width) in enumerate(zip(depths, _WIDTHS, strict=True), 1):
            for number in range(1, depth + 1):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                self._places[f"relu{block}_{number}"] = len(layers) - 1
                channels = width
            layers.append(nn.MaxPool2d(2, stride=2))
        self.features = nn.Sequential(*layers)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names that `taps` takes, from the shallowest."""
        return tuple(self._places)

    def taps(self, pictures: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """What `layers` give for `pictures` (N, 3, H, W), by name; nothing deeper than the deepest is computed."""
        wanted = {self._places[name]: name for name in layers}
        found: dict[str, Tensor] = {}
        planes = pictures
        for place, layer in enumerate(list(self.features.children())[: max(wanted) + 1]):
            planes = layer(planes)
            if place in wanted:
                found[wanted[place]] = planes
        return found

    def pooled(self, pictures: Tensor) -> Tensor:
        """The mean over all places of the last rectified layer, before its pooling, (N, 512)."""
        deepest = self.layers[-1]
        return self.taps(pictures, [deepest])[deepest].mean(dim=(2, 3))


class VGG(VGGFeatures):
    """VGG with its classifier of ImageNet's 1000 classes, numbered as torchvision numbers it."""

    def __init__(self, depths: Sequence[int]) -> None:
        super().__init__(depths)
        self.classifier = nn.Sequential(
            *(nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout()),
            *(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()),
            nn.Linear(4096, 1000),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, 1000) for pictures (N, 3, 224, 224), before the softmax."""
        planes: Tensor = self.features(pictures)
        scores: Tensor = self.classifier(nn.functional.adaptive_avg_pool2d(planes, (7, 7)).flatten(1))
        return scores
