"""`report.html` of a run: curves and the last contact sheets, in one file that asks for nothing beyond itself."""

import base64
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sembla.runs.description import Description
from sembla.runs.folder import RunFolder, durable_file
from sembla.runs.log import read_log

__all__ = ["write_report"]

_WIDTH, _HEIGHT = 320, 120  # of a curve, in its own units
_POINTS = 320  # most of a curve
_SHEETS = 4  # most that are shown: the first, and the last of the others
_NOT_CURVES = {"step", "images", "seconds"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 70rem; padding: 2.5rem 1.5rem; font: 15px/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.6rem; font-weight: 400; }}
h2 {{ font-size: 1.1rem; margin-top: 2.5rem; }}
.curves {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1.5rem; }}
figure {{ margin: 0; }}
figcaption {{ font-size: 0.85rem; opacity: 0.8; }}
svg {{ width: 100%; height: auto; border: 1px solid #8885; }}
polyline {{ fill: none; stroke: #2f62c9; stroke-width: 1.5; vector-effect: non-scaling-stroke; }}
img {{ max-width: 100%; height: auto; }}
pre {{ overflow-x: auto; }}
@media (prefers-color-scheme: dark) {{ polyline {{ stroke: #8db0ff; }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def write_report(folder: RunFolder, description: Description) -> None:
    """Write the report from the log and the contact sheets. Raises `OutputError` where it cannot be written."""
    curves = _curves(folder.log)
    last = max((points[-1][0] for points in curves.values()), default=0)
    title = f"Training of {description.method}"
    drawn = "\n".join(_figure(name, points) for name, points in sorted(curves.items()))
    settings = html.escape(json.dumps(dict(description.config), indent=1))
    body = (
        f"<h1>{html.escape(title)}, {last} steps</h1>\n"
        f'<h2>Curves</h2>\n<div class="curves">\n{drawn or "None yet."}\n</div>\n'
        f"<h2>Previews</h2>\n{_previews(folder.previews) or 'None yet.'}\n"
        f"<h2>Settings</h2>\n<p>{html.escape(description.data)}</p>\n<pre>{settings}</pre>"
    )
    with durable_file(folder.report) as part:
        part.write_text(_PAGE.format(title=html.escape(title), body=body), encoding="utf-8")


def _curves(log: Path) -> Mapping[str, list[tuple[int, float]]]:
    """(step, value) by name."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for line in read_log(log):
        for name, value in line.items():
            if name not in _NOT_CURVES and isinstance(value, int | float):
                curves.setdefault(name, []).append((line["step"], float(value)))
    return curves


def _figure(name: str, points: Sequence[tuple[int, float]]) -> str:
    values = [value for _, value in points]
    least, most = min(values), max(values)
    said = f"{html.escape(name)}: {values[-1]:.4g} (least {least:.4g}, most {most:.4g})"
    end = max(1, points[-1][0])
    height = most - least or 1.0
    places = " ".join(
        f"{step / end * _WIDTH:.1f},{(most - value) / height * (_HEIGHT - 8) + 4:.1f}"
        for step, value in _thinned(points)
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}">'
        f'<polyline points="{places}"/></svg><figcaption>{said}</figcaption></figure>'
    )


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """At most as many points as can be told apart, each the mean of those it stands for."""
    size = -(-len(points) // _POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(s for s, _ in group) / len(group), sum(v for _, v in group) / len(group)) for group in groups]


def _previews(folder: Path) -> str:
    sheets = sorted(folder.glob("*.png"))
    chosen = [*sheets[:1], *sheets[1:][-(_SHEETS - 1) :]]
    return "\n".join(
        f'<figure><img alt="Contact sheet of step {int(path.stem)}" src="{_address(path)}">'
        f"<figcaption>Step {int(path.stem)}</figcaption></figure>"
        for path in chosen
    )


def _address(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
