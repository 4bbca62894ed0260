// A pass over many subscribers waits for what is being committed, so that one send carries more; not for long.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/hub/hub_world.h"

namespace tidemark {
namespace {

struct Reader {
  Reader(HubWorld& world, std::string_view channel) : outlet(world.shard) {
    outlet.attach(&sink);
    outlet.subscribe(channel, Offset(), subscriber);
  }
  FakeSink sink;
  FakeSubscriber subscriber;
  Outlet outlet;
};

/// Three read channel /a, where a pass is worth waiting from two on; one reads /b. Somebody publishes.
struct Channels final : Publisher::Input {
  Channels() : world({.batch_from = 2}) {
    world.join();
    for (int i = 0; i < 3; ++i) many.push_back(std::make_unique<Reader>(world, "/a"));
    world.settle();
  }
  void publish() { publisher->publish({.channel = "/c", .event = "e", .sender = "s", .payload = "p"}); }
  void commit(const std::string& channel, const std::string& payload) {
    world.commit({{channel, payload}});
    turn();
  }
  /// What was posted, while no time passes.
  void turn() {
    while (world.executor.run_posted()) {
    }
  }
  void check(const std::string& received, std::size_t sends) const {
    for (const auto& reader : many) {
      CHECK(reader->sink.received == received);
      CHECK(reader->sink.sends == sends);
    }
  }
  void on_may_publish() override {}

  HubWorld world;
  QueueingLog log;
  std::unique_ptr<Publisher> publisher = std::make_unique<Publisher>(world.shard, log, *this);
  std::vector<std::unique_ptr<Reader>> many;
  Reader one{world, "/b"};
};

TEST_CASE("while nothing is under way, a pass begins at once") {
  Channels channels;
  channels.commit("/a", "one");
  channels.check("<1:one>", 1);
  channels.publish();
  channels.log.decide(channels.world.hub, 1);
  channels.commit("/a", "two");
  channels.check("<1:one><2:two>", 2);
}

TEST_CASE("while drafts are under way a pass waits, and one send takes what was committed meanwhile") {
  Channels channels;
  channels.publish();
  channels.publish();
  channels.commit("/a", "one");
  channels.commit("/a", "two");
  channels.log.decide(channels.world.hub, 1);
  channels.turn();
  channels.check("", 0);
  channels.log.decide(channels.world.hub, 1);
  channels.turn();
  channels.check("<1:one><2:two>", 1);
}

TEST_CASE("a commit that takes its time does not hold back what is durable, nor the pass after it") {
  Channels channels;
  channels.publish();
  for (const std::size_t pass : {1, 2}) {
    channels.commit("/a", "x");
    CHECK(channels.many[0]->sink.sends == pass - 1);
    REQUIRE(channels.world.executor.run_one());  // time has passed
    channels.turn();
    channels.check(pass == 1 ? "<1:x>" : "<1:x><2:x>", pass);
  }
}

TEST_CASE("what was to end a wait that has ended already does not end the next one") {
  Channels channels;
  channels.publish();
  channels.commit("/a", "x");
  channels.log.decide(channels.world.hub, 1);
  channels.turn();
  channels.check("<1:x>", 1);
  channels.publish();
  channels.commit("/a", "x");
  REQUIRE(channels.world.executor.run_one());  // that of the first one
  channels.turn();
  channels.check("<1:x>", 1);
  REQUIRE(channels.world.executor.run_one());
  channels.turn();
  channels.check("<1:x><2:x>", 2);
}

TEST_CASE("a pass that waits keeps no other channel waiting") {
  Channels channels;
  channels.publish();
  channels.world.commit({{"/a", "one"}, {"/b", "two"}});
  channels.turn();
  channels.check("", 0);
  CHECK(channels.one.sink.received == "<2:two>");
  channels.commit("/b", "three");
  CHECK(channels.one.sink.received == "<2:two><3:three>");
  channels.check("", 0);
}

TEST_CASE("the drafts of a connection that has gone hold nothing back") {
  Channels channels;
  channels.publish();
  channels.publisher.reset();
  channels.commit("/a", "one");
  channels.check("<1:one>", 1);
  channels.log.decide(channels.world.hub, 1);
  channels.commit("/a", "two");
  channels.check("<1:one><2:two>", 2);
}

TEST_CASE("a channel may be left while its pass waits") {
  Channels channels;
  channels.publish();
  channels.commit("/a", "one");
  channels.many.clear();
  channels.world.settle();
  channels.commit("/a", "two");
  Reader late(channels.world, "/a");
  channels.world.settle();
  CHECK(late.sink.received == "<1:one><2:two>");
}

}  // namespace
}  // namespace tidemark
