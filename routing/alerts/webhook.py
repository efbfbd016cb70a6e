"""Messages to a webhook: one POST of JSON. Its address is a secret, and never told."""

from collections.abc import Mapping
from typing import Any

import requests

WAIT = 10.0
"""Seconds to connect, and seconds for the answer."""


def post(url: str, body: Mapping[str, Any]) -> str | None:
    """Post ``body``. Return why it was not taken, None when it was: any 2xx.

    It follows no redirect: what is told should go nowhere but where the setting says.
    """
    try:
        with requests.post(
            url, json=body, timeout=WAIT, stream=True, allow_redirects=False
        ) as answer:
            if 300 <= answer.status_code < 400:
                return (
                    f"The webhook answered {answer.status_code}, a redirect, which is not "
                    "followed: set ALERT_WEBHOOK_URL to where it leads."
                )
            if not answer.ok:
                return f"The webhook answered {answer.status_code}."
    except requests.Timeout:
        return f"The webhook did not answer within {WAIT:g} seconds."
    except requests.exceptions.SSLError:
        return "The webhook has a certificate that is not trusted."
    except (requests.RequestException, OSError, ValueError) as error:
        return f"The webhook cannot be reached ({type(error).__name__})."
    return None
