#include "backends/rocksdb/reader.h"

#include <fmt/format.h>
#include <rocksdb/iterator.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "backends/rocksdb/keys.h"
#include "backends/rocksdb/record_encoding.h"
#include "backends/rocksdb/status.h"
#include "src/log/index_segment.h"
#include "src/log/store_rules.h"

namespace tidemark::rocks {
namespace {

std::string_view text(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

constexpr Offset kLastOffset(Offset::kMax);

}  // namespace

Reader::View Reader::view(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family) const {
  // A trim sets the watermark before it removes anything. So an iterator that lacks something is older than the
  // watermark that is read after it; and if that one is the same as before, the iterator is a view of that time.
  for (;;) {
    const auto before = database_.watermark().get();
    std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator(options, family));
    if (database_.watermark().get() == before) return {before, std::move(rows)};
  }
}

std::unexpected<Error> Reader::damaged(Offset first, Offset last) const {
  const auto which = first == last ? fmt::format("the record at offset {}", first.value())
                                   : fmt::format("the records at offsets {} to {}", first.value(), last.value());
  return fail(ErrorCode::corrupt,
              fmt::format("{} in {} cannot be read, a checksum does not fit; restore the log from a "
                          "copy",
                          which, database_.directory().string()));
}

bool Reader::readable(Offset offset) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::string value;
  const auto status = database_.db().Get(options, database_.records(), NumberKey(offset).slice(), &value);
  return status.ok() || status.IsNotFound();
}

/// RocksDB says which file a damaged block is in; a person wants to know which records. Those that cannot be read are
/// neighbours, so each end is found by looking at ever more distant offsets, then between.
std::unexpected<Error> Reader::broken(const rocksdb::Status& status, Offset at, Direction direction) const {
  if (!status.IsCorruption()) return failure(status, "read", database_.directory());
  const auto lowest = database_.watermark().get().value();
  constexpr auto highest = Offset::kMax;
  const auto seek = [&](std::uint64_t from, bool up, bool sought) -> std::optional<std::uint64_t> {
    for (std::uint64_t step = 1; readable(Offset(from)) != sought; step *= 2) {
      if (from == (up ? highest : lowest)) return std::nullopt;
      from = up ? from + std::min(step, highest - from) : from - std::min(step, from - lowest);
    }
    return from;
  };
  // The view broke at the next record there is, which need not be the next offset.
  const auto inside = seek(at.value(), direction == Direction::forward, false);
  if (!inside) return failure(status, "read", database_.directory());
  const auto edge = [&](bool up) {
    const auto outside = seek(*inside, up, true);
    if (!outside) return up ? highest : lowest;
    auto damaged = *inside;
    auto sound = *outside;
    while ((up ? sound - damaged : damaged - sound) > 1) {
      const auto middle = std::midpoint(damaged, sound);
      (readable(Offset(middle)) ? sound : damaged) = middle;
    }
    return damaged;
  };
  return damaged(Offset(edge(false)), Offset(edge(true)));
}

Result<void> Reader::scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const {
  // No bounds for RocksDB to compare every key with: the page ends at its last offset without a step beyond.
  const auto [kept_from, rows] = view({}, database_.records());
  from = std::max(from, kept_from);
  to = std::min(to, kLastOffset);
  if (from > to) return {};
  const bool forward = direction == Direction::forward;
  auto next = forward ? from : to;  // what is delivered next, or the nearest beyond it
  if (forward) {
    rows->Seek(NumberKey(from).slice());
  } else {
    rows->SeekForPrev(NumberKey(to).slice());
  }
  PageCount count(page);
  RecordView record;
  while (rows->Valid()) {
    record.offset = Offset(number_of(rows->key()));
    if (record.offset < from || record.offset > to) return {};
    if (!decode_record(text(rows->value()), record)) return damaged(record.offset, record.offset);
    if (!count.admits(record) || !visit(record) || !count.open()) return {};
    if (record.offset == (forward ? to : from)) return {};
    if (forward) {
      next = record.offset.next();
      rows->Next();
    } else {
      next = record.offset.previous();
      rows->Prev();
    }
  }
  if (rows->status().ok()) return {};
  // Backward, an iterator looks at the record before the one it delivers, and breaks one record early.
  std::string value;
  if (!forward && next >= from && database_.db().Get({}, database_.records(), NumberKey(next).slice(), &value).ok()) {
    record.offset = next;
    if (!decode_record(value, record)) return damaged(next, next);
    if (!count.admits(record) || !visit(record)) return {};
    next = next.previous();
  }
  return broken(rows->status(), next, direction);
}

Result<void> Reader::read(std::span<const Offset> offsets, RecordVisitor visit) const {
  const auto [kept_from, rows] = view({}, database_.records());
  RecordView record;
  for (const Offset offset : offsets) {
    if (offset < kept_from) continue;
    const NumberKey key(offset);
    rows->Seek(key.slice());
    if (!rows->Valid()) {
      if (!rows->status().ok()) return broken(rows->status(), offset, Direction::forward);
      continue;
    }
    if (rows->key() != key.slice()) continue;
    record.offset = offset;
    if (!decode_record(text(rows->value()), record)) return damaged(offset, offset);
    if (!visit(record)) return {};
  }
  return {};
}

Result<void> Reader::channel_segments(std::string_view channel, std::uint64_t from_segment,
                                      FunctionRef<bool(std::uint64_t, std::string_view)> visit) const {
  const auto [kept_from, rows] = view({}, database_.segments());
  rows->SeekToLast();
  if (!rows->Valid()) {
    if (!rows->status().ok()) return failure(rows->status(), "read", database_.directory());
    return {};
  }
  const auto last = number_of(rows->key());
  for (auto segment = std::max(from_segment, segment_of(kept_from)); segment <= last; ++segment) {
    const auto key = channel_key(segment, channel);
    rows->Seek(key);
    if (!rows->Valid()) break;
    if (rows->key() == rocksdb::Slice(key) && !visit(segment, text(rows->value()))) return {};
  }
  if (!rows->status().ok()) return failure(rows->status(), "read", database_.directory());
  return {};
}

Result<void> Reader::key_segments(std::uint64_t from_segment,
                                  FunctionRef<bool(std::uint64_t, std::string_view)> visit) const {
  const auto [kept_from, rows] = view({}, database_.segments());
  auto segment = std::max(from_segment, segment_of(kept_from));
  for (rows->Seek(hashes_key(segment)); rows->Valid(); rows->Seek(hashes_key(segment))) {
    segment = number_of(rows->key());
    if (rows->key() == rocksdb::Slice(hashes_key(segment)) && !visit(segment, text(rows->value()))) return {};
    ++segment;
  }
  if (!rows->status().ok()) return failure(rows->status(), "read", database_.directory());
  return {};
}

Result<void> Reader::losses(FunctionRef<bool(const ChannelLoss&)> visit) const {
  const std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.meta()));
  for (rows->Seek(kLossPrefix); rows->Valid() && rows->key().starts_with(kLossPrefix); rows->Next()) {
    const auto value = text(rows->value());
    std::uint64_t last = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), last).ec != std::errc()) {
      return failure(rocksdb::Status::Corruption("what a channel lost is not a number"), "read", database_.directory());
    }
    if (!visit({text(rows->key()).substr(kLossPrefix.size()), Offset(last)})) return {};
  }
  if (!rows->status().ok()) return failure(rows->status(), "read", database_.directory());
  return {};
}

Result<std::string> Reader::meta(std::string_view name) const {
  std::string value;
  const auto status = database_.db().Get({}, database_.meta(), name, &value);
  if (status.IsNotFound()) {
    return fail(ErrorCode::not_found, fmt::format("{} lacks: {}", database_.directory().string(), name));
  }
  if (!status.ok()) return failure(status, "read", database_.directory());
  return value;
}

Result<Offset> Reader::first_record(Offset from, Offset none) const {
  const auto [kept_from, rows] = view({}, database_.records());
  rows->Seek(NumberKey(from).slice());
  if (rows->Valid()) return Offset(number_of(rows->key()));
  // Not knowing exactly where it begins is no reason not to serve the rest.
  if (rows->status().IsCorruption()) return from;
  if (!rows->status().ok()) return failure(rows->status(), "read", database_.directory());
  return none;
}

Result<Offset> Reader::last_record() const {
  const std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.records()));
  rows->SeekToLast();
  if (rows->Valid()) return Offset(number_of(rows->key()));
  if (!rows->status().ok()) return failure(rows->status(), "read the end of", database_.directory());
  return Offset();
}

std::uint64_t Reader::bytes_in_use(Offset first) const {
  const NumberKey from(first);
  const NumberKey to(kLastOffset);
  const rocksdb::Range kept(from.slice(), to.slice());
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  options.include_files = true;
  std::uint64_t bytes = 0;
  static_cast<void>(database_.db().GetApproximateSizes(options, database_.records(), &kept, 1, &bytes));
  return bytes;
}

Result<void> Reader::check_structure() const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator(options, database_.segments()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto key = text(rows->key());
    const auto segment = number_of(rows->key());
    if (key == hashes_key(segment)) {
      const auto keys = decode_key_hashes(segment, text(rows->value()));
      if (!keys) return std::unexpected(keys.error());
    } else {
      const auto offsets = decode_offsets(segment, text(rows->value()));
      if (!offsets) return std::unexpected(offsets.error());
    }
  }
  if (!rows->status().ok()) return failure(rows->status(), "read the index segments of", database_.directory());
  const auto status = database_.db().VerifyChecksum(options);
  if (!status.ok()) return failure(status, "verify", database_.directory());
  return {};
}

}  // namespace tidemark::rocks
