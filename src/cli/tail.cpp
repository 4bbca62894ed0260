#include "src/cli/tail.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/base/time_text.h"
#include "src/cli/command_end.h"
#include "src/cli/damage_report.h"
#include "src/cli/open_log.h"
#include "src/cli/output.h"
#include "src/cli/record_filter.h"
#include "src/cli/record_writer.h"
#include "src/config/moment.h"
#include "src/config/nearest_name.h"
#include "src/config/value_text.h"

namespace tidemark::cli {
namespace {

/// Offsets looked through at once for the newest N records, at first; twice as many each time they are not there.
constexpr std::uint64_t kFirstStep = 1024;
/// At most: each may be one that is remembered.
constexpr std::uint64_t kLongestStep = 1'048'576;
/// Newest records looked through for a channel with a name like a mistyped one.
constexpr std::uint64_t kNamesLookedThrough = 100'000;

class Tail {
 public:
  Tail(const CommandOptions& options, RecordWriter::Style style, Output& output)
      : options_(options), filter_(options, options.arguments), writer_(std::move(style)), output_(output) {
    const auto now = SystemClock().wall();
    if (!options.since.empty()) since_ = parse_moment(options.since, now);
    if (!options.until.empty()) until_ = parse_moment(options.until, now);
    const bool whole_range = !options.from.empty() || since_ || until_ || options.count > 0;
    if (options.given("lines") || !whole_range) newest_ = options.lines;
  }

  Result<void> run() {
    if (since_ && until_ && *since_ > *until_) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("--since ({}) is later than --until ({}), so no record can be meant", time_text(*since_),
                              time_text(*until_)));
    }
    auto opened = open_log(options_);
    if (!opened) return std::unexpected(opened.error());
    reader_ = std::move(*opened);
    const auto state = reader_->state();
    if (!state) return std::unexpected(state.error());
    epoch_ = state->epoch;
    writer_.set_epoch(epoch_);
    const auto range = range_in(*state);
    if (!range) return std::unexpected(range.error());
    after_ = range->first.previous();
    const auto shown = show(*range);
    // A server that went away meanwhile is waited for, as later.
    const bool goes_on = options_.follow && reader_->is_live();
    if (!shown && !(goes_on && shown.error().code == ErrorCode::io)) return shown;
    if (shown && !done()) say_what_is_missing();
    if (shown && shown_ == 0 && !incomplete_ && !done()) {
      auto said = say_why_nothing(*state);
      if (!said && !(goes_on && said.error().code == ErrorCode::io)) return said;
    }
    if (!options_.follow || done()) return {};
    if (shown) after_ = std::max(after_, range->last);
    return follow();
  }

  /// Something could not be read.
  [[nodiscard]] bool incomplete() const { return incomplete_; }

 private:
  [[nodiscard]] bool done() const { return ended_ || interrupted(); }

  // --- what is there -------------------------------------------------------------------------------------------------

  Result<OffsetRange> range_in(const StoreState& state) {
    OffsetRange range{state.first, state.head};
    if (options_.from == "latest") {
      range.first = state.head.next();
    } else if (const auto offset = parse_number(options_.from)) {
      range.first = std::max(state.first, Offset(*offset));
      if (Offset(*offset) < state.first && *offset > 0 && state.first > Offset(1)) {
        say("the log begins at offset {}: what was before is trimmed", state.first.value());
      }
    }
    if (since_ && !range.empty()) {
      const auto found = reader_->first_not_older(range, *since_);
      if (!found) return std::unexpected(found.error());
      range.first = std::max(range.first, *found);
    }
    if (until_ && !range.empty()) {
      const auto found = reader_->first_not_older(range, *until_);
      if (!found) return std::unexpected(found.error());
      if (*found <= range.last) ended_by_time_ = true;
      range.last = found->previous();
    }
    if (newest_ && !range.empty()) {
      const auto first = first_of_newest(range, *newest_);
      if (!first) return std::unexpected(first.error());
      range.first = *first;
    }
    return range;
  }

  /// Where the newest `count` records of the range that are to be shown begin.
  Result<Offset> first_of_newest(OffsetRange range, std::uint64_t count) {
    auto end = range.last.next();
    auto found = end;
    if (count >= range.size()) return range.first;
    auto missing = count;
    for (std::uint64_t step = kFirstStep; missing > 0 && end > range.first && !done();
         step = std::min(2 * step, kLongestStep)) {
      const auto room = end.value() - range.first.value();
      const Offset begin(end.value() - std::min(step, room));
      std::deque<Offset> offsets;  // the newest ones of this stretch
      const auto scanned = reader_->scan(
          {begin, end.previous()}, filter_.only_channel(),
          [&](const RecordView& record) {
            if (!filter_.admits(record)) return !interrupted();
            offsets.push_back(record.offset);
            if (offsets.size() > missing) offsets.pop_front();
            return !interrupted();
          },
          [](OffsetRange, const Error&) { return true; });
      if (!scanned) return std::unexpected(scanned.error());
      if (!offsets.empty()) found = offsets.front();
      missing -= offsets.size();
      end = begin;
    }
    return missing > 0 && count > 0 ? range.first : found;
  }

  Result<void> show(OffsetRange range) {
    if (!range.empty()) {
      auto holes = reader_->holes();
      if (!holes) return std::unexpected(holes.error());
      holes_ = std::move(*holes);
      auto scanned = reader_->scan(
          range, filter_.only_channel(), [&](const RecordView& record) { return show(record); },
          [&](OffsetRange stretch, const Error& error) {
            incomplete_ = true;
            say_holes_up_to(stretch.first);
            after_ = std::max(after_, stretch.last);
            say("{}", stretch_text(stretch, error));
            return !done();
          });
      if (!scanned) return scanned;
      if (!done()) say_holes_up_to(range.last);
    }
    if (ended_by_time_) ended_ = true;
    if (!output_.flush()) ended_ = true;
    return {};
  }

  bool show(const RecordView& record) {
    if (until_ && record.time >= *until_) {
      ended_ = true;
      return false;
    }
    if (record.offset > after_.next()) say_holes_up_to(record.offset);
    after_ = record.offset;
    if (!filter_.admits(record)) return !interrupted();
    writer_.append(output_.text(), record);
    if (++shown_ == options_.count) ended_ = true;
    if (!output_.settle()) ended_ = true;
    return !done();
  }

  /// Those behind what was looked at. Nobody knows of which channels they were, so whoever passes one is told.
  void say_holes_up_to(Offset end) {
    for (auto hole = holes_.at_or_after(after_.next()); hole && hole->first <= end;
         hole = holes_.at_or_after(after_.next())) {
      say("{}", hole_text(*hole));
      after_ = hole->last;
    }
  }

  /// Behind the last record, which does not show it.
  void say_what_is_missing() {
    const auto newest = reader_->check_newest();
    if (newest) return;
    incomplete_ = true;
    say("{}", newest.error().context);
  }

  /// Nothing is an answer, but a channel that is not there is mostly a mistyped one.
  Result<void> say_why_nothing(const StoreState& state) {
    const auto offset = parse_number(options_.from);
    if (offset && *offset > state.head.value()) {
      say("the log ends at offset {}, so there is none from offset {} on{}", state.head.value(), *offset,
          options_.follow ? " yet; waiting for it" : "");
      return {};
    }
    const auto channel = filter_.only_channel();
    if (channel.empty()) {
      say_that_none_matches(state);
      return {};
    }
    bool has_records = false;
    const auto scanned = reader_->scan(
        {state.first, state.head}, channel,
        [&](const RecordView& record) {
          has_records = record.channel == channel;
          return !has_records && !interrupted();
        },
        [](OffsetRange, const Error&) { return true; });
    if (has_records) say_that_none_matches(state);
    if (!scanned || has_records || interrupted()) return scanned;
    const auto nearest = nearest_channel(channel, state);
    if (!nearest) return std::unexpected(nearest.error());
    say("{} has no record{}{}", channel, options_.follow ? " yet; waiting for one" : "",
        nearest->empty() ? std::string() : fmt::format("; did you mean {}?", *nearest));
    return {};
  }

  /// Where nothing else was asked for than that.
  void say_that_none_matches(const StoreState& state) {
    const bool chooses = !options_.grep.empty() || !options_.of_events.empty() || !options_.of_senders.empty();
    if (options_.follow || newest_ == 0) return;
    if (state.head == Offset()) {
      say("the log is empty");
    } else if (chooses) {
      say("no record matches");
    }
  }

  /// Of those that have newest records; empty: none is near.
  Result<std::string> nearest_channel(std::string_view channel, const StoreState& state) {
    std::set<std::string, std::less<>> names;
    const auto records = std::min(state.head.value(), kNamesLookedThrough);
    const auto scanned = reader_->scan(
        {Offset(state.head.value() - records + 1), state.head}, {},
        [&](const RecordView& record) {
          if (!names.contains(record.channel)) names.emplace(record.channel);
          return !interrupted();
        },
        [](OffsetRange, const Error&) { return true; });
    if (!scanned) return std::unexpected(scanned.error());
    const std::vector<std::string_view> views(names.begin(), names.end());
    return std::string(nearest_name(channel, views).value_or(""));
  }

  // --- what comes ----------------------------------------------------------------------------------------------------

  Result<void> follow() {
    auto pause = limits::kLookAgain;
    int failures = 0;  // without a word from the stream in between
    while (!done()) {
      if (!reader_ || !reader_->is_live()) {
        reader_.reset();  // gives the directory up: its server may start
        wait_for_server();
        continue;
      }
      bool other_log = false;
      auto followed = reader_->follow(after_, filter_.only_channel(),
                                      {.log =
                                           [&](Epoch epoch) {
                                             pause = limits::kLookAgain;
                                             failures = 0;
                                             other_log = epoch != epoch_;
                                             return !other_log;
                                           },
                                       .record = [&](const RecordView& record) { return show_now(record); },
                                       .gap = [&](OffsetRange gap, std::string_view why) { return skip(gap, why); },
                                       .idle = [&] { return is_wanted(); }});
      if (!followed && followed.error().code == ErrorCode::corrupt) followed = pass_damage();
      if (!followed && followed.error().code != ErrorCode::io) return followed;
      if (!followed || other_log) reader_.reset();
      if (done()) return {};
      // A server that answers, but not this, is not to be asked without a pause, and whoever waits is to know why.
      if (!followed && ++failures == 2) say("{}; trying again", followed.error().context);
      wait(pause);
      pause = std::min(2 * pause, limits::kLookAgainMost);
    }
    return {};
  }

  /// Shows what is there up to the newest record, and names what of it cannot be read: a stream ends there.
  Result<void> pass_damage() {
    const auto state = reader_->state();
    if (!state) return std::unexpected(state.error());
    if (state->epoch != epoch_) return {};
    if (auto shown = show({after_.next(), state->head}); !shown) return shown;
    after_ = std::max(after_, state->head);
    return {};
  }

  bool show_now(const RecordView& record) {
    if (record.offset <= after_) return true;
    return show(record) && is_wanted();
  }

  bool skip(OffsetRange gap, std::string_view why) {
    if (why == "damaged") say_holes_up_to(gap.last);  // as a stream calls them
    if (gap.last <= after_) return is_wanted();
    incomplete_ = true;
    after_ = std::max(after_, gap.last);
    say("offsets {} to {} are missing: {}", gap.first.value(), gap.last.value(), why);
    return is_wanted();
  }

  /// Called while nothing comes, too: what was gathered is shown, and a reader that is gone is noticed.
  bool is_wanted() {
    if (!output_.flush() || output_.reader_is_gone()) ended_ = true;
    return !done();
  }

  void wait(std::chrono::milliseconds pause) {
    for (; pause > pause.zero() && is_wanted(); pause -= limits::kLookAgain) {
      std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(pause, limits::kLookAgain));
    }
  }

  /// Until a server has the log that is followed, or nobody waits any more.
  void wait_for_server() {
    bool said = false;
    while (is_wanted()) {
      auto opened = open_live_log(options_);
      auto state = opened ? (*opened)->state() : Result<StoreState>(std::unexpected(opened.error()));
      if (state) {
        reader_ = std::move(*opened);
        if (said) say("following {} again", reader_->where());
        accept(*state);
        return;
      }
      if (!said) say("waiting for a server: {}", state.error().context);
      said = true;
      std::this_thread::sleep_for(limits::kLookAgain);
    }
  }

  /// The log may have changed while nobody served it. Of another one nothing was shown yet, whatever its offsets.
  void accept(const StoreState& state) {
    if (state.epoch == epoch_) return;
    say("it has a new epoch, {}: it is another log, shown from its beginning", state.epoch.text());
    epoch_ = state.epoch;
    writer_.set_epoch(epoch_);
    after_ = state.first.previous();
    if (auto holes = reader_->holes()) holes_ = std::move(*holes);
  }

  template <class... Arguments>
  void say(fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    output_.flush();  // in the order in which it happens, where both go to one place
    fmt::print(stderr, "tidemark: {}\n", fmt::format(what, std::forward<Arguments>(arguments)...));
  }

  const CommandOptions& options_;
  RecordFilter filter_;
  RecordWriter writer_;
  Output& output_;
  std::optional<TimeMs> since_, until_;
  std::optional<std::uint64_t> newest_;
  std::unique_ptr<LogReader> reader_;
  Epoch epoch_;
  Holes holes_;
  Offset after_;  // everything up to here was looked at
  std::uint64_t shown_ = 0;
  bool ended_by_time_ = false;
  bool ended_ = false;
  bool incomplete_ = false;
};

}  // namespace

int tail(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  auto style = style_of(options, output);
  if (!style) return complain(style.error(), kExitUsage);
  note_interruptions();
  Tail command(options, std::move(*style), output);
  const int status = end_with(output, command.run());
  return status == kExitOk && command.incomplete() ? kExitFailure : status;
}

}  // namespace tidemark::cli
