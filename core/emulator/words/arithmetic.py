"""Works out simple arithmetic exactly, within bounds: the one thing that needs no model."""

import ast
import re
from fractions import Fraction

MAX_LETTERS = 100
MAX_DIGITS = 40
"""Numbers longer than this, on the way or as the result, are refused."""


class TooLarge(Exception):
    """A number would have more than `MAX_DIGITS` digits."""


def sum_in(text: str) -> str | None:
    """Return the expression that a text asks for and nothing but ("What is 17 * 23?"), or None."""
    if len(text) > 2 * MAX_LETTERS:
        return None
    asked = _ASKING.sub("", text.strip())
    for pattern, sign in _SPOKEN:
        asked = pattern.sub(sign, asked)
    asked = asked.strip(" ?=.!,")
    if len(asked) > MAX_LETTERS or not _EXPRESSION.fullmatch(asked):
        return None
    return asked if _OPERATOR.search(asked) else None


def result(expression: str) -> Fraction:
    """Return the exact value of an expression.

    Raises:
        TooLarge: a number on the way has more than `MAX_DIGITS` digits.
        ZeroDivisionError: it divides by zero.
        ValueError: it is no expression of numbers, brackets and + - * / % ^.
    """
    try:
        tree = ast.parse(expression.replace("^", "**"), mode="eval")
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("not an expression") from error
    return _value(tree.body)


def written(value: Fraction) -> str:
    """Return a number as people write it, with "about" where its decimals go on."""
    if value.denominator == 1:
        return str(value.numerator)
    millionths = round(value * 10**6)
    whole, decimals = divmod(abs(millionths), 10**6)
    digits = f"{'-' if value < 0 else ''}{whole}.{decimals:06}".rstrip("0").rstrip(".")
    return digits if value * 10**6 == millionths else f"about {digits}"


_ASKING = re.compile(
    r"""\A(?:(?:hi|hello|hey|please|so|and|ok|now)\b[,!]?\s+)*
      (?:(?:can|could|would)\ you\ (?:please\ )?)?(?:tell\ me\ )?
      (?:what(?:['’]s|\s+is|\s+are)?|how\ much\ (?:is|are)|calculate|compute|solve|evaluate
        |work\ out)?\s+(?=\S)
    | (?:\s+(?:please|equals?|is|make))+\s*[?.!]*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_SPOKEN = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (r"×|·|\btimes\b|\bmultiplied by\b|(?<=[\d\s])x(?=[\d\s])", "*"),
        (r"÷|\bdivided by\b|\bover\b", "/"),
        (r"\bplus\b", "+"),
        (r"−|–|\bminus\b|\bless\b", "-"),
        (r"\bto the power of\b|\*\*", "^"),
        (r"\bsquared\b", "^2"),
        (r"\bcubed\b", "^3"),
        (r"%\s*of\b|\bpercent of\b", "/100*"),
        (r"\bmodulo\b|\bmod\b", "%"),
    )
)
_EXPRESSION = re.compile(r"[\d\s.+\-*/%^()]+")
_OPERATOR = re.compile(r"[\d)]\s*[+\-*/%^]{1,2}\s*[(\d.\-]")


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number) if len(str(number)) <= MAX_DIGITS:
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=operator, right=right):
            return _bounded(_combined(_value(left), operator, _value(right)))
        case ast.Constant():
            raise TooLarge
    raise ValueError("not arithmetic")


def _combined(left: Fraction, operator: ast.operator, right: Fraction) -> Fraction:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return Fraction(left // right)
        case ast.Mod():
            return left % right
        case ast.Pow():
            return _power(left, right)
    raise ValueError("not arithmetic")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        raise ValueError("not a whole exponent")
    # Refuse before computing: 9^9^9 would have 370 million digits.
    digits = max(len(str(abs(base.numerator))), len(str(base.denominator)))
    if abs(base) not in (0, 1) and (digits - 1 or 0.3) * abs(exponent) > MAX_DIGITS:
        raise TooLarge
    power = base**exponent.numerator
    assert isinstance(power, Fraction)
    return power


def _bounded(value: Fraction) -> Fraction:
    limit = 10**MAX_DIGITS
    if abs(value.numerator) > limit or value.denominator > limit:
        raise TooLarge
    return value
