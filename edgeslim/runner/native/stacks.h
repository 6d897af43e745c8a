// The values of an input in all runs of a series: as they are, or as codes of a table's values.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "failures.h"
#include "json.h"
#include "npy.h"

namespace edgeslim {

const size_t kCodes = 256;  // a code has one byte

class Stack {
 public:
  explicit Stack(NpyView values) : values_(std::move(values)) {}

  // From here on the values are codes: those of channel c stand for row c of the table.
  void use_table(const NpyView& table) {
    if (table.dtype != "float32" || table.shape.size() != 2 || values_.shape.size() < 3 ||
        table.shape[0] != values_.shape[2] || table.shape[1] != static_cast<int64_t>(kCodes))
      throw EntryError("a table of codes is " + table.dtype + " " + listed(table.shape));
    table_.resize(table.size / sizeof(float));
    if (!table_.empty()) std::memcpy(&table_[0], table.content, table.size);
    is_coded_ = true;
  }

  // Refuses other shapes or types than `count` times an input's.
  void check(const Array& input, int64_t count, size_t index) const {
    std::vector<int64_t> wanted = input.shape;
    wanted.insert(wanted.begin(), count);
    const std::string dtype = is_coded_ ? "uint8" : input.dtype;
    if (values_.shape != wanted || values_.dtype != dtype ||
        (is_coded_ && input.dtype != "float32"))
      throw EntryError("input " + std::to_string(index) + " of the series is " + values_.dtype +
                       " " + listed(values_.shape) + ", not " + dtype + " " + listed(wanted));
  }

  // Writes one run's values over those before, which have the same size.
  void copy_row(size_t row, std::string* bytes) const {
    if (!is_coded_) {
      bytes->assign(values_.content + bytes->size() * row, bytes->size());
      return;
    }
    const size_t count = bytes->size() / sizeof(float);
    const size_t channels = static_cast<size_t>(values_.shape[2]);
    size_t plane = 1;
    for (size_t axis = 3; axis < values_.shape.size(); ++axis)
      plane *= static_cast<size_t>(values_.shape[axis]);
    const char* const codes = values_.content + count * row;
    for (size_t index = 0; index < count; ++index) {
      const size_t code = static_cast<unsigned char>(codes[index]);
      const float value = table_[index / plane % channels * kCodes + code];
      std::memcpy(&(*bytes)[index * sizeof value], &value, sizeof value);
    }
  }

 private:
  NpyView values_;
  std::vector<float> table_;
  bool is_coded_ = false;
};

}  // namespace edgeslim
