"""Paths into JSON.

``data.sensors[0].temp``, ``["km103.rtemp"]`` for keys with dots, ``$`` for the whole payload.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_STEP = re.compile(r"""(?:^|\.)([^.\[\]"'$]+)|\[(\d{1,4})\]|\[(?:"([^"]+)"|'([^']+)')\]""")


def parse_path(text: str) -> Path:
    """The steps of a path; none for ``$``.

    Raises:
        ValueError: it is no path.
    """
    rest = text.strip()
    if rest.startswith("$"):
        rest = rest[1:].removeprefix(".")
        if not rest:
            return ()
    steps: list[str | int] = []
    position = 0
    while position < len(rest):
        found = _STEP.match(rest, position)
        if found is None or (position and rest[position] not in ".["):
            raise ValueError('no path; write like data.sensors[0].temp, ["a key.with dots"] or $')
        steps.append(int(found[2]) if found[2] else found[1] or found[3] or found[4])
        position = found.end()
    if not steps:
        raise ValueError('no path; write like data.sensors[0].temp, ["a key.with dots"] or $')
    return tuple(steps)


def step(root: object, path: Path) -> object:
    """What stands at a path, None where it leads nowhere."""
    for each in path:
        if isinstance(each, str):
            root = root.get(each) if isinstance(root, dict) else None
        else:
            root = root[each] if isinstance(root, list) and each < len(root) else None
    return root
