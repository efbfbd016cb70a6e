"""What every part of directory.yaml has in common: no key that is not known, no change."""

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A part of the file, over values that are all text."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
