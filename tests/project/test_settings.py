"""`[tool.codegen]`: defaults, what can be set, and where it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.targets import Target
from codegen.project.settings import Config, read_config

DEFAULTS = (Target(80), Target(90), Target(100), Target(120), Target(80, is_ptx=True))


@pytest.mark.parametrize(
    "text", ["", "[project]\nname = 'x'\n", "[tool.black]\n", "[tool.codegen]\n"]
)
def test_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    config = read_config(tmp_path)
    assert config == Config(tmp_path, "kernels", "generated", DEFAULTS)
    assert config.kernels_folder == tmp_path / "kernels"
    assert config.output_folder == tmp_path / "generated"


def test_everything_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.codegen]\nkernels = "gpu"\noutput = "wrappers"\ntargets = ["compute_75", "sm_86"]\n'
        'prefix = "acme"\ncallers = ["rust"]\n'
    )
    config = read_config(tmp_path)
    targets = (Target(86), Target(75, is_ptx=True))
    assert config == Config(tmp_path, "gpu", "wrappers", targets, "acme", callers=("rust",))
    assert config.options == {
        "kernels": "gpu",
        "targets": ["sm_86", "compute_75"],
        "prefix": "acme",
        "callers": ["rust"],
    }


def test_targets_are_sorted_once_each_with_ptx_last(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.codegen]\ntargets = ["compute_80", "sm_120", "sm_90", "sm_120", "sm_100"]\n'
    )
    names = [target.name for target in read_config(tmp_path).targets]
    assert names == ["sm_90", "sm_100", "sm_120", "compute_80"]


def test_the_nearest_pyproject_above_counts(tmp_path: Path) -> None:
    inner = tmp_path / "inner" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("")
    assert read_config(inner).project == tmp_path
    (tmp_path / "inner" / "pyproject.toml").write_text("")
    assert read_config(inner).project == tmp_path / "inner"


def test_the_order_of_targets_is_no_change_of_the_output(tmp_path: Path) -> None:
    orders = ('["sm_80", "sm_90"]', '["sm_90", "sm_80"]')
    options = []
    for order in orders:
        (tmp_path / "pyproject.toml").write_text(f"[tool.codegen]\ntargets = {order}\n")
        options.append(read_config(tmp_path).options)
    assert options[0] == options[1]


@pytest.mark.parametrize(
    ("target", "name", "is_exact", "suffix"),
    [
        (Target(80), "sm_80", False, "cubin"),
        (Target(90), "sm_90", True, "cubin"),
        (Target(120), "sm_120", True, "cubin"),
        (Target(80, is_ptx=True), "compute_80", False, "ptx"),
        (Target(90, is_ptx=True), "compute_90", False, "ptx"),
    ],
)
def test_what_a_target_is(target: Target, name: str, is_exact: bool, suffix: str) -> None:
    assert (target.name, target.is_exact, target.suffix) == (name, is_exact, suffix)
