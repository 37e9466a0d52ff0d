"""Data sets: label sets by name, readers of the known layouts, and what makes one layout of them all."""

__all__: list[str] = []
