// The page cache: whether a file is read from the disk or from memory when it is opened next.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "batch_file.h"
#include "cores.h"
#include "results.h"

namespace edgeslim {

// Writes a file of the batch beside the results and onto the disk, so that it can be dropped.
inline void extract(Span file, const std::string& path) {
  const int copy = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = copy >= 0 && write_all(copy, file.data, file.size) && ::fsync(copy) == 0;
  const int reason = errno;
  if (copy >= 0) ::close(copy);
  if (!written) throw std::runtime_error("cannot write " + path + ": " + std::strerror(reason));
}

// Reads a file, so that the page cache has it.
inline void warm(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  std::vector<char> chunk(1 << 20);
  while (::read(file, chunk.data(), chunk.size()) > 0) {
  }
  ::close(file);
}

// Drops a file from the page cache; says why it is still there, or nothing.
inline std::string drop(const std::string& path) {
#if defined(EDGESLIM_LINUX)
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::string("the file cannot be read: ") + std::strerror(errno);
  const int refused = ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  const off_t size = ::lseek(file, 0, SEEK_END);
  std::string kept;
  size_t left = 0;
  if (size > 0) {
    const size_t length = static_cast<size_t>(size);
    const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages((length + page - 1) / page);
    void* const mapped = ::mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped == MAP_FAILED || ::mincore(mapped, length, pages.data()) != 0)
      kept = std::string("whether it is in the page cache cannot be told: ") + std::strerror(errno);
    if (mapped != MAP_FAILED) ::munmap(mapped, length);
    for (const unsigned char each : pages) left += each & 1;
  }
  ::close(file);
  if (refused != 0)
    return std::string("the page cache cannot be dropped: ") + std::strerror(refused);
  if (kept.empty() && left > 0)
    kept = std::to_string(left) + " pages of the file stay in the page cache";
  return kept;
#else
  (void)path;
  return "this system drops no file from its page cache";
#endif
}

}  // namespace edgeslim
