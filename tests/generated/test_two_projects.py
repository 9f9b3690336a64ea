"""Two generated projects in one process, and in one program: each uses its own code."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from codegen.project.library import build_library
from tests.support import made, standin
from tests.support.c_programs import STRICT, compile_c, need, run
from tests.support.places import C_PROGRAMS, REPOSITORY
from tests.support.project import PYPROJECT, fresh_project

KERNEL = """
@export("{project}.scale", types={{"acme_tensor": "*fp32", "n": "i32"}}, grid=lambda n: (n, {rows}))
@triton.jit
def scale(acme_tensor, n):
    tl.store(acme_tensor, n)
"""
ROWS = {"first": 1, "second": 2}
FLAGS = ("-std=c99", "-O1", "-fPIC")
QUICK = ("-std=c99", "-O0", "-fPIC")
"""Where objects are linked, and nothing is asked of their code."""
LINK = ("-ldl", "-lm", "-lpthread")
# As docs/calls.md has it, and with more that a build may be done with.
BUILDS = {
    "plain": FLAGS,
    "lto": (
        "-std=c99",
        "-O2",
        "-fPIC",
        "-fvisibility=default",
        "-fsemantic-interposition",
        "-flto",
    ),
}


@dataclass(frozen=True)
class Pair:
    """The packages of two projects, by their names."""

    folder: Path

    def sources(self, name: str) -> list[Path]:
        return sorted((self.folder / name).rglob("*.c"))

    def compile(self, name: str, *options: str | Path) -> None:
        """In the package's folder, where the assembler finds the images."""
        done = subprocess.run(
            ["gcc", *options], cwd=self.folder / name, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")

    @functools.cache  # noqa: B019
    def library(self, name: str, flags: tuple[str, ...] = ()) -> Path:
        """What the package builds for itself, or what these flags make of its sources."""
        if not flags:
            return build_library(self.folder / name).path
        library = self.folder / f"{name}-{len(flags)}.so"
        self.compile(name, *flags, "-shared", *self.sources(name), "-o", library, *LINK)
        return library

    @functools.cache  # noqa: B019
    def objects(self, name: str) -> list[Path]:
        folder = self.folder / f"objects_of_{name}"
        folder.mkdir()
        found = []
        for number, source in enumerate(self.sources(name)):
            found.append(folder / f"{number}.o")
            self.compile(name, *QUICK, "-c", source, "-o", found[-1])
        return found

    def archive(self, name: str) -> Path:
        library = self.folder / f"lib{name}.a"
        library.unlink(missing_ok=True)
        compile_c("ar", "rc", library, *self.objects(name))
        return library


def make(folder: Path, prefixes: dict[str, str]) -> Pair:
    for name, rows in ROWS.items():
        kernels = made.read(folder / f"of_{name}", KERNEL.format(project=name, rows=rows))
        plans = [made.plan(kernel) for kernel in kernels]
        made.build(folder / name, plans, prefix=prefixes.get(name, ""))
    return Pair(folder)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make(tmp_path_factory.mktemp("plain"), {})


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("prefixed")
    return make(folder, {"first": "acme", "second": "umbrella"})


CALLS = """
import ctypes, sys
from tests.support import standin
standin.install([90])
first, second, folder, how = sys.argv[1:]
if how == "global":
    ctypes.CDLL(first, mode=ctypes.RTLD_GLOBAL)
import tvm_ffi

def grids(function, *arguments):
    standin.reset()
    try:
        prepared = function(*arguments)
        if prepared is not None:
            prepared()
    except ValueError as error:
        return str(error).partition(chr(10))[0]
    return standin.launch().grid

rows = {"first": 1, "second": 2}
libraries = {"first": ctypes.CDLL(first), "second": ctypes.CDLL(second)}
for name in ("second", "first"):
    libraries[name].made_register()
    module = tvm_ffi.load_module({"first": first, "second": second}[name])
    error = f"{name}.scale: the launch grid (-1, {rows[name]}, 1)"
    error += " must have x between 0 and 2147483647"
    ways = [module["scale"], module["scale.prepare"], tvm_ffi.get_global_func(f"{name}.scale")]
    ways.append(tvm_ffi.get_global_func(f"{name}.scale.prepare"))
    for way in ways:
        assert grids(way, 4096, 3) == (3, rows[name], 1), (name, way)
        assert grids(way, 4096, -1) == error, (name, way, grids(way, 4096, -1))
    standin.reset()
    assert libraries[name].scale_launch(None, ctypes.c_void_p(4096), 3) == 0
    assert standin.launch().grid == (3, rows[name], 1)
    assert libraries[name].scale_launch(None, ctypes.c_void_p(4096), -1) == 2
    last_error = libraries[name].tritonbind_last_error
    last_error.restype = ctypes.c_char_p
    assert last_error().decode() == error
print("good")
"""
IMPORTS = """
import sys
sys.path.insert(0, sys.argv[3])
from first.made import scale as one
from second.made import scale as two
for name, function in {"second": two, "first": one}.items():
    assert grids(function, 4096, 3) == (3, rows[name], 1)
    assert grids(function, 4096, -1).startswith(f"{name}.scale: ")
print("good")
"""


@pytest.mark.parametrize("how", ["global", "preload", "local"])
@pytest.mark.parametrize(
    "flags",
    [(), BUILDS["plain"], pytest.param(BUILDS["lto"], marks=pytest.mark.slow)],
    ids=["own", *BUILDS],
)
def test_each_library_calls_its_own(pair: Pair, how: str, flags: tuple[str, ...]) -> None:
    first, second = (pair.library(name, flags) for name in ROWS)
    environment = standin.environment([90])
    if how == "preload":
        environment["LD_PRELOAD"] = str(first)
    source = CALLS + IMPORTS * (not flags)
    done = subprocess.run(
        [sys.executable, "-c", source, first, second, pair.folder, how],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stderr, done.stdout) == ("", "good\n" * (1 if flags else 2))


OTHER = """
#include <dlfcn.h>
#include <stdio.h>
#include "first/made.h"
typedef tritonbind_status launch(void *stream, void *x, int32_t n);
typedef const char *last_error(void);
int main(int count, char **arguments)
{
    void *second = dlopen(arguments[count - 1], RTLD_NOW | RTLD_LOCAL);
    launch *other = (launch *)dlsym(second, "scale_launch");
    last_error *error = (last_error *)dlsym(second, "tritonbind_last_error");
    for (int32_t n = 3; n >= -1; n -= 4) {
        printf("%d\\n", (int)scale_launch(NULL, NULL, n));
        printf("%d\\n", (int)other(NULL, NULL, n));
    }
    printf("%s\\n%s\\n", tritonbind_last_error(), error());
    return 0;
}
"""


def test_a_program_that_is_linked_to_the_first(pair: Pair, tmp_path: Path) -> None:
    first, second = (pair.library(name, FLAGS) for name in ROWS)
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text(OTHER)
    rpath = f"-Wl,-rpath,{first.parent}"
    compile_c("gcc", f"-I{pair.folder}", source, "-o", program, first, rpath, "-ldl")
    done = subprocess.run(
        [program, second],
        env=standin.environment([90], log=tmp_path / "log"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == (
        "0\n0\n2\n2\n"
        "first.scale: the launch grid (-1, 1, 1) must have x between 0 and 2147483647\n"
        "second.scale: the launch grid (-1, 2, 1) must have x between 0 and 2147483647\n"
    )
    assert [one.grid for one in standin.read_log(tmp_path / "log")] == [(3, 1, 1), (3, 2, 1)]


@pytest.mark.parametrize("compiler", ["gcc", "g++", "clang"])
@pytest.mark.parametrize("archives", [True, False], ids=["archives", "objects"])
def test_two_prefixes_in_one_program(
    prefixed: Pair, tmp_path: Path, compiler: str, archives: bool
) -> None:
    need(compiler)
    language = ("-std=c++17", "-x", "c++") if compiler == "g++" else ("-std=c99",)
    main, program = tmp_path / "main.o", tmp_path / "program"
    include = f"-I{prefixed.folder}"
    compile_c(
        compiler, *language, *STRICT, include, "-c", C_PROGRAMS / "two_projects.c", "-o", main
    )
    both: list[Path] = []
    for name in ROWS:
        both += [prefixed.archive(name)] if archives else prefixed.objects(name)
    compile_c(compiler, main, *both, "-o", program, *LINK)
    assert run(program, log=tmp_path / "log") == (
        "0\n0\n"
        "2 [first.scale: the launch grid (-1, 1, 1) must have x between 0 and 2147483647] []\n"
        "2 [first.scale: the launch grid (-1, 1, 1) must have x between 0 and 2147483647] "
        "[second.scale: the launch grid (-2, 2, 1) must have x between 0 and 2147483647]\n"
        "0\n"
        "0 0\n"
    )
    grids = [launch.grid for launch in standin.read_log(tmp_path / "log")]
    assert grids == [(3, 1, 1), (3, 2, 1), (5, 1, 1)]


AWKWARD = """
@export("t.k", types={"k_status": "*fp16 | *fp32", "acme_tb_call": "i64", "size": "fp16 | None"},
        constexprs={"C": [1, 2], "D": ["a", "b"]}, shapes={"k_status": ("acme_tb_call",)},
        grid=lambda acme_tb_call, C: (cdiv(acme_tb_call, C),))
@triton.jit
def k(k_status, acme_tb_call, size, C: tl.constexpr, D: tl.constexpr):
    pass
"""


@pytest.mark.parametrize(
    "prefix",
    ["k", "K", "made", "tb", "TB", "tritonbind", "tvm", "tvm_ffi", "dl", "int64", "UINT8", "size"],
)
def test_a_prefix_that_other_names_begin_with(tmp_path: Path, prefix: str) -> None:
    """That of a kernel, of the runtime, of a header or of TVM FFI."""
    made.build(tmp_path, [made.plan(k) for k in made.read(tmp_path, AWKWARD)], prefix=prefix)
    for source in ("made.c", "runtime/tvm_ffi/tb_pointers.c", "runtime/tvm_ffi/tb_prepare.c"):
        compile_c("gcc", "-std=c99", *STRICT, "-fsyntax-only", tmp_path / source)
    assert f" {prefix}_k_launch(" in (tmp_path / "made.h").read_text()


def test_no_name_is_anybody_elses(prefixed: Pair) -> None:
    """All symbols that a linker sees begin with the prefix, but for what TVM FFI and Python ask."""
    names = set()
    for one in prefixed.objects("first"):
        listed = subprocess.run(["nm", "-g", "--defined-only", one], capture_output=True, text=True)
        names |= set(re.findall(r" [A-Z] (\S+)$", listed.stdout, re.MULTILINE))
    begins = ("acme_", "__tvm_ffi_acme_", "__tvm_ffi__doc_acme_", "__tvm_ffi__metadata_acme_")
    assert {name for name in names if not name.startswith((*begins, "tritonbind.acme_"))} == set()
    assert {"acme_scale_launch", "acme_last_error", "acme_made_register"} <= names


def test_python_with_a_prefix(prefixed: Pair) -> None:
    source = CALLS.partition("libraries = ")[0] + IMPORTS + """
module = tvm_ffi.load_module(first)
for way in ("acme_scale", "acme_scale.prepare"):
    assert grids(module[way], 4096, 3) == (3, 1, 1)
assert tvm_ffi.get_global_func("first.scale", allow_missing=True) is not None
"""
    first, second = (prefixed.library(name) for name in ROWS)
    done = subprocess.run(
        [sys.executable, "-c", source, first, second, prefixed.folder, "local"],
        env=standin.environment([90]),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", "good\n")


@pytest.mark.parametrize("how", ["objects", "archives"])
def test_one_prefix_twice_does_not_link(tmp_path: Path, how: str) -> None:
    """Not even where the linker would take each file of the runtime from the first that has it."""
    pair = make(tmp_path, {})
    second = pair.folder / "second"
    _replace(
        second / "runtime/core/tb_identity.h", "tb_runtime_[0-9a-f]{16}", f"tb_runtime_{0:016}"
    )
    if how == "archives":  # no name of the modules is there twice
        for file in (second / "made.c", second / "made.h"):
            _replace(file, r"\bscale(?=_launch)|made(?=_register)", "other")
    main = tmp_path / "main.c"
    main.write_text(
        "int made_register(void), other_register(void);\n"
        "int main(void) { return made_register() + other_register(); }\n"
    )
    inputs = [path for name in ROWS for path in pair.objects(name)]
    if how == "archives":
        inputs = [pair.archive(name) for name in ROWS]
    command = ["gcc", *map(str, (main, *inputs)), "-o", str(tmp_path / "program"), *LINK]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "multiple definition of `tb_fail'" in done.stderr


def _replace(file: Path, old: str, new: str) -> None:
    text, count = re.subn(old, new, file.read_text())
    assert count > 0
    file.write_text(text)


def test_the_prefix_is_an_option_of_the_output(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fresh_project(tmp_path, tmp_path_factory)
    before = project.tree()
    for text, changed in (
        (f'{PYPROJECT}prefix = "acme"\n', "prefix was '' and is 'acme'"),
        (PYPROJECT, "prefix was 'acme' and is ''"),
    ):
        project.write("pyproject.toml", text)
        result = project.run("regenerate", "--check")
        assert result.code == 1
        assert f"stale: [tool.codegen] has changed: {changed}" in result.out + result.err
        result = project.run("regenerate")
        assert (result.code, "0 of 4 images compiled" in result.out + result.err) == (0, True)
        assert project.run("regenerate", "--check").code == 0
        tree = project.tree()
        header = tree["add.h"].decode()
        assert ("acme_add_launch" in header) == ("acme" in text)
        assert ("tritonbind_" in header) == ("acme" not in text)
    assert tree == before
