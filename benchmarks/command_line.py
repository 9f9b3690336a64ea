"""How every measurement reads its command line: `--help` needs no GPU, no torch, no package."""

from __future__ import annotations

import argparse


def parser_of(module: str, text: str | None) -> argparse.ArgumentParser:
    """For `python -m benchmarks.MODULE`, whose docstring is its help."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
