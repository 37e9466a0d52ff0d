"""The methods: five systems of one shape. Here so far: `analogy`, its instant engine."""

__all__: list[str] = []
