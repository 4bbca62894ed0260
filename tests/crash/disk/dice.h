// The source of chance: the same seed throws the same numbers, on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace tidemark::crash {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  /// Both included. The standard's distributions differ between libraries, this does not.
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return high <= low ? low : low + random_() % (high - low + 1);
  }
  /// True in `times` of `of` throws.
  [[nodiscard]] bool chance(std::uint64_t times, std::uint64_t of) { return between(1, of) <= times; }
  [[nodiscard]] std::string bytes(std::size_t size) {
    std::string result(size, '\0');
    for (char& c : result) c = static_cast<char>(between(1, 255));
    return result;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace tidemark::crash
