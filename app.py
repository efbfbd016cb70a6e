"""The WSGI entry point: ``gunicorn app:app``. Everything else is in routing/."""

from routing import create_app

app = create_app()
