"""What is asked at the telephone's door, read as far as it can be: nothing in it is trusted yet."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from werkzeug.wsgi import get_input_stream

from routing.signature import LONGEST_BODY, MOST_VALUES

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

Pairs = list[tuple[str, str]]
FORM = "application/x-www-form-urlencoded"


class Asked:
    """A request: its method, the parts of its path, and its target as it was written.

    Once ``read``: the form that was sent, the values of the address, and both, where those of the
    address come first. Of a name that comes twice, the first counts.
    """

    __slots__ = ("args", "environ", "form", "method", "parts", "target", "values")

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        path: str = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        self.parts = tuple(part for part in path.split("/") if part)
        self.target: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        self.form: Pairs = []
        self.args: Mapping[str, str] = {}
        self.values: Mapping[str, str] = {}

    def header(self, name: str) -> str | None:
        """Return a header; None where it was not sent."""
        found: str | None = self.environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return found

    def read(self) -> None:
        """Read what was sent. A body that is no form counts for nothing.

        Raise ValueError for what cannot be decoded or holds too many values, RequestEntityTooLarge,
        and whatever the server raises while it reads.
        """
        kind = self.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if self.method == "POST" and kind == FORM:
            stream = get_input_stream(self.environ, max_content_length=LONGEST_BODY)
            self.form = _pairs(stream.read().decode())
        args = _pairs(self.environ.get("QUERY_STRING", ""))
        self.args = dict(reversed(args))
        self.values = {**dict(reversed(self.form)), **self.args}


def _pairs(text: str) -> Pairs:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_VALUES) if text else []
