"""What stands in the fences of a page, so that a test does what the page tells people to do."""

import re
import textwrap
from dataclasses import dataclass

_PART = re.compile(
    r"^#+ (?P<heading>[^\n]+)$|^(?P<by> *)```(?P<kind>[a-z]*)\n(?P<text>.*?)^ *```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """Commands (``sh``: they are run here; ``console``: only on a whole machine) under a heading.

    ``prints`` is the block of ``text`` that follows them, in which ``...`` stands for anything.
    """

    heading: str
    kind: str
    text: str
    prints: str | None = None

    def __str__(self):
        return f"{self.heading}: {self.text.splitlines()[0]}"


def blocks(page):
    """Return the blocks of commands of a page, in its order."""
    fences, heading, last = [], "", None
    for part in _PART.finditer(page.read_text("utf-8")):
        if part["heading"]:
            heading, last = part["heading"], None
        elif part["kind"] == "text" and last is not None:
            fences[-1] = Block(last.heading, last.kind, last.text, textwrap.dedent(part["text"]))
            last = None
        else:
            last = Block(heading, part["kind"], textwrap.dedent(part["text"]))
            fences.append(last)
    return fences


def matches(pattern, text):
    """Say whether ``text`` is what ``pattern`` tells, ``...`` standing for anything."""
    escaped = ".*".join(map(re.escape, pattern.strip().split("...")))
    return re.fullmatch(escaped, text.strip(), re.S) is not None
