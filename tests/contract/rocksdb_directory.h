// What the tests of the RocksDB engine's files arrange: a data directory, its copies, and damage to its files.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/store_options.h"
#include "tests/contract/engine_under_test.h"

namespace rocksdb {
class Env;
}

namespace tidemark::contract {

class RocksdbDirectory : public TemporaryDirectory {
 public:
  [[nodiscard]] std::filesystem::path database() const { return path() / "rocksdb"; }
  [[nodiscard]] std::filesystem::path mark() const { return database() / "TIDEMARK"; }

  [[nodiscard]] Result<std::unique_ptr<LogStore>> open(StoreOptions options = {.epoch_if_new = kEpoch},
                                                       rocksdb::Env* env = nullptr) const;
  /// Opens, appends one batch and closes.
  void fill(const std::vector<Record>& records) const;
  /// Moves what is in the write-ahead log into tables, as RocksDB does when its buffers are full.
  void flush() const;

  /// RocksDB's files with this extension, in order of their names: ".log", ".sst".
  [[nodiscard]] std::vector<std::filesystem::path> files(std::string_view extension) const;
  /// Name and content of all files but RocksDB's own notes (LOG*), which it begins anew at every opening.
  [[nodiscard]] std::map<std::string, std::string> contents() const;

  /// What a killed process would leave at this moment: everything that was written is in the kernel's hands.
  void copy_to(const RocksdbDirectory& other) const;
};

}  // namespace tidemark::contract
