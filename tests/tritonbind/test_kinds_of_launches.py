"""One program with a launch of every kind, recorded: what is noted of each."""

from __future__ import annotations

import pytest

from tests.support.recorded import Ended, counts, record
from tritonbind.recording import Kernel, Launch, TunedRow

PROGRAM = """
    from triton.tools.tensor_descriptor import TensorDescriptor


    def measured(call, quantiles):
        for _ in range(5):
            call()
        return [1.0, 1.0, 1.0]


    CONFIGS = [triton.Config({"BLOCK": 32}, num_warps=2), triton.Config({"BLOCK": 64})]


    @triton.heuristics({"EVEN": lambda given: given["n"] % 16 == 0})
    @triton.autotune(CONFIGS, key=["n"], do_bench=measured)
    @triton.jit
    def tuned(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), n + EVEN)


    for n in (64, 100, 64):
        tuned[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](Tensor(n), n)


    class Derived(triton.runtime.Autotuner):
        def run(self, *args, **kwargs):
            self.cache.pop("other", None)
            return super().run(*args, **kwargs)


    class Around:
        def __init__(self, fn):
            self.fn, self.arg_names = fn, fn.arg_names

        def run(self, *args, **kwargs):
            return self.fn.run(*args, **kwargs)


    @triton.heuristics({"EVEN": lambda given: True})
    @lambda fn: Around(fn)
    @lambda fn: Derived(fn, fn.arg_names, CONFIGS, ["n"], None, None, do_bench=measured)
    @triton.jit
    def derived(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), n + EVEN)


    derived[(3,)](Tensor(9), 9)


    def make(steps):
        @triton.jit
        def made(x):
            for step in tl.static_range(steps):
                tl.store(x + step, step)

        return made


    for steps in (tl.constexpr(2), tl.constexpr(3), tl.constexpr(3)):
        make(steps)[(1,)](Tensor(4))


    @triton.jit
    def nested(pair, n, BLOCK: tl.constexpr):
        tl.store(pair[0] + tl.arange(0, BLOCK), pair[1] + n)


    for second in (32, 48, 48):
        nested[(1,)]((Tensor(8, dtype="fp16"), second, None), 7, BLOCK=32)


    @triton.jit
    def described(source, x, BLOCK: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), tl.sum(source.load([0, 0]), 0).to(tl.float32))


    class Strided(Tensor):
        def stride(self, *axis):
            return (self.shape[1], 1)[axis[0]] if axis else (self.shape[1], 1)

    class Dtype(str):
        itemsize = 2
        is_floating_point = True

    base = Strided(64, 128, dtype=Dtype("torch.float16"))
    described[(1,)](TensorDescriptor.from_tensor(base, [16, 32]), Tensor(32), BLOCK=32)


    @triton.jit
    def low(value):
        return value + 1


    @triton.jit
    def all_types(
        x: "const *fp32", out, none, flag, one, small, odd, wide, unsigned, number, double: "fp64",
        DTYPE: tl.constexpr, FUNCTION: tl.constexpr, TUPLE: tl.constexpr, NAME: tl.constexpr,
        REAL: tl.constexpr, NOTHING: tl.constexpr, TRUE: tl.constexpr = True,
    ):
        total = one + small + odd + wide + number + double + flag + TUPLE[0] + REAL
        tl.store(out, FUNCTION(tl.load(x) + total).to(DTYPE) + unsigned.to(DTYPE))


    all_types[(1,)](
        Tensor(8), Tensor(8, address=4104), None, True, 1, 16, 7, 2**40, 2**63, 0.5, 0.25,
        DTYPE=tl.int32, FUNCTION=low, TUPLE=(3, "a", None), NAME="text", REAL=1.5, NOTHING=None,
        num_warps=8, num_stages=1, num_ctas=1, maxnreg=64, debug=True,
    )


    @triton.jit
    def direct(x, n, BLOCK: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), n)


    direct.warmup(Tensor(8), 5, BLOCK=32, grid=(1,))
    direct.run(Tensor(8), 5, BLOCK=32, grid=(2,), warmup=True)
    direct.run(Tensor(8), 5, BLOCK=32, grid=(2,), warmup=False)
    compiled = direct.warmup(Tensor(8), 6, BLOCK=64, grid=(1,))
    compiled[(3, 1, 1)](Tensor(8), 6, 64)
    compiled[(4, 1, 1)](Tensor(8), 6, 64)
    direct[(5,)](Tensor(8), 6, BLOCK=64)
    try:
        direct[(1,)](Tensor(8), object(), BLOCK=32)
    except TypeError:
        print("refused")
    print(tuned.fn.cache.get((64, "torch.float32")))
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("kinds")
    ended = record(folder, tmp_path_factory.getbasetemp() / "compiled_by_jit", PROGRAM)
    assert ended.code == 0, ended.said
    return ended


def kernels(ended: Ended, name: str) -> list[Kernel]:
    return [kernel for kernel in ended.recording.kernels if kernel.kernel == f"app:{name}"]


def only(ended: Ended, name: str) -> Kernel:
    (kernel,) = kernels(ended, name)
    return kernel


def only_launch(ended: Ended, name: str) -> Launch:
    (launch,) = only(ended, name).launches
    return launch


def test_nothing_is_lost(ended: Ended) -> None:
    assert ended.recording.not_recorded == ()
    assert ended.said == [f"tritonbind: {ended.file}: 8 kernels, 10 specialisations, 16 launches"]


def test_the_program_sees_what_it_saw_without(ended: Ended) -> None:
    assert ended.out.splitlines() == [
        "refused",
        "BLOCK: 32, num_warps: 2, num_ctas: 1, num_stages: 3, maxnreg: None, ir_override: None",
    ]


def test_launches_that_measure_are_not_the_programs(ended: Ended) -> None:
    tuned = only(ended, "tuned")
    assert tuned.wrappers == ("heuristics", "autotune")
    assert [launch.count for launch in tuned.launches] == [1, 2]
    config = {"BLOCK": 32, "num_warps": 2, "num_ctas": 1, "num_stages": 3}
    (table,) = tuned.tuned
    assert table.names == ("n",)
    assert table.rows == (
        TunedRow((100, "torch.float32"), config, 1),
        TunedRow((64, "torch.float32"), config, 2),
    )
    (grid,) = tuned.grids
    assert grid.source == 'lambda meta: (triton.cdiv(n, meta["BLOCK"]),)'
    assert grid.reads == {"n": (64, 100)}


def test_what_an_autotuner_and_heuristics_give_are_arguments_and_options(ended: Ended) -> None:
    launch = only(ended, "tuned").launches[1]
    assert launch.arguments == {
        "x": "*fp32:16",
        "n": "i32:16",
        "BLOCK": {"constexpr": 32},
        "EVEN": {"constexpr": True},
    }
    assert launch.options == {"num_warps": 2, "num_ctas": 1, "num_stages": 3}


def test_decorators_of_others_are_named_by_their_class(ended: Ended) -> None:
    derived = only(ended, "derived")
    assert derived.wrappers == ("heuristics", "app:Around", "autotune")
    assert [row.count for row in derived.tuned[0].rows] == [1]
    assert only_launch(ended, "derived").count == 1


def test_kernels_of_a_factory_are_apart_by_what_they_close_over(ended: Ended) -> None:
    made = kernels(ended, "make.<locals>.made")
    assert len({kernel.digest for kernel in made}) == 2
    assert sorted(kernel.launches[0].count for kernel in made) == [1, 2]


def test_what_is_in_a_tuple_is_named_by_its_place(ended: Ended) -> None:
    launch = only_launch(ended, "nested")
    assert launch.arguments["pair"] == ["*fp16:16", "i32:16", None]
    assert launch.values == {"pair.1": (32, 48), "n": (7, 7)}
    assert launch.shapes == {"pair.0": ((8, 8),)}
    assert launch.count == 3


def test_a_descriptor_has_the_shape_of_its_tensor(ended: Ended) -> None:
    launch = only_launch(ended, "described")
    assert launch.arguments["source"] == "tensordesc<fp16[16, 32]>"
    assert launch.shapes["source"] == ((64, 64), (128, 128))


def test_types_are_as_triton_decided(ended: Ended) -> None:
    launch = only_launch(ended, "all_types")
    assert launch.arguments == {
        "x": "const *fp32:16",
        "out": "*fp32",
        "none": None,
        "flag": "i1",
        "one": "i32:1",
        "small": "i32:16",
        "odd": "i32",
        "wide": "i64:16",
        "unsigned": "u64:16",
        "number": "fp32",
        "double": "fp64",
        "DTYPE": {"constexpr": {"dtype": "i32"}},
        "FUNCTION": {"constexpr": {"function": "app:low"}},
        "TUPLE": {"constexpr": [3, "a", None]},
        "NAME": {"constexpr": "text"},
        "REAL": {"constexpr": 1.5},
        "NOTHING": {"constexpr": None},
        "TRUE": {"constexpr": True},
    }
    assert launch.options == {
        "debug": True,
        "maxnreg": 64,
        "num_ctas": 1,
        "num_stages": 1,
        "num_warps": 8,
    }


def test_numbers_that_are_compiled_in_are_no_values(ended: Ended) -> None:
    launch = only_launch(ended, "all_types")
    assert launch.values == {
        "small": (16, 16),
        "odd": (7, 7),
        "wide": (2**40, 2**40),
        "unsigned": (2**63, 2**63),
    }
    (example,) = launch.examples
    others = {"flag": True, "number": 0.5, "double": 0.25}
    assert example.values == {"small": 16, "odd": 7, "wide": 2**40, "unsigned": 2**63, **others}


def test_a_compiled_kernel_may_be_launched_by_itself(ended: Ended) -> None:
    """Then nobody says which options were given, and those that count are all there."""
    by_itself, by_run = only(ended, "direct").launches[::-1]
    assert (by_run.count, by_run.options) == (1, {})
    assert by_itself.count == 3
    assert by_itself.options == {"num_ctas": 1, "num_stages": 3, "num_warps": 4}
    assert by_itself.grid[0] == (3, 5)


def test_all_launches_are_counted(ended: Ended) -> None:
    assert counts(ended.recording)["app:direct"] == 4
