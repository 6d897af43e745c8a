// SHA-256 (FIPS 180-4), for the checksums of the batch and of the results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace edgeslim {

class Sha256 {
 public:
  void update(const char* data, size_t size) {
    length_ += size;
    while (size > 0) {
      const size_t part = size < sizeof block_ - filled_ ? size : sizeof block_ - filled_;
      std::memcpy(block_ + filled_, data, part);
      filled_ += part;
      data += part;
      size -= part;
      if (filled_ == sizeof block_) mix();
    }
  }

  // The checksum so far as 64 hexadecimal digits; more may follow afterwards.
  std::string hex() const {
    Sha256 last = *this;
    const uint64_t bits = length_ * 8;
    last.update("\x80", 1);
    while (last.filled_ != 56) last.update("", 1);
    char size[8];
    for (int index = 0; index < 8; ++index)
      size[index] = static_cast<char>(bits >> (56 - 8 * index));
    last.update(size, 8);
    std::string text;
    for (const uint32_t word : last.state_)
      for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
    return text;
  }

 private:
  static uint32_t turned(uint32_t word, int by) { return word >> by | word << (32 - by); }

  void mix() {
    static const uint32_t kRounds[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    uint32_t words[64];
    for (int index = 0; index < 16; ++index)
      words[index] = static_cast<uint32_t>(block_[4 * index]) << 24 |
                     static_cast<uint32_t>(block_[4 * index + 1]) << 16 |
                     static_cast<uint32_t>(block_[4 * index + 2]) << 8 |
                     static_cast<uint32_t>(block_[4 * index + 3]);
    for (int index = 16; index < 64; ++index) {
      const uint32_t early = words[index - 15];
      const uint32_t late = words[index - 2];
      words[index] = words[index - 16] + words[index - 7] +
                     (turned(early, 7) ^ turned(early, 18) ^ early >> 3) +
                     (turned(late, 17) ^ turned(late, 19) ^ late >> 10);
    }
    // Eight names and no array, or compilers keep them in memory.
    uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
    uint32_t e = state_[4], f = state_[5], g = state_[6], h = state_[7];
    for (int index = 0; index < 64; ++index) {
      const uint32_t first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
                             ((e & f) ^ (~e & g)) + kRounds[index] + words[index];
      const uint32_t second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) +
                              ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    const uint32_t after[8] = {a, b, c, d, e, f, g, h};
    for (int index = 0; index < 8; ++index) state_[index] += after[index];
    filled_ = 0;
  }

  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  unsigned char block_[64] = {};
  size_t filled_ = 0;
  uint64_t length_ = 0;
};

}  // namespace edgeslim
