// The result of one run: one JSON line for programs, one line for people.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemark::load {

class Report {
 public:
  void text(std::string_view name, std::string_view value);
  /// Three decimals are enough for microseconds.
  void number(std::string_view name, double value);
  void count(std::string_view name, unsigned long long value);
  void flag(std::string_view name, bool value);

  [[nodiscard]] std::string json() const;
  [[nodiscard]] std::string line() const;

 private:
  struct Field {
    std::string name, value;
    bool quoted;
  };
  std::vector<Field> fields_;
};

}  // namespace tidemark::load
