// Models of a batch: loaded, proved to be of this processor and library, and run once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#if defined(EDGESLIM_OWN_LIGHT_API)
#include "light_api.h"
#else
#include "paddle_api.h"
#if defined(EDGESLIM_STATIC_LIGHT_API)
// A static library's kernels are linked only if something names them.
#include "paddle_use_kernels.h"
#include "paddle_use_ops.h"
#endif
#endif

#include "batch_file.h"
#include "failures.h"
#include "noise.h"
#include "npy.h"
#include "stacks.h"
#include "start.h"

namespace edgeslim {

namespace lite = paddle::lite_api;

// Kernels that this processor really has; others are empty shells that return at once. What
// the runner was compiled for says it: uname names the model of an iPhone.
inline std::vector<int64_t> own_targets() {
#if defined(__x86_64__)
  return {1, 2};
#elif defined(__aarch64__) || defined(__arm__)
  return {1, 4};
#else
#error "Paddle-Lite's kernels for this processor are not known"
#endif
}

inline void check_targets(const Entry& entry) {
  const std::vector<int64_t> own = own_targets();
  std::vector<int64_t> foreign;
  for (const int64_t each : entry.kernel_targets)
    if (std::find(own.begin(), own.end(), each) == own.end()) foreign.push_back(each);
  std::sort(foreign.begin(), foreign.end());
  foreign.erase(std::unique(foreign.begin(), foreign.end()), foreign.end());
  if (!foreign.empty())
    throw EntryError("the model's kernels are for another processor (targets " + listed(foreign) +
                     "), and would seem to run in no time; convert it for this one");
}

inline Array make_input(const Input& input, const Batch& batch) {
  if (input.file.empty())
    return noise_array(input.dtype, input.shape, input.seed, input.positive, input.below);
  const Span file = batch.file(input.file);
  return read_npy(file.data, file.size, input.file);
}

inline void* memory_of(lite::Tensor* tensor, const std::string& dtype) {
  if (dtype == "float32") return tensor->mutable_data<float>();
  if (dtype == "float64") return tensor->mutable_data<double>();
  if (dtype == "int64") return tensor->mutable_data<int64_t>();
  if (dtype == "int32") return tensor->mutable_data<int>();
  if (dtype == "int16") return tensor->mutable_data<int16_t>();
  if (dtype == "int8") return tensor->mutable_data<int8_t>();
  if (dtype == "uint8") return tensor->mutable_data<uint8_t>();
  if (dtype == "bool") return tensor->mutable_data<bool>();
  throw EntryError("models take no inputs of type " + dtype);
}

// The content of an output; its type says where it is.
inline Array output_array(const lite::Tensor& tensor, size_t index) {
  Array array;
  array.shape = tensor.shape();
  const void* data = nullptr;
  const auto take = [&](const char* dtype, const void* from) {
    array.dtype = dtype;
    data = from;
  };
  switch (tensor.precision()) {
    case lite::PrecisionType::kFloat: take("float32", tensor.data<float>()); break;
    case lite::PrecisionType::kFP64: take("float64", tensor.data<double>()); break;
    case lite::PrecisionType::kInt64: take("int64", tensor.data<int64_t>()); break;
    case lite::PrecisionType::kInt32: take("int32", tensor.data<int>()); break;
    case lite::PrecisionType::kInt16: take("int16", tensor.data<int16_t>()); break;
    case lite::PrecisionType::kInt8: take("int8", tensor.data<int8_t>()); break;
    case lite::PrecisionType::kUInt8: take("uint8", tensor.data<uint8_t>()); break;
    case lite::PrecisionType::kBool: take("bool", tensor.data<bool>()); break;
    case lite::PrecisionType::kFP16: take("float16", tensor.data<int16_t>()); break;
    default: throw EntryError("output " + std::to_string(index) + " has elements of no known type");
  }
  const size_t size = static_cast<size_t>(elements(array.shape)) * dtype_named(array.dtype).size;
  if (size > 0) array.bytes.assign(static_cast<const char*>(data), size);
  return array;
}

template <typename Element>
Element element_at(const Array& array, size_t index) {
  Element element;
  std::memcpy(&element, &array.bytes[index * sizeof element], sizeof element);
  return element;
}

inline bool all_finite(const Array& array) {
  const size_t count = array.bytes.size() / dtype_named(array.dtype).size;
  for (size_t index = 0; index < count; ++index) {
    if (array.dtype == "float32" && !std::isfinite(element_at<float>(array, index))) return false;
    if (array.dtype == "float64" && !std::isfinite(element_at<double>(array, index))) return false;
    // Half precision has no type here: an exponent of all ones is inf or NaN.
    if (array.dtype == "float16" && (element_at<uint16_t>(array, index) & 0x7C00) == 0x7C00)
      return false;
  }
  return true;
}

// The version that an optimized model was made by, from its header.
inline std::string version_in(Span model) {
  if (model.size <= 2) return "";
  const std::string field(model.data + 2, std::min<size_t>(16, model.size - 2));
  return field.substr(0, field.find('\0'));
}

// A loaded model: `run` runs it, `feed` writes its inputs anew.
class Model {
 public:
  // From its file, if a path is given, as an app does it; else from memory.
  Model(const Entry& entry, const Batch& batch, const std::string& path = "") {
    check_targets(entry);
    const Span content = batch.file(entry.model);
    lite::MobileConfig config;
    config.set_threads(batch.threads);
    config.set_power_mode(static_cast<lite::PowerMode>(batch.power_mode));
    for (const Input& each : entry.inputs) arrays_.push_back(make_input(each, batch));
    start_.begin(!path.empty());
    if (path.empty())
      config.set_model_from_buffer(std::string(content.data, content.size));
    else
      config.set_model_from_file(path);
    predictor_ = lite::CreatePaddlePredictor<lite::MobileConfig>(config);
    start_.note_loaded();
    if (!predictor_) throw EntryError("the library does not take the model");
    version = predictor_->GetVersion();
    for (const std::string& wanted : {entry.library_version, version_in(content)})
      // The library itself would take it without a word.
      if (wanted != version)
        throw EntryError("the model is for Paddle-Lite " + wanted + " and this runtime is " +
                         version + "; build the runner with the library of that one");
#if defined(EDGESLIM_OWN_LIGHT_API)
    if (version.compare(0, std::strlen(EDGESLIM_LIGHT_API_VERSION), EDGESLIM_LIGHT_API_VERSION))
      throw EntryError("this runner was built for Paddle-Lite " EDGESLIM_LIGHT_API_VERSION
                       " and not for " + version + "; build it with that library's own headers");
#endif
    if (predictor_->GetInputNames().size() != arrays_.size())
      throw EntryError("the model has " + std::to_string(predictor_->GetInputNames().size()) +
                       " inputs and the batch " + std::to_string(arrays_.size()));
    for (size_t index = 0; index < arrays_.size(); ++index)
      tensors_.push_back(predictor_->GetInput(static_cast<int>(index)));
    feed();
    start_.note_fed();
    run();
    start_.note_run();
  }

  void run() { predictor_->Run(); }

  // Writes the inputs, as the operators before would.
  void feed() {
    for (size_t index = 0; index < arrays_.size(); ++index) {
      const Array& array = arrays_[index];
      tensors_[index]->Resize(array.shape);
      void* const memory = memory_of(tensors_[index].get(), array.dtype);
      if (!array.bytes.empty()) std::memcpy(memory, array.bytes.data(), array.bytes.size());
    }
  }

  // Chooses other inputs, of the same shapes: row `row` of each stack.
  void set_inputs(const std::vector<Stack>& stacks, int64_t row) {
    for (size_t index = 0; index < arrays_.size(); ++index)
      stacks[index].copy_row(static_cast<size_t>(row), &arrays_[index].bytes);
  }

  // Refuses stacks of other shapes or types than `count` times the inputs'.
  void check_stacks(const std::vector<Stack>& stacks, int64_t count) const {
    if (stacks.size() != arrays_.size())
      throw EntryError("the model has " + std::to_string(arrays_.size()) +
                       " inputs and the series " + std::to_string(stacks.size()));
    for (size_t index = 0; index < arrays_.size(); ++index)
      stacks[index].check(arrays_[index], count, index);
  }

  // Makes new inputs of the old ones: elements move on by a place, the last to the front.
  void move_inputs_on() {
    for (Array& array : arrays_) {
      const size_t size = dtype_named(array.dtype).size;
      if (array.bytes.size() > size)
        std::rotate(array.bytes.begin(), array.bytes.end() - static_cast<ptrdiff_t>(size),
                    array.bytes.end());
    }
  }

  // How it started, as the inside of a JSON object.
  std::string start_json() const { return start_.json(); }

  // What the last run gave.
  std::vector<Array> outputs() const {
    std::vector<Array> arrays;
    const size_t count = predictor_->GetOutputNames().size();
    for (size_t index = 0; index < count; ++index)
      arrays.push_back(output_array(*predictor_->GetOutput(static_cast<int>(index)), index));
    return arrays;
  }

  std::string version;

 private:
  Start start_;
  std::vector<Array> arrays_;
  std::shared_ptr<lite::PaddlePredictor> predictor_;
  std::vector<std::unique_ptr<lite::Tensor>> tensors_;
};

}  // namespace edgeslim
