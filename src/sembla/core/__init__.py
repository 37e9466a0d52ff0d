"""What all else rests on: errors, pictures and label maps, label sets, typed requests, memory."""

__all__: list[str] = []
