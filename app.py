"""The WSGI entry point: ``gunicorn app:app``. Everything else is in routing/."""

import gc

from flask import Flask


def start() -> Flask:
    """Build the app. What is made meanwhile stays: nobody stops to look for garbage among it, now
    or later.
    """
    gc.disable()
    try:
        from routing import create_app
        from routing.errors import BadSetting

        try:
            return create_app()
        except BadSetting as error:
            raise SystemExit(f"Error: {error}") from None
    finally:
        gc.freeze()
        gc.enable()


app = start()
