// The results file: numbered JSON lines, written as they happen and echoed for progress.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "json.h"
#include "sha256.h"

namespace edgeslim {

inline bool write_all(int file, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(file, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

const size_t kPiece = 512;
const int kEchoPatienceMs = 5000;

class Results {
 public:
  explicit Results(const std::string& path) : path_(path) {
    // Standard output is ours alone: what native code prints goes with the errors.
    echo_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file_ < 0) fail();
  }

  // Writes one line; the message is the inside of a JSON object.
  void say(const std::string& message) {
    const std::string line =
        "{\"sequence\": " + std::to_string(count_) + ", " + message + "}\n";
    if (!write_all(file_, line.data(), line.size())) fail();
    digest_.update(line.data(), line.size());
    ++count_;
    echo(line);
  }

  // Writes the end mark, and waits until the disk has it.
  void close() {
    say("\"event\": \"end\", \"count\": " + std::to_string(count_) + ", \"sha256\": " +
        quoted(digest_.hex()));
    if (::fsync(file_) != 0 && errno != EINVAL) fail();
    if (::close(file_) != 0) fail();
  }

  // In the process of the models, which writes nothing here.
  void forget() {
    ::close(file_);
    if (echo_ >= 0) ::close(echo_);
  }

 private:
  [[noreturn]] void fail() const {
    throw std::runtime_error("cannot write " + path_ + ": " + std::strerror(errno));
  }

  // Small pieces, and none without room: a link that stands still must not stop the work.
  void echo(const std::string& line) {
    for (size_t start = 0; start < line.size() && echo_ >= 0; start += kPiece) {
      pollfd watched = {echo_, POLLOUT, 0};
      const bool room = ::poll(&watched, 1, kEchoPatienceMs) == 1 && (watched.revents & POLLOUT);
      if (!room || !write_all(echo_, &line[start], std::min(kPiece, line.size() - start))) {
        ::close(echo_);
        echo_ = -1;  // nobody watches any more; the file is what counts
      }
    }
  }

  std::string path_;
  int file_ = -1;
  int echo_ = -1;
  int64_t count_ = 0;
  Sha256 digest_;
};

}  // namespace edgeslim
