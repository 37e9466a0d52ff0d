"""How good a picture is: pixel differences, and agreement with a layout and a single source."""

__all__: list[str] = []
