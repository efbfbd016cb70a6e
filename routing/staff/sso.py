"""The council's OpenID provider. Loaded when somebody signs in with it, not before."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.oidc.core.claims import CodeIDToken
from flask import current_app
from joserfc.errors import InvalidClaimError, JoseError
from requests import RequestException

from routing.errors import SignInError
from routing.store.accounts import Role, parse_roles

TIMEOUT_SECONDS = 5
"""Seconds to wait for each answer of the provider."""

_DOWN = "Your council's sign-in does not answer as it should. Try again in a moment."
NOT_CONFIRMED = "Your council's sign-in did not confirm who you are. Start again from this page."
_CLIENT_REFUSED = (
    "Your council's sign-in does not accept this service: OIDC_CLIENT_SECRET has expired or is "
    "wrong, or OIDC_CLIENT_ID is. Starting again does not help: whoever runs this service must set "
    "a new one."
)
_NOT_IN_DATE = (
    "Your council's sign-in did not confirm who you are: its answer is not in date by this "
    "machine's clock. If it happens again, one of the two clocks is wrong: whoever runs this "
    "service must set it right."
)
_MESSAGES = {
    "invalid_client": _CLIENT_REFUSED,
    "unauthorized_client": _CLIENT_REFUSED,
    "expired_token": _NOT_IN_DATE,
    "invalid_token": _NOT_IN_DATE,
}
"""What to say for an error code of the provider or of the libraries, by code."""


log = logging.getLogger(__name__)


class AccessDenied(SignInError):
    """The provider knows who it is, and says that they may not sign in here."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An unfinished sign-in: its state goes to the provider and back, the rest stays here."""

    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the provider describes them. ``roles`` is empty if it gives them none here."""

    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]


def begin(callback: str) -> tuple[str, Attempt]:
    """Return the URL of the provider's sign-in, and the attempt. Raise SignInError if it is down.

    The URL carries the attempt's state and nonce, and a PKCE challenge of its verifier.
    """
    try:
        client = _client()
        _check_metadata(client)
        request = client.create_authorization_url(callback)
        return request["url"], Attempt(request["state"], request["nonce"], request["code_verifier"])
    except _FAILURES as error:
        raise _refusal(error) from error


def identify(attempt: Attempt, answer: Mapping[str, str], callback: str) -> Identity:
    """Return whom the provider vouches for in the query that it sent back.

    Raise AccessDenied if it says that they may not sign in here, SignInError for anything else.
    ``attempt`` is the one with the state of that query. The ID token must be signed by the
    provider's keys, for us, by this very issuer, with the attempt's nonce, and in date.
    """
    issuer = current_app.config["OIDC_ISSUER"]
    if "error" in answer:
        refusal = _refusal(OAuthError(answer["error"]))
        raise AccessDenied(str(refusal)) if answer["error"] == "access_denied" else refusal
    try:
        client = _client()
        _check_metadata(client)
        token = client.fetch_access_token(
            callback, code=answer["code"], code_verifier=attempt.code_verifier
        )
        claims = client.parse_id_token(
            token,
            attempt.nonce,
            claims_cls=CodeIDToken,
            claims_options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True},
            },
        )
    except _FAILURES as error:
        raise _refusal(error) from error
    if claims is None:  # no ID token
        raise SignInError(NOT_CONFIRMED)
    return _identity(issuer, claims)


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
"""What the libraries raise for whatever a provider may send in place of what it should."""


def _identity(issuer: str, claims: Any) -> Identity:
    claim = claims.get(current_app.config["OIDC_ROLES_CLAIM"])
    granted = parse_roles(claim if isinstance(claim, list) else str(claim or "").split())
    name = claims.get("name") or claims.get("preferred_username") or "Somebody without a name"
    name = "".join(letter for letter in str(name) if letter.isprintable())  # for terminals
    return Identity(issuer, str(claims["sub"]), name[:100], granted)


def _check_metadata(client: Any) -> None:
    """Raise SignInError for a provider with another issuer: its tokens would be somebody else's."""
    issuer = client.load_server_metadata().get("issuer")
    if issuer != current_app.config["OIDC_ISSUER"]:
        raise SignInError(
            f"OIDC_ISSUER is {current_app.config['OIDC_ISSUER']}, but the provider there calls "
            f"itself {issuer}. Set OIDC_ISSUER to the single tenant's own issuer."
        )


def _client() -> Any:
    """Return the provider's client, created once in a process. Raise SignInError without one."""
    if not current_app.config["OIDC_ISSUER"]:
        raise SignInError("There is no council account to sign in with here.")
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
                "default_timeout": TIMEOUT_SECONDS,
            },
        )
        current_app.extensions["provider"] = oauth
    return oauth.council


def _refusal(error: Exception) -> SignInError:
    response = getattr(error, "response", None)
    code = str(getattr(error, "error", None) or getattr(response, "status_code", ""))
    if not re.fullmatch("[a-z0-9_]{1,40}", code):  # anybody can put anything into the query
        code = "no error code"
    log.warning("sign-in with the provider failed: %s %s", type(error).__name__, code)
    if isinstance(error, RequestException):
        return SignInError(_DOWN)
    if isinstance(error, InvalidClaimError) and error.claim in ("iat", "nbf"):  # in the future
        return SignInError(_NOT_IN_DATE)
    return SignInError(_MESSAGES.get(code, NOT_CONFIRMED))
