// One model timed in one cache state: samples until it is known well enough.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "models.h"
#include "pace.h"

namespace edgeslim {

// Share of samples that waited for a core from which on their median is not to be trusted.
const double kInterrupted = 0.4;

// How often a model is timed in one cache state while something disturbs it, at most.
const int kAttempts = 3;

struct Measured {
  std::vector<int64_t> samples_ns;
  std::vector<int64_t> interrupted;  // which of the samples other programs interrupted
  int64_t before_ns = 0;
  int64_t after_ns = 0;
  std::string disturbed;

  int64_t reference_ns() const { return std::max(before_ns, after_ns); }
};

// Standard error of the median over the median, from the middle half of the samples.
inline double relative_error(std::vector<int64_t> samples) {
  std::sort(samples.begin(), samples.end());
  const size_t count = samples.size();
  const double half =
      static_cast<double>(samples[3 * count / 4] - samples[count / 4]) / 2.0;
  return 1.858 * half / static_cast<double>(samples[count / 2]) /
         std::sqrt(static_cast<double>(count));
}

// Repeats until there are enough samples, enough time and a small enough spread.
inline Measured measure(const Sampling& state, Model* model, Sweep* sweep) {
  Measured result;
  for (int64_t index = 0; index < state.warmup; ++index) model->run();
  const int64_t started = now_ns();
  for (;;) {
    if (state.swept_bytes) {
      (*sweep)(state.swept_bytes);
      model->feed();
    }
    const int64_t work = worked_ns();
    const int64_t before = now_ns();
    model->run();
    int64_t taken = now_ns() - before;
    const int64_t had = worked_ns() - work;
    // A short run fits between two interruptions and its median is right; a long one waits
    // for other programs every time, which no median can mend.
    if (is_interrupted(taken, had)) {
      if (state.core_time && has_run_here(taken, had))
        taken = had;
      else
        result.interrupted.push_back(static_cast<int64_t>(result.samples_ns.size()));
    }
    result.samples_ns.push_back(taken);
    const int64_t count = static_cast<int64_t>(result.samples_ns.size());
    const double spent = static_cast<double>(now_ns() - started) / 1e9;
    if (count >= state.maximum_samples) break;
    if (spent >= state.maximum_s && count >= 3) break;
    if (count < state.minimum_samples || spent < state.minimum_s) continue;
    if (relative_error(result.samples_ns) <= state.relative_error) break;
  }
  return result;
}

inline std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f%%", share * 100);
  return text;
}

// Times a model in one cache state, again while the device is disturbed meanwhile. Without a
// reference, or without patience from the start, nobody waits for better moments, and once is
// enough.
inline Measured undisturbed(const Sampling& state, Model* model, Pace* pace, Sweep* sweep) {
  Measured best;
  const int attempts = pace->is_patient() ? kAttempts : 1;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const int64_t before = pace->settled();
    Measured result = measure(state, model, sweep);
    result.before_ns = before;
    result.after_ns = pace->now();
    const double share = static_cast<double>(result.interrupted.size()) /
                         static_cast<double>(result.samples_ns.size());
    if (pace->slow(result.reference_ns()))
      result.disturbed = "the device was slow";
    else if (share > kInterrupted)
      // A short reference runs between the other programs and sees nothing.
      result.disturbed = "other programs interrupted " + percent(share) + " of the runs";
    if (attempt == 0 || result.reference_ns() < best.reference_ns()) best = result;
    if (result.disturbed.empty()) return result;
  }
  return best;
}

}  // namespace edgeslim
