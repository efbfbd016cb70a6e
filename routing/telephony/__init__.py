"""Telephony: Twilio's webhooks, and what a call does. The caller is always connected."""

from flask import Flask

from routing.telephony import views
from routing.telephony.sms import TextLimits
from routing.telephony.views import connect_anyway, is_below_twilio

__all__ = ["connect_anyway", "init_app", "is_below_twilio", "warm_up"]


def init_app(app: Flask) -> None:
    """Register the webhooks on ``app``.

    The application's own error handlers must call ``connect_anyway`` for a path that
    ``is_below_twilio``: no blueprint sees a fault in opening the session.
    """
    app.extensions["fallbacks"] = {}
    app.extensions["text_limits"] = TextLimits(app.extensions["call_log"])
    app.register_blueprint(views.bp)


def warm_up() -> None:
    """Prepare what no caller should wait for: the fallbacks, and the call log's connection."""
    views.make_fallbacks()
    views.call_log().write(lambda connection: None, timeout=1.0)
