"""Call every operation with the client that openapi-python-client has generated as ``generated``.

`python call.py BASE_URL TOKEN OPENAPI_FILE` prints each operation and the type of its answer.
"""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from inspect import signature

from generated.client import AuthenticatedClient

START = datetime(2026, 12, 24, tzinfo=UTC)
ARGUMENTS = {
    "service": "children",
    "at": START,
    "from_": START,
    "to": START + timedelta(days=7),
    "lang": "en",
}

base_url, token, file = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=token, raise_on_unexpected_status=True)
with open(file, encoding="utf-8") as spec:
    paths = json.load(spec)["paths"]
for path, operations in paths.items():
    for operation in operations.values():
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", operation["operationId"]).lower()
        call = import_module(f"generated.api.default.{name}").sync_detailed
        wanted = signature(call).parameters.keys() & ARGUMENTS.keys()
        answer = call(client=client, **{argument: ARGUMENTS[argument] for argument in wanted})
        assert answer.status_code == 200, (path, answer)
        assert answer.parsed is not None, path
        assert type(answer.parsed).__name__ != "Problem", path
        print(operation["operationId"], type(answer.parsed).__name__)
