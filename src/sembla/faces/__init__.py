"""Faces: where their 68 points are, what map they make, who it is. Only `detection` needs the extra `faces`."""

__all__: list[str] = []
