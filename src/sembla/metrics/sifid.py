"""SIFID: the Frechet distance between the features at all places of two single pictures."""

from numpy.typing import ArrayLike

from sembla.metrics.frechet import frechet_distance, moments

__all__ = ["sifid", "sifid_name"]


def sifid(made: ArrayLike, real: ArrayLike) -> float:
    """Frechet distance of the features (L, D) of one made picture and those (M, D) of its real one; 0 is best.

    Shaham, Dekel & Michaeli 2019 (SinGAN). Two layers of Inception's stem are in use, that before the second pooling
    (192 features) and that before the first (64). Their scores differ many times over, so a score must say which
    (`sifid_name`). Numbers of several pictures are averaged over their pairs.

    Raises `SizeError` for other shapes, and `InputError` for NaN and for fewer than two places.
    """
    return frechet_distance(moments(made), moments(real))


def sifid_name(dimension: int, label: str) -> str:
    """What the score is called: the layer by its number of features, and the extractor with its hash."""
    return f"sifid{dimension}[{label}]"
