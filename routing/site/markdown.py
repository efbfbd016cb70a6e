"""The council's own words as HTML, with no HTML of theirs let through."""

from markdown_it import MarkdownIt
from markupsafe import Markup

_RENDERER = MarkdownIt("commonmark", {"html": False})


def markdown(text: str) -> Markup:
    """Return ``text``, written in Markdown, as HTML that is safe to put into a page.

    HTML in the text is shown as written; links that would run a script are not made.
    """
    return Markup(_RENDERER.render(text))
