"""The council's OpenID provider. Loaded when somebody signs in with it, not before."""

import logging
import re
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from authlib.oidc.core.claims import CodeIDToken
from flask import current_app
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response

from routing.errors import SignInRefused
from routing.storage.accounts import Role, roles

WAIT = 5
"""Seconds to wait for each answer of the provider."""

_DOWN = (
    "Your council's sign-in does not answer as it should. Try again in a moment. If it stays down "
    "and calls must be diverted, somebody at the server can use `flask divert`."
)
_REFUSED = "Your council's sign-in did not confirm who you are. Start again from this page."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Somebody as the provider describes them."""

    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]


def send(callback: str) -> Response:
    """Return a redirect to the provider. Raise SignInRefused when it does not answer.

    It carries a state, a nonce and a PKCE challenge, which the cookie remembers.
    """
    try:
        client = _client()
        _metadata(client)
        found: Response = client.authorize_redirect(callback)
    except _FAILURES as error:
        raise _refused(error) from error
    return found


def vouched() -> Claimed:
    """Return whom the provider vouches for in the request that it sent back. Raise SignInRefused.

    The state must be one of ours that was not used before; the ID token must be signed by the
    provider's keys, for us, by this very issuer, with the nonce of that state, and in date.
    """
    issuer = current_app.config["OIDC_ISSUER"]
    try:
        client = _client()
        _metadata(client)
        token = client.authorize_access_token(
            claims_cls=CodeIDToken,
            claims_options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True},
            },
        )
    except _FAILURES as error:
        raise _refused(error) from error
    claims = token.get("userinfo")
    if claims is None:  # no ID token, or no nonce to hold it against
        raise SignInRefused(_REFUSED)
    return _claimed(issuer, claims)


_FAILURES = (
    AuthlibBaseError,
    JoseError,
    RequestException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What comes of whatever a provider may send in the place of what it should."""


def _claimed(issuer: str, claims: Any) -> Claimed:
    given = claims.get(current_app.config["OIDC_ROLES_CLAIM"])
    granted = roles(given if isinstance(given, list) else str(given or "").split())
    if not granted:
        raise SignInRefused(
            "Your council account has no role in this service. Ask whoever looks after accounts to "
            "give you one: view, rota, divert or admin."
        )
    name = claims.get("name") or claims.get("preferred_username") or "Somebody without a name"
    name = "".join(each for each in str(name) if each.isprintable())  # terminals show it too
    return Claimed(issuer, str(claims["sub"]), name[:100], granted)


def _metadata(client: Any) -> None:
    """Refuse a provider that calls itself by another name: its tokens would be somebody else's."""
    found = client.load_server_metadata().get("issuer")
    if found != current_app.config["OIDC_ISSUER"]:
        raise SignInRefused(
            f"OIDC_ISSUER is {current_app.config['OIDC_ISSUER']}, but the provider there calls "
            f"itself {found}. Set OIDC_ISSUER to the single tenant's own issuer."
        )


def _client() -> Any:
    """Return the provider's client, made once in a process. Raise SignInRefused without one."""
    if not current_app.config["OIDC_ISSUER"]:
        raise SignInRefused("There is no council account to sign in with here.")
    oauth = current_app.extensions.get("provider")
    if oauth is None:
        config = current_app.config
        oauth = OAuth(current_app)
        oauth.register(
            "council",
            client_id=config["OIDC_CLIENT_ID"],
            client_secret=config["OIDC_CLIENT_SECRET"],
            server_metadata_url=f"{config['OIDC_ISSUER'].rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "default_timeout": WAIT,
            },
        )
        current_app.extensions["provider"] = oauth
    return oauth.council


def _refused(error: Exception) -> SignInRefused:
    response = getattr(error, "response", None)
    said = str(getattr(error, "error", None) or getattr(response, "status_code", ""))
    if not re.fullmatch("[a-z0-9_]{1,40}", said):  # whoever comes back here can say anything
        said = "no code of an error"
    log.warning("sign-in with the provider failed: %s %s", type(error).__name__, said)
    return SignInRefused(_DOWN if isinstance(error, RequestException) else _REFUSED)
