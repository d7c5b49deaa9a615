"""A small OpenID Connect provider: a real HTTP server with real keys, which can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "klimat", "a secret of ours"


@dataclass
class Provider:
    """Signs in whoever comes, as the person in ``claims``; the knobs make it lie."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    own_issuer: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    signing_key: RSAKey | None = None
    unsigned: bool = False
    drop_id_token: bool = False
    refuse: bool = False
    keys: list[RSAKey] = field(default_factory=lambda: [new_key()])
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def rotate(self) -> None:
        """From now on sign with another key."""
        self.keys = [new_key()]

    def document(self) -> dict[str, Any]:
        """The metadata."""
        return {
            "issuer": self.own_issuer or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.metadata,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.asked.append(query)
        if self.refuse:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens for a code; None if something does not fit."""
        asked = self.codes.pop(form.get("code", ""), None)
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {expected.replace(' ', '+')}":
            return None
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if asked.get("code_challenge") != challenge or asked.get("code_challenge_method") != "S256":
            return None
        answer: dict[str, Any] = {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer"}
        return answer if self.drop_id_token else answer | {"id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        """Who has signed in, signed."""
        now = int(time.time())
        base = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {name: value for name, value in {**base, **self.claims}.items() if value is not None}
        if self.unsigned:
            parts = ({"alg": "none"}, claims)
            return ".".join(_encoded(part) for part in parts) + "."
        key = self.signing_key or self.keys[0]
        return jwt.encode({"alg": "RS256", "kid": self.keys[0].kid}, claims, key)


def new_key() -> RSAKey:
    """A fresh key with an id."""
    return RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(4)}, private=True)


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                self._json(provider.document())
            elif parts.path == "/keys":
                self._json({"keys": [key.as_dict(private=False) for key in provider.keys]})
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            else:
                self._json({"error": "not_found"}, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = provider.token(form, self.headers.get("Authorization", ""))
            self._json(found or {"error": "invalid_grant"}, 200 if found else 400)

        def _json(self, document: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
