"""The council's own words as HTML, with no HTML of theirs let through."""

from functools import cache
from typing import Any

from markupsafe import Markup


def markdown(text: str) -> Markup:
    """Return ``text``, written in Markdown, as HTML that is safe to put into a page.

    HTML in the text is shown as written; links that would run a script are not made.
    """
    return Markup(_renderer().render(text))


@cache
def _renderer() -> Any:
    from markdown_it import MarkdownIt  # not every council has words of its own

    return MarkdownIt("commonmark", {"html": False})
