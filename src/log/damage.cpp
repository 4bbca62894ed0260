#include "src/log/damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "src/base/limits.h"

namespace tidemark {
namespace {

constexpr PageLimits kPage{limits::kScanRecords, std::numeric_limits<std::size_t>::max()};
constexpr PageLimits kOneRecord{1, std::numeric_limits<std::size_t>::max()};

/// So many offsets after a damaged one are tried one by one, so that no readable record among them is passed over;
/// beyond that the end of the damage is looked for in growing steps.
constexpr std::uint64_t kTriedOneByOne = 1024;

/// Whether a scan that begins at `at` gets anywhere.
Result<bool> readable(const LogStore& store, Offset at, Offset to) {
  bool in_order = true;
  const auto scanned = store.scan(at, to, Direction::forward, kOneRecord, [&](const RecordView& record) {
    in_order = record.offset >= at;
    return false;
  });
  if (!scanned && scanned.error().code != ErrorCode::corrupt) return std::unexpected(scanned.error());
  return scanned && in_order;
}

/// The first offset after `damaged` that can be read, or to.next(). Example: 1,000,000 damaged ones cost some 1,100
/// looks.
Result<Offset> end_of_damage(const LogStore& store, Offset damaged, Offset to) {
  auto last_damaged = damaged;
  std::uint64_t step = 1;
  Offset good;
  for (;;) {
    good = Offset(last_damaged.value() + step);
    if (good > to) {
      good = to.next();
      break;
    }
    const auto can = readable(store, good, to);
    if (!can) return std::unexpected(can.error());
    if (*can) break;
    last_damaged = good;
    if (good.value() - damaged.value() >= kTriedOneByOne) step *= 2;
  }
  while (last_damaged.next() < good) {
    const Offset middle(last_damaged.value() + (good.value() - last_damaged.value()) / 2);
    const auto can = readable(store, middle, to);
    if (!can) return std::unexpected(can.error());
    (*can ? good : last_damaged) = middle;
  }
  return good;
}

/// Whether a scan that begins at `at` finds a record.
Result<bool> finds_any(const LogStore& store, Offset at, Offset to) {
  bool found = false;
  const auto scanned = store.scan(at, to, Direction::forward, kOneRecord, [&](const RecordView& record) {
    found = record.offset >= at;
    return false;
  });
  if (!scanned && scanned.error().code != ErrorCode::corrupt) return std::unexpected(scanned.error());
  return found || !scanned;
}

/// A scan from `at` says that nothing is left up to `to`. Where the engine took a damaged offset for a larger one it is
/// wrong, and one that begins behind it finds the rest: from where on, or to.next(). Some 50 looks at the most.
Result<Offset> end_of_blindness(const LogStore& store, Offset at, Offset to) {
  auto blind = at;
  auto good = to.next();
  for (std::uint64_t step = 1; step <= to.value() - at.value(); step *= 2) {
    const Offset next(at.value() + step);
    const auto finds = finds_any(store, next, to);
    if (!finds) return std::unexpected(finds.error());
    if (*finds) {
      good = next;
      break;
    }
    blind = next;
  }
  if (good > to) return good;
  while (blind.next() < good) {
    const Offset middle(blind.value() + (good.value() - blind.value()) / 2);
    const auto finds = finds_any(store, middle, to);
    if (!finds) return std::unexpected(finds.error());
    (*finds ? good : blind) = middle;
  }
  return good;
}

}  // namespace

Error beyond_repair(Error error) {
  if (const auto advice = error.context.rfind(kDamageAdvice); advice != std::string::npos) {
    error.context.resize(advice);
    error.context += "it cannot even be opened for a repair: restore the log from a copy";
  }
  return error;
}

Error about_record(Offset offset, const Error& error) {
  for (const auto& named : {fmt::format("offset {} ", offset.value()), fmt::format("offsets {} to ", offset.value())}) {
    if (error.context.find(named) != std::string::npos) return {error.code, error.context, offset};
  }
  return {error.code, fmt::format("the record at offset {} cannot be read: {}", offset.value(), error.context), offset};
}

Result<void> scan_around_damage(const LogStore& store, OffsetRange range, RecordVisitor visit, DamageVisitor damaged) {
  for (auto at = range.first; at <= range.last;) {
    const auto page_begin = at;
    bool in_order = true;
    bool wanted = true;
    const auto scanned = store.scan(at, range.last, Direction::forward, kPage, [&](const RecordView& record) {
      in_order = record.offset >= at;
      if (!in_order) return false;
      at = record.offset.next();
      wanted = visit(record);
      return wanted;
    });
    if (!wanted) return {};
    if (!scanned && scanned.error().code != ErrorCode::corrupt) return scanned;
    if (scanned && in_order) {
      if (at != page_begin) continue;
      const auto end = end_of_blindness(store, at, range.last);
      if (!end) return std::unexpected(end.error());
      if (*end > range.last) return {};  // nothing is left
      const Error error{ErrorCode::corrupt,
                        fmt::format("the record at offset {} is out of reach, and those behind it are not; {}",
                                    at.value(), kDamageAdvice),
                        at};
      if (!damaged({at, end->previous()}, error)) return {};
      at = *end;
      continue;
    }
    // Records out of order: looking again, from where the order broke, may find the way around it.
    if (scanned && at != page_begin) continue;
    if (at > range.last) return {};
    const auto error =
        scanned ? Error{ErrorCode::corrupt,
                        fmt::format("the record at offset {} is out of order; {}", at.value(), kDamageAdvice), at}
                : about_record(at, scanned.error());
    const auto end = end_of_damage(store, at, range.last);
    if (!end) return std::unexpected(end.error());
    if (!damaged({at, end->previous()}, error)) return {};
    at = *end;
  }
  return {};
}

}  // namespace tidemark
