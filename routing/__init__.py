"""Who do I call now? A council's lines, hours and bank holidays, answered at any minute."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, current_app, request
from flask.cli import AppGroup
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from werkzeug.exceptions import HTTPException

from routing import concurrency, config, logging_config, public, staff, telephony
from routing.errors import InvalidDirectory, InvalidSetting
from routing.public.error_pages import error_page
from routing.responses import HTTPS_ONLY, SECURITY_HEADERS, problem
from routing.snapshot import SnapshotLoader
from routing.store.call_log import CallLog
from routing.store.db import Database
from routing.store.divert_cache import DivertCache, DivertFile


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Build the app from the environment, with ``settings`` in place of what they name.

    It does not read the directory: the first question does. Raise InvalidSetting when a setting
    cannot be used or the machine lacks zone data.
    """
    app = Flask(__name__)
    app.config.from_mapping(config.read() | dict(settings or {}))
    config.check(app.config)
    logging_config.configure(app.config["LOG_FORMAT"])
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # its redirects would lead to whatever host is asked for
    app.extensions["sources"] = SnapshotLoader(
        Path(app.config["DIRECTORY"]), Path(app.config["INSTANCE_PATH"]), app.config["CLOCK"]
    )
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([app.jinja_loader, macros])  # type: ignore[list-item]
    _connect(app)
    concurrency.init_app(app)
    for package in (public, telephony, staff):
        package.init_app(app)
    app.cli = _Commands()
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(Exception, _mend)
    app.after_request(_security_headers(app.config["PUBLIC_BASE_URL"]))
    return app


class _Commands(AppGroup):
    """Every command, loaded once a terminal asks: a web worker has no use for what they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._loaded().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return self._loaded().get_command(ctx, name)

    def _loaded(self) -> AppGroup:
        from routing import cli

        return cli.every()


def _connect(app: Flask) -> None:
    """Give the app its database, which nobody asks yet. A rehearsal has files of its own."""
    folder, rehearsal = Path(app.config["INSTANCE_PATH"]), app.config.get("CLOCK_STARTS_AT")
    name = "rehearsal" if rehearsal else "routing"
    database = Database(app.config["DATABASE_URL"], folder, f"{name}.sqlite")
    if not database.is_sqlite and not app.config["SECRET_KEY"]:
        raise InvalidSetting(
            "SECRET_KEY is not set, and DATABASE_URL is for several machines: they must sign "
            "cookies alike. Set it to the same long random text on each, such as that of "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`."
        )
    app.extensions["database"] = database
    kept = DivertFile(folder / f"{name}-diverts.json")
    app.extensions["readings"] = DivertCache(database, kept, app.config["CLOCK"])
    app.extensions["call_log"] = CallLog(database, app.config["CLOCK"])


def _refuse(error: HTTPException) -> Response | HTTPException:
    """Answer an HTTP error: with a problem document for programs, and a page for people."""
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    if error.response is not None or (error.code or 500) < 400:
        return error
    response = _error_response(error.code or 500, error.description or error.name)
    for name, value in error.get_headers():  # such as Allow
        response.headers.setdefault(name, value)
    return response


def _mend(error: Exception) -> Response:
    """Log an unexpected exception, and answer as for an HTTP error."""
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    current_app.logger.exception("fault while answering %r", request.path)
    # Without a directory there is no number to show yet, but there may be soon.
    status = 503 if isinstance(error, InvalidDirectory) and not _for_programs() else 500
    return _error_response(status, "A fault of ours. In immediate danger call 999.")


def _error_response(status: int, detail: str) -> Response:
    return problem(status, detail) if _for_programs() else error_page(status)


def _for_programs() -> bool:
    return request.path.startswith(("/api/", "/metrics", "/readyz", "/healthz", "/openapi"))


def _security_headers(public_base_url: str | None) -> Callable[[Response], Response]:
    """Return a function that adds SECURITY_HEADERS to a response, where it has none of its own.

    Where the public address is https, browsers are told to use https only.
    """
    headers = dict(SECURITY_HEADERS)
    if (public_base_url or "").startswith("https://"):
        headers["Strict-Transport-Security"] = HTTPS_ONLY

    def add(response: Response) -> Response:
        own = {name.lower() for name, _ in response.headers}
        missing = [(name, value) for name, value in headers.items() if name.lower() not in own]
        response.headers.extend(missing)
        return response

    return add
