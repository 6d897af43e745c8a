// The native runner: times models with Paddle-Lite's light API, on the device.
//
//     edgeslim_runner BATCH RESULTS
//
// edgeslim/runner/protocol.py describes both files; the Python program beside this folder does
// the same work, and is what this one is compared with.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "batch_file.h"
#include "cores.h"
#include "failures.h"
#include "own_command.h"
#include "results.h"
#include "supervisor.h"

namespace {

void check_mode(const edgeslim::Batch& batch) {
#if defined(__x86_64__)
  if (batch.power_mode != 3)
    throw edgeslim::Refusal(
        "Paddle-Lite's runtime for x86 binds no cores; use the power mode no-bind");
#endif
  const int cores = edgeslim::core_count();
  if (batch.threads > cores)
    throw edgeslim::Refusal(std::to_string(batch.threads) + " threads do not fit on " +
                            std::to_string(cores) + " cores; --threads " +
                            std::to_string(cores) + " is the most");
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

void run(const std::string& batch_path, const std::string& results_path) {
  const edgeslim::Batch batch = edgeslim::read_batch(batch_path);
  check_mode(batch);
  edgeslim::Results results(results_path);
  edgeslim::Supervisor(batch, &results, folder_of(results_path)).work();
  results.close();
}

// One start alone, in a process that the runner started for it: the number of the entry, the
// pipe to its parent, and why the page cache still has the file.
void start_once(char** arguments) {
  const edgeslim::Batch batch = edgeslim::read_batch(arguments[1], true);
  const size_t index = std::strtoul(arguments[4], nullptr, 10);
  const int parent = static_cast<int>(std::strtol(arguments[5], nullptr, 10));
  if (index >= batch.entries.size()) throw edgeslim::Refusal("the batch has no such entry");
  edgeslim::Worker(batch, folder_of(arguments[2]), parent).start_once(index, arguments[6]);
}

}  // namespace

int main(int count, char** arguments) {
  // Nobody may be watching any more: the file is what counts.
  const bool is_start = count == 7 && !std::strcmp(arguments[3], edgeslim::kStart);
  if (!is_start) std::signal(SIGPIPE, SIG_IGN);
  if (count != 3 && !is_start) {
    std::fprintf(stderr, "usage: edgeslim_runner BATCH RESULTS\n");
    return edgeslim::kRefused;
  }
  try {
    if (is_start) start_once(arguments);
    run(arguments[1], arguments[2]);
  } catch (const edgeslim::Refusal& refusal) {
    std::fprintf(stderr, "%s\n", refusal.what());
    return edgeslim::kRefused;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "the runner failed: %s\n", failure.what());
    return 1;
  }
  return 0;
}
