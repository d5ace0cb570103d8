// Conversions between half precision and wider floats, for TVM's runtime.
//
// TVM's sources include compiler-rt's builtin_fp16.h, which no wheel carries. This one provides the
// two templates they call, by the same names and parameters: the type, its bits as an unsigned
// integer, and how many of these are the fraction, for the source and for the target. The target of
// a truncation and the source of an extension are IEEE 754 binary16, passed as uint16_t.
#ifndef PYWEBLLM_STAND_INS_BUILTIN_FP16_H_
#define PYWEBLLM_STAND_INS_BUILTIN_FP16_H_

#include <cstdint>
#include <cstring>

namespace pywebllm {

// The fields of a binary floating-point format with `Bits` for all and `Fraction` for the fraction.
template <typename Bits, int Fraction>
struct Format {
  static constexpr int kWidth = sizeof(Bits) * 8;
  static constexpr int kExponentWidth = kWidth - Fraction - 1;
  static constexpr int kMaxExponent = (1 << kExponentWidth) - 1;
  static constexpr int kBias = kMaxExponent >> 1;
  static constexpr Bits kImplicitOne = Bits(Bits(1) << Fraction);

  static Bits FractionOf(Bits bits) { return Bits(bits & (kImplicitOne - 1)); }
  static int ExponentOf(Bits bits) { return int((bits >> Fraction) & kMaxExponent); }
  static bool IsNegative(Bits bits) { return (bits >> (kWidth - 1)) != 0; }
  static Bits Join(bool negative, int exponent, Bits fraction) {
    return Bits((Bits(negative) << (kWidth - 1)) | (Bits(exponent) << Fraction) | fraction);
  }
};

// Shift right by `count` and round to the nearest, halves to even.
template <typename Bits>
inline Bits ShiftAndRound(Bits value, int count) {
  if (count <= 0) return value;
  if (count >= int(sizeof(Bits) * 8)) return 0;
  const Bits half = Bits(Bits(1) << (count - 1));
  const Bits rest = Bits(value & ((Bits(1) << count) - 1));
  const Bits result = Bits(value >> count);
  const bool up = rest > half || (rest == half && (result & 1));
  return Bits(result + (up ? 1 : 0));
}

}  // namespace pywebllm

template <typename SRC_T, typename SRC_REP_T, int SRC_SIG_BITS, typename DST_T, typename DST_REP_T,
          int DST_SIG_BITS>
inline DST_T __truncXfYf2__(SRC_T value) {
  using Wide = pywebllm::Format<SRC_REP_T, SRC_SIG_BITS>;
  using Narrow = pywebllm::Format<DST_REP_T, DST_SIG_BITS>;
  SRC_REP_T bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const bool negative = Wide::IsNegative(bits);
  const int wide_exponent = Wide::ExponentOf(bits);
  SRC_REP_T fraction = Wide::FractionOf(bits);
  if (wide_exponent == Wide::kMaxExponent) {  // infinity, or not a number: keep it one
    const DST_REP_T quiet = fraction ? DST_REP_T(Narrow::kImplicitOne >> 1) : DST_REP_T(0);
    return DST_T(Narrow::Join(negative, Narrow::kMaxExponent, quiet));
  }
  int exponent = wide_exponent - Wide::kBias + Narrow::kBias;
  if (exponent >= Narrow::kMaxExponent) {  // too large: infinity
    return DST_T(Narrow::Join(negative, Narrow::kMaxExponent, 0));
  }
  int shift = SRC_SIG_BITS - DST_SIG_BITS;
  if (exponent <= 0) {  // subnormal in the narrow format: the leading one becomes explicit
    if (wide_exponent != 0) fraction = SRC_REP_T(fraction | Wide::kImplicitOne);
    shift += 1 - exponent;
    exponent = 0;
  }
  // A carry out of the fraction raises the exponent, which is just what rounding up should do.
  const SRC_REP_T rounded = pywebllm::ShiftAndRound<SRC_REP_T>(fraction, shift);
  return DST_T(DST_REP_T(Narrow::Join(negative, exponent, 0) + DST_REP_T(rounded)));
}

template <typename SRC_T, typename SRC_REP_T, int SRC_SIG_BITS, typename DST_T, typename DST_REP_T,
          int DST_SIG_BITS>
inline DST_T __extendXfYf2__(SRC_T value) {
  using Narrow = pywebllm::Format<SRC_REP_T, SRC_SIG_BITS>;
  using Wide = pywebllm::Format<DST_REP_T, DST_SIG_BITS>;
  SRC_REP_T bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const bool negative = Narrow::IsNegative(bits);
  int exponent = Narrow::ExponentOf(bits);
  DST_REP_T fraction = DST_REP_T(Narrow::FractionOf(bits)) << (DST_SIG_BITS - SRC_SIG_BITS);
  if (exponent == Narrow::kMaxExponent) {
    exponent = Wide::kMaxExponent;
  } else if (exponent != 0) {
    exponent += Wide::kBias - Narrow::kBias;
  } else if (fraction != 0) {  // subnormal in the narrow format, normal in the wide one
    exponent = Wide::kBias - Narrow::kBias + 1;
    while (!(fraction & Wide::kImplicitOne)) {
      fraction <<= 1;
      --exponent;
    }
    fraction = Wide::FractionOf(fraction);
  }
  const DST_REP_T wide = Wide::Join(negative, exponent, fraction);
  DST_T result;
  std::memcpy(&result, &wide, sizeof(result));
  return result;
}

#endif  // PYWEBLLM_STAND_INS_BUILTIN_FP16_H_
