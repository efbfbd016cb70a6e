"""The telephone's door: a caller is always connected."""

from flask import Flask

from routing.storage.call_log import CallLog
from routing.telephony import door, last_resort, sms, voice
from routing.telephony.accepted import Accepted


def init_app(app: Flask) -> None:
    """Register the room's addresses on ``app``, with the log that calls write."""
    app.extensions["call_log"] = CallLog(app.extensions["database"], app.config["CLOCK"])
    app.extensions["accepted"] = Accepted(app.config["INSTANCE_PATH"])
    app.extensions["last_resort"] = last_resort.LastResort(door.rehearsal_number(app.config))
    for part in (voice, sms):
        app.register_blueprint(part.bp)


def at_start() -> None:
    """Make ready what no caller should wait for: the last resort, and the log's connection."""
    last_resort.current()
    door.call_log().write(lambda connection: None, patience=1.0)
