"""What a generated image says of the values it takes."""

from __future__ import annotations

from codegen.model.plan import Plan
from codegen.render.c_images import c_tables, launch_fields
from tests.support import plans


def _fields(plan: Plan) -> dict[str, list[str]]:
    """The fields of each variant's first image."""
    tables = c_tables(plan, plan.binaries)
    return {
        binary.variant.label: list(
            launch_fields(plan, binary.variant, binary.images[0], tables),
        )
        for binary in plan.binaries
    }


def test_an_image_that_takes_all_values_has_no_list_of_them() -> None:
    plan = plans.plan(plans.kernel(plans.value("x", "*fp32"), plans.value("n", "i32", hint=1)))
    assert c_tables(plan, plan.binaries).parameters == {(0,): "kernel_parameters"}
    assert sorted(_fields(plan).values()) == [
        [".parameter_count = 2"],
        [".parameters = kernel_parameters", ".parameter_count = 1"],
    ]


def test_an_image_that_takes_none_of_the_values_has_an_empty_list() -> None:
    plan = plans.plan(plans.kernel(plans.value("n", "i32", hint=1)))
    assert c_tables(plan, plan.binaries).parameters == {}
    assert sorted(_fields(plan).values()) == [
        [".parameter_count = 1"],
        [".parameters = (const uint8_t[]){0}"],
    ]


def test_an_image_of_a_kernel_without_values_has_neither() -> None:
    assert list(_fields(plans.plan(plans.kernel())).values()) == [[]]
