"""The telephone's door: a caller is always connected."""

from flask import Flask, Response, request

from routing.status import rehearsal_number
from routing.storage.call_log import CallLog
from routing.telephony import door, last_resort, sms, voice
from routing.telephony.accepted import Accepted


def init_app(app: Flask) -> None:
    """Register the room's addresses on ``app``, with the log that calls write."""
    app.extensions["call_log"] = CallLog(app.extensions["writer"], app.config["CLOCK"])
    app.extensions["accepted"] = Accepted(app.config["INSTANCE_PATH"])
    app.extensions["last_resort"] = last_resort.LastResort(rehearsal_number(app.config))
    for part in (voice, sms):
        app.register_blueprint(part.bp)
    app.before_request(put_through)


def put_through() -> Response | None:
    """Answer an address under /twilio that there is not: somebody mistyped it at Twilio's.

    A redirect or a page of ours would cost the caller the answer.
    """
    if "twilio" not in request.path:
        return None
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] != ["twilio"] or request.blueprint in (voice.bp.name, sms.bp.name):
        return None
    door_of, asked = (sms, sms.answer) if parts[1:2] == ["sms"] else (voice, voice.begin)
    named = [part for part in parts[1:] if part not in ("voice", "sms")]
    try:
        return door.let_in() or asked(named[0] if named else "")
    except Exception as error:
        return door.answer_anyway(error, door_of.otherwise)


def at_start() -> None:
    """Make ready what no caller should wait for: the last resort, and the log's connection."""
    last_resort.at_start()
    door.call_log().write(lambda connection: None, patience=1.0)
