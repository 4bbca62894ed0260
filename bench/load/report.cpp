#include "bench/load/report.h"

#include <cstdio>

namespace tidemark::load {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
    out += plain ? c : '?';
  }
  return out + '"';
}

}  // namespace

void Report::text(std::string_view name, std::string_view value) {
  fields_.push_back({std::string(name), std::string(value), true});
}

void Report::number(std::string_view name, double value) {
  char digits[64];
  const int size = std::snprintf(digits, sizeof digits, "%.3f", value);
  fields_.push_back({std::string(name), std::string(digits, static_cast<std::size_t>(size)), false});
}

void Report::count(std::string_view name, unsigned long long value) {
  fields_.push_back({std::string(name), std::to_string(value), false});
}

void Report::flag(std::string_view name, bool value) {
  fields_.push_back({std::string(name), value ? "true" : "false", false});
}

std::string Report::json() const {
  std::string out = "{";
  for (const auto& field : fields_) {
    if (out.size() > 1) out += ',';
    out += quoted(field.name) + ':' + (field.quoted ? quoted(field.value) : field.value);
  }
  return out + '}';
}

std::string Report::line() const {
  std::string out;
  for (const auto& field : fields_) {
    if (!out.empty()) out += ' ';
    out += field.name + '=' + field.value;
  }
  return out;
}

}  // namespace tidemark::load
