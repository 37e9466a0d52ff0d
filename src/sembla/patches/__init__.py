"""Nearest-neighbour fields between a target and a source: search, voting, exact neighbours, sliced distances."""

__all__: list[str] = []
