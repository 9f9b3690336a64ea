"""The gated delta rule where it could go wrong: shared tensors, steep decays, huge offsets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import triton

from tests.support import oracle
from tests.support.interpreter import HostTensor, grid_of, launch, load
from tests.support.places import REPOSITORY
from tests.support.reserved import reserved

KERNELS = load(REPOSITORY / "kernels/qwen35/gated_delta_rule.py").declared
BF16 = np.uint16


def test_cumsum_in_place():
    tensors = random_tensors("cumsum", seq_len=130, num_value_heads=17)
    launch(KERNELS["cumsum"], tensors)
    launch(KERNELS["cumsum"], {**tensors, "g_out": tensors["g_in"]})
    assert np.array_equal(tensors["g_in"].array, tensors["g_out"].array)


def test_state_in_place():
    tensors = random_tensors("state", seq_len=130, num_value_heads=2)
    launch(KERNELS["state"], tensors)
    launch(KERNELS["state"], {**tensors, "final_state": tensors["initial_state"]})
    assert np.array_equal(tensors["initial_state"].array, tensors["final_state"].array)


def test_state_in_either_width():
    tensors = random_tensors("state", seq_len=130, num_value_heads=2)
    expected = []
    for width in (32, 64):
        launch(KERNELS["state"], {**tensors, "BLOCK_V": width})
        written = (tensors[name] for name in ("chunk_state", "v_new", "final_state"))
        expected.append([tensor.values() for tensor in written])
    for narrow, wide in zip(*expected, strict=True):
        assert np.allclose(narrow, wide, rtol=2**-8, atol=1e-6)


@pytest.mark.parametrize("tokens", [1, 17, 64, 100])
def test_solve_reads_only_below_the_diagonal_and_writes_the_whole_block(tokens):
    tensors = random_tensors("solve", seq_len=tokens, num_value_heads=2)
    below = np.tri(64, k=-1, dtype=bool)[np.arange(tokens) % 64][:, None]
    tensors["a_tril_ptr"].array[~np.broadcast_to(below, (tokens, 2, 64))] = np.nan
    tensors["a_inv_ptr"].array[:] = HostTensor.unwritten(1, dtype=BF16).array
    launch(KERNELS["solve"], tensors)

    expected = oracle.solve(np.nan_to_num(tensors["a_tril_ptr"].array.astype(np.float64)))
    bound = 2.0**-8 * abs(expected) + 1e-6 * abs(expected).max()
    assert (abs(tensors["a_inv_ptr"].values() - expected) <= bound).all()


@pytest.mark.parametrize("name", ["interaction", "state", "outputs"])
def test_a_decay_whose_inverse_overflows(name):
    """exp(g_i - g_j) is infinite above the diagonal; none of that may reach a result."""
    tensors = random_tensors(name, seq_len=100, num_value_heads=2)
    tensors["g_cumsum"].array[:] = -50.0 * (1 + np.arange(100) % 64)[:, None]
    launch(KERNELS[name], tensors)
    for tensor in tensors.values():
        assert not isinstance(tensor, HostTensor) or np.isfinite(tensor.values()).all()


@pytest.mark.parametrize("name", KERNELS)
def test_offsets_beyond_32_bits(name):
    """Chunks that begin beyond 2**31 elements: the last head among many is as if it were alone."""
    heads = {"cumsum": 17_000_000, "solve": 280_000}.get(name, 140_000)
    alone = random_tensors(name, seq_len=192, num_value_heads=1)
    among = {**alone, **sizes_of(name, seq_len=192, num_value_heads=heads)}
    for parameter, shape in shapes_of(name, among).items():
        among[parameter] = reserved(shape, alone[parameter].array.dtype)
        array, index = last_head(parameter, among)
        source, source_index = last_head(parameter, alone)
        array[index] = source[source_index]
    assert max(t.array.size for t in among.values() if isinstance(t, HostTensor)) > 2**31

    declaration = KERNELS[name]
    small, large = grid_of(declaration, alone), grid_of(declaration, among)
    axes = [range(n) if n == m else [m - 1] for n, m in zip(small, large, strict=True)]
    programs = list(itertools.product(*axes))
    if name in {"prepare", "interaction", "recompute", "outputs"}:
        of_a_head = 2 if name == "recompute" else 1
        programs = [of_last_head(program, large, of_a_head) for program in programs]
    launch(declaration, alone)
    launch(declaration, among, programs=programs)
    for parameter in declaration.shapes:
        array, index = last_head(parameter, among)
        expected, expected_index = last_head(parameter, alone)
        assert np.array_equal(array[index], expected[expected_index]), parameter


def of_last_head(program, grid, of_a_head):
    """Where kernels that go from head to head first have the last head of a block of tokens.

    `of_a_head` is how many programs each head of a block has, next to each other.
    """
    *others, blocks, heads = grid
    block, part = divmod(program[len(others)], of_a_head)
    index = (block * heads + heads - 1) * of_a_head + part
    return *program[: len(others)], index % blocks, index // blocks


def sizes_of(name, seq_len, num_value_heads):
    sizes = {"seq_len": seq_len, "num_value_heads": num_value_heads}
    if name == "prepare":
        sizes |= {"num_key_heads": 1, "qkv_dim": (2 + num_value_heads) * 128}
    if name == "state":
        sizes |= {"BLOCK_V": 64}  # what the many heads of these tests have
    return sizes | ({"scale": 128**-0.5} if name == "outputs" else {})


def shapes_of(name, sizes):
    """The shape of each tensor, as the kernel declares it."""
    names = {"cdiv": triton.cdiv, **sizes}
    return {
        parameter: tuple(eval(str(size), {}, names) for size in shape)
        for parameter, shape in KERNELS[name].shapes.items()
    }


def random_tensors(name, **sizes):
    """Arguments for a kernel; what it writes is random before, too."""
    random = np.random.default_rng(len(name))
    sizes = sizes_of(name, **sizes)
    return sizes | {
        parameter: HostTensor.of(
            0.1 * random.standard_normal(shape),
            BF16 if KERNELS[name].types[parameter] == "*bf16" else np.float32,
        )
        for parameter, shape in shapes_of(name, sizes).items()
    }


def last_head(parameter, tensors):
    """Where the last head finds its part of a tensor: an array, and the index into it."""
    array = tensors[parameter].array
    if parameter == "qkv":
        # One key head: its q, its k, then the v of each value head.
        return array.reshape(len(array), -1, 128), np.s_[:, [0, 1, -1]]
    axis = array.shape.index(tensors["num_value_heads"])
    return array, (*[slice(None)] * axis, -1)
