// The batch as it came: a line of manifest, and the files that it names.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "failures.h"
#include "json.h"
#include "sha256.h"

namespace edgeslim {

const int64_t kProtocol = 3;

struct Span {
  const char* data = nullptr;
  size_t size = 0;
};

struct Input {
  std::vector<int64_t> shape;
  std::string dtype;
  std::string file;
  uint64_t seed = 0;
  bool positive = false;
  uint64_t below = 0;
};

struct Sampling {
  int64_t swept_bytes = 0;
  int64_t warmup = 0;
  int64_t minimum_samples = 0;
  int64_t maximum_samples = 0;
  double minimum_s = 0;
  double maximum_s = 0;
  double relative_error = 0;
  bool core_time = false;
};

struct Series {
  int64_t count = 0;
  std::vector<std::string> files;
  std::vector<std::string> tables;
  std::string output;
};

struct Entry {
  std::string id;
  std::string model;
  std::string library_version;
  std::vector<int64_t> kernel_targets;
  std::vector<Input> inputs;
  std::vector<Sampling> states;
  std::vector<std::string> keep_outputs;
  Series series;
  double timeout_s = 0;
  std::string start;
  int64_t soak = 0;
};

struct Batch {
  std::vector<Entry> entries;
  std::map<std::string, Span> files;
  int threads = 1;
  int power_mode = 3;
  bool has_reference = false;
  Entry reference;
  int64_t baseline_ns = 0;
  double patience_s = 0;

  Span file(const std::string& name) const {
    const auto found = files.find(name);
    if (found == files.end()) throw EntryError("the batch has no file " + name);
    return found->second;
  }
};

inline Input read_input(const Json& json) {
  Input input;
  input.shape = json.integers("shape");
  input.dtype = json.string("dtype");
  input.file = json.string("file");
  input.seed = static_cast<uint64_t>(json.count("seed"));
  input.positive = json.boolean("positive");
  input.below = static_cast<uint64_t>(json.count("below"));
  return input;
}

inline Sampling read_sampling(const Json& json) {
  Sampling state;
  state.swept_bytes = json.count("swept_bytes");
  state.warmup = json.count("warmup");
  state.minimum_samples = json.count("minimum_samples");
  state.maximum_samples = json.count("maximum_samples");
  state.minimum_s = json.number("minimum_s");
  state.maximum_s = json.number("maximum_s");
  state.relative_error = json.number("relative_error");
  state.core_time = json.boolean("core_time");
  return state;
}

inline void check_file_name(const char* field, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos)
    throw JsonError(std::string(field) + " has " + quoted(name) + ", which is no file name");
}

inline Series read_series(const Json& json) {
  Series series;
  series.count = json.count("count");
  series.files = json.strings("files");
  series.tables = json.strings("tables");
  if (series.tables.size() != series.files.size())
    throw JsonError("a series has " + std::to_string(series.files.size()) + " files and " +
                    std::to_string(series.tables.size()) + " tables");
  series.output = json.string("output");
  check_file_name("output", series.output);
  return series;
}

inline Entry read_entry(const Json& json) {
  Entry entry;
  entry.id = json.string("id");
  entry.model = json.string("model");
  entry.library_version = json.string("library_version");
  entry.kernel_targets = json.integers("kernel_targets");
  for (const Json& each : json.list("inputs")) entry.inputs.push_back(read_input(each));
  for (const Json& each : json.list("states")) entry.states.push_back(read_sampling(each));
  entry.keep_outputs = json.strings("keep_outputs");
  for (const std::string& name : entry.keep_outputs) check_file_name("keep_outputs", name);
  if (!json.at("series").null()) entry.series = read_series(json.at("series"));
  entry.timeout_s = json.number("timeout_s");
  entry.start = json.string("start");
  entry.soak = json.count("soak");
  return entry;
}

// The file, mapped: the processes that run models then share its pages.
inline Span map_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts;
  if (file < 0 || ::fstat(file, &facts) != 0)
    throw Refusal("the batch cannot be read: " + path + ": " + std::strerror(errno));
  Span whole;
  whole.size = static_cast<size_t>(facts.st_size);
  if (whole.size > 0) {
    void* const data = ::mmap(nullptr, whole.size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED)
      throw Refusal("the batch cannot be read: " + path + ": " + std::strerror(errno));
    whole.data = static_cast<const char*>(data);
  }
  ::close(file);
  return whole;
}

// The checksum is not looked at by a process that has to leave the files untouched: their pages
// would be in its memory.
inline void read_manifest(const Json& manifest, Span content, bool is_checked, Batch* batch) {
  Sha256 digest;
  if (!is_checked) digest.update(content.data, content.size);
  if (!is_checked && digest.hex() != manifest.string("sha256"))
    throw Refusal("the batch did not arrive whole: its checksum differs");
  size_t start = 0;
  for (const Json& each : manifest.list("files")) {
    const int64_t size = each.count("size");
    if (static_cast<uint64_t>(size) > content.size - start)
      throw Refusal("the batch did not arrive whole: its files are longer than it");
    Span file;
    file.size = static_cast<size_t>(size);
    file.data = content.data + start;
    start += file.size;
    batch->files[each.string("name")] = file;
  }
  for (const Json& each : manifest.list("entries")) batch->entries.push_back(read_entry(each));
  const int64_t threads = manifest.integer("threads");
  const int64_t power_mode = manifest.integer("power_mode");
  if (threads < 1 || threads > 1000000) throw JsonError("threads is out of range");
  if (power_mode < 0 || power_mode > 3) throw JsonError("power_mode is out of range");
  batch->threads = static_cast<int>(threads);
  batch->power_mode = static_cast<int>(power_mode);
  batch->baseline_ns = manifest.count("baseline_ns");
  batch->patience_s = manifest.number("patience_s");
  batch->has_reference = !manifest.at("reference").null();
  if (batch->has_reference) batch->reference = read_entry(manifest.at("reference"));
}

// The manifest and the files by name; refuses what did not arrive whole, unless it is checked.
inline Batch read_batch(const std::string& path, bool is_checked = false) {
  const Span whole = map_file(path);
  const void* const found = whole.size ? std::memchr(whole.data, '\n', whole.size) : nullptr;
  const char* const end = found ? static_cast<const char*>(found) : whole.data + whole.size;
  Json manifest;
  int64_t protocol = 0;
  try {
    manifest = JsonReader::read(whole.data, end);
    protocol = manifest.integer("protocol");
  } catch (const JsonError& error) {
    throw Refusal(std::string("the batch does not begin with a manifest: ") + error.what());
  }
  if (protocol != kProtocol)
    throw Refusal("the manifest has protocol " + std::to_string(protocol) +
                  "; this runner speaks " + std::to_string(kProtocol));
  Span content;
  content.data = found ? end + 1 : end;
  content.size = static_cast<size_t>(whole.data + whole.size - content.data);
  Batch batch;
  try {
    read_manifest(manifest, content, is_checked, &batch);
  } catch (const JsonError& error) {
    throw Refusal(std::string("the manifest cannot be meant: ") + error.what());
  }
  return batch;
}

}  // namespace edgeslim
