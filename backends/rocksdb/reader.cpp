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
#include "src/base/limits.h"
#include "src/log/damage.h"
#include "src/log/index_segment.h"

namespace tidemark::rocks {
namespace {

std::string_view text(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

constexpr Offset kLastOffset(Offset::kMax);

/// Where no iterator works: so many offsets without a record are no hole that a repair left but the end of what is there.
constexpr std::uint64_t kAbsentInARow = 4096;

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

std::unexpected<Error> Reader::damaged(Offset first, Offset last, std::string_view why) const {
  const auto which = first == last ? fmt::format("the record at offset {}", first.value())
                                   : fmt::format("the records at offsets {} to {}", first.value(), last.value());
  return fail(ErrorCode::corrupt,
              fmt::format("{} in {} cannot be read, {}; {}", which, database_.directory().string(), why, kDamageAdvice),
              first == last ? first : Offset());
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
  if (!is_damage(status)) return failure(status, "read", database_.directory());
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
  const Offset first(edge(false));
  const Offset last(edge(true));
  if (!status.IsPathNotFound()) return damaged(first, last);
  return damaged(first, last, fmt::format("{} is missing", missing_file(status)));
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
  // Backward, an iterator also breaks one record early, as it looks at the one before that which it delivers.
  if (is_damage(rows->status())) {
    return scan_one_by_one(rows->status(), next, forward ? to : from, direction, count, visit);
  }
  return failure(rows->status(), "read", database_.directory());
}

Result<void> Reader::scan_one_by_one(const rocksdb::Status& broke, Offset next, Offset last, Direction direction,
                                     PageCount& count, RecordVisitor visit) const {
  const bool forward = direction == Direction::forward;
  std::string value;
  RecordView record;
  for (std::uint64_t absent = 0; forward ? next <= last : next >= last;) {
    const auto status = database_.db().Get({}, database_.records(), NumberKey(next).slice(), &value);
    if (status.IsNotFound()) {
      // The view broke on its way to a record: there is one.
      if (++absent == kAbsentInARow) return broken(broke, next, direction);
    } else if (!status.ok()) {
      return broken(status, next, direction);
    } else {
      absent = 0;
      record.offset = next;
      if (!decode_record(value, record)) return damaged(next, next);
      if (!count.admits(record) || !visit(record) || !count.open()) return {};
    }
    next = forward ? next.next() : next.previous();
  }
  return {};
}

Result<void> Reader::read(std::span<const Offset> offsets, RecordVisitor visit) const {
  const auto [kept_from, rows] = view({}, database_.records());
  std::string value;  // where the view broke, see scan_one_by_one
  RecordView record;
  for (const Offset offset : offsets) {
    if (offset < kept_from) continue;
    const NumberKey key(offset);
    rows->Seek(key.slice());
    record.offset = offset;
    if (rows->Valid()) {
      if (rows->key() != key.slice()) continue;
      if (!decode_record(text(rows->value()), record)) return damaged(offset, offset);
    } else {
      if (rows->status().ok()) continue;
      const auto status = database_.db().Get({}, database_.records(), key.slice(), &value);
      if (status.IsNotFound()) continue;
      if (!status.ok()) return broken(status, offset, Direction::forward);
      if (!decode_record(value, record)) return damaged(offset, offset);
    }
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
  for (auto segment = std::max(from_segment, segment_of(kept_from)); segment <= last;) {
    const auto key = channel_key(segment, channel);
    rows->Seek(key);
    if (!rows->Valid()) break;
    if (rows->key() == rocksdb::Slice(key) && !visit(segment, text(rows->value()))) return {};
    segment = std::max(segment + 1, number_of(rows->key()));  // a hole may be longer than anybody can count
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

Result<void> Reader::channel_names(FunctionRef<void(std::string_view)> visit) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator(options, database_.segments()));
  std::size_t looked_at = 0;
  for (rows->SeekToLast(); rows->Valid() && looked_at < limits::kChannelNameRows; rows->Prev(), ++looked_at) {
    const auto key = text(rows->key());
    if (key.size() > kNumberBytes && key[kNumberBytes] == kChannelRow) visit(key.substr(kNumberBytes + 1));
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

Result<std::uint64_t> Reader::number(std::string_view name) const {
  const auto text = meta(name);
  if (!text) return std::unexpected(text.error());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec == std::errc() && number >= 1 && number <= Offset::kMax + 1) return number;
  return failure(rocksdb::Status::Corruption(fmt::format("its {} is damaged", name)), "read", database_.directory());
}

Result<Offset> Reader::first_record(Offset from, Offset none) const {
  const auto [kept_from, rows] = view({}, database_.records());
  rows->Seek(NumberKey(from).slice());
  if (rows->Valid()) return Offset(number_of(rows->key()));
  // Not knowing exactly where it begins is no reason not to serve the rest.
  if (is_damage(rows->status())) return from;
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

Offset Reader::last_after(Offset known) const {
  const auto there = [&](std::uint64_t offset) {
    std::string value;
    return !database_.db().Get({}, database_.records(), NumberKey(offset).slice(), &value).IsNotFound();
  };
  std::uint64_t last = known.value();
  std::uint64_t step = 1;
  while (there(last + step)) {
    last += step;
    step *= 2;
  }
  for (auto none = last + step; none - last > 1;) {
    const auto middle = std::midpoint(last, none);
    (there(middle) ? last : none) = middle;
  }
  return Offset(last);
}

std::uint64_t Reader::bytes_in_use(Offset first, Offset head) const {
  auto& db = database_.db();
  auto* const records = database_.records();
  const NumberKey from(first);
  const NumberKey to(kLastOffset);
  const rocksdb::Range kept(from.slice(), to.slice());
  rocksdb::SizeApproximationOptions in_files;
  in_files.include_files = true;
  std::uint64_t bytes = 0;
  static_cast<void>(db.GetApproximateSizes(in_files, records, &kept, 1, &bytes));
  // What RocksDB guesses of a part of its buffers may be ten times as much, or nothing. But all of them together it
  // knows, and they hold the newest records.
  using Properties = rocksdb::DB::Properties;
  std::uint64_t buffered_bytes = 0;
  std::uint64_t active = 0;
  std::uint64_t waiting = 0;
  static_cast<void>(db.GetIntProperty(records, Properties::kCurSizeAllMemTables, &buffered_bytes));
  static_cast<void>(db.GetIntProperty(records, Properties::kNumEntriesActiveMemTable, &active));
  static_cast<void>(db.GetIntProperty(records, Properties::kNumEntriesImmMemTables, &waiting));
  const std::uint64_t buffered = active + waiting;
  if (buffered == 0 || first > head) return bytes;
  const auto kept_there = std::min(buffered, head.next().value() - first.value());
  const double share = static_cast<double>(kept_there) / static_cast<double>(buffered);
  return bytes + static_cast<std::uint64_t>(static_cast<double>(buffered_bytes) * share);
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
