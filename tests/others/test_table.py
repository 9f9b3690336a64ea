"""The table of the kernels of others, and what is said of declarations that must be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codegen.model.targets import Target
from codegen.project.settings import Config
from tests.kernels_of_others.coverage import document
from tests.kernels_of_others.refusals import Refusal, refusal_of


def variant(*targets: str) -> dict[str, Any]:
    return {"images": {key: {} for key in targets}}


FUNCTIONS = {
    "others.liger.softmax": {
        "kernel": "liger_rows.py:_softmax_kernel",
        "variants": {"aligned": variant("sm_100", "sm_90"), "generic": variant("sm_90", "sm_100")},
        "omitted": [],
    },
    "others.torchao.to_fp8": {
        "kernel": "fp8_torchao.py:_to_fp8",
        "variants": {"aligned": variant("sm_90")},
        "omitted": [{"variant": "aligned", "target": "sm_80", "reason": "no fp8e4nv | no image."}],
    },
}


def refusal(reason: str, said: str) -> Refusal:
    return Refusal("hooks.py", "torchao", "mixed_mm", "A split matmul.", reason, said)


def test_the_table() -> None:
    text = document(FUNCTIONS, [refusal("hook", "it has a hook")])
    lines = text.splitlines()
    assert (
        "\n2 kernels in 3 variants and 5 images are generated and proven; left out where a target "
        "cannot have\nthem: 1; refused, as they should be: 1 declarations. liger-kernel 0.8.5 (1), "
        "torchao 0.18.0 (1).\n"
    ) in text
    assert [line for line in lines if line.startswith("| `")] == [
        "| `softmax` | liger-kernel | `_softmax_kernel` | 2 | sm_90, sm_100 | 4 | proven |",
        "| `to_fp8` | torchao | `_to_fp8` | 1 | sm_90 | 1 "
        "| proven; left out: 1 on sm_80 (no fp8e4nv \\| no image) |",
        "| `mixed_mm` | torchao | A split matmul | refused | it has a hook |",
    ]


def test_what_is_not_refused_as_it_should_be() -> None:
    assert refusal("hook", "it has a hook").complaint == ""
    assert refusal("hook", "").complaint == (
        "refused/hooks.py has to be refused, and was generated"
    )
    assert refusal("hook", "no Triton").complaint == (
        "refused/hooks.py has to be refused for 'hook', and was: no Triton"
    )


def test_what_is_said_of_a_file(tmp_path: Path) -> None:
    """Without the folders of this machine."""
    folder = tmp_path / "refused"
    folder.mkdir()
    (folder / "gone.py").write_text(
        '"""A softmax that went."""\n\nfrom math import softmax\n\nREASON = "softmax"\n'
    )
    found = refusal_of(Config(tmp_path, "refused", "wrappers", (Target(90),)), "gone.py")
    assert (found.package, found.kernel, found.complaint) == ("math", "softmax", "")
    assert found.what == "A softmax that went."
    assert found.said.startswith("the kernel file cannot be imported: ImportError: cannot import")
    assert str(tmp_path) not in found.said and "/lib" not in found.said
