// The native runner: times models with Paddle-Lite's light API, on the device.
//
//     edgeslim_runner BATCH RESULTS
//
// edgeslim/runner/protocol.py describes both files; the Python program beside this folder does
// the same work, and is what this one is compared with.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "batch_file.h"
#include "cores.h"
#include "failures.h"
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

void run(const std::string& batch_path, const std::string& results_path) {
  const edgeslim::Batch batch = edgeslim::read_batch(batch_path);
  check_mode(batch);
  const size_t slash = results_path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : results_path.substr(0, slash + 1);
  edgeslim::Results results(results_path);
  edgeslim::Supervisor(batch, &results, folder).work();
  results.close();
}

}  // namespace

int main(int count, char** arguments) {
  // Nobody may be watching any more: the file is what counts.
  std::signal(SIGPIPE, SIG_IGN);
  if (count != 3) {
    std::fprintf(stderr, "usage: edgeslim_runner BATCH RESULTS\n");
    return edgeslim::kRefused;
  }
  try {
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
