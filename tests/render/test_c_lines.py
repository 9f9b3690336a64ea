"""Long lines of C: broken where one would by hand, and never into other tokens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.render.c_lines import LINE_LENGTH, laid_out

LONG = "x" * 30
CASES = {
    "short lines stay": ("int f(int a, int b);", ["int f(int a, int b);"]),
    "commas, aligned": (
        f"int32_t f(int32_t {LONG}a, int32_t {LONG}b, int32_t c);",
        [f"int32_t f(int32_t {LONG}a, int32_t {LONG}b,", "          int32_t c);"],
    ),
    "commas, indented where there is no room": (
        f"    return function_{LONG}{LONG}(one, two, three_{LONG}, four);",
        [f"    return function_{LONG}{LONG}(", f"        one, two, three_{LONG}, four);"],
    ),
    "the first bracket that holds several": (
        f"    {{.name = (char[]){{1}}, .{LONG} = 1, .{LONG} = 2, .third = {{3, 4}}}},",
        [
            f"    {{.name = (char[]){{1}}, .{LONG} = 1, .{LONG} = 2,",
            "     .third = {3, 4}},",
        ],
    ),
    "conditions": (
        f"    const bool good = {LONG}1 && {LONG}2 && {LONG}3;",
        [
            f"    const bool good = {LONG}1",
            f"                      && {LONG}2",
            f"                      && {LONG}3;",
        ],
    ),
    "a choice between values": (
        f"    const int32_t chosen = {LONG}1 == 0 ? 0 : {LONG}2 == 1 ? 1 : fail(a, b ? c : d);",
        [
            f"    const int32_t chosen = {LONG}1 == 0 ? 0",
            f"                           : {LONG}2 == 1 ? 1",
            "                           : fail(a, b ? c : d);",
        ],
    ),
    "an if that goes on": (
        f"    if (check({LONG}, {LONG}, argument->{LONG})",
        [f"    if (check({LONG}, {LONG},", f"              argument->{LONG})"],
    ),
    "strings between words": (
        f'    .text = "{LONG} {LONG}, with \\"(brackets, and)\\" {LONG}",',
        [
            f'    .text = "{LONG} {LONG}, with \\"(brackets, "',
            f'            "and)\\" {LONG}",',
        ],
    ),
    "strings of several lines": (
        f'    .text = "First.\\n\\n{LONG} {LONG}\\n{LONG}",',
        [
            '    .text = "First.\\n"',
            '            "\\n"',
            f'            "{LONG} {LONG}\\n"',
            f'            "{LONG}",',
        ],
    ),
    "paths": (
        f'TB_EMBED(name, "{LONG}/{LONG}/{LONG}.cubin");',
        ["TB_EMBED(name,", f'         "{LONG}/{LONG}/"', f'         "{LONG}.cubin");'],
    ),
    "a file's name that is too wide": (
        f'TB_EMBED(name, "{LONG}.{LONG}-{LONG}.cubin");',
        ["TB_EMBED(name,", f'         "{LONG}.{LONG}-"', f'         "{LONG}.cubin");'],
    ),
    "operators": (
        f"    const int32_t variant = ({LONG} * 2 + digit) * 2 + {LONG};",
        [
            f"    const int32_t variant = ({LONG} * 2 + digit) * 2",
            f"                            + {LONG};",
        ],
    ),
    "comments": (
        f" * name: {LONG} {LONG} {LONG} {LONG}",
        [f" * name: {LONG} {LONG}", f" *     {LONG} {LONG}"],
    ),
    "what has no place to break": (f"{LONG * 4}", [f"{LONG * 4}"]),
}


@pytest.mark.parametrize("case", CASES)
def test_where_lines_break(case: str) -> None:
    line, broken = CASES[case]
    assert laid_out(line).split("\n") == broken


NAMES = st.from_regex(r"[a-z]{1,40}", fullmatch=True)
STRINGS = st.lists(
    st.sampled_from(["a", "bcd/", "e, ", " (", "\\n", '\\"', "\\\\"]), max_size=40
).map(lambda parts: f'"{"".join(parts)}"')
TERMS = st.lists(NAMES | STRINGS, min_size=1, max_size=5)
CALLS = st.builds(lambda name, terms: f"{name}({', '.join(terms)})", NAMES, TERMS)
OPERATORS = st.sampled_from([" + ", " * ", " && ", " || ", " ? ", ", "])
EXPRESSIONS = st.lists(st.tuples(CALLS | NAMES | STRINGS, OPERATORS), min_size=1, max_size=6).map(
    lambda parts: "".join(part for pair in parts for part in pair)
)
STARTS = st.sampled_from(["return ", "    const bool good = ", "    if (", "    int x = {", ""])


@settings(deadline=None)
@given(STARTS, EXPRESSIONS, NAMES)
def test_breaking_changes_no_token(start: str, expression: str, last: str) -> None:
    line = f"{start}{expression}{last};"
    broken = laid_out(line)
    assert tokens(broken) == tokens(line)
    assert max(map(len, broken.split("\n"))) <= max(LINE_LENGTH, len(line))


def tokens(text: str) -> list[str]:
    """The tokens, strings that stand side by side being one."""
    joined = re.sub(r'(?<!\\)"\s*\n\s*"', "", text)
    return re.findall(r'"(?:\\.|[^"\\])*"|\w+|[^\s\w]', joined)
