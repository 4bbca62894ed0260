#include "src/config/config_file.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace tidemark {
namespace {

std::string place(const std::filesystem::path& file, const toml::source_region& region) {
  return fmt::format("{}:{}", file.string(), region.begin.line);
}

Result<std::string> read_all(const std::filesystem::path& file) {
  std::error_code status_error;
  if (std::filesystem::is_directory(file, status_error))
    return fail(ErrorCode::io, fmt::format("configuration file {} is a directory", file.string()));
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int error = errno;
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot read configuration file {}: {}", file.string(), std::strerror(error)));
  }
  std::string text(limits::kConfigFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(ErrorCode::io, fmt::format("cannot read configuration file {}", file.string()));
  if (text.size() > limits::kConfigFileBytes)
    return fail(ErrorCode::invalid_argument, fmt::format("configuration file {} is larger than 1 MiB", file.string()));
  return text;
}

/// A string or a whole number as text; nothing for anything else.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  return std::nullopt;
}

std::optional<std::vector<std::string>> value_texts(const Option& option, const toml::node& node) {
  if (const auto one = scalar_text(node)) return std::vector{*one};
  const auto* array = node.as_array();
  if (array == nullptr || !option.repeatable()) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return std::nullopt;
    texts.push_back(text->get());
  }
  return texts;
}

Result<Given> read_entry(const std::filesystem::path& file, const toml::key& key, const toml::node& node) {
  const auto where = place(file, key.source());
  const Option* option = find_option(key.str());
  if (option == nullptr) {
    const std::string hint = node.is_table()
                                 ? std::string("; options stand at the top level, without [sections]")
                                 : suggestion(key.str(), [](const Option& o) { return std::string(o.name); });
    return fail(ErrorCode::invalid_argument, fmt::format("{}: unknown key {}{}", where, key.str(), hint));
  }
  if (!option->in_file) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {} cannot be set in the file, only by {} or {}", where,
                                                         option->name, option->flag(), option->variable()));
  }
  auto values = value_texts(*option, node);
  if (!values) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: {} must be {}", where, option->name,
                            option->repeatable() ? "an array of strings" : "a string or a whole number"));
  }
  return Given{option, std::move(*values), where, fmt::format("{}: {} = ", where, option->name)};
}

}  // namespace

Result<std::vector<Given>> read_config_file(const std::filesystem::path& file) {
  const auto text = read_all(file);
  if (!text) return std::unexpected(text.error());
  toml::table table;
  try {
    table = toml::parse(*text, file.string());
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", place(file, error.source()), error.description()));
  }
  std::vector<Given> given;
  for (const auto& [key, node] : table) {
    auto entry = read_entry(file, key, node);
    if (!entry) return std::unexpected(entry.error());
    given.push_back(std::move(*entry));
  }
  return given;
}

}  // namespace tidemark
