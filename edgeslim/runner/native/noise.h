// Noise for inputs: the same from every runner, to the bit; edgeslim.runner.protocol defines it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "npy.h"

namespace edgeslim {

// 64 random bits.
inline uint64_t mixed(uint64_t seed, uint64_t index) {
  uint64_t z = (seed << 32 | index) + UINT64_C(0x9E3779B97F4A7C15);  // wraps around, as it must
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

inline float noise(uint64_t seed, uint64_t index) {
  const uint64_t z = mixed(seed, index);
  const int64_t sum = static_cast<int64_t>((z & 0xFFFF) + (z >> 16 & 0xFFFF) +
                                           (z >> 32 & 0xFFFF) + (z >> 48));
  return static_cast<float>(static_cast<double>(sum - 131070) / 37837.227);
}

template <typename Element>
Element element_of(float value) {
  // By way of a signed type: a negative float as an unsigned number is nobody's business.
  return static_cast<Element>(static_cast<int64_t>(value));
}
template <>
inline float element_of<float>(float value) {
  return value;
}
template <>
inline double element_of<double>(float value) {
  return value;
}
template <>
inline bool element_of<bool>(float value) {
  return value != 0;
}

template <typename Element>
void fill(Array* array, uint64_t seed, bool positive, uint64_t below) {
  const uint64_t count = static_cast<uint64_t>(elements(array->shape));
  array->bytes.resize(count * sizeof(Element));
  for (uint64_t index = 0; index < count; ++index) {
    Element element;
    if (below > 0) {
      element = static_cast<Element>(mixed(seed, index) % below);
    } else {
      float value = noise(seed, index);
      if (positive) value = std::fabs(value) + 0.1f;
      element = element_of<Element>(value);
    }
    std::memcpy(&array->bytes[index * sizeof(Element)], &element, sizeof(Element));
  }
}

inline Array noise_array(const std::string& dtype, const std::vector<int64_t>& shape,
                         uint64_t seed, bool positive, uint64_t below) {
  Array array;
  array.dtype = dtype;
  array.shape = shape;
  if (dtype == "float32") fill<float>(&array, seed, positive, below);
  else if (dtype == "float64") fill<double>(&array, seed, positive, below);
  else if (dtype == "int64") fill<int64_t>(&array, seed, positive, below);
  else if (dtype == "int32") fill<int32_t>(&array, seed, positive, below);
  else if (dtype == "int16") fill<int16_t>(&array, seed, positive, below);
  else if (dtype == "int8") fill<int8_t>(&array, seed, positive, below);
  else if (dtype == "uint8") fill<uint8_t>(&array, seed, positive, below);
  else if (dtype == "bool") fill<bool>(&array, seed, positive, below);
  else throw EntryError("there is no noise of type " + dtype);
  return array;
}

}  // namespace edgeslim
