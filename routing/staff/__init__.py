"""The staff door: who may come in, where calls go now, diverts, the record, any other time."""

from flask import Flask

from routing.staff import (
    access,
    calls,
    changes,
    diverts,
    feeds,
    fill,
    mine,
    now,
    people,
    preview,
    rota,
    shifts,
    sign_in,
)


def init_app(app: Flask) -> None:
    """Register the room's pages on ``app``, and the cookie that only they get."""
    app.session_interface = access.StaffCookie()
    app.url_map.converters["int"] = access.Number
    app.extensions["csrf"] = access.csrf
    app.config.update(
        SESSION_COOKIE_NAME="staff",
        SESSION_COOKIE_PATH=access.HOME,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    access.csrf.init_app(app)
    on_the_rota = (rota, shifts, fill, people, mine, feeds)
    for page in (sign_in, now, diverts, *on_the_rota, calls, changes, preview):
        app.register_blueprint(page.bp)
