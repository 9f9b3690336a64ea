"""Compiles a part of what the peer of `benchmarks.chain` chooses among; that starts it."""

from __future__ import annotations

from benchmarks.command_line import parser_of


def main() -> None:
    parser = parser_of("chain_compile", __doc__)
    parser.add_argument("heads", type=int)
    parser.add_argument("part", type=int, help="of the configurations: every so-manieth from this")
    options = parser.parse_args()
    from benchmarks.chain_peer import compile_part

    compile_part(options.heads, options.part)


if __name__ == "__main__":
    main()
