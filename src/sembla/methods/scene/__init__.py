"""Scenes: from a label map to a photo."""

__all__: list[str] = []
