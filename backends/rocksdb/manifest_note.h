// How much of MANIFEST, RocksDB's log of its own files, is durable, noted outside of it.
//
// RocksDB does not open a database whose MANIFEST ends in a damaged record. A power cut leaves such a one where a record
// had been written and not flushed yet; what it described had not happened then, and RocksDB had removed nothing on the
// strength of it, so that it can be left out. Only: whether a record was flushed cannot be seen in the file, and one that
// was must not be left out. The note tells:
//
//   DATA/rocksdb/TIDEMARK.manifest    "MANIFEST-000021 563 1f0a77c2": so many bytes, with this CRC-32C, were flushed
//                                     before RocksDB went on
//
// The checksum is there because RocksDB takes a record that seems to reach beyond the end of the file for the end: one
// flipped bit in a length makes a log shorter by all that comes after it, and the tables of it are removed as strangers.
//
// A new MANIFEST gets the line (base/note_file.h) that is not that of the one CURRENT names.
//
// One thread writes: RocksDB's, that holds its lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/base/note_file.h"

namespace tidemark::rocks {

class ManifestNote {
 public:
  explicit ManifestNote(const std::filesystem::path& database) : file_(database / "TIDEMARK.manifest") {}

  /// The beginning of a file.
  struct Extent {
    std::uint64_t bytes = 0;
    std::uint32_t checksum = 0;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] static std::optional<Extent> parse(std::string_view text);
    friend bool operator==(const Extent&, const Extent&) = default;
  };

  /// What of the MANIFEST that CURRENT names is durable; nothing if that was never noted, or the note is damaged.
  [[nodiscard]] Result<std::optional<Extent>> durable(const std::string& manifest);
  /// Durable when it returns.
  [[nodiscard]] Result<void> note(const std::string& manifest, Extent durable);
  /// CURRENT names the MANIFEST noted last.
  void on_current() { current_line_ = newest_line_; }

 private:
  const std::filesystem::path file_;
  std::optional<NoteFile> open_;  // for writing
  std::string newest_;            // the MANIFEST read or noted last,
  int newest_line_ = 1;           // and its line
  int current_line_ = 1;          // of the one that CURRENT names
};

}  // namespace tidemark::rocks
