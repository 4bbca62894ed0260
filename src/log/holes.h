// Holes: the offsets of a log that repairs could not save. They stay empty for good, as offsets are never given twice.
//
// A text file beside the engine's, written by a repair into the log it makes and read by whoever checks that log: a
// missing offset is damage unless it is in here. A line per hole, each with its checksum:
//
//   13-13 e3069283
//   201-240 1c291ca3
//
// Values and functions; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/base/offset_range.h"

namespace tidemark {

inline constexpr auto kHolesFileName = "tidemark.holes";

/// Ascending stretches that neither overlap nor touch.
class Holes {
 public:
  /// Any order; stretches that touch become one.
  void add(OffsetRange range);
  void add(const Holes& others);

  [[nodiscard]] std::span<const OffsetRange> ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] bool contains(Offset offset) const;
  /// The first hole, or rest of one, at or after `from`. Example: of 13-13 and 201-240, at_or_after(220) is 220-240.
  [[nodiscard]] std::optional<OffsetRange> at_or_after(Offset from) const;
  /// The last offset of the last hole; 0 if there is none.
  [[nodiscard]] Offset newest() const { return ranges_.empty() ? Offset() : ranges_.back().last; }
  /// How many offsets.
  [[nodiscard]] std::uint64_t size() const;
  /// How many offsets of `range` are in no hole: the records that are there, where nothing is damaged.
  [[nodiscard]] std::uint64_t records_in(OffsetRange range) const;
  /// The last one from which on at least `count` offsets of `range` are in no hole; its first if there are fewer.
  [[nodiscard]] Offset before_newest(OffsetRange range, std::uint64_t count) const;
  /// The parts of `range` that are in no hole.
  [[nodiscard]] std::vector<OffsetRange> rest_of(OffsetRange range) const;

  friend bool operator==(const Holes&, const Holes&) = default;

 private:
  std::vector<OffsetRange> ranges_;
};

/// "the record at offset 7 is missing", "the records at offsets 7 to 9 are missing".
[[nodiscard]] std::string missing_text(OffsetRange range);

/// None if there is no file. Errors: io, corrupt (a line that write_holes could not have made).
[[nodiscard]] Result<Holes> read_holes(const std::filesystem::path& directory);
/// Durable when it returns, but for its name: the caller flushes the directory.
[[nodiscard]] Result<void> write_holes(const std::filesystem::path& directory, const Holes& holes);

}  // namespace tidemark
