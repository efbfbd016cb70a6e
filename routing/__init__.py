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
from routing.public import error_pages
from routing.public.answer_cache import AnswerCache
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
    app.extensions["answer_cache"] = AnswerCache()
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

        return cli.all_commands()


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
    """Answer programs with a problem document and people with a page of every number."""
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    if error.response is not None or (error.code or 500) < 400:
        return error
    answer = _refusal(error.code or 500, error.description or error.name)
    for name, value in error.get_headers():  # which methods are allowed, among others
        answer.headers.setdefault(name, value)
    return answer


def _refusal(code: int, words: str) -> Response:
    if _for_programs():
        return problem(code, words)
    if code == 500:  # the page that shows faults has a fault itself
        return error_pages.static_page()
    return error_pages.not_found() if code == 404 else error_pages.client_error(code)


def _mend(error: Exception) -> Response:
    """A fault of ours: log it, and still show people every number."""
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    current_app.logger.exception("fault while answering %r", request.path)
    if _for_programs():
        return problem(500, "A fault of ours. In immediate danger call 999.")
    if isinstance(error, InvalidDirectory):  # there are no numbers to show yet
        return error_pages.static_page(503)
    return error_pages.server_error()


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
