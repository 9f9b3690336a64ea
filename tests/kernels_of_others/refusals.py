"""Declarations that the generator has to refuse: tried one by one, and what it says of each."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.pipeline import Request, plan_run
from codegen.project.settings import Config


@dataclass(frozen=True)
class Refusal:
    """A file of `refused/`, and what came of it."""

    file: str
    package: str
    kernel: str
    """As the file imports it."""
    what: str
    """The file's own first line."""
    reason: str
    """What the generator has to speak of."""
    said: str
    """What it says, with its hint; nothing where it generates the kernel."""

    @property
    def complaint(self) -> str:
        """What is not as it should be."""
        if not self.said:
            return f"refused/{self.file} has to be refused, and was generated"
        if self.reason not in self.said:
            return (
                f"refused/{self.file} has to be refused for {self.reason!r}, and was: {self.said}"
            )
        return ""


def refusal_of(config: Config, file: str) -> Refusal:
    """Try to generate one file, without writing anything."""
    path = config.kernels_folder / file
    tree = ast.parse(path.read_text())
    imported = next(n for n in tree.body if isinstance(n, ast.ImportFrom) and _is_package(n.module))
    reasons = (
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    )
    return Refusal(
        file,
        str(imported.module).partition(".")[0],
        imported.names[0].name,
        str(ast.get_docstring(tree)),
        str(next(reasons)),
        _said(config, file),
    )


def _is_package(module: str | None) -> bool:
    return str(module).partition(".")[0] not in ("codegen", "triton", "__future__")


def _said(config: Config, file: str) -> str:
    try:
        plan_run(Request(config, (file,)))
    except CodegenErrors as several:
        return _text(several.errors[0])
    except CodegenError as error:
        return _text(error)
    return ""


def _text(error: CodegenError) -> str:
    """The sentence and its hint, without places of this machine."""
    text = error.message if error.hint is None else f"{error.message}. Hint: {error.hint}"
    text = "; ".join(line.strip() for line in text.splitlines())
    text = re.sub(r"/\S*/site-packages/", "", text)
    return re.sub(r"(?<=[ (])/\S*/", "", text)
