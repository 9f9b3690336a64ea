"""`python -m codegen`."""

import sys
import traceback

if __name__ == "__main__":
    try:
        from codegen.cli import main

        code = main()
    except Exception:  # a bug, or an installation that lacks something: 1 would say "not fresh"
        traceback.print_exc()
        code = 2
    sys.exit(code)
