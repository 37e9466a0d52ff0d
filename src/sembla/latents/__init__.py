"""Codes of a trained generator, looked for so that what it makes fits what is known."""

__all__: list[str] = []
