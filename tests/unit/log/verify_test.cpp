// Verification finds each thing that can be wrong with a log, names it, and finds nothing in a sound one.
#include "src/log/verify.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "backends/memory/memory_store.h"
#include "backends/registry.h"
#include "src/log/salvage.h"
#include "tests/contract/damaged_log.h"
#include "tests/unit/log/damaged_store.h"

namespace tidemark::test {
namespace {

using contract::Verified;
constexpr std::uint64_t kSegment = limits::kSegmentRecords;
constexpr Epoch kEpoch(1);

class Collector final : public VerifyListener {
 public:
  explicit Collector(Verified& into) : into_(into) {}
  void on_finding(const Finding& finding) override { into_.findings.push_back(finding); }
  bool on_progress(std::uint64_t done, std::uint64_t total) override {
    CHECK(done <= total);
    return into_.findings.empty() || !stop_;
  }
  bool stop_ = false;

 private:
  Verified& into_;
};

Verified verify(const LogStore& store, const VerifyOptions& options = {}) {
  Verified result;
  Collector collector(result);
  const auto verdict = verify_log(store, options, collector);
  if (!verdict) FAIL(verdict.error().context);
  result.verdict = *verdict;
  CHECK(result.verdict.findings == result.findings.size());
  return result;
}

std::unique_ptr<LogStore> filled(std::uint64_t records) {
  auto store = make_memory_store(kEpoch);
  contract::append_indexed(*store, contract::records_of_channels(1, records));
  return store;
}

void check_only(const Verified& found, Finding::Kind kind, std::string_view text) {
  INFO(found.text());
  REQUIRE(found.findings.size() == 1);
  CHECK(found.findings.front().kind == kind);
  CHECK(found.findings.front().text.starts_with(text));
}

Holes holes(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> ranges) {
  Holes result;
  for (const auto& [first, last] : ranges) result.add({Offset(first), Offset(last)});
  return result;
}

}  // namespace

TEST_CASE("a sound log is sound: empty, small, with segments, trimmed, trimmed to nothing") {
  auto store = make_memory_store(kEpoch);
  CHECK(verify(*store).verdict.clean());
  contract::append_indexed(*store, contract::records_of_channels(1, 2 * kSegment + 100));
  const auto found = verify(*store);
  INFO(found.text());
  CHECK(found.verdict.clean());
  CHECK(found.verdict.records == 2 * kSegment + 100);
  CHECK(found.verdict.segments == 2);
  for (const auto before : {std::uint64_t{5000}, kSegment, kSegment + 1, 2 * kSegment + 50, 2 * kSegment + 101}) {
    const std::vector<ChannelLoss> losses{{"/busy", Offset(before - 1)}};
    REQUIRE(store->trim(Offset(before), losses));
    const auto trimmed = verify(*store);
    INFO("before ", before, ": ", trimmed.text());
    CHECK(trimmed.verdict.clean());
  }
}

TEST_CASE("what cannot be read and what is missing is named, stretch by stretch") {
  Damage damage;
  const DamagedStore store(filled(kSegment + 100), damage);
  SUBCASE("a record") {
    damage.records = {40};
    check_only(verify(store), Finding::Kind::lost_records, "offset 40: the record fails its checksum");
  }
  SUBCASE("a record that says of itself that it is another one") {
    damage.zeroed = {40, 41};
    check_only(verify(store), Finding::Kind::lost_records, "offsets 40 to 41: the record in FILE fails its checksum");
  }
  SUBCASE("a stretch across a segment's end") {
    for (auto offset = kSegment - 5; offset <= kSegment + 5; ++offset) damage.unreachable.insert(offset);
    const auto found = verify(store);
    check_only(found, Finding::Kind::lost_records, fmt::format("offsets {} to {}: ", kSegment - 5, kSegment + 5));
    CHECK(found.verdict.lost == holes({{kSegment - 5, kSegment + 5}}));
    CHECK(found.verdict.records == kSegment + 100 - 11);
  }
  SUBCASE("missing ones, the newest among them") {
    damage.missing = {40, 41, kSegment + 100};
    const auto found = verify(store);
    CHECK(found.verdict.lost == holes({{40, 41}, {kSegment + 100, kSegment + 100}}));
    CHECK(found.mentions("offsets 40 to 41: missing"));
    CHECK(found.mentions(fmt::format("offset {}: missing", kSegment + 100)));
  }
  SUBCASE("but not what a repair left out") {
    damage.missing = {40, 41, 43};
    const auto found = verify(store, {.holes = holes({{40, 41}}), .floor = {}});
    CHECK(found.verdict.lost == holes({{43, 43}}));
  }
}

TEST_CASE("damage at the edges of a segment is no fault of its index") {
  for (const auto offset : {std::uint64_t{1}, kSegment, kSegment + 1, 2 * kSegment}) {
    CAPTURE(offset);
    Damage damage;
    damage.records = {offset};
    const DamagedStore store(filled(2 * kSegment + 100), damage);
    const auto found = verify(store);
    check_only(found, Finding::Kind::lost_records, fmt::format("offset {}: ", offset));
    CHECK(found.verdict.segments == 2);
  }
}

TEST_CASE("acknowledged records that the log ends before are lost, if it is the same log") {
  const auto store = filled(100);
  check_only(verify(*store, {.holes = {}, .floor = HeadFloor::Note{kEpoch, Offset(120)}}), Finding::Kind::lost_records,
             "offsets 101 to 120: acknowledged");
  CHECK(verify(*store, {.holes = {}, .floor = HeadFloor::Note{kEpoch, Offset(100)}}).verdict.clean());
  CHECK(verify(*store, {.holes = {}, .floor = HeadFloor::Note{Epoch(2), Offset(120)}}).verdict.clean());
}

TEST_CASE("a log too damaged to tell its epoch is measured by the head floor, and a repair gives no offset twice") {
  const auto store = make_memory_store(Epoch());
  contract::append_indexed(*store, contract::records_of_channels(1, 100));
  const HeadFloor::Note floor{kEpoch, Offset(120)};
  const auto found = verify(*store, {.holes = {}, .floor = floor});
  check_only(found, Finding::Kind::lost_records, "offsets 101 to 120");
  CHECK_FALSE(found.verdict.complete());

  const contract::TemporaryDirectory directory;
  const auto saved = salvage(
      *store, {.directory = directory.path(),
               .epoch = Epoch(7),
               .holes = {},
               .floor = floor,
               .open =
                   [&] {
                     return open_store("sqlite",
                                       {.directory = directory.path(), .epoch_if_new = Epoch(7), .accept_loss = true});
                   },
               .on_progress = [](std::uint64_t, std::uint64_t) { return true; }});
  if (!saved) FAIL(saved.error().context);
  CHECK(saved->records == 100);
  CHECK(saved->head == Offset(120));
  CHECK(saved->lost == holes({{101, 120}}));
}

TEST_CASE("an index segment that does not say what the records say is named") {
  Damage damage;
  auto memory = filled(kSegment + 10);
  SUBCASE("a row that fails its checksum") { damage.channel_rows = {{"/busy", 0}}; }
  SUBCASE("key hashes that fail theirs") { damage.key_rows = {0}; }
  const auto keys_of = [](std::vector<KeyHash> keys) { return encode_key_hashes(0, keys); };
  SUBCASE("a channel that is missing, or has other offsets, and other keys") {
    REQUIRE(memory->append({}, std::vector<IndexSegment>{{.number = 0,
                                                          .channels = {{"/busy", encode_offsets(0, {Offset(2)})}},
                                                          .key_hashes = keys_of({{1, Offset(1)}})}}));
    const auto found = verify(*memory);
    CHECK(found.mentions("channel /room-1 is missing"));
    CHECK(found.mentions("channel /busy has other offsets than it says"));
    CHECK(found.mentions("its client keys are not those of the records"));
    return;
  }
  const DamagedStore store(std::move(memory), damage);
  check_only(verify(store), Finding::Kind::index,
             fmt::format("index segment 0 (offsets 1 to {}): its row of", kSegment));
}

TEST_CASE("index rows that cannot be read for one reason are one finding, however many channels have some there") {
  Damage damage;
  damage.channel_table = true;
  const DamagedStore store(filled(2 * kSegment + 10), damage);
  const auto found = verify(store);
  INFO(found.text());
  REQUIRE(found.findings.size() == 2);
  for (const std::uint64_t segment : {0, 1}) {
    CHECK(found.mentions(fmt::format("index segment {} (offsets {} to {}): the disk image is malformed", segment,
                                     segment * kSegment + 1, (segment + 1) * kSegment)));
  }
}

TEST_CASE("a time that goes back, a key stored twice, a loss that is none") {
  auto store = make_memory_store(kEpoch);
  auto records = contract::records_of_channels(1, 20);
  SUBCASE("time") {
    records[10].time = {1};
    contract::append_indexed(*store, records);
    const auto found = verify(*store);
    check_only(found, Finding::Kind::odd_records, "offset 11: its time is ");
    CHECK_FALSE(found.verdict.repairable());
  }
  SUBCASE("key") {
    records[16].channel = records[2].channel;
    records[16].client_key = records[2].client_key;
    contract::append_indexed(*store, records);
    check_only(verify(*store), Finding::Kind::odd_records, "offset 17: its client key was stored at offset 3 before");
    CHECK(verify(*store, {.holes = {}, .floor = {}, .dedupe_window_records = 5}).verdict.clean());
  }
  SUBCASE("loss") {
    contract::append_indexed(*store, records);
    const std::vector<ChannelLoss> losses{{"/busy", Offset(10)}};
    REQUIRE(store->trim(Offset(5), losses));
    check_only(verify(*store), Finding::Kind::index, "channel /busy is said to have lost offset 10, which is there");
  }
}

TEST_CASE("holes keep their order, join where they touch, and come back from their file") {
  Holes some;
  for (const auto& [first, last] : {std::pair{20, 25}, {3, 3}, {10, 12}, {13, 13}, {24, 30}, {4, 4}, {1, 1}}) {
    some.add({Offset(static_cast<std::uint64_t>(first)), Offset(static_cast<std::uint64_t>(last))});
  }
  CHECK(some == holes({{1, 1}, {3, 4}, {10, 13}, {20, 30}}));
  CHECK(some.size() == 18);
  CHECK(some.contains(Offset(13)));
  CHECK_FALSE(some.contains(Offset(14)));
  const auto rest = some.rest_of({Offset(2), Offset(22)});
  CHECK(rest == std::vector<OffsetRange>{{Offset(2), Offset(2)}, {Offset(5), Offset(9)}, {Offset(14), Offset(19)}});

  const contract::TemporaryDirectory directory;
  CHECK(read_holes(directory.path())->empty());
  REQUIRE(write_holes(directory.path(), some));
  CHECK(read_holes(directory.path()) == some);
  auto bytes = contract::contents(directory.path())["tidemark.holes"];
  for (std::size_t place = 0; place + 1 < bytes.size(); ++place) {
    auto flipped = bytes;
    flipped[place] = static_cast<char>(flipped[place] ^ 1);
    contract::write_file(directory.path() / "tidemark.holes", flipped);
    INFO(flipped);
    CHECK(read_holes(directory.path()) != some);
  }
}

}  // namespace tidemark::test
