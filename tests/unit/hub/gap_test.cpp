// Records that are trimmed before a subscriber got them are announced in their place, and nothing else suffers.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "tests/unit/hub/hub_world.h"

namespace tidemark {
namespace {

struct Client {
  explicit Client(HubWorld& world) : outlet(world.shard) {
    outlet.attach(&sink);
    subscriber.gaps_to = &outlet;
  }
  FakeSink sink;
  FakeSubscriber subscriber;
  Outlet outlet;
};

/// Room for no record in a tail: everyone is served from the log.
constexpr ShardOptions kNoTails{.tail_bytes_channel = 1, .tail_bytes_total = 1};

/// Trims, and lets the shard forget the pages it keeps for others.
void trim_for_good(HubWorld& world, std::uint64_t before) {
  world.trim(before);
  world.shard.sweep();
}

TEST_CASE("what was trimmed while a client caught up is announced before the next record") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.log.page_records = 2;
  Client client(world);
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  while (client.sink.received != "<2:x><3:x>") REQUIRE((world.executor.run_one() || world.catch_up.run_one()));
  world.trim(7);
  world.settle();
  CHECK(client.sink.received == "<2:x><3:x>[gap 4-6]<7:x><8:x><9:x><10:x>");
  CHECK(client.subscriber.live.size() == 1);
}

TEST_CASE(
    "a client that cannot be told of a gap is sent nothing after it: it is sent away, to be told when it is back") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.log.page_records = 2;
  Client client(world);
  client.subscriber.gaps_to = nullptr;
  client.subscriber.can_be_told = false;
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  while (client.sink.received != "<2:x><3:x>") REQUIRE((world.executor.run_one() || world.catch_up.run_one()));
  world.trim(7);
  world.settle();
  CHECK(client.sink.received == "<2:x><3:x>");
  REQUIRE_FALSE(client.subscriber.failures.empty());
  CHECK(client.subscriber.failures.front().code == ErrorCode::not_found);
}

TEST_CASE("a trim in the middle of a page read is announced, or harms nothing") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.log.before_read = [&] { world.trim(7); };
  Client client(world);
  client.outlet.subscribe("/a", Offset(2), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "[gap 3-6]<7:x><8:x><9:x><10:x>");
  CHECK(world.log.reads == 2);
}

TEST_CASE("a page that is overtaken by trims every time ends in a gap before what was found") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 30; ++i) world.commit({{"/a", "x"}});
  world.settle();
  std::function<void()> trim_more = [&] {
    world.trim(world.log.trimmed_before.value() + 5);
    world.log.before_read = trim_more;
  };
  world.log.before_read = trim_more;
  Client client(world);
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  while (world.executor.run_one()) {
  }
  world.catch_up.run_one();
  CHECK(world.log.reads == limits::kPageAttempts);
  world.log.before_read = nullptr;
  world.settle();
  CHECK(client.sink.received.starts_with("[gap 2-19]<20:x><21:x>"));
  CHECK(client.sink.received.ends_with("<30:x>"));
}

TEST_CASE("what a repair left out is announced in its place, whatever channel it was of, and all else is delivered") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{i % 2 == 0 ? "/a" : "/b", "x"}});
  world.settle();
  std::erase_if(world.log.records, [](const Record& record) { return record.offset == Offset(4); });
  world.log.repaired.add({Offset(4), Offset(4)});
  SUBCASE("page by page") { world.log.page_records = 1; }
  SUBCASE("in one page") {}
  Client client(world);
  client.outlet.subscribe("/a", Offset(), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "<1:x><3:x>[damaged 4-4]<5:x><7:x><9:x>");
  CHECK(client.subscriber.live.size() == 1);
  Client behind(world);
  behind.outlet.subscribe("/a", Offset(4), behind.subscriber);
  world.settle();
  CHECK(behind.sink.received == "<5:x><7:x><9:x>");
}

TEST_CASE("what was trimmed and what a repair left out are two gaps, each in its place") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 6; ++i) world.commit({{"/a", "x"}});
  world.settle();
  std::erase_if(world.log.records, [](const Record& record) { return record.offset == Offset(4); });
  std::erase_if(world.log.records, [](const Record& record) { return record.offset == Offset(5); });
  world.log.repaired.add({Offset(4), Offset(5)});
  world.trim(3);
  Client client(world);
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "[gap 2-2]<3:x>[damaged 4-5]<6:x>");
}

TEST_CASE("a channel that lost nothing has no gap, whatever others lost meanwhile") {
  HubWorld world;
  world.join();
  world.commit({{"/quiet", "q"}});
  for (int i = 0; i < 10; ++i) world.commit({{"/busy", "x"}});
  world.commit({{"/quiet", "r"}});
  world.settle();
  world.trim(9);
  Client client(world);
  client.outlet.subscribe("/quiet", Offset(1), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "<12:r>");
}

TEST_CASE("everything that was owed is trimmed: the gap comes, and then what is new") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.trim(11);
  Client client(world);
  client.outlet.subscribe("/a", Offset(4), client.subscriber);
  world.settle();
  world.commit({{"/a", "new"}});
  world.settle();
  CHECK(client.sink.received == "[gap 5-10]<11:new>");
  CHECK(client.subscriber.live.size() == 1);
}

TEST_CASE("a stalled client is told of the gap when it reads again, once") {
  HubWorld world(kNoTails);
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  client.sink.room = 5;
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "xx"}});
  world.settle();
  trim_for_good(world, 6);
  for (int i = 0; i < 100; ++i) {  // in small bites, so that pages come and go
    client.sink.room = 3;
    client.outlet.writable();
    world.settle();
  }
  CHECK(client.sink.received == "<1:xx>[gap 2-5]<6:xx><7:xx><8:xx><9:xx><10:xx>");
  CHECK(client.subscriber.failures.empty());
}

TEST_CASE("records that a tail still has are delivered although the store trimmed them") {
  HubWorld world;
  world.join();
  Client live(world);
  live.outlet.subscribe("/a", Offset(0), live.subscriber);
  world.settle();
  for (int i = 0; i < 6; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.trim(7);
  CHECK(world.shard.held_from("/a") == Offset(1));
  Client client(world);
  client.outlet.subscribe("/a", Offset(2), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "<3:x><4:x><5:x><6:x>");
}

TEST_CASE("a gap ends where the tail begins") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 4; ++i) world.commit({{"/a", "x"}});
  world.settle();
  Client live(world);
  live.outlet.subscribe("/a", Offset(4), live.subscriber);
  world.settle();
  for (int i = 0; i < 4; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.trim(9);
  Client client(world);
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "[gap 2-4]<5:x><6:x><7:x><8:x>");
}

TEST_CASE("whoever begins with the newest N is told of no gap, also when they are trimmed meanwhile") {
  for (const std::size_t count : {3, 8, 100}) {
    HubWorld world;
    world.join();
    for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}});
    world.settle();
    world.log.before_read = [&] { world.trim(5); };
    Client client(world);
    client.outlet.subscribe_last("/a", count, world.log.head(), client.subscriber);
    world.settle();
    CHECK(client.sink.received == world.owed("/a", Offset(count == 3 ? 7 : 4)));
    CHECK(client.subscriber.gaps.empty());
  }
}

TEST_CASE("whoever begins with the newest N and takes nothing yet has its place after what was lost before") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.trim(5);
  Client client(world);
  client.sink.room = 2;
  client.outlet.own() += "[own]";
  client.outlet.flush();
  client.outlet.subscribe_last("/a", 100, world.log.head(), client.subscriber);
  world.settle();
  world.shard.sweep();
  client.sink.room = SIZE_MAX;
  client.outlet.writable();
  world.settle();
  CHECK(client.sink.received == "[own]" + world.owed("/a", Offset(4)));
  CHECK(client.subscriber.gaps.empty());
}

TEST_CASE("a record that is partly sent is sent to its end although it is trimmed, and the gap follows it") {
  for (const bool from_store : {false, true}) {
    CAPTURE(from_store);
    HubWorld world(from_store ? kNoTails : ShardOptions{.tail_bytes_channel = 4096, .tail_bytes_total = 4096});
    world.join();
    Client client(world);
    client.outlet.subscribe("/a", Offset(0), client.subscriber);
    world.settle();
    client.sink.room = 10;
    for (int i = 0; i < 8; ++i) world.commit({{"/a", std::string(100, 'x')}});
    world.settle();
    trim_for_good(world, 4);
    if (!from_store) {  // the tail leaves, too
      for (int i = 0; i < 100; ++i) world.commit({{"/a", std::string(100, 'x')}});
      world.settle();
      trim_for_good(world, world.log.head().value() - 2);
    }
    client.sink.room = SIZE_MAX;
    client.outlet.writable();
    world.settle();
    const std::string record(100, 'x');
    CHECK(client.sink.received.starts_with("<1:" + record + ">[gap 2-"));
    CHECK(client.subscriber.gaps.size() == 1);
    CHECK(client.sink.received.ends_with("<" + std::to_string(world.log.head().value()) + ":" + record + ">"));
    CHECK(client.subscriber.failures.empty());
  }
}

TEST_CASE("of a large record only the client that is in the middle of it is told that it cannot go on") {
  HubWorld world(kNoTails);
  world.join();
  Client reading(world);
  reading.outlet.subscribe("/a", Offset(0), reading.subscriber);
  Client stalled(world);
  stalled.outlet.subscribe("/a", Offset(0), stalled.subscriber);
  world.settle();
  stalled.sink.room = 10;
  const std::string large(3 * limits::kRestBytes, 'L');
  world.commit({{"/a", large}, {"/a", "next"}});
  world.settle();
  CHECK(reading.sink.received == "<1:" + large + "><2:next>");
  CHECK(stalled.outlet.own_bytes() == 0);  // it costs nothing meanwhile
  trim_for_good(world, 2);
  stalled.sink.room = SIZE_MAX;
  stalled.outlet.writable();
  world.settle();
  REQUIRE(stalled.subscriber.failures.size() == 1);
  CHECK(stalled.subscriber.failures[0].code == ErrorCode::not_found);
  CHECK(stalled.sink.received.size() == 10);
  CHECK(reading.subscriber.failures.empty());
}

// Any schedule of commits, trims, short writes and stalls: each record of its channel is received, or lies in a gap that
// was announced in its place; nothing comes twice; no gap covers what was received; none is announced without a loss.
TEST_CASE("any schedule with trims delivers or announces everything, once and in order") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    HubWorld world({.tail_window = Millis(1000),
                    .tail_bytes_channel = std::size_t{4096} << pick(3),
                    .tail_bytes_total = std::size_t{8192} << pick(2)});
    world.join();
    world.log.page_records = 1 + pick(50);
    struct Reader {
      std::unique_ptr<Client> client;
      std::string channel;
      Offset after;
    };
    std::vector<Reader> readers;
    const std::vector<std::string> channels{"/a", "/b", "/c"};
    // A record of the reader's channel between two offsets; 0: there is none.
    const auto missing = [&](const Reader& reader, std::uint64_t after, std::uint64_t before) -> std::uint64_t {
      for (auto between = after + 1; between < before; ++between) {
        if (world.log.records[between - 1].channel == reader.channel) return between;
      }
      return 0;
    };
    const auto check = [&](const Reader& reader, bool complete) {
      const std::string& text = reader.client->sink.received;
      std::uint64_t covered = reader.after.value();
      std::set<std::uint64_t> got;
      for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find(text[at] == '<' ? '>' : ']', at);
        if (end == std::string::npos) break;  // on its way
        if (text[at] == '<') {
          const auto offset = std::stoull(text.substr(at + 1));
          REQUIRE(offset > covered);
          const Record& record = world.log.records[offset - 1];
          REQUIRE(record.channel == reader.channel);
          REQUIRE(text.substr(at, end + 1 - at) == "<" + std::to_string(offset) + ":" + record.payload + ">");
          INFO("before ", offset);
          REQUIRE(missing(reader, covered, offset) == 0);
          covered = offset;
        } else {
          const auto from = std::stoull(text.substr(at + 5));
          const auto to = std::stoull(text.substr(text.find('-', at) + 1));
          REQUIRE(from > covered);
          REQUIRE(to >= from);
          REQUIRE(missing(reader, covered, from) == 0);
          REQUIRE(Offset(to) < world.log.trimmed_before);
          covered = to;
        }
        at = end + 1;
      }
      if (!complete) return;
      REQUIRE(missing(reader, covered, world.log.head().value() + 1) == 0);
    };
    for (int step = 0; step < 400; ++step) {
      switch (pick(8)) {
        case 0:
          if (readers.size() < 6) {
            Reader reader{std::make_unique<Client>(world), channels[pick(3)],
                          Offset(pick(world.log.head().value() + 1))};
            reader.client->outlet.subscribe(reader.channel, reader.after, reader.client->subscriber);
            readers.push_back(std::move(reader));
          }
          break;
        case 1: {
          const auto first = world.log.first().value();
          const auto next = world.log.head().value() + 1;
          if (pick(2) == 0 && first < next) world.trim(first + pick(next - first + 1));
          break;
        }
        case 2: {
          std::vector<std::pair<std::string, std::string>> batch;
          for (std::size_t i = 0; i <= pick(20); ++i) {
            batch.emplace_back(channels[pick(3)], std::string(pick(200), 'p'));
          }
          world.commit(batch);
          break;
        }
        case 3:
          if (!readers.empty()) readers[pick(readers.size())].client->sink.room = pick(300);
          break;
        case 4:
          if (!readers.empty()) {
            auto& client = *readers[pick(readers.size())].client;
            client.sink.room = pick(2) == 0 ? SIZE_MAX : pick(2000);
            client.outlet.writable();
          }
          break;
        case 5:
          if (pick(4) == 0) world.log.before_read = [&] { world.trim(world.log.head().value() - pick(3)); };
          break;
        case 6: world.executor.run_one(); break;
        default: world.catch_up.run_one(); break;
      }
      if (pick(50) == 0) {
        world.clock.advance(Millis(600));
        world.shard.sweep();
      }
      if (pick(20) == 0) world.settle();
      for (const Reader& reader : readers) check(reader, false);
    }
    world.log.before_read = nullptr;
    for (const Reader& reader : readers) {
      reader.client->sink.room = SIZE_MAX;
      reader.client->outlet.writable();
    }
    world.settle();
    world.shard.sweep();
    world.settle();
    for (const Reader& reader : readers) {
      check(reader, true);
      REQUIRE(reader.client->subscriber.failures.empty());
    }
  }
}

}  // namespace
}  // namespace tidemark
