"""Who do I call now? A council's lines, hours and bank holidays, answered at any minute."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, current_app, request
from flask.cli import AppGroup
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from werkzeug.exceptions import HTTPException

from routing import api, config, logs, site, staff, telephony
from routing.errors import BadSetting, DirectoryInvalid
from routing.facts import Sources
from routing.formats.answer_cache import AnswerCache
from routing.formats.problem import problem
from routing.headers import HTTPS_ONLY, SECURITY_HEADERS
from routing.site import last_resort, sorry
from routing.storage.db import Database
from routing.storage.kept import Kept
from routing.storage.readings import Readings
from routing.storage.writer import Writer


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Build the app from the environment, with ``settings`` in place of what they name.

    It does not read the directory: the first question does. Raise BadSetting when a setting
    cannot be used or the machine lacks zone data.
    """
    app = Flask(__name__)
    app.config.from_mapping(config.read() | dict(settings or {}))
    config.check(app.config)
    logs.set_up(app.config["LOG_FORMAT"])
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # its redirects would lead to whatever host is asked for
    app.extensions["sources"] = Sources(
        Path(app.config["DIRECTORY"]), Path(app.config["INSTANCE_PATH"]), app.config["CLOCK"]
    )
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([app.jinja_loader, macros])  # type: ignore[list-item]
    app.extensions["answer_cache"] = AnswerCache()
    _connect(app)
    for room in (api, site, telephony, staff):
        room.init_app(app)
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
        from routing import commands

        return commands.every()


def _connect(app: Flask) -> None:
    """Give the app its database, which nobody asks yet. A rehearsal has files of its own."""
    folder, rehearsal = Path(app.config["INSTANCE_PATH"]), app.config.get("CLOCK_STARTS_AT")
    name = "rehearsal" if rehearsal else "routing"
    database = Database(app.config["DATABASE_URL"], folder, f"{name}.sqlite")
    if not database.is_sqlite and not app.config["SECRET_KEY"]:
        raise BadSetting(
            "SECRET_KEY is not set, and DATABASE_URL is for several machines: they must sign "
            "cookies alike. Set it to the same long random text on each, such as that of "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`."
        )
    app.extensions["database"] = database
    kept = Kept(folder / f"{name}-diverts.json")
    app.extensions["writer"] = writer = Writer(database)
    app.extensions["readings"] = Readings(writer, kept, app.config["CLOCK"])


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
        return last_resort.page()
    return sorry.not_found() if code == 404 else sorry.refused(code)


def _mend(error: Exception) -> Response:
    """A fault of ours: log it, and still show people every number."""
    if telephony.is_below_twilio(request.path):
        return telephony.connect_anyway(error)
    current_app.logger.exception("fault while answering %r", request.path)
    if _for_programs():
        return problem(500, "A fault of ours. In immediate danger call 999.")
    if isinstance(error, DirectoryInvalid):  # there are no numbers to show yet
        return last_resort.page(503)
    return sorry.fault()


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
