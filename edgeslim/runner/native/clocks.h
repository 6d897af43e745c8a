// Clocks: time that never jumps, and the time that this thread really had a core.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace edgeslim {

inline int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline int64_t worked_ns() {
  timespec spent;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<int64_t>(spent.tv_sec) * 1000000000 + spent.tv_nsec;
}

// Whether a run had its core for clearly less time than it took.
inline bool is_interrupted(int64_t taken, int64_t had) {
  return static_cast<double>(had) < 0.95 * static_cast<double>(taken);
}

// Whether a run happened in this thread at all; those of others seem to take no core time.
inline bool has_run_here(int64_t taken, int64_t had) {
  return static_cast<double>(had) > 0.05 * static_cast<double>(taken);
}

}  // namespace edgeslim
