# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
"""Reading the level of a weight, and the scale and offset of its group.

Scale and offset are two float16 numbers in one word. A page may have no float16 arithmetic, so
their bits are moved to where float32 has them: the exponent is then 112 too small. Numbers below
the normal range of float16 would become zero, because a GPU may flush them;
`model.compile.quantize` writes none.
"""

from __future__ import annotations

from tvm.script import tirx as T  # noqa: N812

__all__ = ["level_of", "offset_of", "scale_of"]

_SIGN_AND_REST = 0x8FFFE000 - (1 << 32)  # as a signed integer
_EXPONENT = float(2**112)


def level_of(word, place, bits: int):
    """Return the level of weight number `place` of the word, as a float32."""
    shifted = T.shift_right(word, T.Cast("uint32", place * bits))
    return T.Cast("float32", T.bitwise_and(shifted, T.uint32((1 << bits) - 1)))


def scale_of(word):
    """Return the number in the low half of a `uint32`."""
    return _float(T.shift_left(T.reinterpret("int32", word), T.int32(16)))


def offset_of(word):
    """Return the number in the high half of a `uint32`."""
    return _float(T.reinterpret("int32", word))


def _float(word):
    """Return the float32 value of the high half; the shift repeats the sign, which is masked."""
    bits = T.bitwise_and(T.shift_right(word, T.int32(3)), T.int32(_SIGN_AND_REST))
    return T.reinterpret("float32", bits) * T.float32(_EXPONENT)
