"""A fresh process that launches one kernel: `python first_child.py START [PACKAGE]`, for
`first_result`. With PACKAGE, its kernels are served from that and by nothing else.

Prints the nanoseconds at which each stage ended, on the clock of START.
"""

from __future__ import annotations

import json
import sys
import time

ELEMENTS = 1024
marks = {"python": time.monotonic_ns()}


def mark(stage: str) -> None:
    marks[stage] = time.monotonic_ns()


def main(package: str | None) -> None:
    import torch

    torch.cuda.init()
    x = torch.arange(ELEMENTS, device="cuda", dtype=torch.float32)
    y, out = 3 * x, torch.zeros_like(x)
    torch.cuda.synchronize()
    mark("torch")
    if package is not None:
        from tritonbind.serve import serve

        serve(package, strict=True)
        mark("serve")
    import triton

    from benchmarks.served.kernels import five

    mark("triton")
    five[lambda meta: (triton.cdiv(ELEMENTS, meta["BLOCK"]),)](x, y, out, ELEMENTS, 2.0, BLOCK=256)
    mark("call")
    torch.cuda.synchronize()
    assert out.tolist() == [7.0 * number for number in range(ELEMENTS)]
    mark("result")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):  # argparse would be measured, too
        print(f"usage: python first_child.py START [PACKAGE]\n\n{__doc__}")
        sys.exit(0 if len(sys.argv) > 1 else 2)
    start = int(sys.argv[1])
    main(sys.argv[2] if len(sys.argv) > 2 else None)
    print(json.dumps({stage: at - start for stage, at in marks.items()}))
