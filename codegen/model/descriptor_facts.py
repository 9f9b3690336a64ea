"""Numbers of tensors that become descriptors: a call has them itself, so callers pass none."""

from __future__ import annotations

from codegen.model.computed import TensorFact
from codegen.model.errors import CodegenError
from codegen.model.kernel import Kernel
from codegen.model.parameters import Parameter


def described(kernel: Kernel) -> dict[str, int]:
    """The dimensions of each parameter that gets a descriptor."""
    parameters = (p for p in kernel.parameters if isinstance(p, Parameter))
    return {p.name: p.descriptor.rank for p in parameters if p.descriptor is not None}


def passed_facts(kernel: Kernel) -> tuple[TensorFact, ...]:
    """The facts that plain C passes, since a pointer does not tell them."""
    ranks = described(kernel)
    return tuple(fact for fact in kernel.facts if fact.tensor not in ranks)


def descriptor_facts(kernel: Kernel) -> dict[TensorFact, str]:
    """The member of `tb_descriptor` that holds each other fact, or its number.

    Raises `CodegenError` for what a descriptor does not tell.
    """
    ranks = described(kernel)
    facts = (fact for fact in kernel.facts if fact.tensor in ranks)
    return {fact: _member(fact, ranks[fact.tensor]) for fact in facts}


def _member(fact: TensorFact, rank: int) -> str:
    if fact.kind == "ndim":
        return str(rank)
    what = f"something reads `{fact.tensor}"
    if fact.kind == "numel":
        raise CodegenError(
            f"{what}.numel()`, which may not fit 64 bits",
            hint="multiply the sizes that it is to be made of",
        )
    if fact.rank not in (0, rank):
        raise CodegenError(
            f"{what}.{fact.kind}` as {fact.rank} numbers, and its descriptor has {rank} "
            f"dimension{'s' if rank > 1 else ''}",
            hint="unpack as many, or declare another block",
        )
    dimension = fact.index + rank if fact.index < 0 else fact.index
    if not 0 <= dimension < rank:
        raise CodegenError(
            f"{what}.{fact.kind}[{fact.index}]`, and its descriptor has {rank} "
            f"dimension{'s' if rank > 1 else ''}",
            hint="read another, or declare another block",
        )
    return f"{'shape' if fact.kind == 'shape' else 'strides'}[{dimension}]"
