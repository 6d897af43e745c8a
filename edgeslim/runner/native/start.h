// How a model starts: the time of loading, that of its first run, and the memory that it takes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "clocks.h"

namespace edgeslim {

// A line of what Linux says of this process, such as VmRSS, in KB; 0 is not known.
inline int64_t memory_kb(const char* name) {
  std::FILE* const file = std::fopen("/proc/self/status", "r");
  if (!file) return 0;
  const size_t length = std::strlen(name);
  char line[256];
  long long found = 0;
  while (std::fgets(line, sizeof line, file))
    if (!std::strncmp(line, name, length) && line[length] == ':') {
      if (std::sscanf(line + length + 1, "%lld", &found) != 1) found = 0;
      break;
    }
  std::fclose(file);
  return found;
}

// Until a peak is reset, it is that of all models before; where it cannot be, it stays so.
inline void reset_peak() {
  std::FILE* const file = std::fopen("/proc/self/clear_refs", "w");
  if (!file) return;
  std::fputs("5", file);
  std::fclose(file);
}

// How long this thread was ready to run and had no core so far; 0 is not known.
inline int64_t waited_for_core_ns() {
  std::FILE* const file = std::fopen("/proc/thread-self/schedstat", "r");
  if (!file) return 0;
  long long had = 0, waited = 0;
  const int read = std::fscanf(file, "%lld %lld", &had, &waited);
  std::fclose(file);
  return read == 2 ? waited : 0;
}

// Watches a model from before it is loaded until it has run once. Of a process that is there for
// one model alone, the peak is that of the process.
class Start {
 public:
  void begin(bool is_alone) {
    if (!is_alone) reset_peak();
    before_kb_ = memory_kb("VmRSS");
    waited_ns_ = waited_for_core_ns();
    began_ns_ = now_ns();
  }

  void note_loaded() {
    loaded_ns_ = now_ns();
    loaded_kb_ = memory_kb("VmRSS");
  }

  void note_fed() { fed_ns_ = now_ns(); }

  void note_run() {
    ran_ns_ = now_ns();
    ran_kb_ = memory_kb("VmRSS");
    peak_kb_ = memory_kb("VmHWM");
    waited_ns_ = waited_for_core_ns() - waited_ns_;
  }

  // The inside of a JSON object; 0 is not known. Nothing but the library was there before.
  std::string json() const {
    const int64_t grown = before_kb_ && peak_kb_ > before_kb_ ? peak_kb_ - before_kb_ : 0;
    return "\"load_ns\": " + std::to_string(loaded_ns_ - began_ns_) + ", \"first_run_ns\": " +
           std::to_string(ran_ns_ - fed_ns_) + ", \"memory_kb\": " + std::to_string(grown) +
           ", \"loaded_kb\": " + std::to_string(loaded_kb_) + ", \"ran_kb\": " +
           std::to_string(ran_kb_) + ", \"peak_kb\": " + std::to_string(peak_kb_) +
           ", \"start_waited_ns\": " + std::to_string(waited_ns_);
  }

 private:
  int64_t before_kb_ = 0;
  int64_t loaded_kb_ = 0;
  int64_t ran_kb_ = 0;
  int64_t peak_kb_ = 0;
  int64_t waited_ns_ = 0;
  int64_t began_ns_ = 0;
  int64_t loaded_ns_ = 0;
  int64_t fed_ns_ = 0;
  int64_t ran_ns_ = 0;
};

}  // namespace edgeslim
