"""Python grids and shapes to C, from their source: integers mean in C what they mean in Python.

`function_source` finds the code behind an object, `rules` has one rule for each libcst node,
`functions` the tables of known operators and calls, `scope` what names stand for; `c_value`,
`c_arithmetic` and `c_logic` print C, plain where `intervals` proves that nothing can go wrong and
checked elsewhere; `translate` is the way in.
"""

from codegen.expressions.translate import CExpression, Operand, translate_grid, translate_text

__all__ = ["CExpression", "Operand", "translate_grid", "translate_text"]
