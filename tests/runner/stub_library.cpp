// Paddle-Lite's light API without anything behind it: enough to link the runner against.
#include "light_api.h"

namespace paddle {
namespace lite_api {

Tensor::Tensor(void* raw) : raw_(raw) {}
void Tensor::Resize(const shape_t&) {}
template <typename T>
const T* Tensor::data() const {
  return static_cast<const T*>(raw_);
}
template <typename T>
T* Tensor::mutable_data(TargetType) const {
  return static_cast<T*>(raw_);
}
shape_t Tensor::shape() const { return {}; }
PrecisionType Tensor::precision() const { return PrecisionType::kFloat; }

#define FOR_TYPE(T)                            \
  template const T* Tensor::data<T>() const;   \
  template T* Tensor::mutable_data<T>(TargetType) const;
FOR_TYPE(float)
FOR_TYPE(double)
FOR_TYPE(int64_t)
FOR_TYPE(int32_t)
FOR_TYPE(int16_t)
FOR_TYPE(int8_t)
FOR_TYPE(uint8_t)
FOR_TYPE(bool)

std::vector<std::string> PaddlePredictor::GetParamNames() { return {}; }
std::unique_ptr<Tensor> PaddlePredictor::GetMutableTensor(const std::string&) { return nullptr; }
void PaddlePredictor::SaveOptimizedModel(const std::string&, LiteModelType, bool) {}

ConfigBase::ConfigBase(PowerMode mode, int threads) : threads_(threads), mode_(mode) {}
void ConfigBase::set_threads(int threads) { threads_ = threads; }
void ConfigBase::set_power_mode(PowerMode mode) { mode_ = mode; }
void MobileConfig::set_model_from_buffer(const std::string& content) { file_ = content; }
void MobileConfig::set_model_from_file(const std::string& path) { file_ = path; }

template <>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor<MobileConfig>(const MobileConfig&) {
  return nullptr;
}

}  // namespace lite_api
}  // namespace paddle
