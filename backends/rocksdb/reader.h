// What is read from an open database. Every call has one iterator, so one consistent view: a trim that happens meanwhile
// takes nothing out of it. Views end with the call, so that no reader keeps files alive that a trim has dropped.
//
// Has no state of its own: any thread, any number at a time, as long as the database is open.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backends/rocksdb/database.h"
#include "src/log/log_store.h"
#include "src/log/store_rules.h"

namespace tidemark::rocks {

class Reader {
 public:
  explicit Reader(const Database& database) : database_(database) {}

  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                  RecordVisitor visit) const;
  [[nodiscard]] Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const;
  [[nodiscard]] Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                              FunctionRef<bool(std::uint64_t, std::string_view)> visit) const;
  [[nodiscard]] Result<void> key_segments(std::uint64_t from_segment,
                                          FunctionRef<bool(std::uint64_t, std::string_view)> visit) const;
  /// From the newest segment backward, kChannelNameRows at most.
  [[nodiscard]] Result<void> channel_names(FunctionRef<void(std::string_view)> visit) const;
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const;

  /// A text of meta; not_found if there is none.
  [[nodiscard]] Result<std::string> meta(std::string_view name) const;
  /// A number of meta, at least 1; corrupt if it is none.
  [[nodiscard]] Result<std::uint64_t> number(std::string_view name) const;
  /// The first record at or above `from`, or `none`. Where damage hides which one that is, `from`.
  [[nodiscard]] Result<Offset> first_record(Offset from, Offset none) const;
  /// The newest record, or 0.
  [[nodiscard]] Result<Offset> last_record() const;
  /// The newest record, readable or not, of those that follow `known` without a gap; `known` if there is none.
  [[nodiscard]] Offset last_after(Offset known) const;

  /// What the records from `first` to `head`, the newest, take, about: of those in no table yet, all count alike.
  [[nodiscard]] std::uint64_t bytes_in_use(Offset first, Offset head) const;
  /// Checks every index segment, and every block of every table.
  [[nodiscard]] Result<void> check_structure() const;

 private:
  /// An iterator over records and the offset where it begins to count.
  struct View {
    Offset kept_from;
    std::unique_ptr<rocksdb::Iterator> rows;
  };
  [[nodiscard]] View view(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family) const;

  /// What a view that broke cannot reach, by point reads: a table whose own index is damaged may be in the way of every
  /// iterator, although most records are elsewhere. `next` is the first one to be delivered.
  [[nodiscard]] Result<void> scan_one_by_one(const rocksdb::Status& broke, Offset next, Offset last,
                                             Direction direction, PageCount& count, RecordVisitor visit) const;
  /// The error of a view that broke when it was to deliver the record at `at`, or the nearest beyond it.
  [[nodiscard]] std::unexpected<Error> broken(const rocksdb::Status& status, Offset at, Direction direction) const;
  [[nodiscard]] std::unexpected<Error> damaged(Offset first, Offset last,
                                               std::string_view why = "a checksum does not fit") const;
  [[nodiscard]] bool readable(Offset offset) const;

  const Database& database_;
};

}  // namespace tidemark::rocks
