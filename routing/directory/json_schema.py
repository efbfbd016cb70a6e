"""The shape of directory.yaml as a JSON Schema, for editors: routing/directory.schema.json."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from routing.directory.schema import DirectoryModel

_NOISE = ("title", "default")


def text() -> str:
    """Return the schema as the file holds it. It accepts what a YAML 1.2 editor sees.

    What one part of a directory says of another is left to ``flask directory check``.
    """
    found = _tidy(DirectoryModel.model_json_schema())
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "directory.yaml"}
    return json.dumps(head | found, indent=1, ensure_ascii=False) + "\n"


def _tidy(schema: Any) -> Any:
    """Leave out pydantic's own names, and null: an empty value is not one left out."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: {name: _tidy(each) for name, each in value.items()}
        if key in ("properties", "patternProperties", "$defs")
        else _tidy(value)
        for key, value in schema.items()
        if key not in _NOISE
    }
    forms = [each for each in found.get("anyOf", ()) if each != {"type": "null"}]
    if len(forms) == 1 and len(found["anyOf"]) == 2:
        del found["anyOf"]
        found = forms[0] | found
    if "patternProperties" in found:
        found["additionalProperties"] = False
    return found
