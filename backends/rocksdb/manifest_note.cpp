#include "backends/rocksdb/manifest_note.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "backends/flush_directory.h"

namespace tidemark::rocks {

std::string ManifestNote::Extent::text() const { return fmt::format("{} {:08x}", bytes, checksum); }

std::optional<ManifestNote::Extent> ManifestNote::Extent::parse(std::string_view text) {
  Extent extent;
  const auto* const end = text.data() + text.size();
  const auto bytes = std::from_chars(text.data(), end, extent.bytes);
  if (bytes.ec != std::errc() || bytes.ptr == end) return std::nullopt;
  std::from_chars(bytes.ptr + 1, end, extent.checksum, 16);
  // Whatever else the text may be: this is how it was written.
  if (extent.text() != text) return std::nullopt;
  return extent;
}

Result<std::optional<ManifestNote::Extent>> ManifestNote::durable(const std::string& manifest) {
  const auto file = NoteFile::open_read_only(file_);
  if (!file) return std::unexpected(file.error());
  for (int line = 0; *file && line < NoteFile::kLines; ++line) {
    const auto text = (*file)->line(line);
    if (!text) return std::unexpected(text.error());
    if (!*text || !(*text)->starts_with(manifest + ' ')) continue;
    const auto extent = Extent::parse(std::string_view(**text).substr(manifest.size() + 1));
    if (!extent) continue;
    newest_ = manifest;
    newest_line_ = current_line_ = line;
    return extent;
  }
  return std::nullopt;
}

Result<void> ManifestNote::note(const std::string& manifest, Extent durable) {
  if (!open_) {
    auto file = NoteFile::open(file_);
    if (!file) return std::unexpected(file.error());
    open_.emplace(std::move(*file));
    if (auto flushed = flush_directory(file_.parent_path()); !flushed) return flushed;
  }
  if (manifest != newest_) {
    newest_ = manifest;
    newest_line_ = 1 - current_line_;
  }
  if (auto written = open_->write(newest_line_, fmt::format("{} {}", manifest, durable.text())); !written)
    return written;
  return open_->flush();
}

}  // namespace tidemark::rocks
