// Runs a model on many inputs, one after the other, and writes all that it gives into one file.
#pragma once

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "clocks.h"
#include "models.h"

namespace edgeslim {

// Returns the nanoseconds that it took.
inline int64_t run_series(const Series& series, const Batch& batch, const std::string& folder,
                          Model* model) {
  const int64_t started = now_ns();
  const auto view = [&batch](const std::string& name) {
    const Span file = batch.file(name);
    return view_npy(file.data, file.size, name);
  };
  std::vector<Stack> stacks;
  for (size_t index = 0; index < series.files.size(); ++index) {
    stacks.push_back(Stack(view(series.files[index])));
    if (!series.tables[index].empty()) stacks.back().use_table(view(series.tables[index]));
  }
  model->check_stacks(stacks, series.count);
  const std::string path = folder + "/" + series.output;
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  for (int64_t row = 0; row < series.count && stream; ++row) {
    model->set_inputs(stacks, row);
    model->feed();
    model->run();
    for (const Array& output : model->outputs()) write_npy(stream, output);
  }
  stream.close();
  if (!stream) throw EntryError("cannot write " + path + ": " + std::strerror(errno));
  return now_ns() - started;
}

}  // namespace edgeslim
