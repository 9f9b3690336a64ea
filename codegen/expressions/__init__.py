"""Python grids, heuristics and shapes to C, from their source, with what they mean in Python.

`operands` makes values of a kernel's parameters; `function_source` finds the code behind an
object, `statements` runs through its body, and `rules`, `comparisons`, `comprehensions`, `calls`
and `tensors` have a rule for each kind of expression, called by `evaluation`; `functions` has the
tables of operators and calls, `scope` what names stand for, `values` what they can be besides an
integer in C. `c_value`, `c_arithmetic`, `c_logic` and `c_real` print C, plain where `intervals`
proves that nothing can go wrong and checked elsewhere, with what it `reads`; `translate` is the way
in.
"""
