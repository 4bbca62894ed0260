// Every subscription gets its channel's records, once and in order, whatever its transport and the tail do.
#include <doctest/doctest.h>

#include <random>

#include "tests/unit/hub/hub_world.h"

namespace tidemark {
namespace {

struct Client {
  explicit Client(HubWorld& world) : outlet(world.shard) { outlet.attach(&sink); }
  FakeSink sink;
  FakeSubscriber subscriber;
  Outlet outlet;
};

/// A client whose frames may be sent in a batch with those of others.
struct BatchedClient : Client {
  BatchedClient(HubWorld& world, FakeBatchSender& sender) : Client(world) { sender.open(sink); }
};

TEST_CASE("an outlet whose own bytes are sent keeps no memory for them") {
  HubWorld world;
  Client client(world);
  const auto unused = std::string().capacity();
  client.outlet.own() += std::string(1000, 'x');
  client.outlet.flush();
  CHECK(client.sink.received.size() == 1000);
  CHECK(client.outlet.own().capacity() == unused);
}

TEST_CASE("many subscribers of a channel are served by few batches, each gets all, and one that stalls stops nobody") {
  HubWorld world({.batch_from = 2});
  FakeBatchSender sender;
  world.shard.set_batch_sender(&sender);
  world.join();
  std::vector<std::unique_ptr<BatchedClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<BatchedClient>(world, sender));
    clients.back()->outlet.subscribe("/a", Offset(0), clients.back()->subscriber);
  }
  world.settle();
  world.commit({{"/a", "one"}});
  world.settle();
  CHECK(sender.batches == std::vector<std::size_t>{4, 4, 2});
  clients[3]->sink.room = 2;  // in the middle of the next record
  clients[7]->sink.room = 0;
  clients[8]->outlet.own() += "[own]";  // goes first, so this one is sent alone
  world.commit({{"/a", "two"}});
  world.settle();
  CHECK(clients[3]->sink.received == "<1:one><2");
  CHECK(clients[3]->sink.waiting);
  CHECK(clients[7]->sink.waiting);
  CHECK_FALSE(clients[9]->sink.waiting);
  CHECK(clients[7]->sink.received == "<1:one>");
  CHECK(clients[8]->sink.received == "<1:one>[own]<2:two>");
  CHECK(clients[9]->sink.received == "<1:one><2:two>");
  world.commit({{"/a", "three"}});
  world.settle();
  for (const auto& client : clients) {
    client->sink.room = SIZE_MAX;
    client->outlet.writable();
  }
  for (const std::size_t all : {0, 3, 7, 9}) CHECK(clients[all]->sink.received == "<1:one><2:two><3:three>");
  world.shard.set_batch_sender(nullptr);
  world.commit({{"/a", "four"}});
  world.settle();
  CHECK(clients[0]->sink.received.ends_with("<4:four>"));
}

TEST_CASE("a pass that spans several turns misses neither what is committed meanwhile nor whoever moves up") {
  HubWorld world({.deliveries_turn = 1});
  world.join();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(world));
    clients.back()->outlet.subscribe("/a", Offset(0), clients.back()->subscriber);
  }
  world.settle();
  world.commit({{"/a", "one"}});
  REQUIRE(world.executor.run_one());
  CHECK(clients[0]->sink.received == "<1:one>");
  CHECK(clients[1]->sink.received.empty());
  world.commit({{"/a", "two"}});
  world.settle();
  for (const auto& client : clients) CHECK(client->sink.received == "<1:one><2:two>");

  world.commit({{"/a", "three"}});
  REQUIRE(world.executor.run_one());
  CHECK(clients[2]->sink.received == "<1:one><2:two>");
  clients.erase(clients.begin());  // the last one takes the place of the first, which has had its turn
  world.settle();
  for (const auto& client : clients) CHECK(client->sink.received == "<1:one><2:two><3:three>");
}

TEST_CASE("a subscriber gets what is committed after it came, others' channels excepted") {
  HubWorld world;
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  world.commit({{"/a", "one"}, {"/b", "two"}});
  world.commit({{"/a", "three"}});
  world.settle();
  CHECK(client.sink.received == "<1:one><3:three>");
  CHECK(client.subscriber.live.size() == 1);
}

TEST_CASE("a newcomer gets the past from the store, then the present, without gap or repeat") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}, {"/b", "y"}});
  world.settle();
  world.log.page_records = 3;
  Client client(world);
  client.outlet.subscribe("/a", Offset(4), client.subscriber);
  world.executor.run_one();
  world.commit({{"/a", "during"}});  // while it reads
  world.settle();
  CHECK(client.sink.received == world.owed("/a", Offset(4)));
  CHECK(client.subscriber.live.size() == 1);
}

TEST_CASE("a client that another thread served faster waits for its place instead of getting a record twice") {
  HubWorld world;
  world.join();
  Client first(world);
  first.outlet.subscribe("/a", Offset(0), first.subscriber);
  world.settle();
  world.commit({{"/a", "one"}});  // durable, but not in this shard's hands yet
  Client client(world);
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  world.settle();
  CHECK(client.sink.received.empty());
  world.commit({{"/a", "two"}});
  world.settle();
  CHECK(client.sink.received == "<2:two>");
}

TEST_CASE("the newest N come first for those who ask for them") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}, {"/b", "y"}});
  world.settle();
  Client client(world);
  client.outlet.subscribe_last("/a", 2, world.log.head(), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "<17:x><19:x>");
}

TEST_CASE("whoever finds the readers' queue full waits for its turn, with the newest N too") {
  HubWorld world({}, 1);
  world.join();
  for (int i = 0; i < 10; ++i) world.commit({{"/a", "x"}, {"/b", "y"}, {"/c", "z"}});
  world.settle();
  Client first(world);
  first.outlet.subscribe("/a", Offset(24), first.subscriber);
  Client newest(world);
  newest.outlet.subscribe_last("/b", 2, world.log.head(), newest.subscriber);
  Client third(world);
  third.outlet.subscribe("/c", Offset(26), third.subscriber);
  while (world.executor.run_one()) {
  }
  for (int i = 0; i < 3; ++i) {
    world.settle();
    world.shard.sweep();
  }
  world.settle();
  CHECK(first.sink.received == "<25:x><28:x>");
  CHECK(newest.sink.received == "<26:y><29:y>");
  CHECK(third.sink.received == "<27:z><30:z>");
  CHECK(newest.subscriber.failures.empty());
}

TEST_CASE("own bytes go between records, never into one") {
  HubWorld world;
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  client.sink.room = 4;
  world.commit({{"/a", "one"}, {"/a", "two"}});
  world.settle();
  client.outlet.own() += "[pong]";
  client.outlet.flush();
  client.sink.room = SIZE_MAX;
  client.outlet.writable();
  CHECK(client.sink.received == "<1:one><2:two>[pong]");
}

TEST_CASE("a client that leaves a channel in the middle of a record still gets that record's end") {
  HubWorld world;
  world.join();
  Client client(world);
  auto& subscription = client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  client.sink.room = 4;
  world.commit({{"/a", "one"}, {"/a", "two"}});
  world.settle();
  client.outlet.subscribe("/b", Offset(0), client.subscriber);
  world.commit({{"/b", "three"}});
  world.settle();
  client.outlet.unsubscribe(subscription);
  client.sink.room = SIZE_MAX;
  client.outlet.writable();
  world.settle();
  CHECK(client.sink.received == "<1:one><3:three>");
  CHECK_FALSE(client.outlet.broken());
}

TEST_CASE(
    "a client that leaves in the middle of a large record and takes no more of it is cut off, not kept a copy for") {
  HubWorld world;
  world.join();
  Client client(world);
  auto& subscription = client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  client.sink.room = 10;
  world.commit({{"/a", std::string(1'000'000, 'x')}});
  world.settle();
  client.outlet.unsubscribe(subscription);
  CHECK(client.outlet.broken());
  CHECK(client.outlet.own_bytes() == 0);
}

TEST_CASE("a stalled client holds no page and still gets everything once it reads") {
  HubWorld world({.tail_bytes_channel = 4096, .tail_bytes_total = 8192});
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  client.sink.room = 10;
  for (int i = 0; i < 2000; ++i) world.commit({{"/a", "payload " + std::to_string(i)}});
  world.settle();
  CHECK(world.shard.tail_bytes() <= 8192);
  while (client.sink.received.size() < world.owed("/a", Offset(0)).size()) {
    client.sink.room = 777;
    client.outlet.writable();
    world.settle();
  }
  CHECK(client.sink.received == world.owed("/a", Offset(0)));
}

/// Takes whole frames only, as the body of a poll does.
class WholeFrames final : public Sink {
 public:
  std::string received;
  std::size_t send(std::string_view frames) override {
    const auto end = frames.find('>');
    if (end == std::string_view::npos) return 0;
    received += frames.substr(0, end + 1);
    return end + 1;
  }
};

TEST_CASE("a record larger than one send is offered whole: a sink that takes whole frames only must not starve") {
  const std::string large(limits::kSendBytes + 1000, 'L');
  for (const bool from_store : {false, true}) {
    CAPTURE(from_store);
    HubWorld world;
    world.join();
    if (from_store) world.commit({{"/a", large}, {"/a", "small"}});
    world.settle();
    FakeSubscriber subscriber;
    WholeFrames sink;
    Outlet outlet(world.shard);
    outlet.attach(&sink);
    outlet.subscribe("/a", Offset(0), subscriber);
    world.settle();
    if (!from_store) world.commit({{"/a", large}, {"/a", "small"}});
    for (int polls = 0; polls < 3; ++polls) {
      world.settle();
      outlet.writable();
    }
    world.settle();
    CHECK(sink.received == world.owed("/a", Offset(0)));
  }
}

TEST_CASE("a record that no tail has room for is delivered from the store, in its place") {
  HubWorld world({.tail_bytes_channel = 4096, .tail_bytes_total = 8192});
  world.join();
  Client reading(world);
  reading.outlet.subscribe("/a", Offset(0), reading.subscriber);
  Client stalled(world);
  stalled.outlet.subscribe("/a", Offset(0), stalled.subscriber);
  world.settle();
  stalled.sink.room = 5;
  world.commit({{"/a", "before"}});
  world.commit({{"/a", std::string(50'000, 'L')}, {"/a", "after"}});
  world.commit({{"/a", "later"}});
  world.settle();
  CHECK(world.shard.tail_bytes() <= 8192);
  CHECK(reading.sink.received == world.owed("/a", Offset(0)));
  stalled.sink.room = SIZE_MAX;
  stalled.outlet.writable();
  world.settle();
  CHECK(stalled.sink.received == world.owed("/a", Offset(0)));
}

TEST_CASE("own bytes that are never all taken do not pile up behind what was sent") {
  HubWorld world;
  Client client(world);
  for (int i = 0; i < 1000; ++i) {
    client.outlet.own() += std::string(1000, 'o');
    client.sink.room = 999;
    client.outlet.writable();
  }
  CHECK(client.outlet.own().size() < 5000);
}

TEST_CASE("many who replay the same range share the work, whether they come together or one after the other") {
  HubWorld world;
  world.join();
  world.log.page_records = 10;
  std::vector<std::pair<std::string, std::string>> past;
  for (int i = 0; i < 30; ++i) past.emplace_back("/a", "message");
  world.commit(past);
  world.settle();
  std::vector<std::unique_ptr<Client>> clients;
  const auto add = [&] {
    clients.push_back(std::make_unique<Client>(world));
    clients.back()->outlet.subscribe("/a", Offset(0), clients.back()->subscriber);
  };
  for (int i = 0; i < 50; ++i) add();
  world.settle();
  const int pages = world.log.reads;
  CHECK(pages <= 4);  // three full ones, and the one that finds the end
  for (int i = 0; i < 50; ++i) {
    add();
    world.settle();
  }
  CHECK(world.log.reads == pages);
  for (const auto& client : clients) CHECK(client->sink.received == world.owed("/a", Offset(0)));
}

TEST_CASE("a page that nobody waits for any more is not read") {
  HubWorld world;
  world.join();
  world.commit({{"/a", "one"}});
  world.settle();
  {
    Client client(world);
    client.outlet.subscribe("/a", Offset(0), client.subscriber);
    while (world.executor.run_one()) {
    }
  }
  world.settle();
  CHECK(world.log.reads == 0);
}

TEST_CASE("what comes before a damaged record is delivered, the record itself and what comes after it is not") {
  HubWorld world;
  world.join();
  for (int i = 0; i < 5; ++i) world.commit({{"/a", "x"}});
  world.settle();
  world.log.damaged = Offset(4);
  Client client(world);
  client.outlet.subscribe("/a", Offset(1), client.subscriber);
  world.settle();
  CHECK(client.sink.received == "<2:x><3:x>");
  CHECK(client.subscriber.failures.size() == 1);
}

TEST_CASE("a damaged record ends the subscription with the error, not with silence") {
  HubWorld world;
  world.join();
  world.commit({{"/a", "one"}});
  world.settle();
  world.log.fail_reads = true;
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  REQUIRE(client.subscriber.failures.size() == 1);
  CHECK(client.subscriber.failures[0].code == ErrorCode::corrupt);
  CHECK(client.sink.received.empty());
}

TEST_CASE("a relayed event reaches those who are live and is never replayed") {
  HubWorld world;
  world.join();
  Client live(world);
  live.outlet.subscribe("/a", Offset(0), live.subscriber);
  Client stalled(world);
  stalled.outlet.subscribe("/a", Offset(0), stalled.subscriber);
  world.settle();
  stalled.sink.room = 3;
  world.commit({{"/a", "one"}});
  world.settle();
  world.hub.relay({.channel = "/a", .payload = "typing"});
  world.settle();
  stalled.sink.room = SIZE_MAX;
  stalled.outlet.writable();
  world.settle();
  Client late(world);
  late.outlet.subscribe("/a", Offset(0), late.subscriber);
  world.settle();
  CHECK(live.sink.received == "<1:one>(typing@1)");
  CHECK(stalled.sink.received == "<1:one>");
  CHECK(late.sink.received == "<1:one>");
}

TEST_CASE("relayed events of a turn reach each client in one send, others get their turn meanwhile") {
  HubWorld world({.deliveries_turn = 2});
  world.join();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(world));
    clients.back()->outlet.subscribe("/a", Offset(0), clients.back()->subscriber);
  }
  world.settle();
  world.commit({{"/a", "one"}});
  world.settle();
  for (const auto* const text : {"x", "y"}) world.hub.relay({.channel = "/a", .payload = text});
  REQUIRE(world.executor.run_one());
  CHECK(clients[1]->sink.received == "<1:one>(x@1)(y@1)");
  CHECK(clients[1]->sink.sends == 2);
  CHECK(clients[2]->sink.received == "<1:one>");
  // Whoever comes to a record before the event is told the position that the record has.
  world.commit({{"/a", "two"}});
  world.settle();
  CHECK(clients[1]->sink.received == "<1:one>(x@1)(y@1)<2:two>");
  CHECK(clients[4]->sink.received == "<1:one><2:two>(x@2)(y@2)");
}

TEST_CASE("little is kept of relayed events for a client that takes nothing, and the rest of one that has begun") {
  HubWorld world;
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  const std::string large(60'000, 'x');
  client.sink.room = 10;
  world.hub.relay({.channel = "/a", .payload = large});
  world.hub.relay({.channel = "/a", .payload = large});
  world.settle();
  CHECK(client.outlet.own_bytes() == large.size() + 4 - 10);  // "(…@0)"
  for (int i = 0; i < 100; ++i) world.hub.relay({.channel = "/a", .payload = std::string(1000, 'y')});
  world.settle();
  CHECK(client.outlet.own_bytes() == large.size() + 4 - 10);
  client.sink.room = SIZE_MAX;
  client.outlet.writable();
  CHECK(client.sink.received == "(" + large + "@0)");

  client.outlet.attach(nullptr);  // as between two polls
  for (int i = 0; i < 100; ++i) world.hub.relay({.channel = "/a", .payload = std::string(1000, 'y')});
  world.settle();
  CHECK(client.outlet.own_bytes() > limits::kRelayUnsent / 2);
  CHECK(client.outlet.own_bytes() <= limits::kRelayUnsent);
}

TEST_CASE("relays that wait are bounded, and none counts for ever") {
  HubWorld world;
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  const std::string text(50'000, 'x');
  for (int round = 0; round < 3; ++round) {
    client.sink.received.clear();
    client.sink.sends = 0;
    for (int i = 0; i < 1000; ++i) world.hub.relay({.channel = i % 2 == 0 ? "/a" : "/nobody", .payload = text});
    world.settle();
    CHECK(client.sink.received.size() > limits::kRelayBytes / 3);
    CHECK(client.sink.received.size() < limits::kRelayBytes);
    CHECK(client.sink.received.size() / client.sink.sends < limits::kRelayPassBytes + 2 * text.size());
  }
}

TEST_CASE("many who wait for the same page are not all served in one turn") {
  HubWorld world({.tail_bytes_channel = 1, .tail_bytes_total = 1, .deliveries_turn = limits::kPageDeliveries});
  world.join();
  for (int i = 0; i < 5; ++i) world.commit({{"/a", "x"}});
  world.settle();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<Client>(world));
    clients.back()->outlet.subscribe("/a", Offset(0), clients.back()->subscriber);
  }
  const auto served = [&] {
    return std::ranges::count_if(clients, [](const auto& client) { return !client->sink.received.empty(); });
  };
  while (served() == 0) REQUIRE((world.executor.run_one() || world.catch_up.run_one()));
  CHECK(served() == 1);
  world.settle();
  for (const auto& client : clients) CHECK(client->sink.received == "<1:x><2:x><3:x><4:x><5:x>");
}

TEST_CASE("a channel that was left counts no more as followed, though its tail is kept") {
  HubWorld world({.channels = 1});
  world.join();
  Client first(world);
  auto& subscription = first.outlet.subscribe("/a", Offset(0), first.subscriber);
  world.commit({{"/a", "one"}});
  world.settle();
  CHECK(world.shard.can_follow("/a"));
  CHECK_FALSE(world.shard.can_follow("/b"));
  first.outlet.unsubscribe(subscription);
  CHECK(world.shard.tail_bytes() > 0);
  CHECK(world.shard.can_follow("/b"));
  first.outlet.subscribe("/b", Offset(0), first.subscriber);
  CHECK_FALSE(world.shard.can_follow("/a"));
}

TEST_CASE("a session taken over is told to whoever held it") {
  HubWorld world;
  world.join();
  Client old_one(world);
  auto& old_subscription = old_one.outlet.subscribe("/a", Offset(0), old_one.subscriber);
  Client new_one(world);
  auto& new_subscription = new_one.outlet.subscribe("/a", Offset(0), new_one.subscriber);
  const SessionTable::Grant session{.sid = Sid::random(), .pid = {}, .started = {}};
  world.hub.hold_session(session, {.shard = 0, .subscription = old_subscription.id()});
  world.hub.hold_session(session, {.shard = 0, .subscription = new_subscription.id()});
  world.settle();
  CHECK(old_one.subscriber.taken_over == 1);
  CHECK(new_one.subscriber.taken_over == 0);
}

TEST_CASE("an idle channel gives its tail back and delivers all the same") {
  HubWorld world({.tail_window = Millis(1000)});
  world.join();
  Client client(world);
  client.outlet.subscribe("/a", Offset(0), client.subscriber);
  world.settle();
  world.commit({{"/a", "one"}});
  world.settle();
  CHECK(world.shard.tail_bytes() > 0);
  world.clock.advance(Millis(1001));
  world.shard.sweep();
  CHECK(world.shard.tail_bytes() == 0);
  world.commit({{"/a", "two"}});
  world.settle();
  CHECK(client.sink.received == "<1:one><2:two>");
}

// Any schedule of commits, short writes, stalls, comings and goings: what a client received is a prefix of what it is
// owed, with its own frames in between, and all of it once it reads.
TEST_CASE("any schedule delivers everything once and in order") {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    HubWorld world({.tail_window = Millis(1000),
                    .tail_bytes_channel = std::size_t{4096} << pick(3),
                    .tail_bytes_total = std::size_t{8192} << pick(2),
                    .batch_from = 1 + pick(3)});
    FakeBatchSender sender;
    sender.most = 1 + pick(4);
    if (pick(2) == 0) world.shard.set_batch_sender(&sender);
    world.join();
    world.log.page_records = 1 + pick(50);
    struct Reader {
      std::unique_ptr<Client> client;
      std::vector<std::pair<std::string, Offset>> channels;
    };
    const std::vector<std::string> channels{"/a", "/b", "/c"};
    std::vector<Reader> readers;
    const auto come = [&] {
      Reader reader{.client = std::make_unique<Client>(world)};
      if (pick(4) != 0) sender.open(reader.client->sink);
      for (const std::string& channel : channels) {
        if (!reader.channels.empty() && pick(3) != 0) continue;
        const Offset after(pick(world.log.head().value() + 1));
        reader.channels.emplace_back(channel, after);
        reader.client->outlet.subscribe(channel, after, reader.client->subscriber);
      }
      readers.push_back(std::move(reader));
    };
    // Splits what was received by the channel of each record and compares; own frames are "[...]".
    const auto check = [&](const Reader& reader, bool complete) {
      std::map<std::string, std::string> by_channel;
      const std::string& text = reader.client->sink.received;
      std::size_t at = 0;
      while (at < text.size()) {
        const char closing = text[at] == '<' ? '>' : ']';
        const auto end = text.find(closing, at);
        if (end == std::string::npos) break;  // a record on its way
        if (closing == '>') {
          const auto offset = std::stoull(text.substr(at + 1));
          by_channel[world.log.records[offset - 1].channel] += text.substr(at, end + 1 - at);
        } else {
          REQUIRE(text.substr(at, end + 1 - at) == "[own]");
        }
        at = end + 1;
      }
      for (const auto& [channel, after] : reader.channels) {
        const std::string owed = world.owed(channel, after);
        if (complete) {
          REQUIRE(by_channel[channel] == owed);
        } else {
          REQUIRE(owed.starts_with(by_channel[channel]));
        }
        by_channel.erase(channel);
      }
      REQUIRE(by_channel.empty());
    };
    for (int step = 0; step < 400; ++step) {
      switch (pick(8)) {
        case 0:
          if (readers.size() < 6) come();
          break;
        case 1:
          if (!readers.empty() && pick(4) == 0) {
            readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(pick(readers.size())));
          }
          break;
        case 2: {
          std::vector<std::pair<std::string, std::string>> batch;
          for (std::size_t i = 0; i <= pick(20); ++i)
            batch.emplace_back(channels[pick(3)], std::string(pick(200), 'p'));
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
          if (!readers.empty()) {
            auto& client = *readers[pick(readers.size())].client;
            client.outlet.own() += "[own]";
            client.outlet.flush();
          }
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
    for (const Reader& reader : readers) {
      reader.client->sink.room = SIZE_MAX;
      reader.client->outlet.writable();
    }
    world.settle();
    world.shard.sweep();
    world.settle();
    for (const Reader& reader : readers) check(reader, true);
  }
}

}  // namespace
}  // namespace tidemark
