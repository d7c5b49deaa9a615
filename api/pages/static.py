"""The few files that pages load: read once, addressed by content so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi.responses import Response

FOLDER = Path(__file__).parents[1] / "static"

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file in memory; ``version`` is a hash of its content."""

    name: str
    content: bytes
    version: str

    @property
    def address(self) -> str:
        """Where pages find this very content."""
        return f"/static/{self.name}?v={self.version}"

    def response(self, if_none_match: str | None, asked_version: str | None) -> Response:
        """The file, or 304 where the browser has it; to be kept for ever if asked for by its version."""
        kept = "public, max-age=31536000, immutable" if asked_version == self.version else "no-cache"
        headers = {"ETag": f'"{self.version}"', "Cache-Control": kept}
        if if_none_match == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type=_MEDIA_TYPES[Path(self.name).suffix])


def load_static() -> dict[str, StaticFile]:
    """Every static file by name."""
    return {
        path.name: StaticFile(path.name, content, hashlib.sha256(content).hexdigest()[:12])
        for path in sorted(FOLDER.iterdir())
        if path.suffix in _MEDIA_TYPES
        for content in (path.read_bytes(),)
    }
