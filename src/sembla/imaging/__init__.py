"""Pictures and label maps: files, colours to classes, scribbles and segments, contact sheets, moving pictures."""

__all__: list[str] = []
