"""What the package does not have goes to the JIT, is said once, and is an error in strict mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kernels.served import add, scaled
from tests.support import standin
from tests.support.jit_on_standin import on_device
from tests.support.served import PACKAGE, Served, without_compiler
from tests.support.served_programs import PROGRAM, serve
from tritonbind.serve import NotServedError
from tritonbind.serve.misses import remedy_of

KERNEL = (
    f"tests.kernels.served:{{name}} is not served from {PACKAGE} by program.{{name}}: {{reason}}"
)
X, Y, OUT = (on_device(1000, address=0x7F00_0000_0000 + 0x1000 * place) for place in range(3))


class Bare:
    """What Triton takes for a pointer, without DLPack."""

    def __init__(self, dtype: str, address: int = 0x7F00_0000_5000) -> None:
        self.dtype, self.address = dtype, address

    def data_ptr(self) -> int:
        return self.address


class Unreadable(Bare):
    def data_ptr(self) -> int:
        raise RuntimeError("storage was freed")


def added(x: Any = X, **more: Any) -> Callable[[], Any]:
    return lambda: add[(1,)](x, Y, OUT, 1000, **{"BLOCK": 64, **more})


def scale(**changes: Any) -> Callable[[], Any]:
    arguments = {"x": X, "bias": Y, "out": OUT, "n": 9, "factor": 0.5, "MODE": "plain"}
    return lambda: scaled[(1,)](**{**arguments, "NEGATE": False, **changes})


# Launches that the JIT takes: what is said of each.
MISSES: dict[str, tuple[Callable[[], Any], str, str]] = {
    "constexpr": (added(BLOCK=256), "add", "`BLOCK` must be 64 or 128, got 256"),
    "compiled_in": (scale(BLOCK=32), "scaled", "`BLOCK` must be 64, got 32"),
    "text": (scale(MODE="cubic"), "scaled", "`MODE` must be 'plain' or 'square', got 'cubic'"),
    "int_for_bool": (scale(NEGATE=2), "scaled", "`NEGATE` must be False or True, got 2"),
    "int_for_float": (scale(factor=2), "scaled", "`factor` must be fp32, got 2"),
    "bool_for_float": (scale(factor=True), "scaled", "`factor` must be fp32, got True"),
    "bool_for_int": (scale(n=True), "scaled", "`n` must be i32, got True"),
    "option": (added(num_warps=8), "add", "`num_warps` must be 4, got 8"),
    "other_option": (added(maxnreg=64), "add", "`maxnreg` must be None, got 64"),
    "debug": (added(debug=True), "add", "`debug` must be False, got True"),
    "dtype": (
        added(on_device(8, dtype="bf16", address=0x7F00_0000_4000)),
        "add",
        "argument #0 `x` must be a tensor of float32, "
        "got a bfloat16 tensor of shape (8,) on cuda:0",
    ),
    "bare_dtype": (
        added(Bare("fp16")),
        "add",
        "`x` must be *fp32 in a tensor that speaks DLPack, got *fp16 in a Bare",
    ),
    "wide": (
        scale(n=2**31),
        "scaled",
        "argument #3 `n` must be an i32-range integer, got 2147483648",
    ),
    "unaligned": (
        added(on_device(8, address=0x7F00_0000_0002)),
        "add",
        "argument #0 `x` must be aligned to the 4 bytes of its elements, "
        "got the address 0x7f0000000002",
    ),
}
WRONG = {"unaligned"}
"""Those that no package could take."""
RECORD = "\n  hint: record such a launch, adopt the recording, and generate the package again"
CHANGE = "\n  hint: change what the program passes: no package takes this"


@pytest.mark.parametrize("name", MISSES)
def test_a_miss_goes_to_the_jit(
    program: Served, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    launch, kernel, reason = MISSES[name]
    serving = program.serve(strict=False)
    launch()
    launch()
    assert [one.kernel for one in standin.launches()] == [kernel, kernel]
    assert standin.calls("cuModuleLoadData") == 1
    text = KERNEL.format(name=kernel, reason=reason)
    assert capsys.readouterr().err == f"tritonbind: {text}; Triton compiles it\n"
    assert list(serving.misses.counts.values()) == [2]


@pytest.mark.parametrize("name", MISSES)
def test_strict_mode_makes_a_miss_an_error(program: Served, name: str) -> None:
    launch, kernel, reason = MISSES[name]
    program.serve()
    with without_compiler(), pytest.raises(NotServedError) as caught:
        launch()
    remedy = CHANGE if name in WRONG else RECORD
    assert str(caught.value) == KERNEL.format(name=kernel, reason=reason) + remedy
    assert standin.launches() == []


def test_no_recording_mends_what_no_launch_can_have(program: Served) -> None:
    program.serve()
    for launch, reason in (
        (
            lambda: add[(2**31,)](X, Y, OUT, 1000, BLOCK=64),
            "argument #5 `gx` must be an i32-range integer, got 2147483648",
        ),
        (
            lambda: add[(1, 2**16)](X, Y, OUT, 1000, BLOCK=64),
            "the launch grid (1, 65536, 1) must have y between 0 and 65535",
        ),
        (
            added(Unreadable("fp32")),
            "an argument cannot be read: RuntimeError: storage was freed",
        ),
    ):
        with pytest.raises(NotServedError) as caught:
            launch()
        assert str(caught.value) == KERNEL.format(name="add", reason=reason) + CHANGE


def test_a_library_without_images_for_the_gpu_needs_its_target(
    program: Served, tmp_path: Path
) -> None:
    devices = {"TRITONBIND_STANDIN_DEVICES": "80:0"}
    ended = serve(program, tmp_path, PROGRAM, "--strict", **devices)
    reason = "no image for sm_80, which cuda:0 is; this library holds sm_90"
    assert ended.code == 1
    assert ended.said.endswith(
        KERNEL.format(name="add", reason=reason) + "\n"
        "  hint: add the target of this GPU to `targets` of [tool.codegen], and generate the "
        "package again\n"
    )


@pytest.mark.parametrize(
    ("error", "reason", "remedy"),
    [
        (ValueError, "no such launch was built: this one has x", "record such a launch"),
        (ValueError, "argument #1 `y` must not be None, as `x` is not", "record such a launch"),
        (ValueError, "argument #0 `x` must be a stream of cuda:0", "change what the program"),
        (
            RuntimeError,
            "cannot launch on cuda:0: for these arguments the library has no image for its "
            "compute capability",
            "add the target of this GPU",
        ),
        (
            RuntimeError,
            "no image could be built for these arguments; MANIFEST.json says why",
            "mend what is said there under `omitted`",
        ),
    ],
)
def test_the_remedy_is_that_of_the_kind(error: type[Exception], reason: str, remedy: str) -> None:
    assert remedy_of(error(reason), reason).startswith(remedy)


@pytest.mark.parametrize("number", [4096, 0, True, 2**63])
def test_a_number_for_a_pointer_is_no_address(program: Served, number: int) -> None:
    program.serve()
    with pytest.raises(NotServedError, match=rf"`x` must be \*fp32, got {number}"):
        added(number)()
    assert standin.launches() == []


def test_what_comes_is_no_part_of_the_reason(
    program: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = program.serve(strict=False)
    for block in (16, 32):
        added(BLOCK=block)()
    assert len(capsys.readouterr().err.splitlines()) == 1
    key = ("tests.kernels.served:add", "`BLOCK` must be 64 or 128")
    assert serving.misses.counts == {key: 2}


def test_an_error_of_the_jit_is_as_without_us(program: Served) -> None:
    program.serve(strict=False)
    with pytest.raises(KeyError, match="speed was specified but unrecognised") as caught:
        added(speed=1)()
    assert caught.value.__context__ is None


def test_an_error_of_cuda_is_the_programs(program: Served) -> None:
    serving = program.serve(strict=False)
    standin.fail("cuLaunchKernel", 719)
    standin.fail("cuLaunchKernelEx", 719)
    with pytest.raises(RuntimeError, match=r"CUDA_ERROR_LAUNCH_FAILED \(719\)"):
        added()()
    assert serving.misses.counts == {}
    assert standin.launches() == []


def test_a_changed_kernel_is_not_served(
    program: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"module": "tests.kernels.served", "qualname": "add", "digest": "0" * 64}
    program.serve(strict=False, add={"kernel_identity": other})
    added()()
    added()()
    assert standin.calls("cuModuleLoadData") == 1
    said = capsys.readouterr().err
    digest = said.partition("(digest ")[2][:12]
    assert said == (
        "tritonbind: tests.kernels.served:add is not served: its source, or a value that it reads, "
        f"is not what served_package was generated from (digest {digest}, generated from "
        "000000000000); Triton compiles it\n"
    )


def test_strict_mode_refuses_a_changed_kernel(program: Served) -> None:
    other = {"module": "tests.kernels.served", "qualname": "add", "digest": "0" * 64}
    program.serve(add={"kernel_identity": other})
    for _ in range(2):
        with pytest.raises(NotServedError, match="is not what served_package was generated from"):
            added()()


def test_a_kernel_of_that_name_in_another_module_is_the_jits(
    program: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"module": "elsewhere", "qualname": "add", "digest": "0" * 64}
    program.serve(add={"kernel_identity": other})
    added()()
    assert standin.calls("cuModuleLoadData") == 1
    assert capsys.readouterr().err == ""


def test_a_kernel_is_known_by_its_digest_in_any_module(program: Served) -> None:
    from tritonbind.kernel_identity import identity_of

    digest = identity_of(add).digest
    other = {"module": "__mp_main__", "qualname": "add", "digest": digest}
    program.serve(add={"kernel_identity": other})
    with without_compiler():
        added()()
    assert len(standin.launches()) == 1


def test_of_two_functions_of_a_kernel_that_which_takes_the_grid_serves(program: Served) -> None:
    from tritonbind.kernel_identity import identity_of

    same = {**vars(identity_of(scaled))}
    program.serve(add={"kernel_identity": same, "arguments": []})
    with without_compiler():
        scale()()
    assert len(standin.launches()) == 1


def test_a_function_with_other_parameters_is_none_of_the_kernel(
    program: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    program.serve(strict=False, add={"compiled_in": {"WIDTH": {"constexpr": 1}}})
    added()()
    assert standin.calls("cuModuleLoadData") == 1
    assert capsys.readouterr().err == (
        "tritonbind: tests.kernels.served:add is not served: "
        "the kernel has no `WIDTH`; Triton compiles it\n"
    )


def test_a_package_that_cannot_be_imported(
    program: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    program.serve(strict=False, add={"python": {"module": "absent", "name": "add"}})
    added()()
    assert standin.calls("cuModuleLoadData") == 1
    assert capsys.readouterr().err == (
        "tritonbind: tests.kernels.served:add is not served: ModuleNotFoundError: "
        "No module named 'served_package.absent'; Triton compiles it\n"
    )
