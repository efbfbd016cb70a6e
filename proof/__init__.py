"""What bin/prove measures and counts; docs/proof.md has the results."""


def table(heads, rows):
    """Return a table in Markdown; every column but the first holds figures."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(_format_cell, line))} |" for line in lines)


def _format_cell(cell):
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
