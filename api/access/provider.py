"""The sign-in provider of a site, asked by OpenID Connect."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc.errors import JoseError

from api.access.signin import ProviderError
from classroom.access import OidcSettings

with warnings.catch_warnings():  # it would rather have httpx2, and says so to everybody who starts us
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App

_TIMEOUT_S = 10.0
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@contextmanager
def _told() -> Iterator[None]:
    """Whatever goes wrong on the way as a ProviderError."""
    try:
        yield
    except (OAuthError, JoseError, httpx.HTTPError, RuntimeError, KeyError, ValueError) as error:
        raise ProviderError(f"{type(error).__name__}: {str(error)[:300]}") from error


class Provider:
    """The sign-in provider, asked for its metadata and keys when first needed."""

    def __init__(self, settings: OidcSettings, client_secret: str) -> None:
        self._settings = settings
        registry = OAuth()
        registry.register(
            "provider",
            client_id=settings.client_id,
            client_secret=client_secret,
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(settings.scopes),
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_S,
            },
        )
        self._app: StarletteOAuth2App = registry.create_client("provider")

    async def begin(self, redirect_uri: str) -> dict[str, Any]:
        """Where to send the browser (``url``), and ``state``, ``nonce`` and ``code_verifier`` to remember.

        Raises:
            ProviderError: it cannot be asked.
        """
        with _told():
            await self._checked_metadata()
            begun: dict[str, Any] = await self._app.create_authorization_url(redirect_uri)
        return begun

    async def finish(self, begun: dict[str, Any], code: str, redirect_uri: str) -> dict[str, Any]:
        """The claims of who has signed in; signature, issuer, audience, nonce and times are checked.

        Raises:
            ProviderError: it cannot be asked, or is not believed.
        """
        with _told():
            return await self._claims(begun, code, redirect_uri)

    async def _claims(self, begun: dict[str, Any], code: str, redirect_uri: str) -> dict[str, Any]:
        await self._checked_metadata()
        token = await self._app.fetch_access_token(
            redirect_uri=redirect_uri, code=code, code_verifier=begun["code_verifier"]
        )
        if "id_token" not in token:
            raise OAuthError("no_id_token", "the provider told nobody's name; is openid among the scopes?")
        wanted = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "exp": {"essential": True},
            "sub": {"essential": True},
        }
        claims: dict[str, Any] = await self._app.parse_id_token(
            token, nonce=begun["nonce"], claims_options=wanted
        )
        return claims

    async def _checked_metadata(self) -> None:
        """Ask for the metadata, and believe neither another issuer nor a signature that anybody can make."""
        metadata = await self._app.load_server_metadata()
        if metadata.get("issuer") != self._settings.issuer:
            raise OAuthError("wrong_issuer", f"the provider calls itself {metadata.get('issuer')!r}")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [one for one in offered if one in _ALGORITHMS]
