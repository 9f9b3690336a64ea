"""What loading the library registers with TVM FFI, once, and what tools read of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.calls import arguments, run_child
from tests.support.sample import MODULES, Sample

POINTER = "Tensor | int | ctypes.c_void_p"
STREAM = "int | ctypes.c_void_p | None"
SCHEMAS = {
    "lambda": [],
    "integers": [POINTER, "bool", *["int"] * 8],
    "floats": [POINTER, *["float"] * 4],
    "scale": [POINTER, POINTER, f"{POINTER} | None", "int | None", "float", "int"],
    "reduce": [POINTER, POINTER, "int", "int", "str", "bool"],
    "gather": [POINTER, POINTER, POINTER, "int | None", "int | None"],
    "explicit": [POINTER, *["int"] * 5],
    "optional": [POINTER, "int | None", "float | None", "float | None"],
    "product": [POINTER, POINTER, *["int"] * 3],
    "named": [POINTER, POINTER, "int", "int"],
    "tuned": [POINTER, POINTER, "int", "bool"],
}
DOCS = {
    "lambda": "Without arguments, and with a name that Python keeps for itself.",
    "integers": "Store the sum of all arguments.",
    "reduce": None,
}


@pytest.mark.parametrize("name", MODULES)
def test_every_function_is_a_global(sample: Sample, name: str) -> None:
    sample.function(name)(*arguments(name))
    assert standin.launch().device == 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_type_schema(sample: Sample, name: str) -> None:
    import tvm_ffi
    from tvm_ffi.core import TypeSchema

    sample.wrapper(name)
    module = tvm_ffi.load_module(str(sample.library))
    metadata = tvm_ffi.get_global_func_metadata(f"sample.{name}")
    assert module.get_function_metadata(name) == metadata
    schema = TypeSchema.from_json_str(metadata["type_schema"])
    assert repr(schema) == f"Callable[[{', '.join([*SCHEMAS[name], STREAM])}], None]"
    assert json.loads(metadata["type_schema"])["args"][0] == {"type": "None"}


def test_the_functions_of_the_module(sample: Sample) -> None:
    import tvm_ffi

    sample.wrapper("scale")
    module = tvm_ffi.load_module(str(sample.library))
    for name, doc in DOCS.items():
        assert module.get_function_doc(name) == doc
        module[name](*arguments(name))
    assert len(standin.launches()) == len(DOCS)
    assert not module.implements_function("scale_launch")


def test_a_name_that_is_there_stays_and_a_second_copy_is_harmless(
    sample: Sample, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.so"
    copy.write_bytes(sample.library.read_bytes())
    source = """
        import ctypes
        import tvm_ffi
        tvm_ffi.register_global_func("sample.reduce", lambda *arguments: print("mine", *arguments))
        first = tvm_ffi.load_module(sys.argv[2])
        second = tvm_ffi.load_module(sys.argv[3])
        third = tvm_ffi.load_module(sys.argv[2])
        assert ctypes.CDLL(sys.argv[3]).choices_register() == 0
        tvm_ffi.get_global_func("sample.reduce")(1, 2)
        for one in (first, second, third):
            one.reduce(*arguments("reduce"))
        tvm_ffi.get_global_func("sample.scale")(*arguments("scale"))
        print(len(standin.launches()), standin.calls("cuInit"))
    """
    environment = standin.environment([90])
    # The two copies know nothing of each other: each opens the driver for itself.
    assert (
        run_child(sample, source, environment, str(sample.library), str(copy)) == "mine 1 2\n4 2\n"
    )


def test_the_library_may_come_before_tvm_ffi(sample: Sample) -> None:
    source = """
        import ctypes
        library = ctypes.CDLL(sys.argv[2])
        assert "tvm_ffi" not in sys.modules
        registers = [getattr(library, f"{name}_register") for name in sys.argv[3:]]
        print([register() for register in registers])
        import tvm_ffi
        assert tvm_ffi.get_global_func("sample.scale", allow_missing=True) is None
        print([register() for register in registers])
        print([register() for register in registers])
        tvm_ffi.get_global_func("sample.scale")(*arguments("scale"))
        print(standin.launch().kernel)
    """
    options = [str(sample.library), "choices", "corners", "scalars"]
    output = run_child(sample, source, standin.environment([90]), *options)
    assert output == "[0, 0, 0]\n[4, 3, 2]\n[0, 0, 0]\nscale\n"
