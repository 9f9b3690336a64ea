"""Generates wrappers for the kernels of others that are declared here, and writes their table.

`make others` installs the packages and runs this; it takes most of an hour on two cores. With names
of functions or files it does those alone, declarations in `refused/` among them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from codegen.cli import FAILED, FRESH, main
from codegen.project.settings import read_config
from tests.kernels_of_others.coverage import document, summary
from tests.kernels_of_others.refusals import Refusal, refusal_of

FOLDER = Path(__file__).parent
TABLE = FOLDER.parent.parent / "docs" / "coverage.md"


def run(arguments: Sequence[str]) -> int:
    """What `codegen regenerate` does with these arguments, then the refusals and the table.

    The exit code is not 0 where something that is to be generated is refused, or the other way
    round.
    """
    parser = argparse.ArgumentParser("python -m tests.kernels_of_others")
    parser.add_argument("kernels", nargs="*", help="functions or files (default: all)")
    parser.add_argument("-j", "--jobs", default="1", help="compilers at once")
    options, more = parser.parse_known_args(arguments)
    config = replace(read_config(FOLDER), kernels="refused", output="refused_wrappers")
    files = {Path(file).stem: file for file in config.kernel_files()}
    refused = [files[Path(name).stem] for name in options.kernels if Path(name).stem in files]
    others = [name for name in options.kernels if Path(name).stem not in files]
    if others or not refused:
        command = ["--project", str(FOLDER), "regenerate", "-j", options.jobs, *more, *others]
        code = main(command)
        if code != FRESH:
            return code
    tried = refused if options.kernels else files.values()
    refusals = [refusal_of(config, file) for file in tried]
    complaints = [refusal.complaint for refusal in refusals if refusal.complaint]
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    if complaints:
        return FAILED
    if not options.kernels:
        write_table(refusals)
    for refusal in refusals if refused else ():
        print(f"refused, as it should be: {refusal.file}: {refusal.said}")
    return FRESH


def write_table(refusals: Sequence[Refusal]) -> None:
    config = read_config(FOLDER)
    manifest = json.loads((config.output_folder / "MANIFEST.json").read_text())
    TABLE.write_text(document(manifest["functions"], refusals))
    print(summary(manifest["functions"], refusals))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
