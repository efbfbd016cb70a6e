"""The staff pages: sign-in, on duty now, diverts, the rota, calls, changes, preview."""

from flask import Flask

from routing.staff import accounts, auth, diverts, history, now, people, rota, shifts


def init_app(app: Flask) -> None:
    """Register the staff pages and calendar feeds on ``app``, with their cookie and form tokens."""
    app.config.update(
        SESSION_COOKIE_NAME="staff",
        SESSION_COOKIE_PATH=auth.HOME,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # auth.require_login checks it, for staff pages only
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.url_map.converters["id"] = auth.IdConverter
    app.add_template_filter(auth.upfirst)
    app.add_template_filter(auth.mark_commands)
    auth.csrf.init_app(app)
    for module in (accounts, now, diverts, rota, shifts, people, history):
        app.register_blueprint(module.bp)
    app.register_blueprint(people.own_bp)
    app.register_blueprint(people.calendars_bp)
