"""The convolutions of AlexNet, with torchvision's names of tensors: a backbone of LPIPS."""

from torch import Tensor, nn

__all__ = ["AlexNetFeatures"]


class AlexNetFeatures(nn.Module):
    """The five convolutions of AlexNet (Krizhevsky 2014, "One weird trick"), 2,469,696 parameters.

    `features` turns pictures (N, 3, H, W), sides of 63 px or more, into planes (N, 256, H/32, W/32).
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2)),
            *(nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2)),
            *(nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, stride=2)),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Planes (N, 256, h, w) after the last pooling."""
        planes: Tensor = self.features(pictures)
        return planes
