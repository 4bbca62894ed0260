#include "src/base/time_text.h"

#include <algorithm>
#include <chrono>

namespace tidemark {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t kDayMs = 86'400'000;

constexpr std::int64_t day_ms(int year, unsigned month, unsigned day) {
  const sys_days days =
      std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day));
  return days.time_since_epoch().count() * kDayMs;
}

constexpr std::int64_t kEarliest = day_ms(0, 1, 1);
constexpr std::int64_t kLatest = day_ms(10'000, 1, 1) - 1;

/// Takes fixed-width pieces off the front; after the first that does not fit it stays failed.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const auto digit = next_digit();
      if (!digit) failed_ = true;
      value = 10 * value + digit.value_or(0);
    }
    return value;
  }

  std::optional<int> next_digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  /// The next character if it is one of `allowed`, else 0.
  char one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) return 0;
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  void expect(std::string_view allowed) { failed_ = one_of(allowed) == 0 || failed_; }
  [[nodiscard]] bool whole() const { return !failed_ && rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::string time_text(TimeMs time) {
  const std::int64_t value = std::clamp(time.value, kEarliest, kLatest);
  const std::int64_t since_midnight = ((value % kDayMs) + kDayMs) % kDayMs;
  const std::chrono::year_month_day date(sys_days(std::chrono::days((value - since_midnight) / kDayMs)));
  // Digit by digit: it is written once for every record of an export.
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](std::size_t begin, std::size_t end, std::int64_t number) {
    for (std::size_t at = end; at > begin; number /= 10) text[--at] = static_cast<char>('0' + number % 10);
  };
  put(0, 4, static_cast<int>(date.year()));
  put(5, 7, static_cast<unsigned>(date.month()));
  put(8, 10, static_cast<unsigned>(date.day()));
  put(11, 13, since_midnight / 3'600'000);
  put(14, 16, since_midnight / 60'000 % 60);
  put(17, 19, since_midnight / 1000 % 60);
  put(20, 23, since_midnight % 1000);
  return text;
}

std::optional<TimeMs> parse_time(std::string_view text) {
  Pieces pieces(text);
  const int year = pieces.number(4);
  pieces.expect("-");
  const int month = pieces.number(2);
  pieces.expect("-");
  const int day = pieces.number(2);
  pieces.expect("Tt ");
  const int hour = pieces.number(2);
  pieces.expect(":");
  const int minute = pieces.number(2);
  pieces.expect(":");
  const int second = pieces.number(2);
  int millis = 0;
  if (pieces.one_of(".") != 0) {
    millis = 100 * pieces.number(1);
    for (int unit = 10; const auto digit = pieces.next_digit(); unit /= 10) millis += unit * *digit;
  }
  std::int64_t ahead = 0;  // minutes of the local time before UTC
  const char zone = pieces.one_of("Zz+-");
  if (zone == '+' || zone == '-') {
    const int hours = pieces.number(2);
    pieces.expect(":");
    const int minutes = pieces.number(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    ahead = (zone == '-' ? -1 : 1) * (60 * hours + minutes);
  }
  if (zone == 0 || !pieces.whole() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  const std::int64_t minutes = std::int64_t{60} * hour + minute - ahead;
  return TimeMs{day_ms(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) + 60'000 * minutes +
                1000 * std::int64_t{second} + millis};
}

}  // namespace tidemark
