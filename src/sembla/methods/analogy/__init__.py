"""Semantic image analogy: one photo, its label map and a new layout become the photo re-laid-out."""

__all__: list[str] = []
