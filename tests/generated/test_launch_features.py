"""What launches are given besides a grid: clusters, attributes, scratch memory, many warps."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tests.support import every_type, standin
from tests.support.c_programs import STRICT, compile_c
from tests.support.calls import tensor
from tests.support.features import CASES, KERNEL_FILE, Case, Features, addresses
from tests.support.interpreter import HostTensor, launch, load
from tests.support.places import RUNTIME

pytestmark = pytest.mark.triton

COOPERATIVE, CLUSTER, SCHEDULING, SERIALIZATION = 2, 4, 5, 6
DEPENDENT = (SERIALIZATION, (1, 0, 0))
TOGETHER = (COOPERATIVE, (1, 0, 0))
IN_CLUSTERS = ((CLUSTER, (2, 1, 1)), (SCHEDULING, (1, 0, 0)))  # 1 is SPREAD

# function, its launch attributes, the grid of x = 3
COMBINATIONS = [
    ("line", (), 3),
    ("line_p", (DEPENDENT,), 3),
    ("line_g", (TOGETHER,), 3),
    ("line_pg", (DEPENDENT, TOGETHER), 3),
    ("line_c", IN_CLUSTERS, 6),
    ("line_cp", (DEPENDENT, *IN_CLUSTERS), 6),
    ("line_cg", (TOGETHER, *IN_CLUSTERS), 6),
    ("line_cpg", (DEPENDENT, TOGETHER, *IN_CLUSTERS), 6),
]


def attributes(found: standin.Launch) -> tuple[tuple[int, tuple[int, ...]], ...]:
    return tuple((one.id, one.integers(3)) for one in found.attributes)


@pytest.mark.parametrize(("name", "expected", "width"), COMBINATIONS)
def test_each_combination_of_attributes(
    features: Features, name: str, expected: tuple[object, ...], width: int
) -> None:
    features.call(name, gx=3, gy=4, gz=5, stream=0x5EED)
    found = standin.launch()
    assert attributes(found) == expected
    assert all(one.value[12:] == bytes(52) for one in found.attributes)
    assert (found.grid, found.block, found.stream) == ((width, 4, 5), (128, 1, 1), 0x5EED)
    assert found.values("*fp32", "*fp32", "i32", "*i8", "*i8") == (0x10000, 0x20000, 5001, 0, 0)
    assert standin.allocations() == []


@pytest.mark.parametrize("name", ["weigh_2", "weigh_16"])
def test_clusters(features: Features, name: str) -> None:
    features.call(name, rows=7)
    found = standin.launch()
    size = int(name.partition("_")[2])
    assert attributes(found) == ((CLUSTER, (size, 1, 1)), (SCHEDULING, (1, 0, 0)))
    assert found.grid == (7 * size, 1, 1)


def test_a_large_cluster_is_allowed_on_each_device(features: Features) -> None:
    """The stand-in refuses 16 blocks, as the driver does, where the kernel is not allowed them."""
    x = [tensor(5, 8000, device=device) for device in (0, 1)]
    for _ in range(2):
        for one in x:
            features.call("weigh_16", x=one, out=one)
    assert [found.device for found in standin.launches()] == [0, 1, 0, 1]


SCRATCH = [  # function, changes, bytes: descriptors of 128 bytes for each block
    ("tiles", {}, 3 * 3 * 3 * 2 * 128),
    ("tiles", {"batches": 65535, "rows": 1, "columns": 4}, 65535 * 2 * 128),
    ("tiles_dependent", {}, 3 * 3 * 3 * 2 * 128),
    ("tiles_in_clusters", {}, 2 * 3 * 3 * 3 * 2 * 128),
    ("product_by_specialists", {}, 2 * 2 * 512),
]


@pytest.mark.parametrize(("name", "changes", "size"), SCRATCH)
def test_scratch_memory(features: Features, name: str, changes: dict[str, int], size: int) -> None:
    features.call(name, **changes, stream=0x5EED)
    found, [memory] = standin.launch(), standin.allocations()
    assert memory.size == size
    assert (memory.stream, memory.given_stream, found.stream) == (0x5EED,) * 3
    assert (memory.context, memory.device) == (found.context, 0)
    assert memory.taken < found.order < memory.given
    *_, scratch, profile = found.parameters
    assert standin.decode(scratch, "*i8") == memory.address
    assert standin.decode(profile, "*i8") == 0


def test_a_launch_with_scratch_memory_overlaps_with_none(features: Features) -> None:
    """The memory may be what the launch before gives back in the order of the stream."""
    features.call("tiles_dependent")
    assert attributes(standin.launch()) == ()
    assert features.functions["tiles_dependent"]["variants"]["generic"]["options"]["launch_pdl"]


def test_scratch_memory_is_that_of_the_tensors_device(features: Features) -> None:
    x = tensor(3, 40, 80, device=1)
    features.call("tiles", x=x, out=x)
    found, [memory] = standin.launch(), standin.allocations()
    assert (memory.device, found.device) == (1, 1)
    assert (memory.stream, memory.context) == (0, standin.primary_context(1))
    assert standin.current_context() == 0


def test_no_machine_before_hopper_needs_scratch_memory(features: Features) -> None:
    source = """
        import tvm_ffi
        from tests.support.features import addresses
        module = tvm_ffi.load_module(sys.argv[1])
        module["tiles"](*addresses("tiles"))
        found = standin.launch()
        print(found.image.target, found.grid, found.attributes, standin.allocations())
        module["times_total"](*addresses("times_total"))
        print([(one.id, one.integers()) for one in standin.launches()[1].attributes])
    """
    output = standin.run_child(source, str(features.library), devices=[80])
    assert output == "sm_80 (3, 3, 3) () []\n[(2, (1,))]\n"


@pytest.mark.parametrize("name", ["tiles", "tiles_in_clusters", "weigh_16", "line_cpg"])
def test_an_empty_grid_takes_nothing(features: Features, name: str) -> None:
    empty = {"tiles": "batches", "weigh": "rows", "line": "gy"}[name.partition("_")[0]]
    features.call(name, **{empty: 0})
    assert (standin.launches(), standin.allocations()) == ([], [])


def test_in_a_capture(features: Features, tmp_path: Path) -> None:
    copy = features.fresh(tmp_path)
    standin.capture(True)
    for name in ("tiles", "weigh_16", "line_cpg"):
        copy[name](*addresses(name))
    assert len(standin.launches()) == 3
    assert all(memory.given for memory in standin.allocations())


def test_threads_have_their_own_scratch_memory(features: Features) -> None:
    def work(stream: int) -> None:
        for _ in range(50):
            features.call("tiles", stream=stream)

    threads = [threading.Thread(target=work, args=(stream,)) for stream in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory = {one.address: one for one in standin.allocations()}
    launches = standin.launches()
    assert len(memory) == len(launches) == 400
    for found in launches:
        mine = memory[int(standin.decode(found.parameters[-2], "*i8"))]
        assert mine.stream == mine.given_stream == found.stream
        assert mine.taken < found.order < mine.given


def test_images_say_what_they_need(features: Features) -> None:
    image = features.image
    assert [image("tiles", name)["scratch"] for name in ("sm_80", "sm_90", "sm_100")] == [
        *(0, 256, 256)
    ]
    assert [image("product_by_specialists", name)["scratch"] for name in ("sm_90", "sm_100")] == [
        *(512, 384)
    ]
    assert image("tiles_in_clusters", "sm_90")["num_ctas"] == 2
    assert image("line_pg", "sm_90")["launch_pdl"]
    assert image("line_pg", "sm_90")["cooperative"]
    assert features.functions["line_cpg"]["variants"]["generic"]["options"]["num_ctas"] == 2
    assert features.functions["line_cpg"]["variants"]["generic"]["options"][
        "launch_cooperative_grid"
    ]


def test_a_block_has_the_warps_that_specialisation_adds(features: Features) -> None:
    assert (
        features.functions["product_by_specialists"]["variants"]["generic"]["options"]["num_warps"]
        == 4
    )
    assert features.image("product_by_specialists", "sm_90")["num_warps"] == 12
    assert features.image("product_by_specialists", "sm_100")["num_warps"] == 8
    features.call("product_by_specialists")
    assert standin.launch().block == (384, 1, 1)


def test_shared_memory_and_registers(features: Features) -> None:
    features.call("product_in_much_shared")
    found = standin.launch()
    assert found.shared_limit == found.shared_bytes == 96 * 1024
    assert features.image("product_in_much_shared", "sm_90")["registers"] > 96
    assert features.image("product_in_few_registers", "sm_90")["registers"] == 96


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.interpreted],
    ids=lambda case: f"{case.name}-{max(v for v in case.arguments().values() if type(v) is int)}",
)
def test_the_kernels_compute_what_their_cases_say(case: Case) -> None:
    declaration = load(KERNEL_FILE).exported[f"features.{case.name}"]
    given = case.arguments()
    passed = {k: HostTensor(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}
    expected = case.expected({k: np.copy(v) for k, v in given.items()})
    for _ in range(case.repeat):
        launch(declaration, passed)
    for name, values in expected.items():
        assert np.array_equal(given[name], values), name


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_generated_c_compiles_without_a_warning(features: Features, compiler: str) -> None:
    sources = sorted(features.folder.rglob("*.c"))
    flags = ("-std=c99", *STRICT, "-Wshadow", f"-I{features.folder}", "-fsyntax-only")
    compile_c(compiler, *flags, *sources)


RESULTS = ("SUCCESS", "ERROR_NOT_INITIALIZED")


def test_the_launch_structures_are_those_of_the_real_header(tmp_path: Path) -> None:
    """Both headers in one program; the one name that they share is hidden from the other."""
    same = [
        *(("sizeof(%s)", ours, theirs) for ours, theirs in (
            ("cu_launch_attribute", "CUlaunchAttribute"),
            ("cu_launch_config", "CUlaunchConfig"),
        )),
        ("sizeof(((%s *)0)->value)", "cu_launch_attribute", "CUlaunchAttribute"),
        *((f"offsetof(%s, {member})", "cu_launch_attribute", "CUlaunchAttribute")
          for member in ("id", "value")),
        *(("offsetof(%s)", f"cu_launch_config, {ours}", f"CUlaunchConfig, {theirs}")
          for ours, theirs in (
            *((f"grid_{axis}", f"gridDim{axis.upper()}") for axis in "xyz"),
            *((f"block_{axis}", f"blockDim{axis.upper()}") for axis in "xyz"),
            *(("shared_bytes", "sharedMemBytes"), ("stream", "hStream")),
            *(("attributes", "attrs"), ("attribute_count", "numAttrs")),
        )),
        *(("offsetof(%s)", f"cu_launch_attribute, {ours}", f"CUlaunchAttribute, value.{theirs}")
          for ours, theirs in (
            *(("value.sizes", "clusterDim.x"), ("value.number", "cooperative")),
            ("value.number", "programmaticStreamSerializationAllowed"),
            ("value.number", "clusterSchedulingPolicyPreference"),
        )),
        *(("%s", f"(int)CU_{ours}", f"(int)CU_{theirs}") for ours, theirs in (
            ("ATTRIBUTE_MEMORY_POOLS", "DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED"),
            ("ATTRIBUTE_CAPABILITY_MAJOR", "DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR"),
            ("ATTRIBUTE_CAPABILITY_MINOR", "DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR"),
            ("ATTRIBUTE_SHARED_MEMORY_OPTIN",
             "DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"),
            ("FUNCTION_MAX_DYNAMIC_SHARED", "FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"),
            ("FUNCTION_NON_PORTABLE_CLUSTER", "FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED"),
            ("LAUNCH_COOPERATIVE", "LAUNCH_ATTRIBUTE_COOPERATIVE"),
            ("LAUNCH_CLUSTER_DIMENSION", "LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION"),
            ("LAUNCH_CLUSTER_SCHEDULING",
             "LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE"),
            ("LAUNCH_PROGRAMMATIC_SERIALIZATION",
             "LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION"),
            ("SCHEDULING_SPREAD", "CLUSTER_SCHEDULING_POLICY_SPREAD"),
            ("STREAM_CAPTURE_RELAXED", "STREAM_CAPTURE_MODE_RELAXED"),
        )),
    ]  # fmt: skip
    source = tmp_path / "layout.c"
    source.write_text(
        "".join(f"#define CUDA_{name} TB_{name}\n" for name in RESULTS)
        + '#include "core/tb_driver.h"\n'
        + "".join(f"#undef CUDA_{name}\n" for name in RESULTS)
        + "#include <cuda.h>\n"
        + "".join(f'_Static_assert((int)TB_{n} == (int)CUDA_{n}, "");\n' for n in RESULTS)
        + "".join(
            f'_Static_assert({form % ours} == {form % theirs}, "{ours}");\n'
            for form, ours, theirs in same
        )
    )
    include = ("-I", RUNTIME, "-isystem", every_type.NVIDIA / "include")
    compile_c("cc", "-std=c11", *include, "-fsyntax-only", source)
