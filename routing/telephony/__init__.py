"""The telephone's door: a caller is always connected.

It stands in front of Flask, which takes longer to find a page than a call takes to be answered;
and nothing that is done for pages can come between a caller and a line.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from routing.status import rehearsal_number
from routing.telephony import door, last_resort, sms, voice
from routing.telephony.accepted import Accepted
from routing.telephony.asked import Asked
from routing.telephony.last_resort import LastResort

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def init_app(app: Flask) -> None:
    """Put the door in front of ``app``."""
    app.extensions["accepted"] = Accepted(app.config["INSTANCE_PATH"])
    app.extensions["last_resort"] = LastResort(rehearsal_number(app.config))
    app.wsgi_app = Door(app)  # type: ignore[method-assign]


class Door:
    """Whatever is asked below /twilio; all else is for Flask.

    An address that there is not was mistyped at Twilio's: the caller is put through all the same.
    """

    def __init__(self, app: Flask) -> None:
        self.app, self.answers = app, app.wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if "twilio" not in environ["PATH_INFO"]:
            return self.answers(environ, start_response)
        asked = Asked(environ)
        if asked.parts[:1] != ("twilio",):
            return self.answers(environ, start_response)
        with self.app.app_context():
            found = answer(asked)
        if isinstance(found, Response):
            return found(environ, start_response)
        document = found.encode()
        kind = ("Content-Type", "text/xml; charset=utf-8")
        length = ("Content-Length", str(len(document)))
        start_response("200 OK", [kind, length, ("Cache-Control", "no-store")])
        return [document]


def answer(asked: Asked) -> Response | str:
    """Return the document that answers; or a refusal, of what Twilio did not sign.

    A fault of ours is answered with a document too.
    """
    parts = asked.parts[1:]
    text = parts[:1] == ("sms",)
    named = [each for each in parts if each not in ("voice", "sms")]
    service = named[0] if named else ""
    step = parts[2] if len(parts) == 3 and parts[0] == "voice" else ""
    try:
        refused = door.let_in(asked)
        if refused is not None:
            return refused
        if parts == door.CHECK:
            return voice.NOTHING
        return sms.answer(asked, service) if text else voice.answer(asked, service, step)
    except Exception as error:
        door.fault(error)
        return sms.OTHERWISE if text else voice.otherwise(service, step)


def at_start() -> None:
    """Make ready what no caller should wait for: the last resort, and the log's connection."""
    last_resort.at_start()
    door.call_log().write(lambda connection: None, patience=1.0)
