"""A QR code as text, two modules in a character, to be scanned from the screen."""

QUIET_ZONE = 2  # modules around it that are light

_BLOCKS = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""By the upper and the lower module, 1 if it is dark: light ones are drawn, as terminals are mostly dark."""


def qr_code(text: str) -> list[str]:
    """The lines of a code, all of the same length; none if the text is too long for one."""
    import segno

    try:
        code = segno.make(text, error="l", micro=False)
    except segno.DataOverflowError:
        return []
    rows = [list(row) for row in code.matrix_iter(border=QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(_BLOCKS[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
