"""Ways in which a project's output stops being fresh."""

from __future__ import annotations

from tests.support.project import Project


def edit_input(project: Project) -> None:
    project.edit("kernels/add.py", "+ n", "+ 2 * n")


def edit_comment(project: Project) -> None:
    project.edit("kernels/add.py", "where n goes", "where 2 n goes")


def add_table(project: Project) -> None:
    project.write("kernels/deep/best.json", "[]")


def add_input(project: Project) -> None:
    project.write("kernels/third.py", '"""Nothing yet."""\n')


def remove_input(project: Project) -> None:
    (project.folder / "kernels/deep/twice.py").unlink()


def change_settings(project: Project) -> None:
    project.edit("pyproject.toml", '"sm_80"', '"sm_80", "sm_86"')


def edit_output(project: Project) -> None:
    project.edit("generated/add.c", "Sums", "Differences")


def remove_output(project: Project) -> None:
    (project.output / "deep/twice.h").unlink()


def edit_manifest(project: Project) -> None:
    project.edit("generated/MANIFEST.json", '"demo.twice"', '"demo.double"')


def remove_manifest(project: Project) -> None:
    (project.output / "MANIFEST.json").unlink()


def leave_a_stranger(project: Project) -> None:
    project.write("generated/deep/notes.txt", "mine")


def nothing(project: Project) -> None:
    pass
