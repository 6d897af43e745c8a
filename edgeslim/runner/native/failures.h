// The two ways in which a batch fails: one entry alone, or the whole runner.
#pragma once

#include <stdexcept>
#include <string>

namespace edgeslim {

// Exit status when the runner will not run at all; standard error says why.
const int kRefused = 3;

// One entry cannot be measured; the others can.
class EntryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The runner ends before it has run anything.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace edgeslim
