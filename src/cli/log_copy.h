// A new log made of another one, and proof that it is the same: offsets, times, keys, bytes, epoch, what is gone. What
// migrate, backup and import have in common.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/cli/log_reader.h"
#include "src/cli/new_directory.h"
#include "src/log/log_builder.h"

namespace tidemark::cli {

/// What stands for all records of a log, in their order: equal logs have equal ones.
class RecordDigest {
 public:
  RecordDigest() = default;
  RecordDigest(std::uint64_t records, std::uint32_t sum) : records_(records), sum_(sum) {}

  void add(const RecordView& record);
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint32_t sum() const { return sum_; }
  friend bool operator==(const RecordDigest&, const RecordDigest&) = default;

 private:
  std::uint64_t records_ = 0;
  std::uint32_t sum_ = 0;
};

/// Whether the records of a log that is copied came one after another: a server may trim while it is being read.
class Completeness {
 public:
  /// Refers to both.
  Completeness(const LogReader& source, const LogOutline& outline);
  /// The record that came, or at the end what would come. io: one before it was trimmed meanwhile.
  [[nodiscard]] Result<void> reach(Offset next);

 private:
  const bool live_;
  const Holes& holes_;
  Offset expected_;
};

/// Error `closed`: somebody wants it to stop.
[[nodiscard]] std::unexpected<Error> stopped_early();

/// What a log is now, beside its records.
[[nodiscard]] Result<LogOutline> outline_of(LogReader& source);

[[nodiscard]] LogBuilder builder_in(const NewDirectory& directory, std::string engine, const LogOutline& outline);

/// For a copy that takes the place of a log which may have gone further since it was made: a new epoch, and the next
/// limits::kOffsetsSkipped offsets are left out, as if a repair had lost them. Example: the copy ends at 100, a client has
/// 150 of the lost log. Were 101 given again, to another record, and all up to 150, that client would miss them and never
/// know; so the next one is 1,000,101, and whoever has less is told that something between is gone.
[[nodiscard]] LogOutline as_another_log(LogOutline outline);

/// Damage is for repair, before anything is copied.
[[nodiscard]] Error with_repair_advice(Error error);

/// Most commands have their directory from --data: the same error where `option` names it.
[[nodiscard]] Error with_option(Error error, std::string_view option);

/// What failed while a log was made in `target`, for who waits for that: a full disk is not one that a server waits on, and
/// there is no --data to name.
[[nodiscard]] Result<void> about_the_copy(Result<void> done, const std::filesystem::path& target);

/// Copies all records of `source`, whose outline was read before. Errors: corrupt (a record is damaged: the sentence
/// says what to do), closed (interrupted), those of both.
[[nodiscard]] Result<RecordDigest> copy_log(LogReader& source, LogBuilder& into, const LogOutline& outline);

/// Reads the finished log from the disk again. `corrupt` unless it is sound, and the same as what went in.
[[nodiscard]] Result<void> prove(const NewDirectory& directory, const std::string& engine, const LogOutline& outline,
                                 const RecordDigest& digest);

}  // namespace tidemark::cli
