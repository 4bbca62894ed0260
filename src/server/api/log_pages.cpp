#include "src/server/api/log_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <ranges>
#include <utility>

#include "protocol/record_json.h"
#include "src/log/damage.h"

namespace tidemark {
namespace {

void append_line(std::string& lines, const RecordView& record) {
  append_record_json(lines, record);
  lines += '\n';
}

std::unexpected<Error> damaged(Offset offset, const Result<void>& read) {
  if (!read) return std::unexpected(about_record(offset, read.error()));
  return fail(ErrorCode::corrupt, fmt::format("the record at offset {} is missing; {}", offset.value(), kDamageAdvice),
              offset);
}

}  // namespace

Result<bool> LogPages::next(std::string& lines) {
  if (!begun_) {
    if (auto begun = begin(); !begun) return std::unexpected(begun.error());
  }
  if (!more()) return false;
  if (!query_.channel) return next_of_all(lines);
  return query_.order == Direction::forward ? next_of_channel(lines) : next_back_of_channel(lines);
}

Result<void> LogPages::begin() {
  low_ = query_.after;
  head_ = log_.head();
  high_ = head_;
  if (query_.before) high_ = std::min(high_, query_.before->previous());
  if (query_.since) {
    const auto found = log_.first_not_older_than(*query_.since);
    if (!found) return std::unexpected(found.error());
    low_ = std::max(low_, found->previous());
  }
  if (query_.until) {
    const auto found = log_.first_not_older_than(*query_.until);
    if (!found) return std::unexpected(found.error());
    high_ = std::min(high_, found->previous());
  }
  begun_ = true;
  return {};
}

std::optional<Offset> LogPages::missing(Offset first, Offset last) const {
  if (first > last) return std::nullopt;
  const auto rest = log_.holes().rest_of({first, last});
  if (rest.empty()) return std::nullopt;
  return query_.order == Direction::forward ? rest.front().first : rest.back().last;
}

Result<bool> LogPages::next_of_all(std::string& lines) {
  const bool forward = query_.order == Direction::forward;
  const Offset from = std::max(low_.next(), log_.first());
  if (from > high_) return false;
  std::size_t visited = 0;
  std::optional<Offset> gone;
  const PageLimits page{std::min(left_, page_.records), page_.bytes};
  Offset expected = forward ? from : high_;
  const auto read = log_.scan(from, high_, query_.order, page, [&](const RecordView& record) {
    gone = forward ? missing(expected, record.offset.previous()) : missing(record.offset.next(), expected);
    if (gone) return false;
    append_line(lines, record);
    expected = forward ? record.offset.next() : record.offset.previous();
    ++visited;
    return true;
  });
  if (visited == 0) {
    // What was trimmed meanwhile is not missed.
    if (const Offset first = log_.first_settled(); first > from) {
      low_ = first.previous();
      return more();
    }
  }
  if (read && !gone && visited == 0) {
    gone = missing(from, high_);
    if (!gone) return false;
  }
  if (visited == 0) return damaged(gone.value_or(expected), read);
  left_ -= visited;
  (forward ? low_ : high_) = forward ? expected.previous() : expected;
  return more();
}

Result<bool> LogPages::next_of_channel(std::string& lines) {
  std::size_t visited = 0;
  Offset last = low_;
  const PageLimits page{std::min(left_, page_.records), page_.bytes};
  const auto read = log_.read_channel(*query_.channel, low_, high_, page, [&](const RecordView& record) {
    append_line(lines, record);
    last = record.offset;
    ++visited;
    return true;
  });
  if (!read && visited == 0) return std::unexpected(read.error());
  left_ -= visited;
  low_ = read ? read->covered : last;
  return more();
}

Result<bool> LogPages::next_back_of_channel(std::string& lines) {
  // The store reads channels forward only: so the newest few are looked for, read forward and turned round. Of large
  // ones only as many are kept as fit into a page; fewer are looked for the next time.
  for (;;) {
    const std::size_t wanted = std::min({left_, page_.records, step_});
    const auto start = log_.offset_before_last(*query_.channel, high_, wanted);
    if (!start) return std::unexpected(start.error());
    const Offset low = std::max(low_, *start);
    std::deque<std::pair<Offset, std::string>> kept;
    std::size_t bytes = 0;
    bool all = true;
    Result<ChannelPage> read = ChannelPage{.covered = low};
    for (Offset at = low; at < high_; at = read->covered) {
      read = log_.read_channel(*query_.channel, at, high_, page_, [&](const RecordView& record) {
        auto& [offset, line] = kept.emplace_back(record.offset, std::string());
        append_line(line, record);
        bytes += line.size();
        for (; bytes > page_.bytes && kept.size() > 1; kept.pop_front()) {
          bytes -= kept.front().second.size();
          all = false;
        }
        return true;
      });
      if (!read) break;
    }
    if (!read && wanted == 1) return std::unexpected(read.error());
    if (!read) {  // what comes after the damage is owed first
      step_ = 1;
      continue;
    }
    for (auto& [offset, line] : std::views::reverse(kept)) lines += line;
    left_ -= std::min(left_, kept.size());
    step_ = all ? std::min(2 * step_, page_.records) : kept.size();
    high_ = all ? low : kept.front().first.previous();
    return more();
  }
}

}  // namespace tidemark
