#include "src/config/moment.h"

#include <fmt/format.h>

#include <ctime>
#include <string>

#include "src/base/clock.h"
#include "src/base/time_text.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

constexpr std::size_t kDateLength = std::string_view("2026-01-02").size();
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kMinuteLength = std::string_view("2026-01-02T15:04").size();

/// The moment at which clocks of this machine's zone show what UTC shows at `utc`.
TimeMs local(TimeMs utc) {
  const std::time_t seconds = utc.value / 1000;
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  fields.tm_isdst = -1;  // whichever was in force
  return {static_cast<std::int64_t>(std::mktime(&fields)) * 1000 + utc.value % 1000};
}

std::optional<TimeMs> parse_date(std::string_view text) {
  if (text.size() < kDateLength) return std::nullopt;
  // RFC 3339 has seconds and a zone; people leave them out.
  std::string whole(text);
  if (whole.size() == kDateLength) whole += "T00:00";
  if (whole.size() < kMinuteLength) return std::nullopt;
  if (whole.size() == kMinuteLength || whole[kMinuteLength] != ':') whole.insert(kMinuteLength, ":00");
  auto moment = parse_time(whole);
  if (!moment) {
    moment = parse_time(whole + 'Z');
    if (moment && moment->value >= 0) moment = local(*moment);
  }
  return moment && moment->value >= 0 ? moment : std::nullopt;
}

/// Midnight of the day so many days ago.
TimeMs midnight(TimeMs now, int days_ago) {
  const std::time_t seconds = now.value / 1000;
  std::tm fields{};
  ::localtime_r(&seconds, &fields);
  fields.tm_mday -= days_ago;
  fields.tm_hour = fields.tm_min = fields.tm_sec = 0;
  fields.tm_isdst = -1;
  return {static_cast<std::int64_t>(std::mktime(&fields)) * 1000};
}

/// When clocks last showed "06:00", "6:00:30" or "06:00Z".
std::optional<TimeMs> parse_time_of_day(std::string_view text, TimeMs now) {
  const auto colon = text.find(':');
  if (colon != 1 && colon != 2) return std::nullopt;
  // The date is UTC's; that of a zone may be the next or the one before.
  for (const int days_ago : {-1, 0, 1, 2}) {
    const auto date = time_text({now.value - days_ago * kDayMs}).substr(0, kDateLength);
    const auto moment = parse_date(fmt::format("{}T{}{}", date, colon == 1 ? "0" : "", text));
    if (!moment || *moment <= now) return moment;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TimeMs> parse_moment(std::string_view text, TimeMs now) {
  if (text == "now") return now;
  if (text == "today") return midnight(now, 0);
  if (text == "yesterday") return midnight(now, 1);
  if (const auto date = parse_date(text)) return date;
  if (const auto time = parse_time_of_day(text, now)) return time;
  // A bare number may be anything: an offset, seconds, a year.
  const auto ago = parse_number(text) ? std::nullopt : parse_duration(text);
  if (!ago || ago->count() > now.value) return std::nullopt;
  return TimeMs{now.value - ago->count()};
}

std::string_view why_no_moment(std::string_view text) {
  if (parse_moment(text, SystemClock().wall())) return {};
  return "must be a time ago such as 10m, 1h30m or 30d (ms, s, m or min, h, d, w), a time of day such as 06:00, today "
         "or "
         "yesterday, or a date such as 2026-01-02 or 2026-01-02T15:04 (local time, or with Z or +01:00 behind it)";
}

}  // namespace tidemark
