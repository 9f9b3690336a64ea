"""What pyproject.toml cannot say: `tritonbind.pth` goes beside the packages, not into one.

Python runs it as it starts. It costs nothing where neither variable is set.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

from setuptools import Command, setup
from setuptools.command.build import build

SOURCE = Path("tritonbind/tritonbind.pth")


class BuildPth(Command):
    """Puts the file into a wheel, or into an editable one."""

    description = f"put {SOURCE.name} beside the packages"
    user_options: ClassVar[list[tuple[str, str, str]]] = []
    editable_mode = False

    def initialize_options(self) -> None:
        self.build_lib: Any = None

    def finalize_options(self) -> None:
        self.set_undefined_options("build", ("build_lib", "build_lib"))

    def run(self) -> None:
        folder = self.build_lib
        if self.editable_mode:  # where nothing of build_lib is taken: the wheel, unpacked
            folder = self.get_finalized_command("install").install_lib
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE, folder)

    def get_outputs(self) -> list[str]:
        return [] if self.editable_mode else [str(Path(self.build_lib, SOURCE.name))]

    def get_output_mapping(self) -> dict[str, str]:
        return {}

    def get_source_files(self) -> list[str]:
        return [str(SOURCE)]


class Build(build):
    """Python's own steps, and that one."""

    sub_commands: ClassVar[list[tuple[str, object]]] = [*build.sub_commands, ("build_pth", None)]


setup(cmdclass={"build": Build, "build_pth": BuildPth})
