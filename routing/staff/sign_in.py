"""Signing in and out: with the council's provider, or with an account of this service."""

from flask import Response, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry
from routing.errors import SignInRefused
from routing.staff import access
from routing.staff.access import HOME, TOKEN, anyone, part
from routing.staff.pages import page
from routing.storage import accounts, passwords, sessions
from routing.storage.accounts import Person

bp = part("sign_in")

_WRONG = "The name or the password is wrong."


@bp.get("/sign-in")
@anyone
def ask() -> Response:
    """Ask who it is."""
    return _form()


@bp.post("/sign-in")
@anyone
def check() -> AnyResponse:
    """Check a name and a password of this service's own; not where there is a provider."""
    if current_app.config["OIDC_ISSUER"]:
        return _form("Sign in with your council account.", 403)
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")
    try:
        return _come_in(*_local(name, password))
    except SignInRefused as error:
        return _form(str(error), 403, name)


@bp.get("/sign-in/provider")
@anyone
def to_provider() -> AnyResponse:
    """Send whoever asks to the council's provider."""
    from routing.staff import provider

    session.clear()  # each try leaves a state behind, and a browser keeps 4 KB of cookie at most
    session["next"] = access.after_sign_in(request.args.get("next"))
    try:
        return provider.send(_callback())
    except SignInRefused as error:
        return _form(str(error), 503)


@bp.get("/sign-in/callback")
@anyone
def from_provider() -> AnyResponse:
    """Let in whom the provider vouches for, if it gives them a role."""
    from routing.staff import provider

    try:
        claimed = provider.vouched()
    except SignInRefused as error:
        return _form(str(error), 403)
    at = enquiry.now()
    with enquiry.database().writing() as connection:
        found = accounts.came_in(
            connection, claimed.issuer, claimed.subject, claimed.name, claimed.roles, at
        )
        token = sessions.start(connection, found, at)
    return _come_in(token, session.get("next"))


@bp.post("/sign-out")
def leave() -> AnyResponse:
    """End this session, or with ``everywhere`` all of this person's."""
    with enquiry.database().writing() as connection:
        if request.form.get("everywhere"):
            sessions.end_all(connection, access.person())
        else:
            sessions.end(connection, session[TOKEN])
    session.clear()
    return redirect(url_for("sign_in.ask", left="yes"))


def _local(name: str, password: str) -> tuple[str, str | None]:
    """Return a new session's token, and where to go. Raise SignInRefused."""
    database, at = enquiry.database(), enquiry.now()
    with database.writing() as connection:
        passwords.attempt(connection, name, at)
        found = accounts.named(connection, name)
    if not passwords.is_right(password, found[1] if found else None):
        raise SignInRefused(_WRONG)
    with database.writing() as connection:
        again = accounts.named(connection, name)
        if again is None or again != found:
            raise SignInRefused(_WRONG)  # removed, or given another password, meanwhile
        passwords.forget(connection, name)
        person: Person = again[0]
        return sessions.start(connection, person, at), request.form.get("next")


def _come_in(token: str, asked: str | None) -> AnyResponse:
    earlier = session.get(TOKEN)
    if isinstance(earlier, str):
        with enquiry.database().writing() as connection:
            sessions.end(connection, earlier)
    session.clear()  # whoever planted a cookie before does not share the session
    session[TOKEN] = token
    return redirect(access.after_sign_in(asked))


def _form(refusal: str = "", status: int = 200, name: str = "") -> Response:
    return page(
        "sign_in.html",
        status=status,
        signed_in=False,
        refusal=refusal,
        name=name,
        provider=current_app.config["OIDC_ISSUER"],
        left="left" in request.args,
        next=access.after_sign_in(request.values.get("next")),
    )


def _callback() -> str:
    home = (current_app.config["PUBLIC_BASE_URL"] or request.url_root).rstrip("/")
    return f"{home}{HOME}/sign-in/callback"
