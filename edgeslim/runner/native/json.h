// JSON: a reader that trusts nothing, and strings as JSON writes them.
//
// The manifest comes over links that cut and change things, so every access says what is
// missing instead of going on with zeros.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace edgeslim {

class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A value; numbers keep their text, because a seed and a duration need different types.
class Json {
 public:
  enum class Kind { kNull, kTrue, kFalse, kNumber, kString, kList, kObject };

  Kind kind = Kind::kNull;
  std::string text;
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> fields;

  bool null() const { return kind == Kind::kNull; }

  const Json& at(const char* name) const {
    if (kind != Kind::kObject) throw JsonError(std::string("no object around ") + name);
    for (const auto& field : fields)
      if (field.first == name) return field.second;
    throw JsonError(std::string(name) + " is missing");
  }

  const std::string& string(const char* name) const {
    const Json& value = at(name);
    if (value.kind != Kind::kString) throw JsonError(std::string(name) + " is no text");
    return value.text;
  }

  bool boolean(const char* name) const {
    const Json& value = at(name);
    if (value.kind != Kind::kTrue && value.kind != Kind::kFalse)
      throw JsonError(std::string(name) + " is neither true nor false");
    return value.kind == Kind::kTrue;
  }

  double number(const char* name) const {
    const Json& value = at(name);
    if (value.kind != Kind::kNumber) throw JsonError(std::string(name) + " is no number");
    return std::strtod(value.text.c_str(), nullptr);
  }

  int64_t integer(const char* name) const { return at(name).whole(name); }

  int64_t count(const char* name) const {
    const int64_t value = integer(name);
    if (value < 0) throw JsonError(std::string(name) + " is below zero");
    return value;
  }

  const std::vector<Json>& list(const char* name) const {
    const Json& value = at(name);
    if (value.kind != Kind::kList) throw JsonError(std::string(name) + " is no list");
    return value.items;
  }

  std::vector<int64_t> integers(const char* name) const {
    std::vector<int64_t> values;
    for (const Json& item : list(name)) values.push_back(item.whole(name));
    return values;
  }

  std::vector<std::string> strings(const char* name) const {
    std::vector<std::string> values;
    for (const Json& item : list(name)) {
      if (item.kind != Kind::kString) throw JsonError(std::string(name) + " has no text in it");
      values.push_back(item.text);
    }
    return values;
  }

 private:
  int64_t whole(const char* name) const {
    // 18 digits fit; what has more, a fraction or an exponent is no count of anything here.
    const size_t digits = text.size() - (text.compare(0, 1, "-") == 0 ? 1 : 0);
    if (kind != Kind::kNumber || digits > 18 || text.find_first_of(".eE") != std::string::npos)
      throw JsonError(std::string(name) + " is no whole number");
    return std::strtoll(text.c_str(), nullptr, 10);
  }
};

// A manifest needs six; brackets without end would end the stack.
const int kDeepest = 32;

class JsonReader {
 public:
  static Json read(const char* begin, const char* end) {
    JsonReader reader(begin, end);
    Json value = reader.value(0);
    reader.blank();
    if (reader.here_ != end) reader.fail("something follows the document");
    return value;
  }

 private:
  JsonReader(const char* begin, const char* end) : begin_(begin), here_(begin), end_(end) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw JsonError(what + " at character " + std::to_string(here_ - begin_));
  }

  void blank() {
    while (here_ != end_ && std::strchr(" \t\r\n", *here_) && *here_) ++here_;
  }

  char peek() const { return here_ == end_ ? '\0' : *here_; }

  bool take(char wanted) {
    blank();
    if (here_ == end_ || *here_ != wanted) return false;
    ++here_;
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) fail(std::string("'") + wanted + "' is missing");
  }

  Json word(const char* name, Json::Kind kind) {
    const size_t length = std::strlen(name);
    if (static_cast<size_t>(end_ - here_) < length || std::memcmp(here_, name, length) != 0)
      fail("no value");
    here_ += length;
    Json value;
    value.kind = kind;
    return value;
  }

  Json value(int depth) {
    if (depth > kDeepest) fail("too many brackets");
    blank();
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return list(depth);
      case '"': {
        Json value;
        value.kind = Json::Kind::kString;
        value.text = string();
        return value;
      }
      case 't':
        return word("true", Json::Kind::kTrue);
      case 'f':
        return word("false", Json::Kind::kFalse);
      case 'n':
        return word("null", Json::Kind::kNull);
      default:
        return number();
    }
  }

  Json object(int depth) {
    Json value;
    value.kind = Json::Kind::kObject;
    expect('{');
    if (take('}')) return value;
    do {
      blank();
      if (peek() != '"') fail("a name is missing");
      std::string name = string();
      expect(':');
      value.fields.emplace_back(std::move(name), this->value(depth + 1));
    } while (take(','));
    expect('}');
    return value;
  }

  Json list(int depth) {
    Json value;
    value.kind = Json::Kind::kList;
    expect('[');
    if (take(']')) return value;
    do {
      value.items.push_back(this->value(depth + 1));
    } while (take(','));
    expect(']');
    return value;
  }

  bool digits() {
    const char* start = here_;
    while (peek() >= '0' && peek() <= '9') ++here_;
    return here_ != start;
  }

  Json number() {
    const char* start = here_;
    if (peek() == '-') ++here_;
    if (!digits()) fail("no value");
    if (peek() == '.') {
      ++here_;
      if (!digits()) fail("digits are missing");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++here_;
      if (peek() == '+' || peek() == '-') ++here_;
      if (!digits()) fail("digits are missing");
    }
    Json value;
    value.kind = Json::Kind::kNumber;
    value.text.assign(start, here_);
    return value;
  }

  unsigned hex() {
    if (end_ - here_ < 4) fail("an escape is cut off");
    unsigned code = 0;
    for (int index = 0; index < 4; ++index, ++here_) {
      const char each = *here_;
      code <<= 4;
      if (each >= '0' && each <= '9') code |= static_cast<unsigned>(each - '0');
      else if (each >= 'a' && each <= 'f') code |= static_cast<unsigned>(each - 'a' + 10);
      else if (each >= 'A' && each <= 'F') code |= static_cast<unsigned>(each - 'A' + 10);
      else fail("an escape has no four digits");
    }
    return code;
  }

  static void append(std::string* text, unsigned code) {
    const auto byte = [text](unsigned value) { text->push_back(static_cast<char>(value)); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | code >> 6);
      byte(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      byte(0xE0 | code >> 12);
      byte(0x80 | (code >> 6 & 0x3F));
      byte(0x80 | (code & 0x3F));
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
      byte(0x80 | (code >> 6 & 0x3F));
      byte(0x80 | (code & 0x3F));
    }
  }

  void escape(std::string* text) {
    static const char kNames[] = "\"\\/bfnrt";
    static const char kMeant[] = "\"\\/\b\f\n\r\t";
    const char name = peek();
    ++here_;
    if (name == 'u') {
      unsigned code = hex();
      if (code >= 0xD800 && code < 0xDC00 && end_ - here_ >= 6 && here_[0] == '\\' &&
          here_[1] == 'u') {
        here_ += 2;
        const unsigned low = hex();
        code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
                                             : 0xFFFD;
      } else if (code >= 0xD800 && code < 0xE000) {
        code = 0xFFFD;  // half a character
      }
      append(text, code);
      return;
    }
    const char* found = name ? std::strchr(kNames, name) : nullptr;
    if (!found) fail("an escape that does not exist");
    text->push_back(kMeant[found - kNames]);
  }

  std::string string() {
    std::string text;
    ++here_;
    for (;;) {
      if (here_ == end_) fail("a text has no end");
      const char each = *here_++;
      if (each == '"') return text;
      if (static_cast<unsigned char>(each) < 0x20) fail("a control character in a text");
      if (each != '\\') {
        text.push_back(each);
      } else if (here_ == end_) {
        fail("a text has no end");
      } else {
        escape(&text);
      }
    }
  }

  const char* begin_;
  const char* here_;
  const char* end_;
};

// How many bytes of UTF-8 start here; 0 is none.
inline size_t utf8_length(const std::string& text, size_t start) {
  const unsigned char first = static_cast<unsigned char>(text[start]);
  const size_t length = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (start + length > text.size()) return 0;
  for (size_t index = 1; index < length; ++index)
    if ((static_cast<unsigned char>(text[start + index]) & 0xC0) != 0x80) return 0;
  const unsigned second = length > 2 ? static_cast<unsigned char>(text[start + 1]) : 0x9F;
  // Overlong forms, halves of pairs and what lies beyond Unicode.
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
    return 0;
  return length;
}

// A text as JSON writes it; bytes that are no UTF-8 (a library prints what it likes) become '?'.
inline std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (size_t index = 0; index < text.size();) {
    const size_t length = utf8_length(text, index);
    const unsigned char each = static_cast<unsigned char>(text[index]);
    if (length == 0) {
      result += '?';
    } else if (each == '"' || each == '\\') {
      result += '\\';
      result += text[index];
    } else if (each < 0x20) {
      static const char kHex[] = "0123456789abcdef";
      result += "\\u00";
      result += kHex[each >> 4];
      result += kHex[each & 15];
    } else {
      result.append(text, index, length);
    }
    index += length ? length : 1;
  }
  return result + '"';
}

template <typename Number>
std::string listed(const std::vector<Number>& values) {
  std::string result = "[";
  for (size_t index = 0; index < values.size(); ++index)
    result += (index ? ", " : "") + std::to_string(values[index]);
  return result + "]";
}

}  // namespace edgeslim
