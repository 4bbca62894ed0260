// The same random operations on every engine and on the memory store: no difference may be seen.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "src/base/attachments.h"
#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {
namespace {

/// Draws operations and their arguments; the same seed draws the same ones.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }
  std::string bytes(std::size_t size) {
    std::string result(size, '\0');
    for (char& c : result) c = static_cast<char>(between(1, 255));
    return result;
  }

 private:
  std::mt19937_64 random_;
};

Record random_record(Dice& dice, std::uint64_t offset) {
  auto record = record_at(offset, fmt::format("/channel-{}", dice.between(0, 6)));
  record.payload = dice.bytes(dice.between(0, 20) == 0 ? dice.between(3'000, 20'000) : dice.between(1, 200));
  if (dice.between(0, 9) == 0) append_attachment(record.attachments, dice.bytes(dice.between(0, 5'000)));
  return record;
}

/// Both must answer alike: worked, or failed with the same code.
void check_same(const Result<void>& a, const Result<void>& b) {
  REQUIRE(a.has_value() == b.has_value());
  if (!a) REQUIRE(a.error().code == b.error().code);
}

class Comparison {
 public:
  Comparison(EngineUnderTest& engine, EngineUnderTest& model, std::uint64_t seed)
      : engine_(engine), model_(model), dice_(seed) {}

  void step() {
    switch (dice_.between(0, 9)) {
      case 0:
      case 1:
      case 2: append(); break;
      case 3:
      case 4: compare_scan(); break;
      case 5: compare_read(); break;
      case 6: compare_segments(); break;
      case 7: trim(); break;
      case 8: engine_.reopen(); break;
      default: compare_state(); break;
    }
  }

  void compare_state() {
    const auto a = engine_->state();
    const auto b = model_->state();
    REQUIRE(a.first.value() == b.first.value());
    REQUIRE(a.head.value() == b.head.value());
    REQUIRE(engine_->stats().records == model_->stats().records);
  }

 private:
  std::uint64_t head() { return model_->state().head.value(); }

  void append() {
    std::vector<Record> records;
    auto offset = head();
    for (auto count = dice_.between(0, 60); count > 0; --count) {
      offset += dice_.between(0, 30) == 0 ? dice_.between(0, 2 * limits::kSegmentRecords) : 1;  // 0: out of order
      records.push_back(random_record(dice_, offset));
    }
    std::vector<IndexSegment> segments;
    if (dice_.between(0, 3) == 0 && !records.empty()) {
      const auto number = segment_of(records.back().offset);
      segments.push_back(
          segment_with(number, fmt::format("/channel-{}", dice_.between(0, 6)), {records.back().offset.value()}));
    }
    check_same(engine_->append(views(records), segments), model_->append(views(records), segments));
    compare_state();
  }

  void compare_scan() {
    const auto from = dice_.between(0, head() + 2);
    const auto to = dice_.between(0, 3) == 0 ? Offset::kMax : dice_.between(0, head() + 2);
    const auto direction = dice_.between(0, 1) == 0 ? Direction::forward : Direction::backward;
    const PageLimits page{dice_.between(0, 100), dice_.between(0, 30'000)};
    INFO("scan from ", from, " to ", to, ", at most ", page.records, " records and ", page.bytes, " bytes");
    REQUIRE(scan(engine_.store(), from, to, direction, page) == scan(model_.store(), from, to, direction, page));
  }

  void compare_read() {
    std::vector<std::uint64_t> offsets;
    for (auto count = dice_.between(0, 20); count > 0; --count) offsets.push_back(dice_.between(0, head() + 2));
    REQUIRE(read(engine_.store(), offsets) == read(model_.store(), offsets));
  }

  void compare_segments() {
    const auto channel = fmt::format("/channel-{}", dice_.between(0, 7));
    const auto from = dice_.between(0, segment_of(Offset(head() + 1)));
    REQUIRE(channel_segments(engine_.store(), channel, from) == channel_segments(model_.store(), channel, from));
    REQUIRE(key_segments(engine_.store(), from) == key_segments(model_.store(), from));
  }

  void trim() {
    const auto first = model_->state().first.value();
    const auto before =
        dice_.between(0, 9) == 0 ? head() + dice_.between(0, 2) : first + (head() + 1 - first) / dice_.between(2, 20);
    INFO("trim before ", before);
    std::vector<std::string> channels;
    for (int channel = 0; channel < 3; ++channel) channels.push_back(fmt::format("/channel-{}", dice_.between(0, 7)));
    std::vector<ChannelLoss> losses;
    for (const auto& channel : channels)
      losses.push_back({channel, Offset(before - std::min<std::uint64_t>(1, before))});
    check_same(engine_->trim(Offset(before), losses), model_->trim(Offset(before), losses));
    REQUIRE(losses_of(engine_.store()) == losses_of(model_.store()));
    compare_state();
  }

  EngineUnderTest& engine_;
  EngineUnderTest& model_;
  Dice dice_;
};

}  // namespace

TEST_CASE("no engine differs from the memory store under random operations") {
  // A failure prints the seed; TIDEMARK_TEST_SEED runs that one again.
  const char* chosen = std::getenv("TIDEMARK_TEST_SEED");
  const std::uint64_t first_seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
  const std::uint64_t rounds = chosen != nullptr ? 1 : 8;
  for (auto seed = first_seed; seed < first_seed + rounds; ++seed) {
    on_every_engine([&](EngineUnderTest& engine) {
      INFO("TIDEMARK_TEST_SEED=", seed);
      EngineUnderTest model("memory");
      Comparison comparison(engine, model, seed);
      for (int step = 0; step < 250; ++step) {
        INFO("step ", step);
        comparison.step();
      }
      comparison.compare_state();
      REQUIRE(scan(engine.store(), 0, Offset::kMax) == scan(model.store(), 0, Offset::kMax));
      CHECK(engine->verify());
    });
  }
}

}  // namespace tidemark::contract
