"""The WSGI entry point: ``gunicorn app:app``. Everything else is in routing/."""

import gc

gc.disable()  # what is made at start stays: nobody stops to look through it, then or later

from routing import create_app  # noqa: E402
from routing.errors import BadSetting  # noqa: E402

try:
    app = create_app()
except BadSetting as error:
    raise SystemExit(f"Error: {error}") from None

gc.freeze()
gc.enable()
