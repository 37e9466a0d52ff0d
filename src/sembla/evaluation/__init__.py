"""Runs of scores over folders, case sets and sequences, and the reports, comparisons and user studies made of them."""

__all__: list[str] = []
