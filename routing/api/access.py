"""Bearer tokens: what opens internal numbers, metrics and the words of the readiness check."""

import hmac

from flask import current_app, request


def bearer(setting: str) -> bool:
    """Say whether the request carries the token of that setting. Without one set, never."""
    token: str | None = current_app.config.get(setting)
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())
