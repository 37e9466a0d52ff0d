"""Outlines of the bundled examples: one module a photo, each with a `draw` function."""
