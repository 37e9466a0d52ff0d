"""Training of any method: turns between players, and observers that watch, average, preview and save."""

__all__: list[str] = []
