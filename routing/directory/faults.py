"""Several faults in one value, each told at its own key."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """What is wrong below ``key``: in its value, or in the key itself."""

    key: str
    message: str
    of_key: bool = False


class Faults(ValueError):
    """A mapping of which several things are wrong: each has a place of its own."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(fault.message for fault in faults))
        self.faults = tuple(faults)
