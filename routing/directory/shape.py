"""What every part of directory.yaml has in common: no key that is not known, no change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)

MAX_ERRORS = 1000
"""After so many errors the rest is not validated: each takes 2 KB, and 200 are told."""


@dataclass(slots=True)
class Context:
    """What validation needs to know: the file's languages, and how many errors there were."""

    languages: Sequence[str]
    errors: int = 0


class Shape(BaseModel):
    """A part of the file, over values that are all text."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="wrap")
    @classmethod
    def stop_after_many_errors(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        context = info.context
        if not isinstance(context, Context):
            return handler(value)
        if context.errors > MAX_ERRORS:
            return cls.model_construct()
        try:
            return handler(value)
        except ValidationError as error:
            context.errors += error.error_count()
            raise
