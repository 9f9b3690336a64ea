"""What the stand-in driver recorded of a kernel launch, and its parameters as Python values."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field

_FORMATS = {
    "i1": "<B",
    "u1": "<B",
    "i8": "<b",
    "u8": "<B",
    "i16": "<h",
    "u16": "<H",
    "i32": "<i",
    "u32": "<I",
    "i64": "<q",
    "u64": "<Q",
    "fp16": "<e",
    "bf16": "<H",
    "fp32": "<f",
    "fp64": "<d",
}


@dataclass(frozen=True)
class Image:
    """What a launched kernel was loaded from; the hash is FNV-1a, 64 bits."""

    kind: str  # "cubin" or "ptx"
    target: str  # "sm_90a"
    hash: int
    size: int

    def matches(self, content: bytes | str) -> bool:
        """Say whether this is the image of these bytes, or of this PTX text."""
        data = content.encode() if isinstance(content, str) else content
        if self.kind == "ptx":
            data = data.partition(b"\0")[0]
        return self.size == len(data) and self.hash == image_hash(data)


@dataclass(frozen=True)
class Attribute:
    """One launch attribute: the CUlaunchAttributeID and its 64 bytes of value."""

    id: int
    value: bytes

    def integers(self, count: int = 1) -> tuple[int, ...]:
        """The first `count` 32-bit integers of the value."""
        return struct.unpack_from(f"<{count}I", self.value)


@dataclass(frozen=True)
class Launch:
    """One kernel launch; the parameters are cut by the sizes that the loaded image records."""

    kernel: str
    image: Image
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int
    shared_limit: int  # what the kernel had been allowed on this device
    stream: int
    context: int
    device: int
    thread: int
    order: int = field(compare=False)  # its place among launches and stream-ordered allocations
    attributes: tuple[Attribute, ...]
    offsets: tuple[int, ...]
    parameters: tuple[bytes, ...]

    def value(self, index: int, type_name: str) -> int | float:
        """Parameter `index` as a value of a Triton type: "*bf16", "i32", "fp16" and so on."""
        return decode(self.parameters[index], type_name)

    def values(self, *type_names: str) -> tuple[int | float, ...]:
        """The leading parameters, one for each type name."""
        return tuple(self.value(index, name) for index, name in enumerate(type_names))

    def attribute(self, identifier: int) -> Attribute | None:
        """The launch attribute of this id, if it was passed."""
        return next((one for one in self.attributes if one.id == identifier), None)


@dataclass(frozen=True)
class Allocation:
    """Stream-ordered memory that was taken, and perhaps given back."""

    address: int
    size: int
    stream: int
    context: int
    device: int
    taken: int  # places in the order that launches have, too
    given: int  # 0 when it is not given back
    given_stream: int


def parse_launch(line: str) -> Launch:
    """A launch from the line of JSON that the stand-in writes for it."""
    fields = json.loads(line)
    attributes = fields.pop("attributes")
    parameters = fields.pop("parameters")
    return Launch(
        image=Image(**fields.pop("image")),
        grid=tuple(fields.pop("grid")),
        block=tuple(fields.pop("block")),
        attributes=tuple(Attribute(one["id"], bytes.fromhex(one["value"])) for one in attributes),
        offsets=tuple(one["offset"] for one in parameters),
        parameters=tuple(bytes.fromhex(one["bytes"]) for one in parameters),
        **fields,
    )


def decode(data: bytes, type_name: str) -> int | float:
    """A kernel parameter's bytes as a value of a Triton type; a pointer is its address."""
    name = "u64" if type_name.startswith("*") else type_name
    if name not in _FORMATS:
        raise ValueError(f"no scalar parameter has Triton type {type_name}")
    if struct.calcsize(_FORMATS[name]) != len(data):
        raise ValueError(f"a parameter of {len(data)} bytes is not {type_name}")
    if name == "bf16":
        name, data = "fp32", bytes(2) + data
    value: int | float = struct.unpack(_FORMATS[name], data)[0]
    return value


def image_hash(data: bytes) -> int:
    """FNV-1a, 64 bits, as the stand-in computes it."""
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return value
