// A reader: one read-only connection with its prepared statements and the names it has met.
//
// Every call is one read transaction, so one consistent view, which begins where the last trim says, whether or not all
// it removes is gone yet. It ends with the call, so that no reader ever keeps the write-ahead log from being used
// again. Names are read within the same transaction when first met: a reader shares nothing with the writer or with
// other readers. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/sqlite/connection.h"
#include "src/log/log_store.h"

namespace tidemark::sqlite {

class Reader {
 public:
  [[nodiscard]] static Result<Reader> open(const std::filesystem::path& file);
  [[nodiscard]] static Result<Reader> open(Connection connection);

  /// Begins here instead of where the file says, which may be damaged.
  void keep_from(Offset offset) { kept_from_ = offset; }

  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit);
  [[nodiscard]] Result<void> read(std::span<const Offset> offsets, RecordVisitor visit);
  [[nodiscard]] Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                              FunctionRef<bool(std::uint64_t, std::string_view)> visit);
  [[nodiscard]] Result<void> key_segments(std::uint64_t from_segment,
                                          FunctionRef<bool(std::uint64_t, std::string_view)> visit);
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit);
  /// What the kept records take of the file, in bytes: the pages that are not free for the next ones.
  [[nodiscard]] Result<std::uint64_t> bytes_in_use();
  /// The engine's own check of the file's structure.
  [[nodiscard]] Result<void> check_structure();

 private:
  explicit Reader(Connection connection) : connection_(std::move(connection)) {}

  /// One read transaction around `body`, which is called with the offset before which everything was trimmed.
  template <class Body>
  [[nodiscard]] Result<void> in_transaction(Body body);

  /// Names of one dictionary by id, filled as they are met. They never change once committed.
  struct Names {
    Statement by_id;
    std::vector<std::string> names;
    [[nodiscard]] const std::string* find(std::int64_t id);
  };

  /// Visits the rows of `rows`, whose arguments are bound. False: the visitor ended it.
  [[nodiscard]] Result<bool> visit_rows(Statement& rows, RecordVisitor visit);

  /// The record in the current row of `row`. False: its checksum does not fit.
  [[nodiscard]] bool decode(const Statement& row, RecordView& record);
  [[nodiscard]] std::unexpected<Error> damaged(Offset offset) const;
  [[nodiscard]] std::unexpected<Error> missing(std::string_view table) const;

  Connection connection_;
  Statement begin_, commit_, trimmed_before_, forward_, backward_, one_, many_, channel_id_, channel_segment_,
      next_segment_, last_segment_, key_segments_, losses_;
  Names channels_, events_;
  std::optional<Offset> kept_from_;
};

}  // namespace tidemark::sqlite
