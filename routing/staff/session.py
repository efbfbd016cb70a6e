"""Whose browser it is: the cookie of staff pages, the account behind it, and where to go next."""

import re
from urllib.parse import urlsplit

from flask import Flask, Request, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from routing import files, lookup
from routing.config import SESSION_TOKEN_KEY
from routing.store import accounts
from routing.store.accounts import LOCAL, Account

HOME = "/staff"

MAX_NEXT_URL_CHARS = 300
"""How long an address to go to after sign-in may be: the cookie holds up to three of them."""

ACCOUNT_KEY = "account"
"""Under which the cookie holds whose session it was, also once that has ended."""

ATTEMPTS_KEY = "attempts"
"""Under which the cookie holds unfinished sign-ins with the provider."""

_STAFF_PATH = re.compile(rf"{HOME}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""A staff page's path as this service writes it: no empty or dotted segment, nothing encoded."""

_LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


class StaffSessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, read and sent on staff pages only.

    A caller's request neither reads the cookie nor waits for the disk that holds its key.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds; on any other page a session that cannot be changed."""
        if request.path != HOME and not request.path.startswith(f"{HOME}/"):
            return self.make_null_session(app)
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie. Without SECRET_KEY, load or create the key's file.

        That happens at the first staff page rather than in ``create_app``: a command run as root
        would create a file that the web server's user cannot read.
        """
        if not app.secret_key:
            app.secret_key = files.load_secret_key(lookup.instance_path())
        return super().get_signing_serializer(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return False only for plain http on this very machine, with no proxy in between.

        Where PUBLIC_BASE_URL is https, the cookie is always secure: a proxy beside this process may
        look like this machine.
        """
        if (app.config["PUBLIC_BASE_URL"] or "").startswith("https://"):
            return True
        host = urlsplit(f"//{request.host}").hostname
        is_local = request.remote_addr in _LOOPBACK_ADDRESSES and (
            host in _LOOPBACK_ADDRESSES or host == "localhost"
        )
        return not (
            is_local and request.scheme == "http" and "X-Forwarded-For" not in request.headers
        )


def current_account() -> Account:
    """Return the account that has signed in. Only in views that require it."""
    account: Account = g.account
    return account


def start_browser_session(account: Account, token: str) -> None:
    """Put a new session in place of this browser's. Raise DatabaseUnavailable."""
    earlier, attempts = session.get(SESSION_TOKEN_KEY), session.get(ATTEMPTS_KEY, [])
    if isinstance(earlier, str):
        with lookup.database().writing() as connection:
            accounts.end_session(connection, earlier)
    session.clear()  # whoever planted a cookie before does not share the session
    session[SESSION_TOKEN_KEY], session[ACCOUNT_KEY] = token, account.id
    if attempts:  # of other tabs
        session[ATTEMPTS_KEY] = attempts


def signed_in_account() -> Account | None:
    """Return who has signed in in this browser, None for nobody. Raise DatabaseUnavailable."""
    token = session.get(SESSION_TOKEN_KEY)
    if not isinstance(token, str):
        return None
    with lookup.database().reading() as connection:
        return accounts.find_by_session(connection, token, lookup.now(), issuer())


def issuer() -> str:
    """Return whom people sign in with: the council's provider, or LOCAL without one."""
    return current_app.config["OIDC_ISSUER"] or LOCAL


def safe_next_url(address: str | None) -> str:
    """Return the address if it is a staff page's path as we write it, with any query; else HOME.

    A browser reads ``..``, ``%2e``, ``//`` and backslashes its own way. No path of ours has them,
    so all are refused.
    """
    address = address or ""
    path = address.partition("?")[0]
    is_plain = address.isprintable() and "\\" not in address and "#" not in address
    if is_plain and len(address) <= MAX_NEXT_URL_CHARS and _STAFF_PATH.fullmatch(path):
        return address
    return HOME
