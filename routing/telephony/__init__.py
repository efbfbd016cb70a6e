"""Telephony: Twilio's webhooks, and what a call does. The caller is always connected."""

from routing.telephony.views import connect_anyway, init_app, is_below_twilio, warm_up

__all__ = ["connect_anyway", "init_app", "is_below_twilio", "warm_up"]
