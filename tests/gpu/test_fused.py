"""The two kernels of the fused chain on a GPU, against float64, as committed."""

from __future__ import annotations

import pytest

from tests.support import oracle as numpy_oracle

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch", reason="torch is not installed")
cupy = pytest.importorskip("cupy", reason="CuPy is not installed")

from tests.support import chain  # noqa: E402

# Relative to the norm of the whole; results are rounded to bf16, and factors of products as well.
SOLVED, CHAIN = 6e-3, 1e-2
SIZES = [(1, 32), (63, 32), (64, 48), (65, 48), (200, 32), (2048, 32), (8192, 48)]


@pytest.fixture(autouse=True)
def oracle(monkeypatch):
    """The float64 stages, on the GPU."""
    monkeypatch.setattr(numpy_oracle, "np", cupy)
    if torch.cuda.get_device_capability() not in {(9, 0), (10, 0)}:
        pytest.skip("the fused kernels are for sm_90 and sm_100")
    return numpy_oracle


def wide(tensor):
    """A tensor's values in float64."""
    return cupy.from_dlpack(tensor.double().contiguous())


def error(actual, expected):
    difference = cupy.linalg.norm(wide(actual) - expected)
    return float(difference / cupy.linalg.norm(expected))


def unwritten(*shape, dtype=None):
    return torch.full(shape, float("nan"), device="cuda", dtype=dtype or torch.float32)


def by_token(matrices, tokens):
    """[chunks, H, 64, 64] as [S, H, 64]; what is beyond the last token is left out."""
    return matrices.transpose(1, 2).reshape(-1, matrices.shape[1], 64)[:tokens]


def prepared(oracle, x):
    return oracle.prepare(*(wide(t) for t in (x.qkv, x.b, x.a, x.dt_bias, x.a_log)), x.key_heads)


@pytest.mark.parametrize(("tokens", "heads"), SIZES)
def test_both_kernels_are_the_recurrence(oracle, tokens, heads):
    x = chain.inputs(tokens, heads, seed=tokens)
    y = chain.fused_workspace(x, unwritten)
    chain.run(chain.fused_calls(x, y))
    torch.cuda.synchronize()
    q, k, v, g, beta = prepared(oracle, x)
    inverse, through = oracle.solved(q, k, oracle.cumsum(g), beta, chain.SCALE)
    output, last = oracle.recurrence(q, k, v, g, beta, wide(x.initial_state), chain.SCALE)
    bounds = {"T": SOLVED, "P T": SOLVED, "output": CHAIN, "final_state": CHAIN}
    errors = {
        "T": error(by_token(y.solved[:, :, :64], tokens), inverse),
        "P T": error(by_token(y.solved[:, :, 64:], tokens), through),
        "output": error(y.output, output),
        "final_state": error(y.final_state, last),
    }
    print(f"S={tokens} H={heads}", {name: f"{value:.1e}" for name, value in errors.items()})
    assert not [name for name, bound in bounds.items() if not errors[name] <= bound], errors


def test_keys_that_are_alike_and_never_forgotten_cost_little_accuracy(oracle):
    """Then the inverse of each chunk is full of differences of large sums."""
    x = chain.inputs(2048, 32)
    chain.make_alike(x, 0.1)
    chain.remember(x)
    y = chain.fused_workspace(x, unwritten)
    chain.run(chain.fused_calls(x, y))
    torch.cuda.synchronize()
    output, last = oracle.recurrence(*prepared(oracle, x), wide(x.initial_state), chain.SCALE)
    errors = error(y.output, output), error(y.final_state, last)
    print(f"output {errors[0]:.1e}, final_state {errors[1]:.1e}")
    assert errors[0] <= CHAIN and errors[1] <= 2 * CHAIN


def test_the_state_may_be_replaced_in_place():
    x = chain.inputs(200, 32)
    y = chain.fused_workspace(x, unwritten)
    chain.run(chain.fused_calls(x, y))
    x.initial_state = x.initial_state.clone()
    z = chain.fused_workspace(x, unwritten)
    z.final_state = x.initial_state
    chain.run(chain.fused_calls(x, z))
    assert torch.equal(y.final_state, z.final_state)
    assert torch.equal(y.output, z.output)


def test_calls_one_after_the_other_do_not_overtake_each_other():
    """`carry` may begin while `local` runs, and the next `local` writes what `carry` reads."""
    xs = [chain.inputs(2048, 32, seed) for seed in range(4)]
    y = chain.fused_workspace(xs[0], unwritten)
    expected = []
    for x in xs:
        chain.run(chain.fused_calls(x, y))
        torch.cuda.synchronize()
        expected.append((y.output.clone(), y.final_state.clone()))
    results = [chain.fused_workspace(x, unwritten) for x in xs]
    for _ in range(20):
        for x, z in zip(xs, results, strict=True):
            z.solved, z.factors = y.solved, y.factors
            chain.run(chain.fused_calls(x, z))
    torch.cuda.synchronize()
    for z, (output, state) in zip(results, expected, strict=True):
        assert torch.equal(z.output, output)
        assert torch.equal(z.final_state, state)


def test_a_captured_graph_replays_both():
    x = chain.inputs(200, 32)
    y, z = (chain.fused_workspace(x, unwritten) for _ in range(2))
    chain.run(chain.fused_calls(x, y))
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        chain.run(chain.fused_calls(x, z))
    for _ in range(2):
        z.output.fill_(float("nan"))
        graph.replay()
        torch.cuda.synchronize()
        assert torch.equal(y.output, z.output)
