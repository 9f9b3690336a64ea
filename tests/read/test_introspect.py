"""What is read from a kernel: names, types, defaults, constexprs, docstring and comments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codegen.model.computed import Reads
from codegen.model.dtypes import parse_type
from codegen.model.errors import CodegenError
from codegen.model.kernel import Kernel
from codegen.model.options import Options
from codegen.model.parameters import Constexpr, Default, Parameter
from codegen.read.introspect import introspect, title_of
from codegen.read.loading import load
from tests.support import made
from tests.support.project import HEADER, new_project

pytestmark = pytest.mark.triton

FULL = f'''"""What this file is.

And more of it.
"""

{HEADER}
CHUNK = tl.constexpr(64)


@export(
    "tests.deep.full",
    types={{
        "x_ptr": "*fp16 | *bf16",
        "out_ptr": " *fp16|*bf16 ",
        "bias_ptr": "*fp32 | None",
        "rows": "i32:16",
        "columns": "i64",
        "quiet": "i32",
        "plain_ptr": "*i8",
        "written": "*fp64",
    }},
    constexprs={{"MODE": ["sum", "max"], "WIDTH": 128, "ONE": [4], "DEEP": [CHUNK, 32]}},
    shapes={{"x_ptr": ("rows", "cdiv(columns, 2)"), "bias_ptr": ("columns",)}},
    grid=lambda rows, columns: (cdiv(columns, CHUNK.value), rows),
    num_warps=8,
    num_stages=2,
    maxnreg=64,
    enable_fp_fusion=False,
)
@triton.jit(do_not_specialize=["quiet"], do_not_specialize_on_alignment=["plain_ptr"])
def full(
    x_ptr,  # the input
    out_ptr,  #   the output, # twice
    bias_ptr,
    mask_ptr: "const *i1",
    written: tl.const,
    rows,  # beside
    # above, which is not beside
    columns,
    quiet,
    plain_ptr,
    factor: float = float("inf"),
    flag: tl.int1 = True,
    MODE: tl.constexpr = "max",  # how
    WIDTH: tl.constexpr = 64,
    ONE: tl.constexpr = 1,
    DEEP: tl.constexpr = CHUNK,
    SIZE: tl.constexpr = CHUNK  # the last one, without a comma
):
    """Do it.

        Indented, with a \\\\ in it.
    And not.
    """
    pass
'''


def read(folder: Path, source: str, path: str = "deep/a.py") -> tuple[Kernel, ...]:
    """The kernels of a file; the tests' own mistakes are not hidden as errors of the command."""
    project = new_project(folder, {f"kernels/{path}": source})
    with project.inside():
        return introspect(project.folder / "kernels", path)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    (kernel,) = read(tmp_path_factory.mktemp("full"), FULL)
    return kernel


def parameter(kernel: Kernel, name: str) -> Parameter:
    (found,) = (p for p in kernel.parameters if p.name == name)
    assert isinstance(found, Parameter)
    return found


def constexpr(kernel: Kernel, name: str) -> Constexpr:
    (found,) = (p for p in kernel.parameters if p.name == name)
    assert isinstance(found, Constexpr)
    return found


def test_the_function(full: Kernel) -> None:
    assert (full.name, full.symbol) == ("tests.deep.full", "full")
    assert (full.file, full.qualname) == ("deep/a.py", "full")
    assert full.doc == "Do it.\n\n    Indented, with a \\ in it.\nAnd not."
    assert full.options == Options(num_warps=8, num_stages=2, maxnreg=64, enable_fp_fusion=False)
    assert full.location.path.endswith("kernels/deep/a.py")
    assert full.location.line == FULL.splitlines().index("@export(") + 1


def test_parameters_in_order(full: Kernel) -> None:
    names = "x_ptr out_ptr bias_ptr mask_ptr written rows columns quiet plain_ptr factor flag"
    constants = "MODE WIDTH ONE DEEP SIZE"
    assert [p.name for p in full.parameters] == [*names.split(), *constants.split()]
    assert [p.name for p in full.arguments] == [*names.split(), "MODE", "DEEP"]


TYPES = {
    "x_ptr": ("*fp16", "*bf16"),
    "out_ptr": ("*fp16", "*bf16"),
    "bias_ptr": ("*fp32",),
    "mask_ptr": ("*ki1",),
    "written": ("*kfp64",),
    "rows": ("i32",),
    "columns": ("i64",),
    "factor": ("fp32",),
    "flag": ("i1",),
}


@pytest.mark.parametrize("name", TYPES)
def test_types_from_the_declaration_and_from_annotations(full: Kernel, name: str) -> None:
    assert parameter(full, name).types == tuple(map(parse_type, TYPES[name]))


def test_what_is_nullable(full: Kernel) -> None:
    assert [p.name for p in full.parameters if isinstance(p, Parameter) and p.nullable] == [
        "bias_ptr"
    ]


def test_what_hints_assume(full: Kernel) -> None:
    divisible = [p.name for p in full.parameters if isinstance(p, Parameter) and p.hint == 16]
    assert divisible == ["x_ptr", "out_ptr", "bias_ptr", "mask_ptr", "written", "rows"]


def test_defaults(full: Kernel) -> None:
    assert parameter(full, "factor").default == Default(float("inf"))
    assert parameter(full, "flag").default == Default(True)
    assert parameter(full, "rows").default is None


@pytest.mark.parametrize(
    ("name", "choices", "default"),
    [
        ("MODE", ("sum", "max"), Default("max")),
        ("WIDTH", (128,), None),
        ("ONE", (4,), None),
        ("DEEP", (64, 32), Default(64)),
        ("SIZE", (64,), Default(64)),
    ],
)
def test_constexprs(
    full: Kernel, name: str, choices: tuple[object, ...], default: Default | None
) -> None:
    found = constexpr(full, name)
    assert (found.choices, found.default) == (choices, default)
    assert found.is_argument == (len(choices) > 1)


def test_comments_are_those_beside_parameters(full: Kernel) -> None:
    assert {p.name: p.comment for p in full.parameters if p.comment} == {
        "x_ptr": "the input",
        "out_ptr": "the output, # twice",
        "rows": "beside",
        "MODE": "how",
        "SIZE": "the last one, without a comma",
    }


def test_the_grid(full: Kernel) -> None:
    assert full.grid.axes == ("tb_cdiv(columns, 64)", "rows", "1")
    assert full.grid.reads == Reads(("rows", "columns"))


def test_shapes(full: Kernel) -> None:
    shape = parameter(full, "x_ptr").shape
    assert shape is not None
    assert shape.source == "(rows, cdiv(columns, 2))"
    assert shape.sizes == ("rows", "tb_cdiv((int64_t)columns, 2)")
    bias = parameter(full, "bias_ptr").shape
    assert bias is not None
    assert bias.source == "(columns,)"
    assert parameter(full, "out_ptr").shape is None


BARE = f'{HEADER}@export("bare", types={{"out": "*i8"}}, grid="explicit")\n'


def test_a_kernel_without_anything(tmp_path: Path) -> None:
    (kernel,) = read(tmp_path, f"{BARE}@triton.jit\ndef bare(out): pass\n", "a.py")
    assert (kernel.name, kernel.symbol, kernel.doc) == ("bare", "bare", "")
    assert kernel.options == Options()
    assert kernel.grid.axes is None
    assert kernel.grid.reads == Reads()


@pytest.mark.parametrize(
    ("type_", "is_nullable"),
    [('"*fp32"', False), ('"*fp32 | None"', True), ('"i32"', False), ('"fp32 | None"', True)],
)
def test_a_default_of_none_does_not_widen_a_type(
    tmp_path: Path, type_: str, is_nullable: bool
) -> None:
    (kernel,) = read(tmp_path, with_aux(f'"aux": {type_}', "aux=None"))
    aux = parameter(kernel, "aux")
    assert aux.nullable is is_nullable
    assert aux.default == (Default(None) if is_nullable else None)
    assert [axis.kind for axis in kernel.specialisation.axes] == ["none"] * is_nullable + ["hints"]


@pytest.mark.parametrize(
    ("types", "parameters"),
    [
        ('"aux": None', "aux"),
        ('"aux": None', "aux=None"),
        ('"aux": None', "aux=7"),
        ('"aux": None', "aux: tl.float32"),
        ("", "aux=None"),
        ("", "aux=tl.constexpr(None)"),
    ],
)
def test_what_is_none_in_types_or_by_default_is_compiled_in(
    tmp_path: Path, types: str, parameters: str
) -> None:
    (kernel,) = read(tmp_path, with_aux(types, parameters))
    assert constexpr(kernel, "aux").choices == (None,)
    assert [argument.name for argument in kernel.arguments] == ["out"]
    assert {variant.constexprs["aux"] for variant in kernel.specialisation.variants} == {None}


def test_an_annotated_parameter_may_be_none_by_its_default(tmp_path: Path) -> None:
    (kernel,) = read(tmp_path, with_aux("", "aux: tl.float32 = None"))
    assert parameter(kernel, "aux").nullable
    (kernel,) = read(tmp_path, with_aux('"aux": "fp32"', "aux: tl.float32 = None"), "b.py")
    assert not parameter(kernel, "aux").nullable


def with_aux(types: str, parameters: str) -> str:
    declared = f'@export("bare", types={{"out": "*i8", {types}}}, grid="explicit")'
    return f"{HEADER}{declared}\n@triton.jit\ndef bare(out, {parameters}): pass\n"


def test_a_default_that_is_no_choice_is_dropped(tmp_path: Path) -> None:
    """True is no 1, though they are equal: a call that leaves it out would pass a bool."""
    source = BARE.replace("grid=", "constexprs={'N': [1, 2]}, grid=")
    (kernel,) = read(tmp_path, f"{source}@triton.jit\ndef bare(out, N: tl.constexpr = True): pass")
    assert constexpr(kernel, "N").default is None


def test_the_same_kernel_twice(tmp_path: Path) -> None:
    again = "export('again', types={'out': '*i16'}, grid='explicit')(bare)\n"
    kernels = read(tmp_path, f"{BARE}@triton.jit\ndef bare(out): pass\n\n{again}", "a.py")
    assert [(kernel.name, kernel.qualname) for kernel in kernels] == [
        ("bare", "bare"),
        ("again", "bare"),
    ]
    assert kernels[0].source_key == kernels[1].source_key


def test_declarations_belong_to_the_file_they_stand_in(tmp_path: Path) -> None:
    declared = f"{BARE}@triton.jit\ndef bare(out): pass\n"
    files = {
        "kernels/a.py": declared,
        "kernels/b.py": "from .a import bare\nfrom kernels import a\n",
    }
    project = new_project(tmp_path, files)
    root = project.folder / "kernels"
    with project.inside():
        assert load(root, "b.py") == ()
        assert [declaration.name for declaration in load(root, "a.py")] == ["bare"]


def test_the_project_comes_before_an_installed_package_of_the_same_name(tmp_path: Path) -> None:
    """Here `numpy` stands for it, as a folder of kernels."""
    project = new_project(tmp_path, {"numpy/a.py": "x = 1\n"})
    code = "import numpy, sys; from pathlib import Path; from codegen.read.loading import load\n"
    code += "load(Path('numpy'), 'a.py'); print(sys.modules['numpy.a'].x)"
    child = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.folder,
        env=project.environment(PYTHONSAFEPATH="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.stdout == "1\n", child.stderr


@pytest.mark.parametrize(
    ("docstring", "title"),
    [
        ('"""First.\n\nSecond."""\n', "First."),
        ('"""\n    Indented first.\n"""\n', "Indented first."),
        ('""" """\n', "Kernels of deep/a.py."),
        ("", "Kernels of deep/a.py."),
    ],
)
def test_the_title_of_a_file(tmp_path: Path, docstring: str, title: str) -> None:
    project = new_project(tmp_path, {"kernels/deep/a.py": docstring})
    root = project.folder / "kernels"
    with project.inside():
        introspect(root, "deep/a.py")
        assert title_of(root, "deep/a.py") == title


MICRO = """
@export(
    "t.micro",
    types={"x": "*fp32", "MU": "i32:16", "y": "*fp32 | None"},
    constexprs={"BMU": 64},
    shapes={"x": ("MU", "2 * MU")},
    cases=[{"MU": 16}],
    grid=lambda MU, BMU: (cdiv(MU, BMU), 1, MU + 1),
)
@triton.jit
def micro(x, y, MU, BMU: tl.constexpr):
    pass
"""


def test_a_name_that_has_two_codes_is_one(tmp_path: Path) -> None:
    """Python reads U+00B5, which keyboards have, as U+03BC."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    typed, known = (
        made.read(tmp_path / folder, MICRO.replace("MU", code))[0]
        for folder, code in (("one", "\u00b5"), ("other", "\u03bc"))
    )
    assert [p.name for p in typed.parameters] == ["x", "y", "\u03bc", "B\u03bc"]
    assert typed.parameters == known.parameters
    assert typed.grid == known.grid


TABLES = {
    "types": 'types={"MU": "i32", "SECOND": "i32"}',
    "constexprs": 'constexprs={"MU": 1, "SECOND": 2}',
    "cases": 'cases=[{"MU": 16, "SECOND": 1}]',
}


@pytest.mark.parametrize("table", TABLES)
def test_a_name_that_is_written_in_two_ways_is_refused(tmp_path: Path, table: str) -> None:
    text = TABLES[table].replace("MU", "\u00b5").replace("SECOND", "\u03bc")
    source = f'@export("tests.k", {text}, grid="explicit")\n@triton.jit\ndef k(\u03bc): pass\n'
    with pytest.raises(CodegenError) as caught:
        made.read(tmp_path, source)
    assert caught.value.message == (
        "`tests.k`: `\u03bc` is named twice in a dict by parameter, in two spellings"
    )
    assert caught.value.hint == "Python takes both for one name: leave one of them out"
