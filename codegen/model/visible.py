"""Text with no invisible character: what hides, moves or turns others is spelt out."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control and format characters (those that turn the direction of text too), halves of characters,
and separators of lines that only some programs take for such."""
_PLAIN = "\n\t"


def visible(text: str) -> str:
    """The text with the escapes of Python in the place of hidden characters."""
    if text.isprintable():
        return text
    return "".join(map(_spelt, text))


def _spelt(character: str) -> str:
    if character in _PLAIN or unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
