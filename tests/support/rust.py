"""Rust programs of generated modules: written, compiled, formatted, where Rust is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


def need(tool: str) -> None:
    """Skip the test where the tool is not installed."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def write_crate(folder: Path, files: Mapping[str, str]) -> Path:
    """The root of a crate that has the Rust modules of a package."""
    for path, text in files.items():
        if path.endswith(".rs"):
            (folder / "generated" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "generated" / path).write_text(text)
    root = folder / "lib.rs"
    root.write_text('#[path = "generated/mod.rs"]\npub mod kernels;\n')
    return root


def compile_rust(root: Path, folder: Path) -> None:
    """Check all of a crate; the compiler must have nothing to say."""
    need("rustc")
    options = ["--edition", "2021", "--crate-type", "lib", "--emit=metadata", "-Dwarnings"]
    _run("rustc", *options, "-o", str(folder / "crate.rmeta"), str(root))


def check_format(root: Path) -> None:
    """Whether rustfmt would leave all of a crate as it is."""
    need("rustfmt")
    _run("rustfmt", "--check", "--edition", "2021", str(root))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
