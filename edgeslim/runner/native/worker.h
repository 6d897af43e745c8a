// The process that runs models: one entry after the other, until something ends it.
//
// Paddle-Lite ends the whole process at a model that it does not like. So it is loaded in this
// process only, which tells its parent line by line what it did; the first letter of a line
// says what it is: S start, E an entry begins, M a message of it, F its last one, P pace, D its
// work is done, and R a refusal.
#pragma once

#include <sys/utsname.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include "cores.h"
#include "models.h"
#include "pace.h"
#include "results.h"
#include "sampling.h"
#include "series.h"

#if defined(EDGESLIM_LINUX)
#include <sys/prctl.h>
#else
#include <pthread.h>
#endif

namespace edgeslim {

inline std::string event(const char* name) { return std::string("\"event\": \"") + name + "\""; }

inline std::string event(const char* name, const std::string& id) {
  return event(name) + ", \"id\": " + quoted(id);
}

inline std::string failed(const std::string& id, const std::string& reason, int signal = 0) {
  return event("failed", id) + ", \"reason\": " + quoted(reason) +
         (signal ? ", \"signal\": " + std::to_string(signal) : "");
}

// How models run on this device: what was asked for, or what became of it.
struct Mode {
  int threads = 1;
  int power_mode = 3;
  std::vector<int> cores;
};

inline Mode take_mode(const Batch& batch) {
  Mode mode;
  mode.threads = batch.threads;
  mode.power_mode = batch.power_mode;
  if (batch.power_mode == lite::LITE_POWER_NO_BIND) mode.cores = pin(batch.threads);
#if !defined(__x86_64__)
  // The library gives fewer threads, or no cores, without a word; what it says then is true.
  lite::MobileConfig config;
  config.set_threads(batch.threads);
  config.set_power_mode(static_cast<lite::PowerMode>(batch.power_mode));
  mode.threads = config.threads();
  mode.power_mode = static_cast<int>(config.power_mode());
  if (batch.power_mode != lite::LITE_POWER_NO_BIND &&
      mode.power_mode != lite::LITE_POWER_NO_BIND)
    mode.cores = allowed_cores();
#endif
  return mode;
}

// How often the memory is read in a soak, evenly over its runs.
const int64_t kChecks = 50;

// The file of an entry that starts in a process of its own.
inline std::string start_path(const std::string& folder, const Entry& entry) {
  return folder + "/" + entry.model;
}

class Worker {
 public:
  Worker(const Batch& batch, std::string folder, int parent)
      : batch_(batch), folder_(std::move(folder)), parent_(parent) {}

  // Does the entries from `first` on, and ends the process.
  [[noreturn]] void work(size_t first, int64_t baseline_ns, double patience_s) {
    try {
      start(baseline_ns, patience_s);
    } catch (const std::exception& failure) {
      tell('R', std::string("the reference model: ") + failure.what());
      std::_Exit(kRefused);
    }
    for (size_t index = first; index < batch_.entries.size(); ++index) {
      const Entry& entry = batch_.entries[index];
      if (!entry.start.empty()) break;
      tell('E', std::to_string(index));
      const std::string last = outcome(entry, [&] { return run(entry); });
      tell_pace();
      tell('F', last);
    }
    end();
  }

  // Loads one entry's model from its file, runs it once, or more often for a soak, and ends the
  // process. `kept` says why the page cache still has the file.
  [[noreturn]] void start_once(size_t index, const std::string& kept) {
    const Entry& entry = batch_.entries[index];
    tell_start(take_mode(batch_));
    tell('E', std::to_string(index));
    const std::string path = start_path(folder_, entry);
    tell('F', outcome(entry, [&] { return run_once(entry, path, kept); }));
    end();
  }

 private:
  // What a library does at the end of its process is nobody's concern, and may hang.
  [[noreturn]] void end() {
    tell('D', "");
    std::_Exit(0);
  }

  // The last message of an entry: that of its work, or why it failed.
  template <typename Work>
  static std::string outcome(const Entry& entry, const Work& work) {
    try {
      return work();
    } catch (const std::bad_alloc&) {
      return failed(entry.id, "the device has no memory left for the model");
    } catch (const std::exception& failure) {
      return failed(entry.id, failure.what());
    }
  }

  void tell_start(const Mode& mode) {
    utsname system = {};
    ::uname(&system);
    tell('S', event("start") + ", \"runner\": \"native\", \"machine\": " + quoted(system.machine) +
                  ", \"pinned_cores\": " + listed(mode.cores) + ", \"threads\": " +
                  std::to_string(mode.threads) + ", \"power_mode\": " +
                  std::to_string(mode.power_mode));
  }

  void start(int64_t baseline_ns, double patience_s) {
    const Mode mode = take_mode(batch_);
    std::function<void()> run;
    if (batch_.has_reference) {
      reference_.reset(new Model(batch_.reference, batch_));
      run = [this] { reference_->run(); };
    }
    bool core_time = false;
    for (const Sampling& state : batch_.reference.states) core_time |= state.core_time;
    pace_.reset(new Pace(run, baseline_ns, patience_s, core_time));
    tell_start(mode);
    tell_pace();
  }

  // Loads a model, proves that its outputs are numbers, times it in each state, and runs its
  // series, of which values that are no numbers are results.
  std::string run(const Entry& entry) {
    const int64_t started = now_ns();
    int64_t loaded = started;
    Model model(entry, batch_);
    const std::vector<Array> outputs = model.outputs();
    std::string shapes;
    for (size_t index = 0; index < outputs.size(); ++index) {
      if (entry.series.count == 0 && !all_finite(outputs[index]))
        throw EntryError("output " + std::to_string(index) + " has values that are not finite");
      shapes += (index ? ", " : "") + listed(outputs[index].shape);
    }
    if (entry.keep_outputs.size() > outputs.size())
      throw EntryError("the model has " + std::to_string(outputs.size()) + " outputs");
    for (size_t index = 0; index < entry.keep_outputs.size(); ++index)
      write_npy(folder_ + "/" + entry.keep_outputs[index], outputs[index]);
    for (const Sampling& state : entry.states) {
      const Measured result = undisturbed(state, &model, pace_.get(), &sweep_);
      const int64_t now = now_ns();
      const int64_t waited = pace_->waited_ns;
      pace_->waited_ns = 0;
      tell('M', event("measured", entry.id) + ", \"swept_bytes\": " +
                    std::to_string(state.swept_bytes) + ", \"warmup\": " +
                    std::to_string(state.warmup) + ", \"samples_ns\": " +
                    listed(result.samples_ns) + ", \"interrupted\": " +
                    listed(result.interrupted) + ", \"reference_ns\": [" +
                    std::to_string(result.before_ns) + ", " + std::to_string(result.after_ns) +
                    "], \"disturbed\": " + quoted(result.disturbed) + ", \"busy_ns\": " +
                    std::to_string(now - loaded - waited) + ", \"waited_ns\": " +
                    std::to_string(waited));
      tell_pace();
      loaded = now;
    }
    const int64_t series_ns =
        entry.series.count > 0 ? run_series(entry.series, batch_, folder_, &model) : 0;
    return event("finished", entry.id) + ", \"outputs\": [" + shapes + "], \"version\": " +
           quoted(model.version) + ", " + model.start_json() + ", \"series_ns\": " +
           std::to_string(series_ns) + ", \"wall_ns\": " + std::to_string(now_ns() - started);
  }

  std::string run_once(const Entry& entry, const std::string& path, const std::string& kept) {
    Model model(entry, batch_, path);
    std::string grown;
    if (entry.soak > 0) {
      std::vector<int64_t> sizes;
      const int64_t checks = std::min<int64_t>(kChecks, entry.soak);
      int64_t done = 0;
      for (int64_t check = 1; check <= checks; ++check) {
        for (const int64_t until = entry.soak * check / checks; done < until; ++done) {
          model.move_inputs_on();
          model.feed();
          model.run();
        }
        if (const int64_t size = memory_kb("VmRSS")) sizes.push_back(size);
      }
      if (static_cast<int64_t>(sizes.size()) < checks) sizes.clear();
      grown = ", \"soak_runs\": " + std::to_string(done) + ", \"soak_kb\": " + listed(sizes) +
              ", \"soak_peak_kb\": " + std::to_string(memory_kb("VmHWM"));
    }
    return event("finished", entry.id) + ", \"version\": " + quoted(model.version) + ", " +
           model.start_json() + grown + ", \"kept\": " + quoted(kept);
  }

  void tell_pace() {
    char text[64];
    std::snprintf(text, sizeof text, "%lld %.9f", static_cast<long long>(pace_->baseline_ns),
                  pace_->patience_s);
    tell('P', text);
  }

  void tell(char kind, const std::string& text) {
    std::string line = kind + text;
    // A reason may have line breaks; the parent would take what follows for another message.
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    if (!write_all(parent_, line.data(), line.size())) std::_Exit(1);
  }

  const Batch& batch_;
  const std::string folder_;
  const int parent_;
  Sweep sweep_;
  std::unique_ptr<Model> reference_;
  std::unique_ptr<Pace> pace_;
};

#if !defined(EDGESLIM_LINUX)
// Waits for the other end of a pipe to close, which it does when the parent dies.
inline void* end_with_parent(void* pipe) {
  char nothing;
  while (::read(*static_cast<int*>(pipe), &nothing, 1) > 0) {
  }
  std::_Exit(1);
}
#endif

// A model that hangs must not outlive the runner.
inline void follow_parent(pid_t parent, int* life) {
#if defined(EDGESLIM_LINUX)
  (void)life;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);
#else
  (void)parent;
  pthread_t thread;
  if (::pthread_create(&thread, nullptr, end_with_parent, life) != 0) std::_Exit(1);
#endif
}

}  // namespace edgeslim
