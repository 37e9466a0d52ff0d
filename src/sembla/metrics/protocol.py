"""What every score is written with, so that another can reproduce it: a score and its protocol, to JSON and back."""

import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sembla.core.errors import InputError

__all__ = ["Protocol", "Score", "from_json", "score_name", "to_json", "versions"]

_FORMAT = 1
_PACKAGES = ("sembla", "numpy", "scipy", "pillow", "scikit-image", "torch")


@dataclass(frozen=True)
class Protocol:
    """How a score was taken. Two scores may be compared where everything but the made pictures is the same."""

    made: str
    """What was scored, e.g. the name of a folder or run."""
    real: str
    """What it was held against, as its user named it; "" where a score needs nothing else."""
    count_made: int
    count_real: int
    """Numbers of pictures."""
    split: str = ""
    """"train", "val", "test", or "" where the set has none."""
    extractor: str = ""
    """Network and hash, e.g. "vgg19:dcbb9e9d"; "" for scores without one."""
    weights_sha256: str = ""
    """SHA-256 of the extractor's file of weights, in full."""
    resize: str = ""
    """How pictures were resized for the extractor, or for one another."""
    seed: int = 0
    """Seed of whatever was drawn."""
    settings: Mapping[str, float | str] = field(default_factory=dict)
    """What else the score depends on, e.g. {"subset_size": 1000}."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of the packages that compute it, from `versions()`."""
    real_sha256: str = ""
    """SHA-256 over the names and files of what it was held against; "" where that is not known."""

    def differences(self, other: "Protocol") -> tuple[str, ...]:
        """Names of what keeps two scores from being compared; what was made and the versions may differ.

        What they were held against is known by its contents, wherever it lies; by its path where those are not known.
        """
        known = self.real_sha256 and other.real_sha256
        free = {"made", "versions", "real" if known else "real_sha256"}
        names = [item.name for item in fields(self) if item.name not in free]
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))


@dataclass(frozen=True)
class Score:
    """One number, its name, how sure it is, and its protocol."""

    name: str
    """With the extractor it rests on, from `score_name`: "psnr", "kid[vgg19:dcbb9e9d]"."""
    value: float
    unit: str
    """E.g. "dB", "0 to 1"; "" where there is none."""
    better: str
    """"higher" or "lower"."""
    protocol: Protocol
    spread: float | None = None
    """Standard deviation that belongs to the value; None where there is none. `spread_of` says over what."""
    spread_of: str = ""
    """What the spread is taken over, e.g. "100 subsets of 1000", "pictures"."""
    cautions: tuple[str, ...] = ()
    """What must be said whenever the value is, e.g. that it is biased."""
    per_picture: Mapping[str, float] = field(default_factory=dict)
    """The score of each picture, by its name, where the score is a mean over pictures."""


def score_name(metric: str, extractor: str = "", *, standard: bool = False) -> str:
    """Name a score after its extractor: "kid[vgg19:dcbb9e9d]"; plain "psnr" without one.

    `standard` says that the extractor is the very one that the metric is defined on
    (`Extractor.is_standard_inception`): only then the bare name stands, as in "fid".
    """
    return metric if standard or not extractor else f"{metric}[{extractor}]"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that scores depend on; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def to_json(scores: Iterable[Score]) -> str:
    """Scores as JSON text, every float to its last digit; infinity and NaN as strings, for JSON has neither."""
    return json.dumps({"format": _FORMAT, "scores": [_plain(asdict(score)) for score in scores]}, indent=2)


def from_json(text: str) -> list[Score]:
    """Scores from the text of `to_json`. Raises `InputError` for any other text."""
    try:
        content = json.loads(text)
        if content["format"] != _FORMAT:
            raise InputError(
                f"the scores have format {content['format']}, this version reads {_FORMAT}; update Sembla."
            )
        return [_score(item) for item in content["scores"]]
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"these are no scores of Sembla ({error!r}); give a file that `sembla evaluate` wrote."
        ) from error


def _score(item: Mapping[str, Any]) -> Score:
    values = {
        **item,
        "protocol": Protocol(**item["protocol"]),
        "value": float(item["value"]),
        "spread": None if item["spread"] is None else float(item["spread"]),
        "cautions": tuple(item["cautions"]),
        "per_picture": {name: float(value) for name, value in item["per_picture"].items()},
    }
    return Score(**values)


def _plain(value: Any) -> Any:
    """The same, with floats that JSON lacks as the strings that `float` reads."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
