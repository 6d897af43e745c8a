// Arrays, and NumPy's file format for them (version 1 to 3, plain types in C order).
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "failures.h"

namespace edgeslim {

struct DType {
  const char* name;   // as NumPy calls it
  const char* descr;  // as its files do
  size_t size;
};

inline const std::vector<DType>& dtypes() {
  static const std::vector<DType> kAll = {
      {"float32", "<f4", 4}, {"float64", "<f8", 8}, {"float16", "<f2", 2}, {"int64", "<i8", 8},
      {"int32", "<i4", 4},   {"int16", "<i2", 2},   {"int8", "|i1", 1},    {"uint8", "|u1", 1},
      {"bool", "|b1", 1}};
  return kAll;
}

struct Array {
  std::string dtype = "float32";
  std::vector<int64_t> shape;
  std::string bytes;
};

inline const DType& dtype_named(const std::string& name) {
  for (const DType& each : dtypes())
    if (name == each.name) return each;
  throw EntryError("there are no arrays of type " + name + " here");
}

// How many elements a shape has; no more than memory could ever hold.
inline int64_t elements(const std::vector<int64_t>& shape) {
  // Elements have up to eight bytes, and their sum must not wrap around where sizes have 32 bits.
  const int64_t most = INT64_C(1) << (sizeof(size_t) > 4 ? 40 : 28);
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent < 0 || (extent > 0 && count > most / extent))
      throw EntryError("an array has an impossible extent, " + std::to_string(extent));
    count *= extent;
  }
  return count;
}

// What follows a key in the header, which is a Python dictionary of a fixed form.
inline std::string npy_field(const std::string& header, const std::string& key,
                             const std::string& name) {
  const size_t found = header.find("'" + key + "':");
  if (found == std::string::npos) throw EntryError(name + " has no " + key + " in its header");
  const size_t start = header.find_first_not_of(' ', found + key.size() + 3);
  return start == std::string::npos ? "" : header.substr(start);
}

inline std::vector<int64_t> npy_shape(const std::string& field, const std::string& name) {
  std::vector<int64_t> shape;
  const char* here = field.c_str();
  if (*here != '(') throw EntryError(name + " has no shape in its header");
  ++here;
  for (;;) {
    while (*here == ' ' || *here == ',') ++here;
    if (*here == ')') return shape;
    char* end = nullptr;
    const long long extent = std::strtoll(here, &end, 10);
    if (end == here || extent < 0) throw EntryError(name + " has no shape in its header");
    shape.push_back(extent);
    here = end;
  }
}

// A file of NumPy's that is somewhere in memory: its content is not copied.
struct NpyView {
  std::string dtype;
  std::vector<int64_t> shape;
  const char* content = nullptr;
  size_t size = 0;
};

inline NpyView view_npy(const char* data, size_t size, const std::string& name) {
  const auto byte = [data](size_t index) { return static_cast<unsigned char>(data[index]); };
  if (size < 12 || std::memcmp(data, "\x93NUMPY", 6) != 0)
    throw EntryError(name + " is no file of NumPy's");
  const size_t start = byte(6) == 1 ? 10 : 12;
  size_t length = byte(8) | byte(9) << 8;
  if (start == 12) length |= static_cast<size_t>(byte(10)) << 16 | static_cast<size_t>(byte(11)) << 24;
  if (length > size - start) throw EntryError(name + " is cut off");
  const std::string header(data + start, length);
  NpyView array;
  const std::string descr = npy_field(header, "descr", name) + " ";
  for (const DType& each : dtypes())
    if (descr.compare(1, 3, each.descr) == 0) array.dtype = each.name;
  if (array.dtype.empty())
    throw EntryError(name + " has elements of another type than numbers: " + descr.substr(0, 6));
  if (npy_field(header, "fortran_order", name).compare(0, 5, "False") != 0)
    throw EntryError(name + " is in Fortran's order; save numpy.ascontiguousarray of it");
  array.shape = npy_shape(npy_field(header, "shape", name), name);
  const size_t wanted = static_cast<size_t>(elements(array.shape)) * dtype_named(array.dtype).size;
  if (wanted != size - start - length) throw EntryError(name + " is cut off");
  array.content = data + start + length;
  array.size = wanted;
  return array;
}

inline Array read_npy(const char* data, size_t size, const std::string& name) {
  const NpyView view = view_npy(data, size, name);
  Array array;
  array.dtype = view.dtype;
  array.shape = view.shape;
  array.bytes.assign(view.content, view.size);
  return array;
}

inline void write_npy(std::ostream& stream, const Array& array) {
  std::string header = std::string("{'descr': '") + dtype_named(array.dtype).descr +
                       "', 'fortran_order': False, 'shape': (";
  for (size_t index = 0; index < array.shape.size(); ++index)
    header += (index ? ", " : "") + std::to_string(array.shape[index]);
  header += array.shape.size() == 1 ? ",), }" : "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  stream.write("\x93NUMPY\x01\x00", 8);
  const char length[2] = {static_cast<char>(header.size() & 0xFF),
                          static_cast<char>(header.size() >> 8)};
  stream.write(length, 2);
  stream << header << array.bytes;
}

inline void write_npy(const std::string& path, const Array& array) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  write_npy(stream, array);
  stream.close();
  if (!stream) throw EntryError("cannot write " + path);
}

}  // namespace edgeslim
