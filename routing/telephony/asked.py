"""What is asked at the telephone's door, read as far as it can be: nothing in it is trusted yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from werkzeug.wsgi import get_input_stream

from routing.signature import LONGEST_BODY, MOST_VALUES

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

Pairs = list[tuple[str, str]]
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Asked:
    """A request: its method, its address in parts, and whatever came with it."""

    environ: "WSGIEnvironment"

    @property
    def method(self) -> str:
        """Return GET, POST, or what it is."""
        return str(self.environ["REQUEST_METHOD"])

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Return what stands between the slashes of the path."""
        path = str(self.environ["PATH_INFO"]).encode("latin-1").decode(errors="replace")
        return tuple(part for part in path.split("/") if part)

    @property
    def target(self) -> str:
        """Return path and query as they were written, before anybody decoded them."""
        return self.environ.get("RAW_URI") or self.environ.get("REQUEST_URI") or ""

    def header(self, name: str) -> str | None:
        """Return a header; None where it was not sent."""
        found: str | None = self.environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return found

    @cached_property
    def form(self) -> Pairs:
        """Return the form that was sent; nothing where it is another kind of body.

        Raise werkzeug.exceptions.RequestEntityTooLarge, OSError, ValueError.
        """
        kind = self.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if self.method != "POST" or kind != FORM:
            return []
        stream = get_input_stream(self.environ, max_content_length=LONGEST_BODY)
        return _pairs(stream.read().decode())

    @cached_property
    def args(self) -> Mapping[str, str]:
        """Return the values of the address, the first of each name. Raise ValueError."""
        return dict(reversed(_pairs(self.environ.get("QUERY_STRING", ""))))

    @cached_property
    def values(self) -> Mapping[str, str]:
        """Return the values of the form, and those of the address, which come first."""
        return {**dict(reversed(self.form)), **self.args}


def _pairs(text: str) -> Pairs:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_VALUES) if text else []
