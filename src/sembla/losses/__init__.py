"""Losses: tensors in, scalars out; each names its equation. They know no method and no network. All need PyTorch."""

__all__: list[str] = []
