// What the native runner's headers make of documents, for tests: one request on standard input.
//
//     native_probe npy | batch FILE | noise TYPE SEED POSITIVE BELOW EXTENT...

#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "batch_file.h"
#include "noise.h"
#include "npy.h"

namespace {

int answer(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "batch") {
    const edgeslim::Batch batch = edgeslim::read_batch(arguments[2]);
    std::cout << batch.entries.size() << " " << batch.files.size();
    return 0;
  }
  if (what == "noise") {
    std::vector<int64_t> shape;
    for (int index = 6; index < count; ++index) shape.push_back(std::atoll(arguments[index]));
    const uint64_t seed = std::strtoull(arguments[3], nullptr, 10);
    std::cout << edgeslim::noise_array(arguments[2], shape, seed, arguments[4][0] == '1',
                                       std::strtoull(arguments[5], nullptr, 10))
                     .bytes;
    return 0;
  }
  const std::string content{std::istreambuf_iterator<char>(std::cin), {}};
  if (what != "npy") return 2;
  edgeslim::write_npy("/dev/stdout", edgeslim::read_npy(content.data(), content.size(), "it"));
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
