"""The layers of the C runtime: what may name and include what, and that the core works alone."""

from __future__ import annotations

import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.c_calls import LAUNCHES, OUTPUT
from tests.support.c_programs import STRICT, compile_c, need, run
from tests.support.places import C_PROGRAMS, RUNTIME
from tests.support.sample import Sample

LAYERS = ("core", "tvm_ffi", "python")
"""From the lowest on."""
FILES = {
    path.relative_to(RUNTIME): path.read_text()
    for layer in LAYERS
    for path in sorted((RUNTIME / layer).glob("*.[ch]"))
}
SECTION = "/* ---- for TVM FFI and Python ---- */"


def included(file: Path) -> list[Path]:
    """The runtime's files that one includes, relative to the runtime."""
    names = re.findall(r'^#include "(.+)"$', FILES[file], re.MULTILINE)
    paths = [(RUNTIME / file.parent / name).resolve() for name in names]
    assert all(path.is_file() for path in paths), file
    return [path.relative_to(RUNTIME.resolve()) for path in paths]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_includes_no_layer_above_its_own(file: Path) -> None:
    below = LAYERS[: LAYERS.index(file.parts[0]) + 1]
    others = [path for path in included(file) if path.parts[0] not in below]
    assert others in ([], [Path("tritonbind.h")])


def test_the_core_names_nothing_of_the_layers_above() -> None:
    above = re.compile(r"(?i:tvm|cpython|tb_python)|\b_?Py[A-Z]")
    named = {str(file) for file, text in FILES.items() if above.search(text)}
    assert {file for file in named if file.startswith("core/")} == set()
    assert {"tvm_ffi/tb_call.h", "python/tb_python.c"} <= named


def test_tvm_ffis_layer_looks_for_nothing_of_python() -> None:
    texts = [text for file, text in FILES.items() if file.parts[0] == "tvm_ffi"]
    assert not any(re.search(r"\b_?Py[A-Z]|tb_cpython|tb_find_python", text) for text in texts)


@pytest.mark.parametrize("file", [file for file in FILES if file.suffix == ".c"], ids=str)
def test_each_source_has_a_header_which_it_includes_first(file: Path) -> None:
    assert included(file)[0] == file.with_suffix(".h")


def test_a_header_needs_no_other_before_it(tmp_path: Path) -> None:
    sources = []
    for file in FILES:
        if file.suffix == ".h":
            sources.append(tmp_path / f"{file.stem}.c")
            sources[-1].write_text(f'#include "{file}"\n#include "{file}"\nextern int nothing;\n')
    compile_c("gcc", "-std=c99", *STRICT, "-fsyntax-only", f"-I{RUNTIME}", *sources)


def test_no_two_files_need_each_other() -> None:
    """A source and its header are one here."""
    needs: dict[str, set[str]] = {}
    for file in FILES:
        own = str(file.with_suffix(""))
        needs.setdefault(own, set()).update(
            str(path.with_suffix(""))
            for path in included(file)
            if path.with_suffix("") != Path(own)
        )
    order = list(TopologicalSorter(needs).static_order())  # raises CycleError
    assert order.index("core/tb_error") < order.index("core/tb_launch")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """The object of each source."""
    folder = tmp_path_factory.mktemp("objects")
    sources = [file for file in FILES if file.suffix == ".c"]
    need("gcc")
    command = ["gcc", "-std=c99", "-c", *(str(RUNTIME / file) for file in sources)]
    subprocess.run(command, cwd=folder, check=True)
    return {file: folder / f"{file.stem}.o" for file in sources}


def test_what_a_source_calls_of_others_is_in_headers_that_it_includes(
    objects: dict[Path, Path],
) -> None:
    """So that includes say all that there is between files."""
    symbols = {file: _symbols(path) for file, path in objects.items()}
    home = {name: file for file, (defined, _) in symbols.items() for name in defined}
    for file, (_, needed) in symbols.items():
        for other in {home[name] for name in needed if name in home}:
            assert other.with_suffix(".h") in _reached(file), f"{file} needs {other}"


def _symbols(path: Path) -> tuple[set[str], set[str]]:
    """The global names that an object defines, and those that it needs."""
    listed = subprocess.run(["nm", "-g", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split()[-2:] for line in listed.splitlines()]
    needed = {name for kind, name in rows if kind == "U"}
    return {name for kind, name in rows} - needed, needed


def _reached(file: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        new = [path for path in included(waiting.pop()) if path in FILES and path not in found]
        found.update(new)
        waiting += new
    return found


def test_plain_c_needs_the_core_alone(sample: Sample, tmp_path: Path) -> None:
    """All that `calls.c` calls, with what generated modules have before their bindings."""
    modules = []
    for module in ("choices", "corners", "scalars"):
        text = (sample.folder / f"{module}.c").read_text()
        assert text.count(SECTION) == 1
        modules.append(tmp_path / f"{module}.c")
        stub = f"int {module}_register(void) {{ return 0; }}\n"
        modules[-1].write_text(text.partition(SECTION)[0] + stub)
    core = sorted((sample.folder / "runtime/core").glob("*.c"))
    program = tmp_path / "program"
    command = ("gcc", "-std=c99", *STRICT, f"-I{sample.folder}", f"-Wa,-I{sample.folder}")
    links = ("-o", program, "-ldl", "-lpthread")
    compile_c(*command, C_PROGRAMS / "calls.c", *modules, *core, *links)
    assert run(program, log=tmp_path / "log") == OUTPUT
    assert len(standin.read_log(tmp_path / "log")) == len(LAUNCHES)


def test_the_readme_lists_each_file() -> None:
    text = (RUNTIME / "README.md").read_text()
    cells = re.findall(r"^\|(.+?)\|", text, re.MULTILINE)
    listed = {name for cell in cells for name in cell.split("`")[1::2]}
    names = {file.name if _stands_alone(file) else file.stem for file in FILES}
    assert listed == names | {f"{layer}/" for layer in LAYERS}


def _stands_alone(file: Path) -> bool:
    return file.with_suffix(".c") not in FILES
