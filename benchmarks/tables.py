"""Tables of results."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """A Markdown table; the keys of the first row are its heads."""
    heads = list(rows[0])
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(row[head]) for head in heads) + " |" for row in rows]
    return "\n".join(lines)


def load() -> float:
    """Processes that want to run, this one included: the mean of the last minute."""
    return round(os.getloadavg()[0], 1)


def publish(name: str, report: Mapping[str, Sequence[Mapping[str, object]]], *, head: str, machine: str) -> None:
    """Print a report, a table under each of its titles, and write it to results/NAME.md and results/NAME.json."""
    text = "\n\n".join([head, *(f"## {title}\n\n{table(rows)}" for title, rows in report.items())])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text + "\n")
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine, **report}, indent=1) + "\n")
    print(text)
