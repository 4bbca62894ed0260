#include "backends/rocksdb/manifest_note.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "backends/flush_directory.h"

namespace tidemark::rocks {
namespace {

std::optional<std::uint64_t> bytes_noted(std::string_view text, std::string_view manifest) {
  if (!text.starts_with(manifest) || !text.substr(manifest.size()).starts_with(' ')) return std::nullopt;
  const auto digits = text.substr(manifest.size() + 1);
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bytes);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return bytes;
}

}  // namespace

Result<std::optional<std::uint64_t>> ManifestNote::durable_bytes(const std::string& manifest) {
  const auto file = NoteFile::open_read_only(file_);
  if (!file) return std::unexpected(file.error());
  for (int line = 0; *file && line < NoteFile::kLines; ++line) {
    const auto text = (*file)->line(line);
    if (!text) return std::unexpected(text.error());
    const auto bytes = *text ? bytes_noted(**text, manifest) : std::nullopt;
    if (!bytes) continue;
    newest_ = manifest;
    newest_line_ = line;
    return bytes;
  }
  return std::nullopt;
}

Result<void> ManifestNote::note(const std::string& manifest, std::uint64_t bytes) {
  if (!open_) {
    auto file = NoteFile::open(file_);
    if (!file) return std::unexpected(file.error());
    open_.emplace(std::move(*file));
    if (auto flushed = flush_directory(file_.parent_path()); !flushed) return flushed;
  }
  if (manifest != newest_) {
    newest_ = manifest;
    newest_line_ = 1 - newest_line_;
  }
  if (auto written = open_->write(newest_line_, fmt::format("{} {}", manifest, bytes)); !written) return written;
  return open_->flush();
}

}  // namespace tidemark::rocks
