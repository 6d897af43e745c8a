// The command line of this process, to start the same program anew.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cores.h"

namespace edgeslim {

// The words that follow the program's own arguments in a process that does one start alone.
const char* const kStart = "--start";

// All words of the command line, with those of a loader that started the program; empty where a
// system does not say them.
inline std::vector<std::string> own_command() {
  std::vector<std::string> words;
#if defined(EDGESLIM_LINUX)
  std::FILE* const file = std::fopen("/proc/self/cmdline", "rb");
  if (!file) return words;
  std::string word;
  for (int letter = std::fgetc(file); letter != EOF; letter = std::fgetc(file)) {
    if (letter) {
      word += static_cast<char>(letter);
    } else {
      words.push_back(word);
      word.clear();
    }
  }
  std::fclose(file);
#endif
  return words;
}

// Becomes the same program with more words on its command line; returns if that is not possible.
inline void start_anew(std::vector<std::string> words, const std::vector<std::string>& more) {
  if (words.empty()) return;
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(&word[0]);
  arguments.push_back(nullptr);
  ::execv("/proc/self/exe", arguments.data());
}

}  // namespace edgeslim
