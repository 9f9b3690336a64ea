"""What is known of a GPU that is not there, and who asked for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from codegen.model.devices import Device


class NoGpu(RuntimeError):
    """A kernel file asks for what only a real GPU can do."""


@dataclass
class Answers:
    """The device that kernel files hear of, and whether any of them asked what it is."""

    device: Device
    asked: bool = False
    """Something was asked whose answer differs from one SM to the other."""

    def ask(self) -> Device:
        self.asked = True
        _ASKED.extend((space, self.device.capability) for space in _asking())
        return self.device


def refuse(what: str) -> NoReturn:
    raise NoGpu(f"`{what}` needs a GPU, and there is none while generating")


def answered() -> set[int]:
    """The capabilities whose answers modules that are still loaded may hold."""
    modules = ((sys.modules.get(space["__name__"]), space, sm) for space, sm in _ASKED)
    return {sm for module, space, sm in modules if module is not None and vars(module) is space}


_ASKED: list[tuple[dict[str, Any], int]] = []


def _asking() -> Iterator[dict[str, Any]]:
    """The namespace of every module between the generator, which reads a file, and a question."""
    frame = sys._getframe(2)
    found = []
    while not _is_the_generators(frame.f_globals):
        found.append(frame.f_globals)
        if frame.f_back is None:
            return  # nobody reads a kernel file
        frame = frame.f_back
    for namespace in found:
        package = str(namespace["__name__"]).partition(".")[0]
        if package not in ("codegen", "importlib", "torch", "triton"):
            yield namespace


def _is_the_generators(namespace: dict[str, Any]) -> bool:
    package, _, module = str(namespace["__name__"]).partition(".")
    return package == "codegen" and not module.startswith("read.offline")
