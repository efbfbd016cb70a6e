"""Whether Twilio signed a request: by the address as it was written, never as it was decoded.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import hmac
import logging
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from twilio import request_validator as twilio

log = logging.getLogger(__name__)

Form = Iterable[tuple[str, str]]
SIGNATURE, SETTINGS = twilio.SIGNATURE_HEADER, twilio.SIGNATURE_SETTINGS_HEADER
"""The headers in which Twilio sends its signature, and how that is made."""

LONGEST_BODY = 500_000
"""Bytes of a request that are read: Twilio's own are a few thousand. What is longer is refused
unread, and a proxy that is still sending it may call that a fault of ours."""

MOST_VALUES = 2000
"""Values of a request that are read: Twilio's own are some thirty."""


def signed(
    address: str, form: Form, given: str, settings: str | None, tokens: Iterable[str]
) -> bool:
    """Say whether ``given`` is the signature, with one of some tokens, of an address and a form.

    The address is that which Twilio was told, with the target as it was written: nothing that a
    proxy says of host, scheme or prefix counts. ``settings`` is what Twilio says of how it signed.
    """
    try:
        algorithm, values = twilio.get_signature_algorithm(settings), _Values(form)
        return any(
            _equal(signature(token, each, values, algorithm), given)
            for token in tokens
            for each in spellings(address)
        )
    except Exception as error:
        log.info("a request whose signature cannot be checked: %r", type(error))
        return False


def signature(token: str, address: str, form: Any, algorithm: str = twilio.HMAC_SHA1) -> str:
    """Return the signature for an address and the values of a form.

    Raise ValueError for an algorithm that Twilio's library does not know.
    """
    return str(twilio.RequestValidator(token).compute_signature(address, form, algorithm))


def spellings(address: str) -> Iterator[str]:
    """Yield an address as given, and with and without its port: Twilio signs either."""
    yield address
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.netloc
    host = host.rpartition(":")[0] if parts.port and host == parts.netloc else host
    scheme, _, rest = address.partition("://")
    after = rest[len(parts.netloc) :]
    port = parts.port or (443 if scheme == "https" else 80)
    ported = (f"{scheme}://{host}{after}", f"{scheme}://{host}:{port}{after}")
    yield from ported
    if "?" not in after:  # a bare one is signed, and lost on the way through a proxy
        yield from (f"{each}?" for each in (address, *ported))


class _Values(dict[str, list[str]]):
    """A form as Twilio's library reads it: the values of each name."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        for name, value in form:
            self.setdefault(name, []).append(value)

    getall = dict.__getitem__


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
