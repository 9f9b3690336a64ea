"""Python grids, heuristics and shapes to C, from their source, with what they mean in Python.

`translate` is the way in. `operands` makes values of a kernel's parameters. `function_source` finds
the code behind an object, and `statements` runs through its body. `evaluation` calls the rule for
each kind of expression, in `rules`, `comparisons`, `comprehensions`, `calls` and `tensors`.
`functions` has the tables of operators and functions, `scope` what names stand for, `values` what
an expression can be besides an integer in C. `c_value`, `c_arithmetic`, `c_logic` and `c_real`
print C: plain where `intervals` proves that nothing can go wrong, else checked. `reads` has what
that C reads of a call.
"""
