"""Programs that are served, as they are: by the command, by variables, with no compiler at all."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.support import jit_on_standin
from tests.support.places import REPOSITORY
from tests.support.served import PACKAGE, Served
from tests.support.served_programs import PROGRAM, run, serve
from tritonbind import recording_file


def test_the_command_serves_a_program(program: Served, tmp_path: Path) -> None:
    ended = serve(program, tmp_path, PROGRAM, "--strict")
    assert (ended.code, ended.said) == (0, "")
    (launch,) = ended.launches
    assert (launch.kernel, launch.grid) == ("add", (10, 1, 1))


def test_a_variable_serves_a_program(program: Served, tmp_path: Path) -> None:
    path = f"{tmp_path / 'site'}:{REPOSITORY}:{program.package.parent}"
    variables = {"TRITONBIND_SERVE": PACKAGE, "PYTHONPATH": path}
    ended = run(program, tmp_path, PROGRAM, variables=variables)
    assert (ended.code, ended.said) == (0, "")
    assert len(ended.launches) == 1


def test_a_folder_in_the_variable_is_that_of_the_programs_start(
    program: Served, tmp_path: Path
) -> None:
    folder = os.path.relpath(program.package, tmp_path)
    source = "import os\nos.chdir('/')\n" + PROGRAM
    ended = run(program, tmp_path, source, variables={"TRITONBIND_SERVE": folder})
    assert (ended.code, ended.said) == (0, "")
    assert len(ended.launches) == 1


def test_a_program_may_say_so_itself_before_it_imports_triton(
    program: Served, tmp_path: Path
) -> None:
    source = f"""
        import sys
        from tritonbind.serve import serve
        serving = serve({str(program.package)!r})
        assert not [name for name in sys.modules if name.partition(".")[0] in {{"triton", "numpy"}}]
    """
    ended = run(program, tmp_path, textwrap.dedent(source) + PROGRAM, variables={})
    assert (ended.code, ended.said) == (0, "")
    assert len(ended.launches) == 1


def test_an_image_is_loaded_while_a_graph_is_captured(program: Served, tmp_path: Path) -> None:
    """In a process of its own: an earlier test may have loaded this one's image."""
    source = """
        import ctypes

        standin = ctypes.CDLL("libcuda.so.1")
        loaded = lambda: standin.standin_calls(b"cuLibraryLoadData")
        standin.standin_capture(1)
        assert standin.cuInit(0) == 0
        assert loaded() == 0
        assert standin.cuLibraryLoadData(None, b"", None, None, 0, None, None, 0) == 900
    """
    ended = serve(
        program,
        tmp_path,
        f"{textwrap.dedent(source)}{PROGRAM}{PROGRAM}print(loaded())\n",
        "--strict",
    )
    assert (ended.code, ended.said, ended.out) == (0, "", "2\n")
    assert [launch.kernel for launch in ended.launches] == ["add", "add"]


def test_workers_are_served(program: Served, tmp_path: Path) -> None:
    source = """
        import multiprocessing

        def work():
            exec(open(__file__.replace("app.py", "launch.py")).read(), {})

        if __name__ == "__main__":
            for method in ("spawn", "forkserver", "fork"):
                worker = multiprocessing.get_context(method).Process(target=work)
                worker.start()
                worker.join()
                assert worker.exitcode == 0
    """
    (tmp_path / "launch.py").write_text(PROGRAM)
    ended = serve(program, tmp_path, source, "--strict")
    assert (ended.code, ended.said) == (0, "")
    assert len(ended.launches) == 3


def test_a_process_that_does_without_triton_does_without_us(
    program: Served, tmp_path: Path
) -> None:
    source = """
        import sys
        print(*sorted(name for name in sys.modules if name.partition(".")[0] == "tritonbind"))
    """
    ended = serve(program, tmp_path, source)
    assert (ended.code, ended.said) == (0, "")
    assert ended.out == "tritonbind tritonbind.import_hook tritonbind.start\n"


def test_the_exit_code_is_the_programs(program: Served, tmp_path: Path) -> None:
    assert serve(program, tmp_path, "raise SystemExit(7)").code == 7


def test_a_package_that_is_not_there(program: Served, tmp_path: Path) -> None:
    ended = serve(program, tmp_path, PROGRAM, "-p", "./absent")
    assert (ended.code, ended.launches) == (2, [])
    assert ended.said == (
        f"tritonbind: error: {tmp_path}/absent is no generated package: it has no MANIFEST.json\n"
        "  hint: name the package that `python -m codegen regenerate` writes\n"
    )


def test_a_program_that_cannot_be_served_runs_on_and_says_so(
    program: Served, tmp_path: Path
) -> None:
    ended = run(program, tmp_path, "import triton", variables={"TRITONBIND_SERVE": "absent.one"})
    assert ended.code == 0
    assert ended.said == (
        "tritonbind: nothing is served: there is no package 'absent.one'\n"
        "  hint: name a generated package that `import` finds, or its folder, as in ./generated\n"
    )


def test_in_strict_mode_it_ends(program: Served, tmp_path: Path) -> None:
    variables = {"TRITONBIND_SERVE": "absent", "TRITONBIND_SERVE_STRICT": "1"}
    ended = run(program, tmp_path, "import triton", variables=variables)
    assert ended.code == 1
    assert "TritonbindError: there is no package 'absent'" in ended.said


def test_a_program_without_our_python_is_told_of(program: Served, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tritonbind", "serve", "-p", str(program.package), "--"]
    ended = subprocess.run([*command, "/bin/true"], cwd=REPOSITORY, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == (
        "tritonbind: `/bin/true` has run no Python in which tritonbind is installed, so nothing "
        "is served: install tritonbind (python -m pip install tritonbind) in the environment of "
        "the program's own Python\n"
    )


def test_what_is_not_served_is_recorded(program: Served, tmp_path: Path) -> None:
    source = PROGRAM + "\nfor _ in range(3):\n    add[(1,)](x, x, x, 640, BLOCK=256)\n"
    cache = str(tmp_path / "cache")
    ended = serve(
        program,
        tmp_path,
        source,
        CC="cc",
        TRITON_PTXAS_PATH="",
        TRITON_CACHE_DIR=cache,
        TRITONBIND_RECORD=str(tmp_path / "misses.json"),
    )
    assert (ended.code, len(ended.launches)) == (0, 4)
    parts = [recording_file.read(path) for path in (tmp_path / "misses.json.parts").glob("*.json")]
    (kernel,) = (kernel for part in parts for kernel in part.kernels)
    (launch,) = kernel.launches
    assert (launch.count, launch.arguments["BLOCK"]) == (3, {"constexpr": 256})


def test_how_often_is_said_at_the_end(program: Served, tmp_path: Path) -> None:
    source = PROGRAM + "\nfor _ in range(3):\n    add[(1,)](x, x, x, 640, BLOCK=256)\n"
    cache = str(jit_on_standin.environment(tmp_path / "cache")["TRITON_CACHE_DIR"])
    ended = serve(program, tmp_path, source, CC="cc", TRITON_PTXAS_PATH="", TRITON_CACHE_DIR=cache)
    assert ended.code == 0
    assert ended.said == (
        "tritonbind: tests.kernels.served:add is not served from served_package by program.add: "
        "`BLOCK` must be 64 or 128, got 256; Triton compiles it\n"
        "tritonbind: tests.kernels.served:add: 3 launches were not served: "
        "`BLOCK` must be 64 or 128\n"
    )
    assert len(ended.launches) == 4
