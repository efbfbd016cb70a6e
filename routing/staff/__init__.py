"""The staff door: who may come in, where calls go now, diverts, the record, any other time."""

from flask import Flask

from routing.staff import (
    audit,
    auth,
    calendars,
    calls,
    diverts,
    fill,
    my_shifts,
    now,
    people,
    preview,
    rota,
    shifts,
    sign_in,
)


def init_app(app: Flask) -> None:
    """Register the room's pages on ``app``, and the cookie that only they get."""
    app.session_interface = auth.StaffSessionInterface()
    app.url_map.converters["int"] = auth.IdConverter
    app.extensions["csrf"] = auth.csrf
    app.config.update(
        SESSION_COOKIE_NAME="staff",
        SESSION_COOKIE_PATH=auth.HOME,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    auth.csrf.init_app(app)
    on_the_rota = (rota, shifts, fill, people, my_shifts, calendars)
    for page in (sign_in, now, diverts, *on_the_rota, calls, audit, preview):
        app.register_blueprint(page.bp)
