// What every contract test arranges: an engine with a directory of its own, and records.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/registry.h"
#include "src/base/record.h"
#include "src/log/log_store.h"

namespace tidemark::contract {

/// A new directory, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr Epoch kEpoch{0x3f9c2a7be01d4c58};
inline constexpr PageLimits kAll{static_cast<std::size_t>(-1), static_cast<std::size_t>(-1)};

class EngineUnderTest {
 public:
  explicit EngineUnderTest(std::string_view name) : name_(name) { open(); }

  [[nodiscard]] std::string_view name() const { return name_; }
  /// The memory engine has nothing to come back to.
  [[nodiscard]] bool persists() const { return name_ != "memory"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
  [[nodiscard]] LogStore& store() { return *store_; }
  LogStore* operator->() { return store_.get(); }

  /// Closes and opens again, where the engine persists.
  void reopen();
  /// Opens the directory with other options than usual, once the store was closed.
  [[nodiscard]] Result<std::unique_ptr<LogStore>> open_with(StoreOptions options) const;

 private:
  void open();
  std::string name_;
  TemporaryDirectory directory_;
  std::unique_ptr<LogStore> store_;
};

/// Runs a test on every engine; a failure names the engine.
template <class Test>
void on_every_engine(Test test) {
  for (const auto name : store_engines()) {
    INFO("engine: ", std::string(name));
    EngineUnderTest engine(name);
    test(engine);
  }
}

[[nodiscard]] std::string content_of(const std::filesystem::path& file);
/// Makes the directory it is in, too.
void write_file(const std::filesystem::path& file, std::string_view bytes);

/// A record with something in every field that depends on the offset.
[[nodiscard]] Record record_at(std::uint64_t offset, std::string_view channel = "/");
[[nodiscard]] std::vector<Record> records_between(std::uint64_t first, std::uint64_t last);

/// Appends in one batch and requires that it worked.
void append(LogStore& store, const std::vector<Record>& records, const std::vector<IndexSegment>& segments = {});
[[nodiscard]] std::vector<RecordView> views(const std::vector<Record>& records);

/// What a scan or read delivers; requires that it worked.
[[nodiscard]] std::vector<Record> scan(const LogStore& store, std::uint64_t from, std::uint64_t to,
                                       Direction direction = Direction::forward, PageLimits page = kAll);
[[nodiscard]] std::vector<Record> read(const LogStore& store, const std::vector<std::uint64_t>& offsets);
[[nodiscard]] std::vector<std::uint64_t> offsets_of(const std::vector<Record>& records);

/// A segment with one channel and these offsets, and a key hash for each.
[[nodiscard]] IndexSegment segment_with(std::uint64_t number, std::string_view channel,
                                        const std::vector<std::uint64_t>& offsets);
[[nodiscard]] std::vector<std::uint64_t> channel_segments(const LogStore& store, std::string_view channel,
                                                          std::uint64_t from);
/// Per channel the newest record it lost.
using Losses = std::map<std::string, std::uint64_t>;
[[nodiscard]] Losses losses_of(const LogStore& store);
[[nodiscard]] std::vector<std::uint64_t> key_segments(const LogStore& store, std::uint64_t from);

}  // namespace tidemark::contract
