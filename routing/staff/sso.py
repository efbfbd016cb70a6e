"""The council's OpenID provider. Loaded when somebody signs in with it, not before."""

import logging
import re
from collections.abc import Mapping, Sequence
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
_DENIED = (
    "Your council's sign-in did not let you in. Start again from this page. If that does not help, "
    "ask the person who manages council accounts to let you use this service."
)
NOT_CONFIRMED = "Your council's sign-in did not confirm who you are. Start again from this page."
_REFUSED = (
    "Your council's sign-in did not confirm who you are: {code}. Start again from this page. If "
    "that does not help, tell whoever runs this service: a setting (OIDC_...) may be wrong."
)
_REJECTED_CLIENT = (
    "Your council's sign-in does not accept this service: OIDC_CLIENT_SECRET has expired or is "
    "wrong, or OIDC_CLIENT_ID is. Starting again does not help: whoever runs this service must "
    "set a new one."
)
_NOT_IN_DATE = (
    "Your council's sign-in did not confirm who you are: its answer is not in date by this "
    "machine's clock. If it happens again, one of the two clocks is wrong: whoever runs this "
    "service must set it right."
)
_MESSAGES = {
    "invalid_client": _REJECTED_CLIENT,
    "unauthorized_client": _REJECTED_CLIENT,
    "expired_token": _NOT_IN_DATE,
    "invalid_token": _NOT_IN_DATE,
    "server_error": _DOWN,
    "temporarily_unavailable": _DOWN,
}
"""What is wrong, by the error code of the provider or of the libraries."""

NO_ROLE = (
    "Your council account has no role in this service, and starting again does not help. Ask the "
    "person who manages council accounts to give you one: view, rota, divert or admin."
)
_TOO_MANY_GROUPS = (
    "Your council account has no role in this service that it can see: you are in more groups than "
    "Microsoft Entra puts into a sign-in, and starting again does not help. The person who manages "
    "council accounts can have it send only the groups assigned to this application, or app roles."
)
_NAME_CLAIMS = ("name", "preferred_username", "upn", "email")
"""Where a provider may say who somebody is, the best first."""

log = logging.getLogger(__name__)


class AccessDenied(SignInError):
    """The provider knows who it is, and says that they may not sign in here."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the provider describes them.

    If ``roles`` is empty, it gives them none here, and ``refusal`` tells them why.
    """

    subject: str
    name: str
    roles: frozenset[Role]
    refusal: str


def begin(callback: str, chooses_account: bool) -> tuple[str, tuple[str, str, str]]:
    """Return the URL of the provider's sign-in, and this attempt's state, nonce and PKCE verifier.

    With ``chooses_account``, the provider asks who it is even if somebody is signed in there. The
    state goes there and back, the rest stays here. Raise SignInError if the provider is down.
    """
    try:
        client = _client()
        options = {"prompt": "select_account"} if chooses_account else {}
        request = client.create_authorization_url(callback, **options)
        return request["url"], (request["state"], request["nonce"], request["code_verifier"])
    except _FAILURES as error:
        raise _refusal(error) from error


def sign_out_url(return_to: str) -> str | None:
    """Return the address that ends the session with the provider too, which then leads back here.

    None if the provider has none or is down.
    """
    try:
        client = _client()
        url: str = client.create_logout_url(return_to, client_id=client.client_id)["url"]
    except (SignInError, *_FAILURES) as error:
        log.warning("no sign-out with the provider: %s", type(error).__name__)
        return None
    return url if re.fullmatch(r"https?://[!-~]+", url) else None


def identify(nonce: str, code_verifier: str, answer: Mapping[str, str], callback: str) -> Identity:
    """Return whom the provider vouches for in the query that it sent back.

    Raise AccessDenied if it says that they may not sign in here, SignInError for anything else.
    Nonce and verifier are of the attempt with the state of that query. The ID token must be signed
    by the provider's keys, for us, by this very issuer, with that nonce, and in date.
    """
    if "error" in answer:
        refusal = _refusal(OAuthError(answer["error"]))
        raise AccessDenied(_DENIED) if answer["error"] == "access_denied" else refusal
    try:
        client = _client()
        code = answer["code"]
        token = client.fetch_access_token(callback, code=code, code_verifier=code_verifier)
        claims = client.parse_id_token(
            token,
            nonce,
            claims_cls=CodeIDToken,
            claims_options={
                "iss": {"essential": True, "value": current_app.config["OIDC_ISSUER"]},
                "aud": {"essential": True, "value": client.client_id},
                "sub": {"essential": True},
            },
        )
    except _FAILURES as error:
        raise _refusal(error) from error
    if claims is None:  # no ID token
        raise SignInError(NOT_CONFIRMED)
    return _identity(claims)


_FAILURES = (
    *(AuthlibBaseError, JoseError, RequestException, ArithmeticError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)
"""What the libraries raise for whatever a provider may send in place of what it should."""


def _identity(claims: Any) -> Identity:
    path, role_map = current_app.config["OIDC_ROLES_CLAIM"], current_app.config["OIDC_ROLES"]
    claim = _claim(claims, path)
    values = claim if isinstance(claim, list) else [claim]
    values = [str(value) for value in values if isinstance(value, str | int)]
    if not isinstance(claim, list):
        values += [word for value in values for word in re.split(r"[\s,;]+", value)]
    granted = parse_roles(_mapped(values, role_map) if role_map else values)
    names = (str(claims.get(key) or "") for key in _NAME_CLAIMS)
    printable = ("".join(filter(str.isprintable, name)).strip() for name in names)  # for terminals
    name = next(filter(None, printable), "Somebody without a name")
    refusal = "" if granted else _no_role(claims, path, claim)
    return Identity(str(claims["sub"]), name[:100], granted, refusal)


def _claim(claims: Any, path: str) -> Any:
    """Return what is at a dotted path, None if nothing is. A claim's own name may have dots too."""
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    names = [name for name in claims if path.startswith(f"{name}.")]
    below = (_claim(claims[name], path.removeprefix(f"{name}.")) for name in names)
    return next((claim for claim in below if claim is not None), None)


def _mapped(values: Sequence[str], role_map: str) -> list[str]:
    """Return the names of the roles that OIDC_ROLES gives some values, in any case."""
    entries = [entry.rpartition("=") for entry in role_map.split(";")]
    known = {value.casefold() for value in values}
    return [
        name.strip()
        for value, _, names in entries
        if value.strip().casefold() in known
        for name in names.split(",")
    ]


def _no_role(claims: Any, path: str, claim: Any) -> str:
    """Say why somebody has no role: too many groups for Entra, no such claim, or no such value."""
    elsewhere = claims.get("_claim_names")
    is_left_out = isinstance(elsewhere, Mapping) and path in elsewhere
    if claim is not None:
        problem, refusal = "no value of the claim gives a role", NO_ROLE
    elif is_left_out or (path == "groups" and claims.get("hasgroups")):
        problem, refusal = "Entra left the claim out, which is too long", _TOO_MANY_GROUPS
    else:
        problem = "the ID token has no such claim"
        refusal = f"{NO_ROLE} The sign-in said nothing of roles: it has no claim '{path}'."
    log.warning("sign-in refused: OIDC_ROLES_CLAIM is %s, and %s", path, problem)
    return refusal


def _client() -> Any:
    """Return the provider's client, created once in a process.

    Raise SignInError without a provider, and for one with another issuer than in the settings: its
    tokens would be somebody else's.
    """
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
                "scope": " ".join(dict.fromkeys(["openid", *config["OIDC_SCOPES"].split()])),
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_SECONDS,
            },
        )
        current_app.extensions["provider"] = oauth
    issuer = oauth.council.load_server_metadata().get("issuer")
    if issuer != current_app.config["OIDC_ISSUER"]:
        raise SignInError(
            f"OIDC_ISSUER is {current_app.config['OIDC_ISSUER']}, but the provider there calls "
            f"itself {issuer}. Set OIDC_ISSUER to the single tenant's own issuer."
        )
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
    return SignInError(_MESSAGES.get(code, _REFUSED.format(code=code)))
