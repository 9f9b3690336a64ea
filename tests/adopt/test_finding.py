"""Where recorded kernels are found: in scripts, packages, and what these hold."""

from __future__ import annotations

from codegen.read import needed_parts
from codegen.read.loading import within
from tests.support.adopted import HEAD, PACKAGE, PROGRAM, SCALE, adopted, data, recorded
from tests.support.project import Project
from tests.support.recordings import kernel
from tritonbind.kernel_identity import digest_of


def test_modules_of_private_names_have_files_that_can_be_imported(project: Project) -> None:
    (project.folder.parent / "site/_pack.py").write_text(PACKAGE)
    result = adopted(project, recorded(project, "_pack:scale"))
    assert "in kernels/adopted/pack.py" in result.out


def test_a_kernel_that_its_module_holds_by_another_name_is_found(project: Project) -> None:
    path = project.folder.parent / "site/pack/ops.py"
    path.write_text(f"{PACKAGE}\nPRODUCT = make()\n")
    result = adopted(project, recorded(project, "pack.ops:make.<locals>.scale"))
    assert result.out.startswith("adopted pack.ops:make.<locals>.scale: 1 specialisation, in ")
    assert "from pack.ops import" in (project.folder / "kernels/adopted/pack_ops.py").read_text()


def test_what_a_script_keeps_of_what_it_makes_is_found(project: Project) -> None:
    made = SCALE.replace("\n", "\n    ").replace("* 2", "* FACTOR")
    script = f"""{HEAD}
def make(factor):
    FACTOR = tl.constexpr(factor)
{made}
    return scale

FIRST = make(3)
TABLE = {{"five": make(5), 7: [make(7)]}}
NEVER = other(make(9))
raise SystemExit("this program ran")
"""
    project.write("app.py", script)
    needed_parts._PARTS.clear()
    for name, symbol in (
        ("FIRST", "FIRST"),
        ('TABLE["five"]', "TABLE_five"),
        ("TABLE[7][0]", "TABLE_7_0"),
    ):
        function, _ = within(needed_parts.kernel_of(f"app.py:{name}", project.folder))
        row = kernel("app:make.<locals>.scale", digest=digest_of(function), tuned=(), grids=())
        assert adopted(project, row).out.startswith("adopted app:make.<locals>.scale: 1 ")
        assert data(project, f"app.{symbol}.json")["digest"] == digest_of(function)
    text = (project.folder / "kernels/adopted/app.py").read_text()
    assert """kernel_of("app.py:TABLE['five']")""" in text


def test_two_scripts_of_one_name_are_told_apart_by_people(project: Project) -> None:
    scale = recorded(project)
    (project.folder / "app.py").unlink()
    needed_parts._PARTS.clear()
    project.write("one/app.py", PROGRAM)
    assert "in kernels/adopted/one_app.py" in adopted(project, scale).out
    project.write("two/app.py", PROGRAM)
    assert adopted(project, scale).out.splitlines()[0] == (
        "not adopted app:scale: the project has several scripts of the name: one/app.py, two/app.py"
    )


def test_a_package_at_the_top_is_no_script(project: Project) -> None:
    """Nor are the files that an earlier adoption and the generator wrote under its name."""
    place = project.folder.parent / "site/pack/__init__.py"
    place.write_text(PACKAGE)
    project.write("tools/pack.py", PROGRAM)
    for new in ("", ", none of them new"):
        result = adopted(project, recorded(project, "pack:scale"))
        assert result.out.startswith(
            f"adopted pack:scale: 1 specialisation{new}, in kernels/adopted/pack.py"
        )
    scale = recorded(project)
    project.write("kernels/adopted/app.py", "")
    project.write("generated/adopted/app.py", "")
    assert adopted(project, scale).out.startswith("adopted app:scale: ")
