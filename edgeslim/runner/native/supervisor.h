// The parent: starts the process of the models, writes down what it tells, and survives it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <stdexcept>
#include <string>

#include "clocks.h"
#include "failures.h"
#include "own_command.h"
#include "page_cache.h"
#include "results.h"
#include "worker.h"

namespace edgeslim {

struct Pipe {
  int read = -1;
  int write = -1;

  Pipe() {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
    read = ends[0];
    write = ends[1];
  }
};

// How long a process may take before its first entry, and between two.
const double kSetUpS = 60;

// As much of what a library prints as goes into a reason.
const size_t kLongestLine = 400;

class Supervisor {
 public:
  Supervisor(const Batch& batch, Results* results, std::string folder)
      : batch_(batch),
        results_(results),
        folder_(std::move(folder)),
        baseline_ns_(batch.baseline_ns),
        patience_s_(batch.patience_s) {}

  // Every entry once, in as many processes as it takes.
  void work() {
    while (!started_ || next_ < batch_.entries.size()) one_process();
  }

 private:
  void one_process() {
    const bool is_alone = next_ < batch_.entries.size() && !batch_.entries[next_].start.empty();
    const std::string kept = is_alone ? prepare(batch_.entries[next_]) : "";
    Pipe told, printed, life;
    const pid_t self = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error(std::string("no process: ") + std::strerror(errno));
    if (child == 0) {
      ::signal(SIGPIPE, SIG_DFL);
      ::dup2(printed.write, STDOUT_FILENO);
      ::dup2(printed.write, STDERR_FILENO);
      for (const int each : {told.read, printed.read, printed.write, life.write}) ::close(each);
      results_->forget();
      follow_parent(self, &life.read);
      Worker worker(batch_, folder_, told.write);
      if (is_alone) {
        // Pages of the library that this process touched would be missing in the memory of a
        // fork of it, and no app is one.
        start_anew(own_command(), {kStart, std::to_string(next_), std::to_string(told.write), kept});
        worker.start_once(next_, kept);
      }
      worker.work(next_, baseline_ns_, patience_s_);
    }
    for (const int each : {told.write, printed.write, life.read}) ::close(each);
    running_ = false;
    done_ = false;
    too_long_ = false;
    refusal_.clear();
    last_line_.clear();
    failed_check_.clear();
    line_.clear();
    set_deadline(batch_.has_reference ? batch_.reference.timeout_s : kSetUpS);
    listen(child, told.read, printed.read);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    for (const int each : {told.read, printed.read, life.write}) ::close(each);
    ended(status);
  }

  // Writes the file of an entry that starts alone, once, and brings the page cache about that it
  // asks for; says why the page cache still has the file.
  std::string prepare(const Entry& entry) {
    const std::string path = start_path(folder_, entry);
    if (extracted_.insert(path).second) extract(batch_.file(entry.model), path);
    if (entry.start == "cold") return drop(path);
    warm(path);
    return "";
  }

  void set_deadline(double seconds) {
    // What lasts longer than a year is a mistake, but no reason to calculate nonsense.
    const double limit = std::min(std::max(seconds, 0.0) + std::max(patience_s_, 0.0), 3e7);
    deadline_ns_ = now_ns() + static_cast<int64_t>(limit * 1e9);
  }

  // Reads what the child tells and prints until it is gone; ends it at the deadline.
  void listen(pid_t child, int told, int printed) {
    bool telling = true;
    bool printing = true;
    while (telling || printing) {
      pollfd watched[2] = {{telling ? told : -1, POLLIN, 0}, {printing ? printed : -1, POLLIN, 0}};
      const int64_t left = deadline_ns_ - now_ns();
      if (left <= 0 && !too_long_) {
        too_long_ = true;
        ::kill(child, SIGKILL);
      }
      const int64_t wait_ms = too_long_ ? 1000 : std::min<int64_t>(left / 1000000 + 1, 60000);
      if (::poll(watched, 2, static_cast<int>(wait_ms)) < 0 && errno != EINTR)
        throw std::runtime_error(std::string("cannot listen: ") + std::strerror(errno));
      // What it tells after its time is over would be half of the next entry, or come too late.
      if (watched[0].revents) telling = too_long_ ? skip(told) : hear(told);
      if (watched[1].revents) printing = pass_on(printed);
    }
  }

  static bool skip(int told) {
    char chunk[4096];
    const ssize_t size = ::read(told, chunk, sizeof chunk);
    return size > 0 || (size < 0 && errno == EINTR);
  }

  bool hear(int told) {
    char chunk[65536];
    const ssize_t size = ::read(told, chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    for (const char* here = chunk; here != chunk + size; ++here) {
      if (*here != '\n') {
        line_ += *here;
      } else {
        take(line_[0], line_.substr(1));
        line_.clear();
      }
    }
    return true;
  }

  void take(char kind, const std::string& text) {
    switch (kind) {
      case 'S':
        if (!started_) results_->say(text);
        started_ = true;
        break;
      case 'E':
        next_ = static_cast<size_t>(std::strtoul(text.c_str(), nullptr, 10));
        running_ = true;
        results_->say(event("entry", batch_.entries[next_].id));
        set_deadline(batch_.entries[next_].timeout_s);
        break;
      case 'F':
        results_->say(text);
        running_ = false;
        ++next_;
        last_line_.clear();
        failed_check_.clear();
        set_deadline(kSetUpS);
        break;
      case 'M':
        results_->say(text);
        break;
      case 'D':
        done_ = true;
        break;
      case 'P': {
        long long baseline = 0;
        if (std::sscanf(text.c_str(), "%lld %lf", &baseline, &patience_s_) == 2)
          baseline_ns_ = baseline;
        break;
      }
      default:
        refusal_ = text;
    }
  }

  // What native code prints goes on to standard error; its last line explains a death, or the
  // last that is of a failed check.
  bool pass_on(int printed) {
    char chunk[4096];
    const ssize_t size = ::read(printed, chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    write_all(STDERR_FILENO, chunk, static_cast<size_t>(size));
    for (const char* here = chunk; here != chunk + size; ++here) {
      if (*here == '\n') {
        line_over_ = true;
        // A check of the library's own that failed; its text may go on for lines.
        if (last_line_.compare(0, 3, "[F ") == 0) failed_check_ = last_line_;
      } else {
        if (line_over_) last_line_.clear();
        line_over_ = false;
        if (last_line_.size() < kLongestLine) last_line_ += *here;
      }
    }
    return true;
  }

  // What the end of a child means for the entry that it was at.
  void ended(int status) {
    const bool is_over = done_ || next_ >= batch_.entries.size();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_over) return;
    std::string reason;
    int signal = 0;
    if (!refusal_.empty()) {
      reason = refusal_;
    } else if (too_long_) {
      signal = SIGALRM;
      reason = "the model did not end in time";
    } else if (WIFSIGNALED(status)) {
      signal = WTERMSIG(status);
      reason = "the model's process was ended by signal " + std::to_string(signal);
    } else {
      reason = "the model's process ended with status " + std::to_string(WEXITSTATUS(status));
    }
    const std::string& said = failed_check_.empty() ? last_line_ : failed_check_;
    if (refusal_.empty() && !said.empty()) reason += "; it printed last: " + said;
    if (!started_) throw Refusal(refusal_.empty() ? "before any entry, " + reason : reason);
    if (next_ >= batch_.entries.size()) return;
    const std::string& id = batch_.entries[next_].id;
    if (!running_) {
      results_->say(event("entry", id));
      reason = "before it began, " + reason;
    }
    results_->say(failed(id, reason, signal));
    ++next_;
  }

  const Batch& batch_;
  Results* const results_;
  const std::string folder_;
  int64_t baseline_ns_;
  double patience_s_;
  std::set<std::string> extracted_;
  size_t next_ = 0;       // the entry that runs, or the one after the last that ended
  bool started_ = false;  // whether any child got as far as to tell its start
  bool running_ = false;  // whether the entry runs
  bool done_ = false;     // whether the process said that its work is done
  bool too_long_ = false;
  bool line_over_ = true;
  int64_t deadline_ns_ = 0;
  std::string refusal_;
  std::string last_line_;
  std::string failed_check_;
  std::string line_;
};

}  // namespace edgeslim
