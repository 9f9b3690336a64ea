"""The Rust modules of a package: for each kernel file, for what they share, for a build script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from codegen.model.dtypes import DTYPES
from codegen.model.generated_file import GeneratedFile
from codegen.model.identifiers import c_module, rust_identifier
from codegen.model.plan import Plan
from codegen.render.prefix import DEFAULT, external
from codegen.render.rust_view import rust_function
from codegen.render.templates import text_of


def rust_module(
    file: str, plans: Sequence[Plan], title: str, root_name: str, prefix: str
) -> GeneratedFile:
    stem = PurePosixPath(file).with_suffix("")
    context = {
        "title": title,
        "source": f"{root_name}/{file}",
        "module": external(c_module(file), prefix),
        "depth": len(stem.parts),
        "functions": [rust_function(plan, prefix) for plan in plans],
    }
    path = stem.with_name(f"{rust_identifier(stem.name)}.rs")
    return _rust(path.as_posix(), "module.rs.jinja", context)


def rust_package(
    paths: Sequence[str], root_name: str, prefix: str, output: str
) -> Iterator[GeneratedFile]:
    """What a build script takes, what all modules share, and a module for each folder."""
    context = {
        "prefix": prefix or DEFAULT,
        "dtypes": [name.upper() for name in DTYPES],
        "sources": sorted(path for path in paths if path.endswith(".c")),
        "folder": output,
    }
    for name in ("build.rs", "tritonbind.rs"):
        yield _rust(name, f"{name}.jinja", context)
    modules = {PurePosixPath("."): {("tritonbind", "tritonbind.rs")}}
    for path in (PurePosixPath(path) for path in paths if path.endswith(".rs")):
        modules.setdefault(path.parent, set()).add((path.stem, path.name))
        for folder in path.parents[:-1]:
            named = (rust_identifier(folder.name), f"{folder.name}/mod.rs")
            modules.setdefault(folder.parent, set()).add(named)
    for folder, found in modules.items():
        title = f"Functions of the Triton kernels in {PurePosixPath(root_name, folder)}/."
        named_files = {"title": title, "modules": sorted(found)}
        yield _rust((folder / "mod.rs").as_posix(), "folder.rs.jinja", named_files)


def _rust(path: str, template: str, context: Mapping[str, object]) -> GeneratedFile:
    return GeneratedFile(path, text_of(template, context).encode())
