"""The web's door for programs: JSON, plain text, OpenAPI, health and metrics."""

from flask import Flask

from routing.api import operations, reads


def init_app(app: Flask) -> None:
    """Register the room's views on ``app``."""
    app.register_blueprint(reads.bp)
    app.register_blueprint(operations.bp)
