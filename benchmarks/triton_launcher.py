"""Triton's own launcher, given a cubin that Triton did not compile in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import torch


def launch_of(
    image: Mapping[str, Any],
    content: bytes,
    types: Sequence[str],
    arguments: Sequence[Any],
    grid: tuple[int, int, int],
) -> Callable[[], None]:
    """What JITFunction.run ends in: the launcher that Triton makes for these types of parameters.

    `image` is what the manifest says of the cubin. For kernels without scratch memory.
    """
    from triton.backends.nvidia.driver import CudaLauncher
    from triton.runtime import driver

    source = SimpleNamespace(constants={}, signature=dict(enumerate(types)))
    metadata = SimpleNamespace(
        num_ctas=image["num_ctas"],
        tensordesc_meta=None,
        global_scratch_size=image["scratch"],
        global_scratch_align=1,
        profile_scratch_size=0,
        profile_scratch_align=1,
        launch_cooperative_grid=image["cooperative"],
        launch_pdl=image["launch_pdl"],
    )
    launcher = CudaLauncher(source, metadata)
    device = torch.cuda.current_device()
    module, function, *_ = driver.active.utils.load_binary(
        image["symbol"], content, image["shared"], device
    )
    packed = (image["num_warps"], image["num_ctas"], image["shared"])
    nothing = (None, None, None)  # metadata and hooks of a launch

    def launch() -> None:
        stream = torch.cuda.current_stream(device).cuda_stream
        launcher(*grid, stream, function, packed, *nothing, *arguments)
        assert module

    return launch
