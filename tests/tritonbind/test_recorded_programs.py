"""Whole programs, recorded: what is noted of their launches."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.recorded import counts, environment, record, record_command, write_program
from tritonbind import recording_file
from tritonbind.errors import TritonbindError
from tritonbind.recording import Example, Grid, Launch, NotRecorded
from tritonbind.session import recording

LAUNCH = "scale[(1,)](Tensor(8), 8, BLOCK=64)"


def test_each_specialisation_is_an_entry(jit: Path, tmp_path: Path) -> None:
    source = """
        for n in (64, 128, 100, 100, 1):
            scale[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](Tensor(n), n, BLOCK=64)
    """
    ended = record(tmp_path, jit, source)
    assert ended.code == 0
    assert ended.said == [
        f"tritonbind: {ended.file}: 1 kernel, 3 specialisations, 5 launches",
    ]
    kernel = ended.kernel
    assert kernel.kernel == "app:scale"
    assert kernel.parameters == ("x", "n", "BLOCK")
    assert kernel.wrappers == ()
    assert kernel.tuned == ()
    assert kernel.grids == (Grid('lambda meta: (triton.cdiv(n, meta["BLOCK"]),)', {"n": (1, 128)}),)
    launches = {launch.arguments["n"]: launch for launch in kernel.launches}
    assert launches["i32:16"] == Launch(
        arguments={"x": "*fp32:16", "n": "i32:16", "BLOCK": {"constexpr": 64}},
        options={},
        target="sm_90",
        count=2,
        grid=((1, 2), (1, 1), (1, 1)),
        values={"n": (64, 128)},
        shapes={"x": ((64, 128),)},
        examples=(
            Example({"n": 64}, {"x": (64,)}, (1, 1, 1)),
            Example({"n": 128}, {"x": (128,)}, (2, 1, 1)),
        ),
    )
    assert launches["i32"].count == 2
    assert launches["i32:1"].values == {}
    assert launches.keys() == {"i32:16", "i32", "i32:1"}


def test_of_many_launches_some_are_examples_with_the_extremes(jit: Path, tmp_path: Path) -> None:
    ended = record(
        tmp_path,
        jit,
        """
        for number in (*range(5, 40), 2, 50, 45, 3):
            scale[(number,)](Tensor(16 * number), 16 * number, BLOCK=64)
        """,
    )
    (launch,) = ended.kernel.launches
    grids = [example.grid[0] for example in launch.examples]
    assert 14 <= len(grids) <= 16 and grids == sorted(grids)
    assert (grids[0], grids[-1]) == (2, 50)
    assert set(grids[1:-1]) < {*range(5, 21), 2, 50}


def test_nothing_is_left_beside_the_recording(jit: Path, tmp_path: Path) -> None:
    record(tmp_path, jit, "scale[(1,)](Tensor(8), 8, BLOCK=64)")
    assert {path.name for path in tmp_path.iterdir()} == {"recording.json", "app.py", "site"}


def test_the_exit_code_and_the_output_are_the_programs(jit: Path, tmp_path: Path) -> None:
    source = """
        import sys
        print(sys.argv[1:])
        scale[(1,)](Tensor(8), 8, BLOCK=64)
        sys.exit(7)
    """
    ended = record(tmp_path, jit, source, "--x", "-o")
    assert (ended.code, ended.out) == (7, "['--x', '-o']\n")
    assert counts(ended.recording) == {"app:scale": 1}


def test_a_program_without_triton_is_not_given_it(jit: Path, tmp_path: Path) -> None:
    """Nor anything else: what is loaded is what is loaded without."""
    path = tmp_path / "plain.py"
    path.write_text("import sys\nprint(sorted(sys.modules))\n")
    command = [sys.executable, str(path)]
    ended = record_command(command, tmp_path, jit)
    assert (ended.code, ended.file.exists()) == (0, False)
    assert ended.said == [
        "tritonbind: no launch of a kernel through Triton was recorded; "
        f"{ended.file} is not written"
    ]
    plain = subprocess.run(
        command, env=environment(tmp_path, jit), capture_output=True, text=True, check=True
    )
    more = set(ast.literal_eval(ended.out)) - set(ast.literal_eval(plain.stdout))
    assert more == {"tritonbind", "tritonbind.start", "tritonbind.import_hook"}


def test_a_program_that_imports_triton_is_given_no_package_but_ours(
    jit: Path, tmp_path: Path
) -> None:
    source = f"""
        import sys
        before = set(sys.modules)
        {LAUNCH}
        roots = {{name.partition(".")[0] for name in set(sys.modules) - before}}
        print(sorted(roots - set(sys.stdlib_module_names) - {{"triton", "cuda_utils"}}))
    """
    assert record(tmp_path, jit, source).out == "[]\n"


def test_another_environment_is_named(jit: Path, tmp_path: Path) -> None:
    """Its Python starts without what records."""
    command = [sys.executable, "-S", "-c", "print(1)"]
    ended = record_command(command, tmp_path, jit)
    assert (ended.code, ended.out, ended.file.exists()) == (0, "1\n", False)
    assert ended.said == [
        f"tritonbind: `{sys.executable}` has run no Python in which tritonbind is installed, so "
        "nothing is recorded: install tritonbind (python -m pip install tritonbind) in the "
        "environment of the program's own Python"
    ]


def test_an_exception_of_the_program_is_the_programs(jit: Path, tmp_path: Path) -> None:
    source = f"""
        class Refuses(Tensor):
            def data_ptr(self):
                raise ValueError("mine")

        {LAUNCH}
        scale[(1,)](Refuses(8), 8, BLOCK=64)
    """
    ended = record(tmp_path, jit, source)
    assert ended.code == 1
    assert "ValueError: mine" in ended.said
    assert counts(ended.recording) == {"app:scale": 1}
    assert ended.recording.not_recorded == ()


def test_an_exception_of_the_recorder_is_not_the_programs(jit: Path, tmp_path: Path) -> None:
    """It is said once, and counted."""
    source = """
        class Odd(Tensor):
            @property
            def shape(self):
                raise ZeroDivisionError("of the shape")

            @shape.setter
            def shape(self, value):
                pass

        for n in (8, 8, 9):
            scale[(1,)](Odd(8), n, BLOCK=64)
        print("done")
    """
    ended = record(tmp_path, jit, source)
    assert (ended.code, ended.out) == (0, "done\n")
    reason = "the recorder failed with ZeroDivisionError: of the shape"
    assert ended.said == [
        f"tritonbind: app:scale is not recorded: {reason}",
        f"tritonbind: not recorded: app:scale: {reason} (3)",
    ]
    assert ended.recording.not_recorded == (NotRecorded("app:scale", reason, 3),)


def test_a_folder_that_cannot_be_written_is_said_and_the_program_goes_on(
    jit: Path, tmp_path: Path
) -> None:
    source = f"""
        import os, shutil
        shutil.rmtree(os.environ["TRITONBIND_RECORD"] + ".parts")
        open(os.environ["TRITONBIND_RECORD"] + ".parts", "w").close()
        {LAUNCH}
        print("done")
    """
    ended = record(tmp_path, jit, source)
    assert (ended.code, ended.out) == (0, "done\n")
    assert ended.said[0] == (
        f"tritonbind: this process is not recorded: [Errno 17] File exists: '{ended.file}.parts'"
    )


def test_code_records_itself(jit: Path, tmp_path: Path) -> None:
    """What was launched before is not recorded, though it is compiled; and so is it twice."""
    source = f"""
        import os
        from tritonbind.session import recording

        {LAUNCH}
        for name in ("one.json", "two.json"):
            with recording(name):
                {LAUNCH}
                scale[(2,)](Tensor(16), 16, BLOCK=64)
            {LAUNCH}
        print(os.environ.get("TRITONBIND_RECORD"), sorted(os.listdir()))
    """
    program = write_program(tmp_path, source)
    done = subprocess.run(
        [sys.executable, str(program)],
        env=environment(tmp_path, jit),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("None ['app.py', 'one.json', 'site', 'two.json']\n", "")
    one, two = (recording_file.read(tmp_path / name) for name in ("one.json", "two.json"))
    assert one == two
    assert counts(one) == {"app:scale": 2}


def test_code_does_not_take_what_another_run_left(tmp_path: Path) -> None:
    (tmp_path / "one.json.parts").mkdir()
    left = re.escape(f"{tmp_path}/one.json.parts holds parts of another run")
    with pytest.raises(TritonbindError, match=left), recording(tmp_path / "one.json"):
        pass


def test_code_that_is_recorded_already_goes_on_being_so(jit: Path, tmp_path: Path) -> None:
    source = f"""
        from tritonbind.session import recording

        with recording("other.json"):
            {LAUNCH}
        {LAUNCH}
    """
    ended = record(tmp_path, jit, source)
    assert counts(ended.recording) == {"app:scale": 2}
    assert ended.said[0] == (
        f"tritonbind: other.json is not written: the process is being recorded into {ended.file}"
    )


def test_a_part_of_a_program_that_ends_by_an_exception_is_recorded(
    jit: Path, tmp_path: Path
) -> None:
    source = f"""
        from tritonbind.session import recording

        with recording("one.json"):
            {LAUNCH}
            1 / 0
    """
    program = write_program(tmp_path, source)
    done = subprocess.run(
        [sys.executable, str(program)],
        env=environment(tmp_path, jit),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stderr.endswith("\nZeroDivisionError: division by zero\n")
    assert counts(recording_file.read(tmp_path / "one.json")) == {"app:scale": 1}
    assert not (tmp_path / "one.json.parts").exists()


def test_what_cannot_be_recorded_into_is_refused_before_the_part_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    parts = re.escape(f"{tmp_path}/file/one.json.parts")
    refused = pytest.raises(TritonbindError, match=rf"^cannot make {parts}: Not a directory$")
    with refused, recording(tmp_path / "file/one.json"):
        pytest.fail("it runs")


def test_a_launch_that_torch_compile_wrote_is_told_of(jit: Path, tmp_path: Path) -> None:
    (tmp_path / "written.py").write_text(
        "import triton, triton.language as tl\n"
        "@triton.jit\ndef fused(x):\n    tl.store(x, 1)\n"
        "fused.fn.__module__ = 'torch._inductor.runtime.compile_tasks.abc'\n"
    )
    source = """
        from written import fused
        for _ in range(2):
            fused[(1,)](Tensor(8))
    """
    ended = record(tmp_path, jit, source)
    (lost,) = ended.recording.not_recorded
    assert lost == NotRecorded(
        "torch._inductor.runtime.compile_tasks.abc:fused",
        "torch.compile wrote it, and writes it anew in each process",
        2,
    )


def test_no_program_is_an_error(jit: Path, tmp_path: Path) -> None:
    assert record_command([], tmp_path, jit).said == [
        "tritonbind: error: record: no program is named",
        "  hint: tritonbind record -o FILE -- python app.py",
    ]
    ended = record_command(["/no/such/program"], tmp_path, jit)
    assert ended.code == 2
    assert ended.said == [
        "tritonbind: error: cannot run `/no/such/program`: No such file or directory"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_triton_that_is_like_no_other_is_said_and_the_program_goes_on(
    jit: Path, tmp_path: Path
) -> None:
    compiler = tmp_path / "triton/compiler/compiler.py"
    compiler.parent.mkdir(parents=True)
    for file in (compiler, compiler.with_name("__init__.py"), tmp_path / "triton/__init__.py"):
        file.touch()
    path = tmp_path / "plain.py"
    path.write_text("import triton.compiler.compiler\nprint('done')\n")
    ended = record_command([sys.executable, str(path)], tmp_path, jit)
    assert (ended.code, ended.out) == (0, "done\n")
    assert ended.said[0].startswith("tritonbind: this process is not recorded: AttributeError: ")
    assert "'triton.compiler.compiler' has no attribute 'CompiledKernel'" in ended.said[0]


def test_compiled_kernels_stay_as_they_are(jit: Path, tmp_path: Path) -> None:
    """Others take them apart, and nothing keeps them from ending."""
    source = """
        import gc, weakref
        from tritonbind import triton_hooks

        compiled = scale[(1,)](Tensor(8), 8, BLOCK=64)
        print([name for name in vars(compiled) if "bind" in name], len(triton_hooks._launchers))
        end = weakref.ref(compiled)
        scale.device_caches.clear()
        del compiled
        gc.collect()
        print(end(), len(triton_hooks._launchers))
        scale[(1,)](Tensor(8), 8, BLOCK=64)
    """
    ended = record(tmp_path, jit, source)
    assert ended.out == "[] 1\nNone 0\n"
    assert counts(ended.recording) == {"app:scale": 2}


def test_a_kernel_that_came_from_elsewhere_is_told_of(jit: Path, tmp_path: Path) -> None:
    source = """
        compiled = scale.warmup(Tensor(8), 8, BLOCK=64, grid=(1,))
        compiled.run
        compiled.src = None
        for _ in range(3):
            compiled.run(1, 1, 1, 0, compiled.function, compiled.packed_metadata, None, None, None,
                         Tensor(8), 8, 64)
    """
    (lost,) = record(tmp_path, jit, source).recording.not_recorded
    reason = "Triton does not say which function it was compiled from"
    assert lost == NotRecorded("unknown:scale", reason, 3)


def test_a_folder_is_no_recording_and_the_program_does_not_run(jit: Path, tmp_path: Path) -> None:
    (tmp_path / "recording.json").mkdir()
    ended = record(tmp_path, jit, "print('ran')")
    assert (ended.code, ended.out) == (2, "")
    assert ended.said == [
        f"tritonbind: error: {ended.file} is a folder, and a recording is a file",
        f"  hint: name the file, as {ended.file}/recording.json",
    ]


def test_what_cannot_be_written_in_the_end_is_kept_in_its_parts(jit: Path, tmp_path: Path) -> None:
    source = f"""
        import os
        os.mkdir("recording.json")
        {LAUNCH}
    """
    ended = record(tmp_path, jit, source)
    parts = f"{ended.file}.parts"
    assert ended.code == 2
    assert ended.said == [
        f"tritonbind: error: cannot write {ended.file}: Is a directory",
        f"  hint: what was recorded is in {parts}: mend this, and tritonbind merge {parts} "
        f"-o {ended.file}",
    ]
    (part,) = Path(parts).glob("*.json")
    assert counts(recording_file.read(part)) == {"app:scale": 1}
