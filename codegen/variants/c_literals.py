"""Values as C literals."""

from __future__ import annotations


def int_literal(value: object) -> str:
    """An int or bool as a C literal."""
    number = int(value) if isinstance(value, int) else 0
    if number == -(1 << 63):
        return "INT64_MIN"
    return str(number) if abs(number) < 1 << 31 else f"INT64_C({number})"


def c_string(text: str) -> str:
    """`text` as a C string literal, other characters than printable ASCII as UTF-8 in octal.

    A longer text than C99's compilers must take as one literal, in pieces too, is an array.
    """
    characters = text.encode()
    if len(characters) > _LONGEST_LITERAL:
        codes = (str(byte) if byte < 128 else f"'\\{byte:03o}'" for byte in characters)
        return f"(const char[]){{{', '.join(codes)}, 0}}"
    pieces = [_C_ESCAPES.get(byte) or _printable(byte) for byte in characters]
    return '"' + "".join(pieces) + '"'


_LONGEST_LITERAL = 4095
_C_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("?"): "\\?"}


def _printable(byte: int) -> str:
    return chr(byte) if " " <= chr(byte) <= "~" else f"\\{byte:03o}"
