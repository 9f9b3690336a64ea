"""From plans to the text of every generated file; the only module that touches the templates."""

from __future__ import annotations

import functools
import hashlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import black
import libcst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from codegen.c_arguments import c_string
from codegen.c_layout import LINE_LENGTH, laid_out
from codegen.c_view import c_function, image_path
from codegen.files import GeneratedFile, digest
from codegen.identifiers import c_module
from codegen.manifest import TEMPLATES
from codegen.plans import Plan
from codegen.prefix import DEFAULT, external, in_module, in_runtime
from codegen.python_view import PythonFunction, python_function


def render(
    plans: Sequence[Plan],
    titles: dict[str, str],
    root_name: str,
    kept: Sequence[GeneratedFile] = (),
    prefix: str = "",
) -> list[GeneratedFile]:
    """Every file of the output folder but the manifest, sorted by path.

    `titles` gives the first line of each kernel file's docstring, `root_name` the name of the
    folder that the kernel files are relative to, `kept` the files of kernel files without a plan,
    `prefix` what the project's names in C begin with.
    """
    files = [*kept, *_runtime_files(prefix)]
    by_file: dict[str, list[Plan]] = {}
    for plan in plans:
        by_file.setdefault(plan.kernel.file, []).append(plan)
        images = {
            image_path(plan, binary, image): image.data
            for binary in plan.binaries
            for image in binary.images
        }
        files += [GeneratedFile(path, data) for path, data in images.items()]
    for file, group in by_file.items():
        files += _module_files(file, group, titles[file], root_name, prefix)
    files.append(_library(files))
    files += _packages([file.path for file in files], root_name)
    files.append(GeneratedFile("py.typed", b""))
    return sorted(files, key=lambda file: file.path)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["c_string"] = c_string
    environment.filters["c_comment"] = lambda text: text.replace("*/", "* /").replace("/*", "/ *")
    environment.filters["docstring"] = _docstring
    environment.filters["docstring_text"] = _docstring_text
    return environment


def _runtime_files(prefix: str) -> Iterator[GeneratedFile]:
    """The runtime with the project's names, and with a digest of itself where one is named."""
    paths = sorted((TEMPLATES / "runtime").glob("*.[ch]"))
    texts = {path.name: in_runtime(path.read_text("utf-8"), prefix) for path in paths}
    identity = digest(repr(texts).encode())[:16]
    for name, text in texts.items():
        yield GeneratedFile(f"runtime/{name}", text.replace("DIGEST", identity).encode())


def _module_files(
    file: str, plans: Sequence[Plan], title: str, root_name: str, prefix: str
) -> list[GeneratedFile]:
    stem = PurePosixPath(file).with_suffix("")
    depth = len(stem.parts) - 1
    module = c_module(file)
    functions = [c_function(plan, prefix) for plan in plans]
    shared = {"title": title, "source": f"{root_name}/{file}"}
    c_context = {
        **shared,
        "module": external(module, prefix),
        "prefix": prefix or DEFAULT,
        "header": f"{stem.name}.h",
        "guard": f"TRITONBIND_{module.upper()}_H",
        "runtime": "../" * depth + "runtime/",
        "functions": functions,
    }
    python_functions = [python_function(plan, prefix) for plan in plans]
    python_context = {
        **shared,
        "package": "." * (depth + 1),
        "functions": python_functions,
        "imports": _imports(python_functions),
        "uses_literal": any(
            "Literal[" in argument.annotation
            for function in python_functions
            for argument in function.arguments
        ),
    }
    return [
        _c(f"{stem}.c", "module.c.jinja", c_context, prefix),
        _c(f"{stem}.h", "module.h.jinja", c_context, prefix),
        _python(f"{stem}.py", "module.py.jinja", python_context),
    ]


def _imports(functions: Sequence[PythonFunction]) -> list[str]:
    """What a module takes from the package's library."""
    annotations = " ".join(a.annotation for function in functions for a in function.arguments)
    used = [name for name in ("Pointer", "Tensor") if name in annotations.split()]
    return sorted([*used, "Stream"]) + ["function", "launcher"]


def _library(files: Sequence[GeneratedFile]) -> GeneratedFile:
    built = [file for file in files if not file.path.endswith(".py")]
    total = hashlib.sha256()
    for file in sorted(built, key=lambda file: file.path):
        total.update(f"{file.path}\0{len(file.content)}\0".encode())
        total.update(file.content)
    sources = sorted(file.path for file in built if file.path.endswith(".c"))
    context = {"digest": total.hexdigest()[:16], "sources": sources}
    return _python("_library.py", "_library.py.jinja", context)


def _packages(paths: Sequence[str], root_name: str) -> list[GeneratedFile]:
    """An `__init__.py` for the root and for each folder that holds a module."""
    folders = {
        parent.as_posix()
        for path in paths
        if path.endswith(".py")
        for parent in PurePosixPath(path).parents
    }
    packages = []
    for folder in sorted(folders):
        title = f"Typed wrappers of the Triton kernels in {PurePosixPath(root_name, folder)}/."
        path = PurePosixPath(folder, "__init__.py").as_posix()
        context = {"title": title, "is_root": folder == "."}
        packages.append(_python(path, "package.py.jinja", context))
    return packages


def _c(path: str, template: str, context: Mapping[str, Any], prefix: str) -> GeneratedFile:
    source = _environment().get_template(template).render(context)
    names = [context["module"], *(function.external for function in context["functions"])]
    externals = {
        f"{name}{end}" for name in names for end in ("", "_register", "_launch", "_prepare")
    }
    return GeneratedFile(path, laid_out(in_module(source, prefix, externals)).encode())


def _python(path: str, template: str, context: Mapping[str, object]) -> GeneratedFile:
    source = _environment().get_template(template).render(context)
    formatted = black.format_str(source, mode=black.Mode(line_length=LINE_LENGTH))
    libcst.parse_module(formatted)
    return GeneratedFile(path, formatted.encode())


def _docstring(function: PythonFunction) -> str:
    """The function's docstring as a literal, indented for a function's body."""
    lines = list(function.doc)
    lines += ["", "Args:"]
    for argument in function.arguments:
        lines += _wrapped(f"{argument.name}: {argument.doc}")
    lines += _wrapped(
        "stream: a CUDA stream (object, handle or address); None: the current "
        "stream of TVM FFI's environment for the tensors' device, which under torch is torch's."
    )
    lines += [
        "",
        "Raises:",
        "    TypeError: an argument of the wrong kind or dtype.",
        "    ValueError: out of range, misaligned, too small, or on the wrong device.",
        "    RuntimeError: CUDA failed, or the library holds no image for the device.",
    ]
    body = textwrap.indent("\n".join(lines), "    ", lambda line: line.strip() != "").lstrip()
    return f'"""{_docstring_text(body)}\n    """'


def _docstring_text(text: str) -> str:
    """`text` as it stands between the quotes of a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_LENGTH - 4, initial_indent="    ", subsequent_indent="        ")
