"""The WSGI entry point: ``gunicorn app:app``. Everything else is in routing/."""

from routing import create_app
from routing.errors import BadSetting

try:
    app = create_app()
except BadSetting as error:
    raise SystemExit(f"Error: {error}") from None
