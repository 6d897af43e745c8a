// How fast the device is meanwhile, and what pushes things out of its caches.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "clocks.h"

namespace edgeslim {

// A device whose reference takes this much longer than its usual best is disturbed.
const double kSlow = 1.06;

// Latencies of the reference from which its usual best is taken.
const size_t kRemembered = 64;

// The latency that a quarter of some is below; there is at least one.
//
// The shortest of many is a rare accident on a shared processor, where the reference itself varies
// by a tenth from one moment to the next: next to it, every moment would look disturbed.
inline int64_t usual_best(std::vector<int64_t> latencies) {
  const auto quarter = latencies.begin() + static_cast<long>(latencies.size() / 4);
  std::nth_element(latencies.begin(), quarter, latencies.end());
  return *quarter;
}

// Memory that is touched to push other things out of the caches.
//
// Half of it is written and half only read, as in a network, where activations are written
// and weights are not: what is pushed out of a cache costs more if it was written.
class Sweep {
 public:
  void operator()(int64_t size) {
    const size_t count = static_cast<size_t>(size) / 8;
    if (memory_.size() < count) memory_.assign(count, 1);
    for (size_t index = 0; index < count / 2; ++index) memory_[index] += 1;
    uint64_t largest = 0;
    for (size_t index = count / 2; index < count; ++index)
      largest = std::max(largest, memory_[index]);
    seen_ = largest;  // or the compiler leaves the reading out
  }

 private:
  std::vector<uint64_t> memory_;
  volatile uint64_t seen_ = 0;
};

// How fast the device is meanwhile, by a reference model that is run between all else.
//
// What other programs or heat take from a device comes in bursts of seconds. They show in the
// reference; what is timed next to a slow one is not kept as long as there is patience to wait.
class Pace {
 public:
  Pace(std::function<void()> run, int64_t baseline, double patience, bool core_time)
      : baseline_ns(baseline),
        patience_s(patience),
        had_patience_(patience > 0),
        given_ns_(baseline),
        run_(std::move(run)),
        core_time_(core_time) {
    for (int index = 0; run_ && index < 3; ++index) now();
  }

  // Whether there is a reference, and was patience to wait for better moments.
  bool is_patient() const { return run_ && had_patience_; }

  // Nanoseconds that the reference takes now; 0 without one.
  int64_t now() {
    if (!run_) return 0;
    run_();  // whatever ran before has its data in the caches
    int64_t times[5];
    for (int64_t& each : times) {
      const int64_t work = worked_ns();
      const int64_t before = now_ns();
      run_();
      each = now_ns() - before;
      const int64_t had = worked_ns() - work;
      if (core_time_ && is_interrupted(each, had) && has_run_here(each, had)) each = had;
    }
    std::sort(times, times + 5);
    if (latencies_ns_.size() == kRemembered) latencies_ns_.erase(latencies_ns_.begin());
    latencies_ns_.push_back(times[2]);
    baseline_ns = usual_best(latencies_ns_);
    if (given_ns_) baseline_ns = std::min(baseline_ns, given_ns_);
    return times[2];
  }

  // Whether the device is disturbed when its reference takes this long.
  bool slow(int64_t taken) const {
    return static_cast<double>(taken) > kSlow * static_cast<double>(baseline_ns);
  }

  // Waits until the device is as fast as at its usual best, or patience is at its end.
  int64_t settled() {
    int64_t started = now_ns();
    int64_t taken = now();
    while (slow(taken) && patience_s > 0) {
      ::usleep(50000);
      taken = now();
      const int64_t waited = now_ns() - started;
      patience_s -= static_cast<double>(waited) / 1e9;
      waited_ns += waited;
      started += waited;
    }
    return taken;
  }

  int64_t baseline_ns;
  double patience_s;
  int64_t waited_ns = 0;

 private:
  bool had_patience_;
  int64_t given_ns_;
  std::vector<int64_t> latencies_ns_;
  std::function<void()> run_;
  bool core_time_;
};

}  // namespace edgeslim
