"""Triton's IR as text to what is known of it: operations that no kernel here needs, and places."""

from __future__ import annotations

import pytest

from codegen.model.errors import SourceLocation
from codegen.model.pointer_uses import PointerUses
from codegen.prove.memory_effects import effects_of, pointer_uses, writer
from codegen.prove.triton_ir import Module, read_module

pytestmark = pytest.mark.triton

FUNCTION = """\
module {
  tt.func public @kernel(%a: !tt.ptr<f32>, %b: !tt.ptr<f32>, %c: !tt.ptr<i64>, %n: i32) {
    %one = arith.constant 1.000000e+00 : f32
    BODY
    tt.return
  }
}
"""
NAMES = ("a", "b", "c", "n")


def kernel(body: str) -> Module:
    return read_module(FUNCTION.replace("BODY", body))


BODIES = {
    "a switch": (
        """\
    cf.switch %n : i32, [
      default: ^bb1(%a : !tt.ptr<f32>),
      7: ^bb2(%b : !tt.ptr<f32>)
    ]
  ^bb1(%p: !tt.ptr<f32>):
    tt.store %p, %one : !tt.ptr<f32>
    tt.return
  ^bb2(%q: !tt.ptr<f32>):
    %value = tt.load %q : !tt.ptr<f32>""",
        # Where it goes is not read: anything may go anywhere.
        ("a b", "a b", ""),
        "",
    ),
    "branches": (
        """\
    %is = arith.cmpi eq, %n, %n : i32
    cf.cond_br %is, ^bb1(%n, %a : i32, !tt.ptr<f32>), ^bb2(%b, %n : !tt.ptr<f32>, i32)
  ^bb1(%i: i32, %p: !tt.ptr<f32>):
    tt.store %p, %one : !tt.ptr<f32>
    cf.br ^bb2(%p, %i : !tt.ptr<f32>, i32)
  ^bb2(%q: !tt.ptr<f32>, %j: i32):
    %value = tt.load %q : !tt.ptr<f32>""",
        ("a b", "a", ""),
        "",
    ),
    "a while loop": (
        """\
    %last:2 = scf.while (%p = %a, %q = %b) : (!tt.ptr<f32>, !tt.ptr<f32>)
        -> (!tt.ptr<f32>, !tt.ptr<f32>) {
      %more = arith.cmpi slt, %n, %n : i32
      scf.condition(%more) %q, %p : !tt.ptr<f32>, !tt.ptr<f32>
    } do {
    ^bb0(%r: !tt.ptr<f32>, %s: !tt.ptr<f32>):
      %value = tt.load %r : !tt.ptr<f32>
      scf.yield %s, %r : !tt.ptr<f32>, !tt.ptr<f32>
    }
    tt.store %last#1, %one : !tt.ptr<f32>""",
        ("b", "a", ""),
        "",
    ),
    "an exchange of elements": (
        """\
    %swapped = tt.atomic_cas acq_rel, gpu, %a, %one, %one : (!tt.ptr<f32>, f32, f32) -> f32
    %kept = tt.load %b : !tt.ptr<f32>""",
        ("a b", "a", ""),
        "",
    ),
    "a sum of addresses": (
        """\
    %x = tt.ptr_to_int %a : !tt.ptr<f32> -> i64
    %y = tt.ptr_to_int %b : !tt.ptr<f32> -> i64
    %distance = arith.subi %y, %x : i64
    %p = tt.addptr %a, %distance : !tt.ptr<f32>, i64
    tt.store %p, %one : !tt.ptr<f32>""",
        # The store is to b. That it is made of a too is all that can be seen.
        ("", "a b", ""),
        "",
    ),
    "an offset from memory": (
        """\
    %offset = tt.load %c : !tt.ptr<i64>
    %p = tt.addptr %a, %offset : !tt.ptr<f32>, i64
    %x = tt.ptr_to_int %b : !tt.ptr<f32> -> i64
    %y = arith.addi %x, %offset : i64
    %q = tt.int_to_ptr %y : i64 -> !tt.ptr<f32>
    tt.store %p, %one : !tt.ptr<f32>
    tt.store %q, %one : !tt.ptr<f32>""",
        ("c", "a b", ""),
        "",
    ),
    "an address or one from memory": (
        """\
    %number = tt.load %c : !tt.ptr<i64>
    %p = tt.int_to_ptr %number : i64 -> !tt.ptr<f32>
    %is = arith.cmpi eq, %n, %n : i32
    %q = arith.select %is, %a, %p : !tt.ptr<f32>
    tt.store %q, %one : !tt.ptr<f32>""",
        ("c", "a", "c"),
        "",
    ),
    "a reduction of addresses": (
        """\
    %x = tt.ptr_to_int %a : !tt.ptr<f32> -> i64
    %many = tt.splat %x : i64 -> tensor<16xi64>
    %least = "tt.reduce"(%many) <{axis = 0 : i32}> ({
    ^bb0(%l: i64, %r: i64):
      %m = arith.minsi %l, %r : i64
      tt.reduce.return %m : i64
    }) : (tensor<16xi64>) -> i64
    %p = tt.int_to_ptr %least : i64 -> !tt.ptr<f32>
    tt.store %p, %one : !tt.ptr<f32>""",
        ("", "a", ""),
        "",
    ),
    "what is not known": (
        """\
    %p = builtin.unrealized_conversion_cast %a : !tt.ptr<f32> to !tt.ptr<f32>
    %value = tt.load %b : !tt.ptr<f32>
    %f = builtin.unrealized_conversion_cast %value : f32 to f32""",
        ("a b", "a", ""),
        "builtin.unrealized_conversion_cast",
    ),
    "a library's function": (
        """\
    %value = tt.extern_elementwise %b {libname = "", libpath = "", pure = true, symbol = "f"} :
        (!tt.ptr<f32>) -> f32
    tt.store %a, %value : !tt.ptr<f32>""",
        ("b", "a b", ""),
        "tt.extern_elementwise",
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_uses(name: str) -> None:
    body, expected, unknown = BODIES[name]
    module = kernel(body)
    sets = [frozenset(names.split()) for names in expected]
    assert pointer_uses(module, NAMES) == PointerUses(*sets)
    assert effects_of(module).unknown == set(unknown.split())


def test_descriptors_that_the_hardware_knows() -> None:
    """From sm_90 on they stay in the IR; before, Triton makes pointers of them."""
    module = read_module("""\
module {
  tt.func public @kernel(%d: !tt.tensordesc<16x16xf16>, %base: !tt.ptr<f16>, %rows: i32,
      %sums: !tt.tensordesc<16x16xf16>, %table: !tt.ptr<f16>, %width: i64) {
    %zero = arith.constant 0 : i32
    %step = arith.constant 1 : i64
    %x = tt.descriptor_load %d[%zero, %zero] : !tt.tensordesc<16x16xf16> -> tensor<16x16xf16>
    %made = tt.make_tensor_descriptor %base, [%rows, %rows], [%width, %step]
        : <f16>, <16x16xf16>
    tt.descriptor_store %made[%zero, %zero], %x : !tt.tensordesc<16x16xf16>, tensor<16x16xf16>
    tt.descriptor_reduce add, %sums[%zero, %zero], %x
        : !tt.tensordesc<16x16xf16>, tensor<16x16xf16>
    %rows_of = tt.make_tensor_descriptor %table, [%rows, %rows], [%width, %step]
        : <f16>, <1x16xf16>
    %at = arith.constant dense<0> : tensor<16xi32>
    %y = tt.descriptor_gather %rows_of[%at, %zero]
        : (!tt.tensordesc<1x16xf16>, tensor<16xi32>, i32) -> tensor<16x16xf16>
    tt.return
  }
}
""")
    uses = pointer_uses(module, ("d", "base", "rows", "sums", "table", "width"))
    read, written = frozenset({"d", "sums", "table"}), frozenset({"base", "sums"})
    assert uses == PointerUses(read, written)


def test_a_callee_does_what_it_is_given() -> None:
    """Of two calls of one function each writes to its own."""
    module = read_module("""\
module {
  tt.func public @kernel(%a: !tt.ptr<f32>, %b: !tt.ptr<f32>, %c: !tt.ptr<f32>, %d: !tt.ptr<i64>) {
    tt.call @copy(%a, %b) : (!tt.ptr<f32>, !tt.ptr<f32>) -> ()
    %x, %y = tt.call @both(%b, %c) : (!tt.ptr<f32>, !tt.ptr<f32>) -> (!tt.ptr<f32>, !tt.ptr<f32>)
    tt.call @copy(%x, %y) : (!tt.ptr<f32>, !tt.ptr<f32>) -> ()
    tt.call @through(%d) : (!tt.ptr<i64>) -> ()
    tt.return
  }
  tt.func private @copy(%from: !tt.ptr<f32>, %to: !tt.ptr<f32>) attributes {noinline = true} {
    %value = tt.load %from : !tt.ptr<f32>
    tt.store %to, %value : !tt.ptr<f32>
    tt.return
  }
  tt.func private @both(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>) -> (!tt.ptr<f32>, !tt.ptr<f32>)
      attributes {noinline = true} {
    tt.return %q, %p : !tt.ptr<f32>, !tt.ptr<f32>
  }
  tt.func private @through(%t: !tt.ptr<i64>) attributes {noinline = true} {
    %one = arith.constant 1.000000e+00 : f32
    %number = tt.call @first(%t) : (!tt.ptr<i64>) -> i64
    %p = tt.int_to_ptr %number : i64 -> !tt.ptr<f32>
    tt.store %p, %one : !tt.ptr<f32>
    tt.return
  }
  tt.func private @first(%t: !tt.ptr<i64>) -> i64 attributes {noinline = true} {
    %number = tt.load %t : !tt.ptr<i64>
    tt.return %number : i64
  }
}
""")
    uses = pointer_uses(module, ("a", "b", "c", "d"))
    # b = a, then b = c
    read, written = frozenset({"a", "c", "d"}), frozenset({"b"})
    assert uses == PointerUses(read, written, frozenset({"d"}))


def test_a_later_stage_is_read_as_well() -> None:
    """Kernels of Gluon have none but this."""
    module = read_module("""\
#blocked = #ttg.blocked<{
    sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32,
    ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @kernel(%a: !tt.ptr<f32>, %b: !tt.ptr<f32>) {
    %i = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32, #blocked>
    %from = tt.splat %a : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #blocked>
    %to = tt.splat %b : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #blocked>
    %p = tt.addptr %from, %i : tensor<128x!tt.ptr<f32>, #blocked>, tensor<128xi32, #blocked>
    %q = ttg.convert_layout %to : tensor<128x!tt.ptr<f32>, #blocked>
        -> tensor<128x!tt.ptr<f32>, #blocked>
    %value = tt.load %p : tensor<128x!tt.ptr<f32>, #blocked>
    tt.store %q, %value : tensor<128x!tt.ptr<f32>, #blocked>
    tt.return
  }
}
""")
    assert pointer_uses(module, ("a", "b")) == PointerUses(frozenset("a"), frozenset("b"))


def test_the_place_of_a_write() -> None:
    """The innermost call first, through the names of locations."""
    module = read_module("""\
#loc = loc("kernel.py":3:0)
#loc1 = loc("helper.py":9:4)
#loc2 = loc("kernel.py":5:8)
#loc3 = loc("value"(#loc1))
module {
  tt.func public @kernel(%a: !tt.ptr<f32> loc(#loc), %b: !tt.ptr<f32> loc(#loc)) {
    %one = arith.constant 1.000000e+00 : f32 loc(#loc)
    tt.store %b, %one : !tt.ptr<f32> loc(#loc)
    tt.store %a, %one : !tt.ptr<f32> loc(#loc4)
    tt.return loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc4 = loc(callsite(#loc3 at #loc2))
""")
    operation = writer(module, 0)
    assert operation is not None
    assert list(module.places(operation)) == [
        SourceLocation("helper.py", 9, 4),
        SourceLocation("kernel.py", 5, 8),
    ]


def test_a_pointer_that_is_not_written_has_no_writer() -> None:
    assert writer(kernel("%value = tt.load %b : !tt.ptr<f32>"), 1) is None
