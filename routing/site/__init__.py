"""The web's door for people: pages that are whole without JavaScript."""

from flask import Flask

from routing.site import pages


def init_app(app: Flask) -> None:
    """Register the room's pages on ``app``."""
    app.register_blueprint(pages.bp)
    app.register_blueprint(pages.bp, name=pages.WELSH, url_prefix=f"/{pages.WELSH}")
