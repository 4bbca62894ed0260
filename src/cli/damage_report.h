// What a command that looks could not read of a log: gathered while it reads, and said on standard error, so that an answer
// which lacks something does not look like a whole one. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/base/offset_range.h"

namespace tidemark::cli {

/// `error` is about the first offset of the stretch: as a sentence about all of it.
[[nodiscard]] std::string stretch_text(OffsetRange stretch, const Error& error);

/// Offsets that a log was made without, as a sentence.
[[nodiscard]] std::string hole_text(OffsetRange hole);

class DamageReport {
 public:
  /// Offsets that cannot be read.
  void add(OffsetRange stretch, const Error& error);
  /// So many that somebody else could not read.
  void add(std::uint64_t offsets) { offsets_ += offsets; }
  /// Something beside the records.
  void add(std::string sentence) { beside_.push_back(std::move(sentence)); }

  /// Says it, the first few stretches one by one, and who knows more. False: there is nothing to say.
  bool tell() const;

 private:
  std::uint64_t offsets_ = 0;
  std::uint64_t stretches_ = 0;
  std::vector<std::string> told_;  // of the first stretches
  std::vector<std::string> beside_;
};

}  // namespace tidemark::cli
