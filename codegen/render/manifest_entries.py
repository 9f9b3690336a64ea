"""What MANIFEST.json says of each function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from codegen.model.generated_file import digest
from codegen.model.identifiers import GRID_NAMES, python_identifier
from codegen.model.parameters import Parameter
from codegen.model.plan import Plan
from codegen.model.wording import axis_text, signature_text
from codegen.render.conditions import calls_of
from codegen.render.manifest_arguments import arguments_of, compiled_in, told_of
from codegen.variants.axes.configuration import ConfigurationAxis
from codegen.variants.axes.hints import HintsAxis


def functions_of(plans: Sequence[Plan]) -> dict[str, Any]:
    """The manifest's entry of each function."""
    return {plan.kernel.name: _function(plan) for plan in plans}


def _function(plan: Plan) -> dict[str, Any]:
    kernel = plan.kernel
    variants = {}
    for binary in plan.binaries:
        variant = binary.variant
        variants[variant.label] = {
            "parameters": [[name, type_.triton] for name, type_ in variant.types.items()],
            "constexprs": {name: repr(value) for name, value in variant.constexprs.items()},
            "divisible_by_16": list(variant.divisible),
            "options": asdict(variant.options),
            "images": {
                image.target.name: {
                    "file": plan.path(variant, image),
                    "size": len(image.data),
                    "sha256": digest(image.data),
                    **image.record(),
                }
                for image in binary.images
            },
        }
    configurations = (
        {**axis.entry(plan), **told_of(axis)}
        for axis in kernel.specialisation.axes
        if isinstance(axis, ConfigurationAxis)
    )
    selections = kernel.specialisation.selections
    count = sum(not isinstance(axis, HintsAxis) for axis in kernel.specialisation.axes)
    return {
        "kernel": f"{kernel.file}:{kernel.qualname}",
        "kernel_identity": asdict(kernel.identity),
        "python": {
            "module": kernel.file.removesuffix(".py").replace("/", "."),
            "name": python_identifier(kernel.symbol),
        },
        "arguments": arguments_of(kernel),
        "compiled_in": compiled_in(kernel),
        "combinations": len({one[:count] for one in selections}) or None,
        "tuned": {"rows": [row for table in kernel.tuned for row in table["rows"]]},
        "signature": signature_text(kernel),
        "grid": [axis_text(kernel, axis) for axis in kernel.grid.axes or GRID_NAMES],
        "omitted": [
            {"variant": each.variant, "target": each.target.name, "reason": each.reason}
            for each in plan.omissions
        ],
        "sources": dict(kernel.sources),
        "pointers": {
            parameter.name: plan.uses.of(parameter.name)
            for parameter in kernel.parameters
            if isinstance(parameter, Parameter) and parameter.is_tensor
        },
        "writes_through": sorted(plan.uses.writes_through),
        "hints": {
            parameter.name: parameter.hint
            for parameter in kernel.parameters
            if isinstance(parameter, Parameter) and parameter.hint is not None
        },
        "variants": variants,
        "calls": calls_of(kernel),
        "configurations": next(configurations, None),
    }
