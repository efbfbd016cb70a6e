"""How ``gunicorn app:app`` runs the application: gunicorn reads this file by itself."""

from routing.gunicorn_config import *  # noqa: F403 - gunicorn reads the names
