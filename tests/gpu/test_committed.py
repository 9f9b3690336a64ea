"""The committed wrappers on a GPU, against float64: all seven kernels, alone and as a chain.

The oracle is the numpy code of the other tests, run through CuPy so that long sequences fit in.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from types import SimpleNamespace

import pytest

from tests.support import oracle as numpy_oracle

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch", reason="torch is not installed")
cupy = pytest.importorskip("cupy", reason="CuPy is not installed")

from generated import prepare  # noqa: E402
from generated.basics.softmax import softmax  # noqa: E402
from generated.basics.vector_add import vector_add  # noqa: E402
from tests.support import chain  # noqa: E402
from tests.support.chain import SCALE, inputs  # noqa: E402
from tests.support.places import REPOSITORY  # noqa: E402

# Relative to the norm of the whole: fp32 stages, bf16 results (2**-9 each), and results of
# products whose factors are bf16 as well. The chain rounds to bf16 at every stage.
FP32, BF16, PRODUCT, CHAIN = 1e-5, 4e-3, 1e-2, 2e-2
SIZES = [
    (1, 32),
    (63, 32),
    (64, 48),
    (65, 48),
    (200, 32),
    (2048, 32),
    (2048, 48),
    (8192, 32),
    (8192, 48),
]


@pytest.fixture(autouse=True)
def oracle(monkeypatch):
    """The float64 stages, on the GPU."""
    monkeypatch.setattr(numpy_oracle, "np", cupy)
    return numpy_oracle


def wide(tensor):
    """A tensor's values in float64."""
    return cupy.from_dlpack(tensor.double().contiguous())


def error(actual, expected):
    difference = cupy.linalg.norm(wide(actual) - expected)
    return float(difference / cupy.linalg.norm(expected))


def unwritten(*shape, dtype=None):
    return torch.full(shape, float("nan"), device="cuda", dtype=dtype or torch.float32)


def workspace(tokens, heads):
    """Every output of the chain, poisoned."""
    return chain.seven_workspace(SimpleNamespace(tokens=tokens, heads=heads), unwritten)


def run_chain(
    x, y, wrap=lambda tensor: tensor, call=lambda function, *a, **k: function(*a, **k), **stream
):
    """The seven launches; `wrap` turns each tensor into what is passed, `call` may prepare."""
    return [
        call(
            function, *[wrap(a) if isinstance(a, torch.Tensor) else a for a in arguments], **stream
        )
        for function, arguments in chain.seven_calls(x, y).values()
    ]


@pytest.mark.parametrize(("tokens", "heads"), SIZES)
def test_every_stage_is_its_stage_in_float64(oracle, tokens, heads):
    x, y = inputs(tokens, heads), workspace(tokens, heads)
    run_chain(x, y)
    torch.cuda.synchronize()
    k, g_cumsum, beta = wide(y.k), wide(y.g_cumsum), wide(y.beta)
    given = [wide(t) for t in (x.qkv, x.b, x.a, x.dt_bias, x.a_log)]
    expected = dict(zip("qkvg", oracle.prepare(*given, x.key_heads), strict=False))
    w, u = oracle.recompute(k, wide(y.v), beta, wide(y.a_inv), g_cumsum)
    states, v_new, last = oracle.state(k, wide(y.w), wide(y.u), g_cumsum, wide(x.initial_state))
    output = oracle.outputs(wide(y.q), k, wide(y.v_new), wide(y.chunk_state), g_cumsum, SCALE)
    rows = [
        *[(name, getattr(y, name), expected[name], BF16) for name in "qk"],
        ("v", y.v, expected["v"], 0.0),
        ("g", y.g, expected["g"], FP32),
        ("beta", y.beta, oracle.prepare(*given, x.key_heads)[4], FP32),
        ("g_cumsum", y.g_cumsum, oracle.cumsum(wide(y.g)), FP32),
        ("a_tril", y.a_tril, oracle.interaction(k, g_cumsum, beta), FP32),
        ("a_inv", y.a_inv, oracle.solve(wide(y.a_tril)), BF16),
        ("w", y.w, w, PRODUCT),
        ("u", y.u, u, PRODUCT),
        ("chunk_state", y.chunk_state, states, PRODUCT),
        ("v_new", y.v_new, v_new, PRODUCT),
        ("final_state", y.final_state, last, PRODUCT),
        ("output", y.output, output, PRODUCT),
    ]
    errors = {name: error(actual, right) if right.any() else float(wide(actual).any())
              for name, actual, right, _ in rows}  # fmt: skip
    print(f"S={tokens} H={heads}", {name: f"{value:.1e}" for name, value in errors.items()})
    wrong = [name for name, _, _, bound in rows if not errors[name] <= bound]
    assert not wrong, errors


@pytest.mark.parametrize(("tokens", "heads"), [(1, 32), (65, 48), (2048, 32), (8192, 48)])
def test_the_chain_is_the_recurrence(oracle, tokens, heads):
    x, y = inputs(tokens, heads, seed=1), workspace(tokens, heads)
    run_chain(x, y)
    torch.cuda.synchronize()
    given = [wide(t) for t in (x.qkv, x.b, x.a, x.dt_bias, x.a_log)]
    prepared = oracle.prepare(*given, x.key_heads)
    output, last = oracle.recurrence(*prepared, wide(x.initial_state), SCALE)
    errors = error(y.output, output), error(y.final_state, last)
    print(f"S={tokens} H={heads} chain {errors[0]:.1e} {errors[1]:.1e}")
    assert max(errors) <= CHAIN


def results(y):
    return [y.output, y.final_state, y.a_inv, y.v_new]


def expected_of(x):
    """What a plain run gives, bit for bit."""
    y = workspace(x.tokens, x.heads)
    run_chain(x, y)
    torch.cuda.synchronize()
    return [tensor.clone() for tensor in results(y)]


def assert_same(y, expected):
    for actual, right in zip(results(y), expected, strict=True):
        assert torch.equal(actual, right)


def test_addresses_and_an_explicit_stream():
    x = inputs(200, 32)
    y, stream = workspace(200, 32), torch.cuda.Stream()
    expected = expected_of(x)
    run_chain(x, y, lambda tensor: tensor.data_ptr(), stream=stream.cuda_stream)
    stream.synchronize()
    assert_same(y, expected)


def test_the_stream_may_be_torchs_object():
    x = inputs(65, 32)
    y, stream = workspace(65, 32), torch.cuda.Stream()
    expected = expected_of(x)
    run_chain(x, y, stream=stream)
    stream.synchronize()
    assert_same(y, expected)


def test_torchs_current_stream_is_used():
    x = inputs(8192, 48)
    y, stream = workspace(8192, 48), torch.cuda.Stream()
    expected = expected_of(x)
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    with torch.cuda.stream(stream):
        before.record()
        run_chain(x, y)
        after.record()
    stream.synchronize()
    assert_same(y, expected)
    # Work on another stream would not lie between the events.
    assert before.elapsed_time(after) > 0.2


def test_a_captured_graph_replays_the_chain():
    x, y = inputs(200, 32), workspace(200, 32)
    expected = expected_of(x)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run_chain(x, y)
    for _ in range(2):
        for tensor in results(y):
            tensor.fill_(float("nan"))
        graph.replay()
        torch.cuda.synchronize()
        assert_same(y, expected)


def test_prepared_launches_are_those_of_the_calls():
    x, y = inputs(200, 32), workspace(200, 32)
    expected = expected_of(x)
    launches = run_chain(x, y, call=prepare)
    for _ in range(2):
        for tensor in results(y):
            tensor.fill_(float("nan"))
        for launch in launches:
            launch()
        torch.cuda.synchronize()
        assert_same(y, expected)


def test_prepared_launches_are_on_torchs_current_stream():
    x, y = inputs(8192, 48), workspace(8192, 48)
    expected, stream = expected_of(x), torch.cuda.Stream()
    launches = run_chain(x, y, call=prepare)
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    with torch.cuda.stream(stream):
        before.record()
        for launch in launches:
            launch()
        after.record()
    stream.synchronize()
    assert_same(y, expected)
    assert before.elapsed_time(after) > 0.2


def test_prepared_launches_are_captured():
    output = in_a_fresh_process("""
        x, y = inputs(200, 32), workspace(200, 32)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for launch in run_chain(x, y, call=prepare):
                launch()
        graph.replay()
        torch.cuda.synchronize()
        assert_same(y, expected_of(x))
        print("same")
        """)
    assert output == "same\n"


def test_a_prepared_launch_keeps_its_tensors():
    x, out = torch.rand(1 << 20, device="cuda"), torch.empty(1 << 20, device="cuda")
    expected = 2 * x
    launch = prepare(vector_add, x, x, out)
    del x
    torch.full((1 << 20,), float("nan"), device="cuda")  # would be given x's memory
    launch()
    torch.cuda.synchronize()
    assert torch.equal(out, expected)


def test_threads_and_devices_of_a_prepared_launch():
    device = torch.cuda.device_count() - 1
    x = torch.rand(1000, device=f"cuda:{device}")
    out, failures = torch.full_like(x, float("nan")), []
    launch = prepare(vector_add, x, x, out)

    def run():
        try:
            launch()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(4)]
    with torch.cuda.device(0):
        launch()
        assert torch.cuda.current_device() == 0
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    torch.cuda.synchronize(device)
    assert not failures
    assert torch.equal(out, 2 * x)


def in_a_fresh_process(body):
    """Nothing is loaded there: the first launches load the images."""
    prelude = f"import threading, torch\nfrom {__name__} import *\n"
    result = subprocess.run(
        [sys.executable, "-c", prelude + textwrap.dedent(body)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


def test_the_very_first_launch_may_be_captured():
    output = in_a_fresh_process("""
        x, y = inputs(200, 32), workspace(200, 32)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run_chain(x, y)
        graph.replay()
        torch.cuda.synchronize()
        assert_same(y, expected_of(x))
        print("same")
        """)
    assert output == "same\n"


def test_eight_threads_may_make_the_first_launches_at_once():
    output = in_a_fresh_process("""
        start = threading.Barrier(8)
        work = [(inputs(200, 32, seed), workspace(200, 32)) for seed in range(8)]
        torch.cuda.synchronize()
        def run(x, y):
            stream = torch.cuda.Stream()
            start.wait()
            with torch.cuda.stream(stream):
                for _ in range(20):
                    run_chain(x, y)
            stream.synchronize()
        threads = [threading.Thread(target=run, args=one) for one in work]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        for x, y in work:
            assert_same(y, expected_of(x))
        print("same")
        """)
    assert output == "same\n"


def test_a_thread_without_a_context_gets_the_tensors_one():
    x, y = inputs(65, 32), workspace(65, 32)
    expected, failures = expected_of(x), []

    def run():
        try:
            run_chain(x, y, stream=0)
        except Exception as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    torch.cuda.synchronize()
    assert not failures
    assert_same(y, expected)


def test_the_device_is_that_of_the_tensors():
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    x = torch.rand(1000, device="cuda:1")
    out = torch.full_like(x, float("nan"))
    with torch.cuda.device(0):
        vector_add(x, x, out, 1000)
        assert torch.cuda.current_device() == 0
    torch.cuda.synchronize(1)
    assert torch.equal(out, 2 * x)
    with pytest.raises(ValueError, match="must be on cuda:1 as `x` is"):
        vector_add(x, x.to("cuda:0"), out, 1000)


def test_the_driver_compiles_the_ptx_images():
    entries = json.loads((REPOSITORY / "generated/MANIFEST.json").read_text())["functions"].values()
    variants = [variant for entry in entries for variant in entry["variants"].values()]
    images = [one["images"][name] for one in variants for name in one["images"]
              if name.startswith("compute")]  # fmt: skip
    assert images
    for image in images:
        module = cupy.RawModule(path=str(REPOSITORY / "generated" / image["file"]))
        assert module.get_function(image["symbol"]).num_regs > 0


def test_misaligned_pointers_get_the_generic_variant():
    x = torch.rand(1001, device="cuda")
    out = unwritten(1001)
    vector_add(x[1:], x[:-1], out[1:], 1000)
    assert torch.equal(out[1:], x[1:] + x[:-1])
    assert torch.isnan(out[0])


@pytest.mark.parametrize("columns", [1, 1000, 1024, 4096])
def test_softmax(columns):
    x = torch.randn(100, columns, device="cuda")
    y = unwritten(100, columns)
    softmax(x, y, 100, columns)
    torch.testing.assert_close(y, torch.softmax(x.double(), 1).float(), rtol=1e-5, atol=1e-7)


def test_a_wrong_argument_never_reaches_the_gpu():
    x = torch.rand(64, device="cuda")
    with pytest.raises(ValueError, match=r"got a float32 tensor of shape \(64,\) on cpu"):
        vector_add(x, x.cpu(), x, 64)
    with pytest.raises(TypeError, match=r"got a float64 tensor of shape \(64,\) on cuda:0"):
        vector_add(x, x.double(), x, 64)
    with pytest.raises(ValueError, match=r"shape \(size,\) = \(65,\)"):
        vector_add(x, x, x, 65)
    torch.cuda.synchronize()


def test_cupy_arrays_are_tensors_too():
    x = cupy.arange(100, dtype=cupy.float32)
    out = cupy.full(100, cupy.nan, dtype=cupy.float32)
    vector_add(x, x, out, 100)
    cupy.cuda.runtime.deviceSynchronize()
    assert bool((out == 2 * x).all())
