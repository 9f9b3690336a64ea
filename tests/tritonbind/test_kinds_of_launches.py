"""One program with a launch of every kind, recorded: what is noted of each."""

from __future__ import annotations

import pytest

from tests.support.kinds_of_launches import PROGRAM
from tests.support.recorded import Ended, counts, record
from tritonbind.recording import Kernel, Launch, TunedRow


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
