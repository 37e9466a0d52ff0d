"""Numbers that nothing can be trained with."""

from dataclasses import dataclass, replace

import pytest

from sembla.core.config import check_numbers
from sembla.core.errors import InputError


@dataclass(frozen=True)
class Settings:
    rate: float = 0.0
    width: int = 1
    delay: int = 0
    on: bool = False
    name: str = ""


def test_numbers_within_their_ranges_pass() -> None:
    check_numbers(Settings(), from_zero={"delay"})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("rate", -0.1, "rate -0.1 came; give a number of 0 or more"),
        ("rate", float("nan"), "rate nan"),
        ("rate", float("inf"), "rate inf"),
        ("width", 0, "width 0 came; give 1 or more"),
        ("delay", -1, "delay -1 came; give 0 or more"),
    ],
)
def test_others_are_refused(field: str, value: float, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_numbers(replace(Settings(), **{field: value}), from_zero={"delay"})  # type: ignore[arg-type]
