"""What is in use once a change of a file has been read: by a thread that nobody waits for."""


def reread(sources):
    """Ask, and return what is in use when what that question set off is over."""
    sources.current()
    with sources._turn:
        return sources.facts
