"""Arithmetic that is safe to run: the expression is read, never evaluated as Python."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

__all__ = ["ArithmeticProblem", "calculate"]

# Beyond these a result would take seconds, or fill the memory.
_LONGEST = 500
_LARGEST_POWER = 1_000
_MOST_DIGITS = 1_000

_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "log10": math.log10,
    "max": max,
    "min": min,
    "round": round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}


class ArithmeticProblem(ValueError):  # noqa: N818 - shown to the model
    """The expression is no arithmetic, or its result is too large."""


def calculate(expression: str) -> float | int:
    """Return the value of an arithmetic expression.

    It may have numbers, `+ - * / // % **`, parentheses, `pi`, `e`, `tau`, and common functions.

    Raises:
        ArithmeticProblem: It has anything else, cannot be calculated, or is too large.
    """
    if len(expression) > _LONGEST:
        raise ArithmeticProblem(f"the expression is longer than {_LONGEST} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return _checked(_value(tree.body))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ArithmeticProblem("this is not an arithmetic expression") from error
    except (ArithmeticError, TypeError) as error:
        raise ArithmeticProblem(str(error)) from error
    except ArithmeticProblem:
        raise
    except ValueError as error:
        raise ArithmeticProblem(str(error)) from error


def _value(node: ast.expr) -> float | int:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _checked(number)
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
            return _UNARY[type(sign)](_value(operand))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _checked(_BINARY[type(sign)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _checked(_FUNCTIONS[name](*(_value(argument) for argument in arguments)))
    raise ArithmeticProblem("only numbers, + - * / // % **, and common functions are known")


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _LARGEST_POWER:
        raise ArithmeticProblem(f"an exponent is larger than {_LARGEST_POWER}")
    result = base**exponent
    if isinstance(result, complex):
        raise ArithmeticProblem("the result is not a real number")
    return _checked(result)


def _checked(value: float) -> float:
    if isinstance(value, int):
        if value.bit_length() > _MOST_DIGITS * math.log2(10):
            raise ArithmeticProblem(f"a number has more than {_MOST_DIGITS} digits")
    elif not math.isfinite(value):
        raise ArithmeticProblem("the result is too large")
    return value
