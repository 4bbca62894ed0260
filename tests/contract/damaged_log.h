// What the tests of damage arrange: a log on disk whose every record is known, copies of it to break, and what
// verification and salvage say about them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/log/salvage.h"
#include "src/log/verify.h"
#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {

struct Verified {
  Verdict verdict;
  std::vector<Finding> findings;

  [[nodiscard]] bool mentions(std::string_view text) const;
  [[nodiscard]] std::string text() const;
};

/// What 'tidemark verify' would say about a store whose files are in `directory`.
[[nodiscard]] Verified verified(const LogStore& store, const std::filesystem::path& directory);
/// Opens read-only and verifies. The error is that of opening.
[[nodiscard]] Result<Verified> verified(std::string_view engine, const std::filesystem::path& directory);

/// Salvages the log in `from` into the empty directory `to`.
[[nodiscard]] Result<Salvaged> salvaged(std::string_view engine, const std::filesystem::path& from,
                                        const std::filesystem::path& to, Epoch epoch);

/// Appends in the way the sequencer does: in batches, with the index segments they finish.
void append_indexed(LogStore& store, const std::vector<Record>& records);

/// Channels of different sizes, keys for three records of four.
[[nodiscard]] std::vector<Record> records_of_channels(std::uint64_t first, std::uint64_t last);

/// The content of every file below a directory, by its path.
[[nodiscard]] std::map<std::string, std::string> contents(const std::filesystem::path& directory);

}  // namespace tidemark::contract
