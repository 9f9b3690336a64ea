"""`python -m tritonbind`, and the command `tritonbind`."""

import sys


def run() -> None:
    from tritonbind.cli import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
