#include "tests/crash/disk/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "src/log/log.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::crash {
namespace {

constexpr auto kUnbounded = std::numeric_limits<std::size_t>::max();

template <class... Values>
[[noreturn]] void violated(fmt::format_string<Values...> sentence, Values&&... values) {
  throw Violation(fmt::format(sentence, std::forward<Values>(values)...));
}

void must_work(const Result<void>& done, std::string_view what) {
  if (!done) violated("{} failed: {} ({})", what, done.error().context, name(done.error().code));
}

std::vector<Record> all_records(const LogStore& store, Direction direction) {
  std::vector<Record> records;
  must_work(store.scan(Offset(), Offset(Offset::kMax), direction, {kUnbounded, kUnbounded},
                       [&](const RecordView& record) {
                         records.emplace_back(record);
                         return true;
                       }),
            "scanning");
  return records;
}

std::map<std::string, Offset> losses_of(const LogStore& store) {
  std::map<std::string, Offset> losses;
  must_work(store.losses([&](const ChannelLoss& loss) {
    losses.emplace(loss.channel, loss.last);
    return true;
  }),
            "reading the losses");
  return losses;
}

/// Whether what was under way is there. That all of it is, the other checks see to.
bool has_under_way(const LogStore& store, const Expectation& expected) {
  if (!expected.under_way) return false;
  const auto state = store.state();
  if (!expected.under_way->before) return state.head != expected.acknowledged.head;
  return state.first != expected.acknowledged.first() || losses_of(store) != expected.acknowledged.losses;
}

void check_state(const StoreState& state, const Contents& contents, const Expectation& expected) {
  const auto acknowledged = expected.acknowledged.head.value();
  if (state.head < expected.acknowledged.head) {
    violated("the log ends at offset {} but {} was acknowledged", state.head.value(), acknowledged);
  }
  if (state.head != contents.head) {
    violated("the log ends at offset {}: {} was acknowledged and {} is the end of the batch under way",
             state.head.value(), acknowledged, contents.head.value());
  }
  if (state.first != contents.first()) {
    violated("the log begins at offset {} instead of {}", state.first.value(), contents.first().value());
  }
}

void check_records(const std::vector<Record>& found, const std::vector<Record>& wanted, std::string_view how) {
  const auto [a, b] = std::ranges::mismatch(found, wanted);
  if (a == found.end() && b == wanted.end()) return;
  if (a == found.end()) violated("{}: offset {} is missing", how, b->offset.value());
  if (b == wanted.end()) violated("{}: offset {} is one too many", how, a->offset.value());
  violated("{}: offset {} is there where {} was appended{}", how, a->offset.value(), b->offset.value(),
           a->offset == b->offset ? ", with other bytes" : "");
}

void check_losses(const LogStore& store, const Contents& contents) {
  const auto found = losses_of(store);
  if (found == contents.losses) return;
  std::string both;
  for (const auto& [channel, last] : found) both += fmt::format(" {}={}", channel, last.value());
  both += " instead of";
  for (const auto& [channel, last] : contents.losses) both += fmt::format(" {}={}", channel, last.value());
  violated("the losses are{}", both);
}

void check_segments(const LogStore& store, const Contents& contents) {
  std::map<std::uint64_t, std::string> keys;
  must_work(store.key_segments(0,
                               [&](std::uint64_t segment, std::string_view hashes) {
                                 keys.emplace(segment, hashes);
                                 return true;
                               }),
            "reading the key segments");
  for (const auto& [number, segment] : contents.segments) {
    const auto found = keys.find(number);
    if (found == keys.end()) violated("index segment {} is missing", number);
    if (found->second != segment.key_hashes) violated("index segment {} has other keys", number);
    for (const ChannelOffsets& channel : segment.channels) {
      bool there = false;
      must_work(store.channel_segments(channel.channel, number,
                                       [&](std::uint64_t at, std::string_view offsets) {
                                         there = at == number && offsets == channel.offsets;
                                         return false;
                                       }),
                "reading the channel segments");
      if (!there) violated("index segment {} has other offsets for {}", number, channel.channel);
    }
  }
  for (const auto& [number, hashes] : keys) {
    if (!contents.segments.contains(number)) violated("index segment {} was never acknowledged", number);
  }
}

}  // namespace

Checked check_store(const LogStore& store, const Expectation& expected) {
  auto contents = expected.acknowledged;
  const auto state = store.state();
  if (expected.epoch && state.epoch != *expected.epoch) {
    violated("it is another log: epoch {} instead of {}, head {} instead of {}", state.epoch.text(),
             expected.epoch->text(), state.head.value(), contents.head.value());
  }
  const bool under_way = has_under_way(store, expected);
  if (under_way) expected.under_way->apply_to(contents);
  check_state(state, contents, expected);
  check_records(all_records(store, Direction::forward), contents.records, "forward");
  auto backward = all_records(store, Direction::backward);
  std::ranges::reverse(backward);
  check_records(backward, contents.records, "backward");
  check_losses(store, contents);
  check_segments(store, contents);
  must_work(store.verify(), "verify");
  return {std::move(contents), under_way};
}

Holes holes_everywhere() {
  Holes holes;
  holes.add({Offset(1), Offset(Offset::kMax)});
  return holes;
}

void check_log(std::unique_ptr<LogStore> store, const Contents& contents, Dice& dice) {
  using Status = Outcome::Status;
  const test::ManualClock clock(1);
  auto opened = Log::open(std::move(store), {.holes = holes_everywhere()}, clock);
  if (!opened) violated("the log over it does not open: {}", opened.error().context);
  auto& log = **opened;
  test::CommitRecorder listener;
  log.start(listener);

  std::vector<const Record*> keyed;
  std::set<std::string> channels;
  for (const Record& record : contents.records) {
    if (!record.client_key.empty()) keyed.push_back(&record);
    channels.insert(record.channel);
  }
  const auto published = [&](std::string_view channel, std::string_view key) {
    const auto before = listener.outcomes();
    if (log.publish(test::draft("\"again\"", key, channel)) != Log::Admission::queued) violated("a draft was refused");
    return listener.wait_for_outcomes(before + 1)[before];
  };
  for (int i = 0; i < 3 && !keyed.empty(); ++i) {
    const Record& record = *keyed[dice.between(0, keyed.size() - 1)];
    const auto outcome = published(record.channel, record.client_key);
    if (outcome.status != Status::duplicate || outcome.offset != record.offset) {
      violated("the key of offset {} was {} at {}", record.offset.value(),
               outcome.status == Status::stored ? "stored again" : "not found", outcome.offset.value());
    }
  }
  const std::string new_channel = channels.empty() ? "/" : *channels.begin();
  const auto outcome = published(new_channel, "a key that is new");
  if (outcome.status != Status::stored || outcome.offset != contents.head.next()) {
    violated("after offset {} a new record got {}: {}", contents.head.value(), outcome.offset.value(),
             log.why_not_writable());
  }
  channels.insert(new_channel);
  for (const auto& channel : channels) {
    std::vector<Offset> wanted;
    for (const Record& record : contents.records) {
      if (record.channel == channel) wanted.push_back(record.offset);
    }
    if (channel == new_channel) wanted.push_back(outcome.offset);
    std::vector<Offset> found;
    const auto page =
        log.read_channel(channel, Offset(), log.head(), {kUnbounded, kUnbounded}, [&](const RecordView& record) {
          found.push_back(record.offset);
          return true;
        });
    if (!page) violated("channel {} cannot be read: {}", channel, page.error().context);
    if (found != wanted) violated("channel {} has {} records instead of {}", channel, found.size(), wanted.size());
  }
  log.close();
}

}  // namespace tidemark::crash
