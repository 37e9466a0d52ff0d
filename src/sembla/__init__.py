"""Sembla: say what is where, get the picture."""
