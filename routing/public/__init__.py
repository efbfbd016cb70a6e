"""The website: pages and embeds for people; JSON, health and metrics for programs."""

from flask import Flask

from routing.public import api, operations, pages
from routing.public.answer_cache import AnswerCache


def init_app(app: Flask) -> None:
    """Register the public views on ``app``, with the pages in Welsh too."""
    app.extensions["answer_cache"] = AnswerCache()
    app.register_blueprint(api.bp)
    app.register_blueprint(operations.bp)
    app.register_blueprint(pages.bp)
    app.register_blueprint(pages.bp, name=pages.WELSH, url_prefix=f"/{pages.WELSH}")
