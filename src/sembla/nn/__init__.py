"""Networks: frozen extractors of features, and where their weights come from. All but `weights` need PyTorch."""

__all__: list[str] = []
