// The part of Paddle-Lite's light API (2.13) that the runner uses, declared by ourselves.
//
// Python's wheel of Paddle-Lite has the library and no headers. Names, members and the order of
// virtual functions follow that version's library, because objects are made here and used
// there; another version is refused once it has told its own. Release packages bring headers,
// which are used instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#define EDGESLIM_LIGHT_API_VERSION "v2.13"

namespace paddle {
namespace lite_api {

enum class TargetType : int { kUnk = 0, kHost = 1, kX86 = 2, kARM = 4 };
enum class PrecisionType : int {
  kUnk = 0, kFloat = 1, kInt8 = 2, kInt32 = 3, kAny = 4, kFP16 = 5, kBool = 6, kInt64 = 7,
  kInt16 = 8, kUInt8 = 9, kFP64 = 10
};
enum class LiteModelType { kProtobuf = 0, kNaiveBuffer, UNK };
typedef enum { LITE_PRECISION_NORMAL = 0, LITE_PRECISION_LOW = 1 } PrecisionMode;
typedef enum {
  LITE_POWER_HIGH = 0, LITE_POWER_LOW = 1, LITE_POWER_FULL = 2, LITE_POWER_NO_BIND = 3,
  LITE_POWER_RAND_HIGH = 4, LITE_POWER_RAND_LOW = 5
} PowerMode;
typedef enum { CL_TUNE_NONE = 0 } CLTuneMode;
typedef enum { CL_PRECISION_AUTO = 0 } CLPrecisionType;

using shape_t = std::vector<int64_t>;

struct Tensor {
  explicit Tensor(void* raw);
  void Resize(const shape_t& shape);
  template <typename T>
  const T* data() const;
  template <typename T>
  T* mutable_data(TargetType type = TargetType::kHost) const;
  shape_t shape() const;
  PrecisionType precision() const;

 private:
  void* raw_;
};

class PaddlePredictor {
 public:
  virtual std::unique_ptr<Tensor> GetInput(int index) = 0;
  virtual std::unique_ptr<const Tensor> GetOutput(int index) const = 0;
  virtual void Run() = 0;
  virtual std::shared_ptr<PaddlePredictor> Clone() = 0;
  virtual std::shared_ptr<PaddlePredictor> Clone(const std::vector<std::string>& names) = 0;
  virtual std::string GetVersion() const = 0;
  virtual std::vector<std::string> GetInputNames() = 0;
  virtual std::vector<std::string> GetOutputNames() = 0;
  virtual std::vector<std::string> GetParamNames();
  virtual bool TryShrinkMemory() = 0;
  virtual std::unique_ptr<Tensor> GetInputByName(const std::string& name) = 0;
  virtual std::unique_ptr<const Tensor> GetTensor(const std::string& name) const = 0;
  virtual std::unique_ptr<Tensor> GetMutableTensor(const std::string& name);
  virtual void SaveOptimizedModel(const std::string& folder, LiteModelType type, bool record);
  virtual void SetStream(TargetType, void*) {}
  virtual ~PaddlePredictor() = default;

 protected:
  int threads_{1};
  PowerMode mode_{LITE_POWER_NO_BIND};
};

// Members are here for their place and size alone; most belong to other hardware.
class ConfigBase {
  std::string model_dir_;
  int threads_{1};
  PowerMode mode_{LITE_POWER_NO_BIND};
  CLTuneMode tune_mode_{CL_TUNE_NONE};
  std::string cl_path_;
  std::string cl_name_;
  CLPrecisionType cl_precision_{CL_PRECISION_AUTO};
  std::string cache_folder_;
  std::map<std::string, std::pair<std::vector<char>, std::vector<char>>> cache_buffers_;
  std::vector<std::string> adapter_names_;
  std::string adapter_properties_;
  int (*adapter_callback_)(int, void*){nullptr};
  std::string adapter_folder_;
  std::map<std::string, std::vector<std::vector<int64_t>>> adapter_shapes_;
  std::map<std::string, std::vector<char>> adapter_buffers_;
  int device_{0};
  int math_threads_{1};
  std::string metal_path_;
  bool metal_mps_{false};
  bool metal_aggressive_{false};
  void* metal_device_{nullptr};
  bool metal_reuse_{false};
  std::vector<std::string> discarded_passes_;
  std::map<TargetType, std::shared_ptr<void>> target_configs_;

 public:
  explicit ConfigBase(PowerMode mode = LITE_POWER_NO_BIND, int threads = 1);
  void set_threads(int threads);
  int threads() const { return threads_; }
  void set_power_mode(PowerMode mode);
  PowerMode power_mode() const { return mode_; }
};

class MobileConfig : public ConfigBase {
  bool from_memory_{false};
  PrecisionMode precision_mode_{LITE_PRECISION_NORMAL};
  std::string file_;
  const char* buffer_{nullptr};
  size_t buffer_size_{0};
  std::string old_model_;
  std::string old_parameters_;

 public:
  void set_model_from_buffer(const std::string& content);
  void set_model_from_file(const std::string& path);
};

template <typename Config>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor(const Config& config);

}  // namespace lite_api
}  // namespace paddle
