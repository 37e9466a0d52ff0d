"""The verbs of the command line: one frozen dataclass a verb, its fields are the options, `run` does it."""

__all__: list[str] = []
