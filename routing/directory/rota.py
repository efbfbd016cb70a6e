"""The shape of what directory.yaml says of the rota: who must be on duty, and when."""

from typing import Self

from pydantic import ConfigDict, model_validator

from routing.directory.scalars import People, Ref, Words
from routing.directory.shape import Shape


class NeededShape(Shape):
    """When somebody must be on duty: give one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["line"]}, {"required": ["out_of_hours_of"]}]}
    )

    line: Ref | None = None
    """Whenever that line is open."""
    out_of_hours_of: Ref | None = None
    """Whenever that service's calls go to its out-of-hours line."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if (self.line is None) == (self.out_of_hours_of is None):
            raise ValueError("give either `line` or `out_of_hours_of`.")
        return self


class RoleShape(Shape):
    """Somebody who must be on duty."""

    name: Words
    """What the post is called."""
    needed_when: NeededShape
    """When."""
    people: People = 1
    """How many at once."""
