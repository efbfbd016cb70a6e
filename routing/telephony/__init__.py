"""Telephony: Twilio's webhooks, and what a call does. The caller is always connected."""

from flask import Flask

from routing.telephony import views
from routing.telephony.acceptance_marks import AcceptanceMarks
from routing.telephony.fallback import FallbackTwiml, fallback_twiml
from routing.telephony.sms import TextLimits, secret_key
from routing.telephony.views import connect_anyway, is_below_twilio

__all__ = ["connect_anyway", "init_app", "is_below_twilio", "warm_up"]


def init_app(app: Flask) -> None:
    """Register the webhooks on ``app``.

    The application's own error handlers must call ``connect_anyway`` for a path that
    ``is_below_twilio``: no blueprint sees a fault in opening the session.
    """
    app.extensions["acceptance_marks"] = AcceptanceMarks(app.config["INSTANCE_PATH"])
    app.extensions["fallback_twiml"] = FallbackTwiml()
    app.extensions["text_limits"] = TextLimits(app.extensions["call_log"], secret_key)
    app.register_blueprint(views.bp)


def warm_up() -> None:
    """Prepare what no caller should wait for: the fallbacks, and the call log's connection."""
    fallback_twiml().refresh()
    views.call_log().write(lambda connection: None, timeout=1.0)
