"""What is asked of the compiler for some kernels: each variant, for each target that it is for."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.model.errors import CodegenError, CodegenErrors, about, collected
from codegen.model.kernel import Kernel, Variant
from codegen.model.request import CompileRequest, compile_key
from codegen.model.targets import Target
from codegen.project.manifest import installed_tools
from codegen.project.settings import Config


def requests_for(
    config: Config, kernels: Sequence[Kernel]
) -> dict[str, list[tuple[CompileRequest, ...]]]:
    """For each variant of each kernel, by its name, a request for each target.

    Raises `CodegenErrors` where a kernel cannot be asked for.
    """
    version = installed_tools()["triton"]
    wanted = {}
    errors: list[CodegenError] = []
    for kernel in kernels:
        with collected(errors), about(f"`{kernel.name}`", kernel.location):
            targets = _targets(config, kernel)
            wanted[kernel.name] = [
                tuple(_request(config, kernel, variant, target, version) for target in targets)
                for variant in kernel.specialisation.variants
            ]
    if errors:
        raise CodegenErrors(errors)
    return wanted


def _targets(config: Config, kernel: Kernel) -> tuple[Target, ...]:
    """Those of the project's targets that the kernel is for."""
    if kernel.targets is None:
        _check_options(kernel, config.targets)
        return config.targets
    targets = tuple(target for target in config.targets if target in kernel.targets)
    _check_options(kernel, targets)
    if not targets:
        raise CodegenError(
            f"`{kernel.name}` is for {_names(kernel.targets)}, and the project builds "
            f"{_names(config.targets)}",
            hint="add one of them to [tool.codegen] targets",
        )
    return targets


def _check_options(kernel: Kernel, targets: Sequence[Target]) -> None:
    """What a launch is asked for that some target's machine, or every one's, does not have."""
    options = kernel.options
    # Targets that the compiler refuses for a configuration's or a heuristic's are left out by it;
    # this it ignores.
    is_dependent = any(each.options.launch_pdl for each in kernel.specialisation.variants)
    for option, is_asked, least, of_all in (
        (f"num_ctas={options.num_ctas}", options.num_ctas > 1, 90, True),
        ("launch_pdl=True", options.launch_pdl or is_dependent, 90, False),
        ("clc=True", options.clc, 100, True),
    ):
        able = [target.name for target in targets if target.capability >= least]
        unable = [target for target in targets if target.capability < least]
        if is_asked and unable and (of_all or not able):
            raise CodegenError(
                f"{option} needs sm_{least} or later, and the kernel is built for {_names(unable)}",
                hint=f"limit the declaration to targets={able or [f'sm_{least}']}",
            )


def _names(targets: Sequence[Target]) -> str:
    return ", ".join(target.name for target in targets)


def _request(
    config: Config, kernel: Kernel, variant: Variant, target: Target, version: str
) -> CompileRequest:
    key = compile_key(kernel.source_key_for(target), variant, target, version, config.listed())
    folder = str(config.kernels_folder)
    made_of = kernel.as_made_for(target).key
    return CompileRequest(folder, kernel.file, kernel.name, variant, target, key, made_of)
