"""Run folders: checkpoints, weights, logs and reports. Plain tensors and JSON; reading them runs no code."""

__all__: list[str] = []
