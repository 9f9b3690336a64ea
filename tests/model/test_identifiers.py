"""Arguments called as anything that C, C++ or their headers know: what is generated compiles."""

from __future__ import annotations

import itertools
import keyword
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

import codegen
from codegen.model.identifiers import c_identifier, own_names
from codegen.variants.c_literals import c_string
from tests.support import made
from tests.support.c_programs import STRICT, compile_c

C_HEADERS = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg
    stdbool stddef stdint stdio stdlib string tgmath time wchar wctype
    """.split()  # noqa: SIM905
MORE_HEADERS = """
    stdalign stdatomic stdnoreturn threads uchar
    aio arpa/inet cpio dirent dlfcn fcntl fmtmsg fnmatch ftw glob grp iconv langinfo libgen
    monetary mqueue ndbm net/if netdb netinet/in netinet/tcp nl_types poll pthread pwd regex sched
    search semaphore spawn strings stropts sys/ipc sys/mman sys/msg sys/resource sys/select sys/sem
    sys/shm sys/socket sys/stat sys/statvfs sys/time sys/times sys/types sys/uio sys/un sys/utsname
    sys/wait syslog tar termios ulimit unistd utime utmpx wordexp
    """.split()  # noqa: SIM905
CPP_HEADERS = """
    cassert ccomplex cerrno cfenv cfloat cinttypes ciso646 climits clocale cmath complex csetjmp
    csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cwchar cwctype new
    """.split()  # noqa: SIM905
CPP_WORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
    constinit continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
    nullptr operator or or_eq private protected public register reinterpret_cast requires restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof union unsigned using virtual void
    volatile wchar_t while xor xor_eq size_t int64_t FILE
    """.split()  # noqa: SIM905
AT_ONCE = 120


def includes(headers: Iterable[str]) -> str:
    """Each header that this machine has."""
    return "".join(f"#if __has_include(<{h}>)\n#include <{h}>\n#endif\n" for h in headers)


def c_headers(names: Iterable[str] = C_HEADERS) -> list[str]:
    return [f"{name}.h" for name in names]


def macros(headers: Sequence[str], *options: str) -> dict[str, bool]:
    """What the compiler knows behind the headers, and whether it takes parameters."""
    command = ["cc", "-x", "c", "-dM", "-E", "-D_GNU_SOURCE", *options, "-"]
    text = subprocess.run(
        command, input=includes(headers), capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"^#define (\w+)(\(?)", text, re.MULTILINE)
    return {name: bool(parenthesis) for name, parenthesis in found}


@pytest.fixture(scope="module")
def known() -> dict[str, bool]:
    return macros(c_headers(), "-std=gnu99")


def test_no_macro_of_any_header_is_hit(known: dict[str, bool]) -> None:
    """Not even by a name that becomes one."""
    all_known = dict(known)
    for standard in ("-std=c99", "-std=gnu17"):
        all_known |= macros(c_headers([*C_HEADERS, *MORE_HEADERS]), standard)
    assert len(known) > 1000 and len(all_known) > len(known)
    names = {*all_known, *(name.rstrip("_") for name in all_known), *CPP_WORDS} - {""}
    spelt = {name: c_identifier(name) for name in names}
    hit = {name: c for name, c in spelt.items() if not all_known.get(c, True)}
    assert hit == {}
    assert {name for name, c in spelt.items() if c in CPP_WORDS} == set()
    assert len(set(spelt.values())) == len(spelt)


def source(names: Sequence[str]) -> str:
    """Kernels with all these as parameters, of which grids read some."""
    usable = [name for name in names if not keyword.iskeyword(name)]
    text = "import collections\n"
    for number, start in enumerate(range(0, len(usable), AT_ONCE)):
        part = usable[start : start + AT_ONCE]
        text += (
            f"@export('t.kernel_{number}', cases=[], types=dict.fromkeys({part!r}, 'i32'),\n"
            f"        grid=lambda {part[0]}, {part[-1]}: ({part[0]}, {part[-1]} + 1))\n"
            f"@triton.jit\ndef kernel_{number}({', '.join(part)}):\n    pass\n\n"
        )
    return text


OTHER_PLACES = """
Entry = collections.namedtuple("Entry", ["errno", "I"])

@export("t.INT64_MAX", types={"NULL": "*fp16 | *fp32", "unix": "*fp16 | *fp32 | None",
        "EOF": "i32 | i64", "stdin": "i32 | None", "linux": Entry("i32:16", "fp32")},
        constexprs={"NAN": [1, 2], "INFINITY": ["a", "b"], "complex": [True, False]},
        shapes={"NULL": ("EOF", 4)},
        grid=lambda EOF, NAN, M_PI, unix: (EOF, NAN, M_PI if unix is None else 1))
@triton.heuristics({"M_PI": lambda args: args["EOF"] % 16 == 0})
@triton.jit
def INT64_MAX(NULL, unix, EOF, stdin, linux, NAN: tl.constexpr, INFINITY: tl.constexpr,
              complex: tl.constexpr, M_PI: tl.constexpr):
    pass

@export("t.linux", types={"st_atime": "*fp32 | None", "assert2": "fp32", "isnan": "i32:16"},
        grid=lambda isnan: (isnan,))
@triton.jit
def linux(st_atime, assert2, isnan):
    pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, known: dict[str, bool]) -> Path:
    own = [name for name in known if not name.startswith("_")]
    text = (
        source(sorted({*own, "_IOFBF", "_STDIO_H", "__GNUC", "__GNUC__", *CPP_WORDS}))
        + OTHER_PLACES
    )
    return made.library(tmp_path_factory.mktemp("identifiers"), text).folder


COMPILERS = (
    *(("gcc", "-std=c99"), ("gcc", "-std=gnu17"), ("clang", "-std=c99"), ("clang", "-std=gnu17")),
    *(("g++", "-std=gnu++11"), ("g++", "-std=c++20"), ("clang++", "-std=c++17")),
)


@pytest.mark.parametrize("command", COMPILERS, ids=" ".join)
@pytest.mark.parametrize("headers_first", [True, False])
def test_headers_compile_in_any_order(
    folder: Path, tmp_path: Path, command: tuple[str, str], headers_first: bool
) -> None:
    is_cpp = "++" in command[0]
    more = CPP_HEADERS if is_cpp else c_headers(MORE_HEADERS)
    own, others = '#include "made.h"\n', includes([*c_headers(), *more])
    file = tmp_path / ("program.cpp" if is_cpp else "program.c")
    file.write_text(others + own if headers_first else own + others)
    # The headers of the system are not ours to judge.
    options = ("-D_GNU_SOURCE", "-Wno-cpp", "-Wno-#warnings", "-Wno-unused-command-line-argument")
    gnu = options[:2] if command[0] in ("gcc", "g++") else options
    compile_c(*command, *STRICT, *gnu, f"-I{folder}", "-fsyntax-only", file)


@pytest.mark.parametrize("command", [c for c in COMPILERS if "++" not in c[0]], ids=" ".join)
def test_sources_compile(folder: Path, command: tuple[str, str]) -> None:
    compile_c(*command, *STRICT, f"-I{folder}", "-fsyntax-only", folder / "made.c")


def test_python_and_messages_keep_the_names(folder: Path) -> None:
    text = (folder / "made.c").read_text()
    assert '"t.INT64_MAX(NULL: *fp16 | *fp32, unix: *fp16 | *fp32 | None, EOF: i32 | i64, "' in text
    python = (folder / "made.py").read_text()
    assert "    st_atime: Pointer | None,\n    assert2: float,\n    isnan: int,\n" in python


@pytest.mark.parametrize("length", [4095, 4096, 9000])
def test_a_long_text_is_c99(tmp_path: Path, length: int) -> None:
    """C99 promises 4095 characters of a literal, and -Wpedantic warns beyond."""
    text = ("né'\\?\n" + '"' + "x" * length)[: length - 1]
    source = f"""
        #include <stdio.h>
        static const struct {{ const char *text; }} one = {{.text = {c_string(text)}}};
        int main(void) {{ return fputs(one.text, stdout) < 0; }}
        """
    (tmp_path / "long.c").write_text(source)
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    program = str(tmp_path / "long")
    subprocess.run(["cc", *flags, "long.c", "-o", program], cwd=tmp_path, check=True)
    assert subprocess.run([program], capture_output=True, check=True).stdout == text.encode()


REPOSITORY = Path(codegen.__file__).parents[1]
MODULES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("generated", "tests")
    for path in REPOSITORY.joinpath(folder).rglob("*.c")
    if "built" not in path.parts and "_function = {" in path.read_text()  # perhaps by others
)


def names_of_its_own(text: str) -> Iterator[tuple[str, set[str], list[str]]]:
    """Each function of generated C, its own names without those of images, and all parameters."""
    code = re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|^#.*?$', "", text, flags=re.DOTALL | re.MULTILINE)
    words = set(re.findall(r"\b[A-Za-z_]\w*", code))
    symbols = re.findall(r"\btb_function (\w+)_function = {", code)
    parameters = re.findall(r'\.name = "(\w+)"', text) + re.findall(r"_compute_(\w+)\(", code)
    parameters += re.findall(r"const int64_t (\w+?)_? = \w+_values\[", code)  # of configurations
    for symbol in symbols:
        longer = tuple(f"{other}_" for other in symbols if other.startswith(f"{symbol}_"))
        own = {word for word in words if word.startswith(f"{symbol}_")}
        own = {re.sub(r"_\d+$", "", word) for word in own if not word.startswith(longer)}
        yield symbol, {name for name in own if not name.startswith(f"{symbol}__")}, parameters


@pytest.mark.parametrize("module", MODULES)
def test_what_generated_code_has_for_itself_is_known(module: str) -> None:
    found = list(names_of_its_own((REPOSITORY / module).read_text()))
    assert found
    for symbol, own, parameters in found:
        assert own <= own_names(symbol, parameters)


def test_so_are_the_names_for_launches(tmp_path: Path) -> None:
    rows = [
        {"arguments": {"x": x, "n": n, "K": {"constexpr": value}}, "options": {"num_warps": warps}}
        for x, n, value, warps in itertools.product(
            ("*fp16:16", "*fp32"), ("i32:1", "i64:16"), range(3), (4, 8)
        )
    ]
    source = f"@export('t.k', grid='explicit', launches={rows})\n@triton.jit\n"
    made.library(tmp_path, f"{source}def k(x, n, K: tl.constexpr): pass\n")
    ((symbol, own, parameters),) = names_of_its_own(next(tmp_path.rglob("made.c")).read_text())
    assert {"k_built_places", "k_case_places", "k_texts"} <= own <= own_names(symbol, parameters)
