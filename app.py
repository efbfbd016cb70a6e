"""The WSGI entry point: ``gunicorn app:app``. Everything else is in routing/."""

from routing import create_app
from routing.errors import InvalidSetting

try:
    app = create_app()
except InvalidSetting as error:
    raise SystemExit(f"Error: {error}") from None
