"""`python -m codegen`."""

import sys
import traceback

from codegen import streams

if __name__ == "__main__":
    try:
        from codegen.cli import main

        code = main()
    except Exception:  # a bug, or an installation that lacks something: 1 would say "not fresh"
        streams.open_closed()
        streams.talk(traceback.format_exc(), end="")
        code = 2
    sys.exit(code)
