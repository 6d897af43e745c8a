// What the native runner's headers make of documents, for tests: one request on standard input.
//
//     native_probe json | sha256 | npy | batch FILE | noise TYPE SEED POSITIVE EXTENT...

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "batch_file.h"
#include "json.h"
#include "noise.h"
#include "npy.h"
#include "sha256.h"

namespace {

std::string written(const edgeslim::Json& json) {
  using Kind = edgeslim::Json::Kind;
  std::string text;
  switch (json.kind) {
    case Kind::kNull: return "null";
    case Kind::kTrue: return "true";
    case Kind::kFalse: return "false";
    case Kind::kNumber: return json.text;
    case Kind::kString: return edgeslim::quoted(json.text);
    case Kind::kList:
      for (const auto& each : json.items) text += (text.empty() ? "" : ",") + written(each);
      return "[" + text + "]";
    default:
      for (const auto& each : json.fields)
        text += (text.empty() ? "" : ",") + edgeslim::quoted(each.first) + ":" +
                written(each.second);
      return "{" + text + "}";
  }
}

int answer(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "batch") {
    const edgeslim::Batch batch = edgeslim::read_batch(arguments[2]);
    std::cout << batch.entries.size() << " " << batch.files.size();
    return 0;
  }
  if (what == "noise") {
    std::vector<int64_t> shape;
    for (int index = 5; index < count; ++index) shape.push_back(std::atoll(arguments[index]));
    const uint64_t seed = std::strtoull(arguments[3], nullptr, 10);
    std::cout << edgeslim::noise_array(arguments[2], shape, seed, arguments[4][0] == '1').bytes;
    return 0;
  }
  const std::string content{std::istreambuf_iterator<char>(std::cin), {}};
  if (what == "json") {
    std::cout << written(edgeslim::JsonReader::read(content.data(), content.data() + content.size()));
  } else if (what == "sha256") {
    edgeslim::Sha256 digest;
    // In pieces, as a file comes: the checksum must not depend on where they end.
    for (size_t start = 0; start < content.size(); start += 37)
      digest.update(content.data() + start, std::min<size_t>(37, content.size() - start));
    std::cout << digest.hex();
  } else if (what == "npy") {
    edgeslim::write_npy("/dev/stdout", edgeslim::read_npy(content.data(), content.size(), "it"));
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return answer(count, arguments);
  } catch (const std::exception& error) {
    std::cerr << error.what();
    return 3;
  }
}
