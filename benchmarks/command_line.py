"""How every measurement reads its command line, without a GPU, torch or any package; and how its
document is laid out."""

from __future__ import annotations

import argparse
import textwrap


def parser_of(module: str, text: str | None) -> argparse.ArgumentParser:
    """For `python -m benchmarks.MODULE`, whose docstring is its help."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def wrapped(document: str) -> str:
    """The document with its prose in lines of 100 columns, as docs/ has it; tables stay."""
    return "".join(
        line if line.startswith("|") or len(line) <= 100 else _filled(line)
        for line in document.splitlines(keepends=True)
    )


def _filled(line: str) -> str:
    return textwrap.fill(line, 100, break_long_words=False, break_on_hyphens=False) + "\n"
