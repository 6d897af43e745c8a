// Parts of the native runner for tests to call: a mode, documents on standard input (each with
// its size before it), an answer for each.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "json.h"
#include "npy.h"
#include "sampling.h"
#include "sha256.h"

namespace {

using edgeslim::Json;

std::string written(const Json& value) {
  std::string text;
  switch (value.kind) {
    case Json::Kind::kNull: return "null";
    case Json::Kind::kTrue: return "true";
    case Json::Kind::kFalse: return "false";
    case Json::Kind::kNumber: return value.text;
    case Json::Kind::kString: return edgeslim::quoted(value.text);
    case Json::Kind::kList:
      for (const Json& each : value.items) text += (text.empty() ? "" : ",") + written(each);
      return "[" + text + "]";
    default:
      for (const auto& each : value.fields)
        text += (text.empty() ? "" : ",") + edgeslim::quoted(each.first) + ":" +
                written(each.second);
      return "{" + text + "}";
  }
}

std::string answer(const std::string& mode, const std::string& text) {
  if (mode == "json")
    return written(edgeslim::JsonReader::read(text.data(), text.data() + text.size()));
  if (mode == "sha256") {
    edgeslim::Sha256 digest;
    const size_t middle = text.size() / 3;
    digest.update(text.data(), middle);
    digest.update(text.data() + middle, text.size() - middle);
    return digest.hex();
  }
  if (mode == "npy") {
    const edgeslim::Array array = edgeslim::read_npy(text.data(), text.size(), "it");
    return array.dtype + " " + edgeslim::listed(array.shape);
  }
  if (mode == "error" || mode == "usual") {
    std::vector<int64_t> samples;
    for (const Json& each :
         edgeslim::JsonReader::read(text.data(), text.data() + text.size()).items)
      samples.push_back(std::strtoll(each.text.c_str(), nullptr, 10));
    if (mode == "usual") return std::to_string(edgeslim::usual_best(samples));
    char number[40];
    std::snprintf(number, sizeof number, "%.17g", edgeslim::relative_error(samples));
    return number;
  }
  return edgeslim::quoted(text);
}

}  // namespace

int main(int, char** arguments) {
  const std::string all{std::istreambuf_iterator<char>(std::cin), {}};
  for (size_t start = 0; start < all.size();) {
    const size_t end = all.find('\n', start);
    const size_t size = std::strtoul(all.c_str() + start, nullptr, 10);
    // On the heap and no byte larger, so that the sanitizer sees what reads beyond it.
    const std::vector<char> exact(all.begin() + static_cast<long>(end) + 1,
                                  all.begin() + static_cast<long>(end + 1 + size));
    try {
      std::cout << answer(arguments[1], std::string(exact.begin(), exact.end())) << '\n';
    } catch (const std::exception& error) {
      std::cout << "error: " << error.what() << '\n';
    }
    start = end + 1 + size;
  }
}
