// Cores: how many there are for us, and staying on some of them.
#pragma once

#include <unistd.h>

#include <vector>

// What Linux alone can do; a test leaves it out to see what becomes of an iPhone.
#if defined(__linux__) && !defined(EDGESLIM_PORTABLE)
#define EDGESLIM_LINUX 1
#include <sched.h>
#endif

namespace edgeslim {

// The cores that this thread may run on; empty where systems do not tell.
inline std::vector<int> allowed_cores() {
  std::vector<int> cores;
#if defined(EDGESLIM_LINUX)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &set)) cores.push_back(core);
#endif
  return cores;
}

inline int core_count() {
  const int allowed = static_cast<int>(allowed_cores().size());
  return allowed ? allowed : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

// Keeps this thread, and those it starts, on as many cores as there are threads: the last ones.
inline std::vector<int> pin(int threads) {
  std::vector<int> cores = allowed_cores();
#if defined(EDGESLIM_LINUX)
  if (static_cast<int>(cores.size()) < threads) return {};
  cores.erase(cores.begin(), cores.end() - threads);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) return {};
#else
  (void)threads;
#endif
  return cores;
}

}  // namespace edgeslim
