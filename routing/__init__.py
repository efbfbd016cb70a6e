"""Who do I call now? The application: which of a council's lines answers at any minute."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, current_app, request
from flask.cli import AppGroup
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from werkzeug.exceptions import HTTPException

from routing import config, logging_config, middleware, public, staff, telephony
from routing.errors import InvalidDirectory, UnknownService
from routing.public.pages import error_page
from routing.responses import problem
from routing.snapshot import SnapshotLoader
from routing.store.calls import CallLog
from routing.store.db import Database
from routing.store.diverts import DivertCache, DivertFile


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Build the app from the environment; ``settings`` take precedence over its variables.

    The directory and the database are not read yet: the first request reads them. Raise
    InvalidSetting when there is no clock or database to be had from them, or no time zone data. A
    setting of the wrong form otherwise counts as not set, and is logged.
    """
    app = Flask(__name__)
    app.config.from_mapping(config.read() | dict(settings or {}))
    config.ignore_malformed(app.config)
    logging_config.configure()
    for sentence in app.config["MALFORMED_SETTINGS"].values():
        app.logger.error("%s", sentence)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # its redirects would go to whatever Host was sent
    govuk_macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([app.jinja_loader, govuk_macros])  # type: ignore[list-item]
    _init_extensions(app)
    middleware.init_app(app)
    for package in (public, telephony, staff):
        package.init_app(app)
    app.cli = _LazyCommands()
    app.register_error_handler(HTTPException, _handle_http_exception)
    app.register_error_handler(UnknownService, _handle_unknown_service)
    app.register_error_handler(Exception, _handle_exception)
    return app


class _LazyCommands(AppGroup):
    """Every command, imported on first use: web workers need none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._commands().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return self._commands().get_command(ctx, name)

    def _commands(self) -> AppGroup:
        from routing import cli

        return cli.all_commands()


def _init_extensions(app: Flask) -> None:
    """Set up the database, caches and loader. A rehearsal has a database and files of its own."""
    folder, clock = Path(app.config["INSTANCE_PATH"]), app.config["CLOCK"]
    name = "rehearsal" if app.config.get("CLOCK_STARTS_AT") else "routing"
    database = Database(app.config["DATABASE_URL"], folder, f"{name}.sqlite")
    divert_file = DivertFile(folder / f"{name}-diverts.json")
    app.extensions["database"] = database
    app.extensions["divert_cache"] = DivertCache(database, divert_file, clock)
    app.extensions["call_log"] = CallLog(database, clock)
    app.extensions["snapshot_loader"] = SnapshotLoader(Path(app.config["DIRECTORY"]), folder, clock)


def _handle_http_exception(error: HTTPException) -> Response | HTTPException:
    """Answer programs with a problem document, and people with a page of every number."""
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    code = error.code or 500
    if error.response is not None or code < 400:
        return error
    if code == 404 and request.path.startswith("/api"):
        return problem(404, "This address is unknown. /openapi.json describes every address.")
    response = _error_response(code, error.description or error.name)
    for name, value in error.get_headers():  # such as Allow
        response.headers.setdefault(name, value)
    return response


def _handle_unknown_service(error: UnknownService) -> Response:
    return _error_response(404, str(error), services=error.known)


def _handle_exception(error: Exception) -> Response:
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    current_app.logger.exception("fault while answering %r", request.path)
    # Without a directory there is no number to show yet, but there may be soon.
    status = 503 if isinstance(error, InvalidDirectory) and not _is_for_programs() else 500
    return _error_response(status, "A fault of ours. In immediate danger call 999.")


def _error_response(status: int, detail: str, **members: Any) -> Response:
    return problem(status, detail, **members) if _is_for_programs() else error_page(status)


def _is_for_programs() -> bool:
    return request.path.startswith(("/api/", "/metrics", "/readyz", "/healthz", "/openapi"))
