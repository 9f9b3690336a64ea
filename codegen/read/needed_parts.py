"""Kernels of modules that cannot be imported whole: of their files runs what the kernel needs."""

from __future__ import annotations
import __future__

import ast
import builtins
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from codegen.model.errors import CodegenError, SourceLocation, shown, told
from codegen.model.paths import read_file
from codegen.read.object_names import is_name, object_at
from codegen.read.statement_names import bound, read


def kernel_of(place: str, root: Path) -> Any:
    """The kernel at `module:name`, or at `path/of/script.py:name` below `root`.

    Its module is imported where that is possible. A script is not run, and of a module whose import
    fails not all is: from its file come the definitions that the kernel's own text needs, and what
    those need, from other such modules too. What is missing stands in as an object that says so
    once it is used. Raises `CodegenError`.
    """
    module, _, name = place.partition(":")
    if not is_name(name):
        raise CodegenError(
            f"a kernel's place must be a module or a script, and its name there, got {place!r}",
            hint='write "package.module:kernel", or "script.py:kernel"',
        )
    if module.endswith(".py"):
        owner: Any = _Parts(Path(module).stem, root / module).module
    else:
        owner = _whole_or_parts(module)
    try:
        return object_at(owner, name)
    except (AttributeError, LookupError, TypeError) as error:
        raise CodegenError(
            f"{module} has no `{name}`: {told(error)}",
            hint="name it as the program does, or record the program again",
        ) from error


def makers(script: Path, maker: str) -> list[str]:
    """The names that a script's statements bind which read `maker`, without running it."""
    tree = ast.parse(read_file(script))
    return [name for one in tree.body if maker in read(one) for name in bound(one)]


def _whole_or_parts(name: str) -> ModuleType:
    """A module: imported, or, where that fails, of its file what will be asked of it."""
    if name in _PARTS:
        return _PARTS[name].module
    try:
        return importlib.import_module(name)
    except CodegenError:
        raise
    except (Exception, SystemExit) as error:
        file = _file(name)
        if file is None:
            raise CodegenError(
                f"the module {name} cannot be imported: {told(error)}",
                hint=f"install {name.partition('.')[0]} where the generator runs",
            ) from error
        return _Parts(name, file).module


def _file(name: str) -> Path | None:
    """The source of a module, found without running any package's `__init__`."""
    first, *rest = name.split(".")
    try:
        specification = importlib.util.find_spec(first)
    except (ImportError, ValueError):
        return None
    if specification is None:
        return None
    if not rest:
        origin = specification.origin
        return Path(origin) if origin and origin.endswith(".py") else None
    for folder in specification.submodule_search_locations or ():
        stem = Path(folder, *rest)
        for file in (stem.with_suffix(".py"), stem / "__init__.py"):
            if file.is_file():
                return file
    return None


class _Module(ModuleType):
    """A module that runs a definition when it is first asked for."""

    def __init__(self, parts: _Parts) -> None:
        super().__init__(parts.name)
        self.__dict__["__file__"] = str(parts.file)
        self._parts = parts

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        self._parts.run((name, "__getattr__"))
        space = vars(self)
        if name not in space and "__getattr__" in space:
            return space["__getattr__"](name)
        if name not in space:
            raise AttributeError(f"{shown(self._parts.file)} defines no `{name}`")
        return space[name]


class Missing:
    """Stands for what cannot be imported, and says so to whoever uses it."""

    def __init__(self, name: str, reason: str) -> None:
        vars(self).update(_name=name, _reason=reason)

    def _refuse(self) -> NoReturn:
        raise CodegenError(
            f"`{self._name}` is needed, and cannot be imported: {self._reason}",
            hint="install what it needs where the generator runs",
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __call__(self, *given: object, **named: object) -> NoReturn:
        self._refuse()

    def __bool__(self) -> NoReturn:
        self._refuse()

    def __index__(self) -> NoReturn:
        self._refuse()


@dataclass
class _Parts:
    """A module's source, statement by statement, and those that have run."""

    name: str
    file: Path
    module: _Module = field(init=False)
    _statements: Sequence[ast.stmt] = field(init=False)
    _binders: Mapping[str, list[int]] = field(init=False)
    _run: dict[int, CodegenError | None] = field(default_factory=dict)
    """The statements that have run, and why some have failed."""

    def __post_init__(self) -> None:
        try:
            tree = ast.parse(read_file(self.file), str(self.file))
        except OSError as error:
            raise CodegenError(f"{shown(self.file)}: {error.strerror}") from error
        except SyntaxError as error:
            where = SourceLocation(str(self.file), error.lineno or 1)
            raise CodegenError(f"SyntaxError: {error.msg}", where=where) from error
        self._statements = tree.body
        binders: dict[str, list[int]] = {}
        for number, statement in enumerate(tree.body):
            for name in bound(statement):
                binders.setdefault(name, []).append(number)
        self._binders = binders
        self.module = _Module(self)
        _PARTS[self.name] = self

    @property
    def _package(self) -> str:
        return self.name if self.file.name == "__init__.py" else self.name.rpartition(".")[0]

    def run(self, names: Iterable[str]) -> None:
        """Run the statements that bind these names, after those that they need."""
        needed: set[int] = set()
        wanted, waiting = set[str](), list(names)
        while waiting:
            name = waiting.pop()
            if name in wanted:
                continue
            wanted.add(name)
            numbers = self._binders.get(name, self._binders.get("*", ()))
            for number in numbers if not hasattr(builtins, name) or name in self._binders else ():
                if number not in needed:
                    needed.add(number)
                    waiting += read(self._statements[number])
        for number in sorted(needed):
            statement = self._statements[number]
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self._import(statement, wanted)
            elif number not in self._run:
                self._run[number] = None
                try:
                    self._execute(statement)
                except CodegenError as error:
                    self._run[number] = error
        for failure in filter(None, map(self._run.get, sorted(needed))):
            raise failure

    def _import(self, statement: ast.Import | ast.ImportFrom, wanted: set[str]) -> None:
        """What is wanted of an import statement; what it has given before stays."""
        space = vars(self.module)
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                bound = alias.asname or alias.name.partition(".")[0]
                if bound in wanted:
                    found = _imported(alias.name)
                    space.setdefault(bound, found if alias.asname else _imported(bound))
            return
        module = self._absolute(statement)
        for alias in statement.names:
            chosen = wanted if alias.name == "*" else {alias.asname or alias.name} & wanted
            for bound in chosen - space.keys():
                found = _imported_from(module, bound if alias.name == "*" else alias.name)
                if not (alias.name == "*" and isinstance(found, Missing)):
                    space[bound] = found

    def _execute(self, statement: ast.stmt) -> None:
        tree = ast.Module([statement], type_ignores=[])
        code = compile(tree, str(self.file), "exec", self._flags, dont_inherit=True)
        try:
            exec(code, vars(self.module))
        except CodegenError:
            raise
        except Exception as error:
            raise CodegenError(
                f"a definition that the kernel needs cannot run: {told(error)}",
                where=SourceLocation(str(self.file), statement.lineno),
                hint="install what it needs where the generator runs",
            ) from error

    @property
    def _flags(self) -> int:
        """Of `from __future__ import annotations`, which is for a whole file."""
        futures = (one for one in self._statements if isinstance(one, ast.ImportFrom))
        named = {a.name for one in futures if one.module == "__future__" for a in one.names}
        return __future__.annotations.compiler_flag if "annotations" in named else 0

    def _absolute(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        above = self._package.split(".")
        kept = above[: len(above) - statement.level + 1]
        return ".".join((*kept, *([statement.module] if statement.module else ())))


_PARTS: dict[str, _Parts] = {}
"""The modules of which this process has not run all, by name."""


def _imported(name: str) -> Any:
    try:
        return _whole_or_parts(name)
    except CodegenError as error:
        return Missing(name, error.reason)


def _imported_from(module: str, name: str) -> Any:
    """What `from module import name` gives."""
    owner = _imported(module)
    if isinstance(owner, Missing):
        return Missing(f"{module}.{name}", owner._reason)
    try:
        return getattr(owner, name)
    except AttributeError as error:
        below = f"{module}.{name}"
        if below in sys.modules or _file(below) is not None:
            return _imported(below)
        return Missing(below, told(error))
    except Exception as error:  # whatever the module runs to make it
        reason = error.reason if isinstance(error, CodegenError) else told(error)
        return Missing(f"{module}.{name}", reason)
