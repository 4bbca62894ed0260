// Whoever publishes now and then does not wait behind those who never stop: each connection has its share of the queue.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/hub/hub_world.h"

namespace tidemark {
namespace {

constexpr std::size_t kShare = 100;

struct Connection final : Publisher::Input {
  Connection(HubWorld& world, Log& log) : publisher(world.shard, log, *this) {}
  void publish(const std::string& sender, std::size_t bytes = 1) {
    publisher.publish({.channel = "/", .event = "e", .sender = sender, .payload = std::string(bytes, 'x')});
  }
  /// As a socket that always has more to read.
  void flood() {
    while (!publisher.waiting()) publish("flooder");
  }
  void on_may_publish() override { ++told; }
  int told = 0;
  Publisher publisher;
};

struct Crowd {
  explicit Crowd(const ShardOptions& options = {.share_drafts = kShare}) : world(options) { world.join(); }
  /// A commit of so many drafts; the flooders go on where they may.
  void commit(std::size_t drafts = SIZE_MAX) {
    log.decide(world.hub, drafts);
    world.settle();
    for (const auto& flooder : flooders) {
      if (std::exchange(flooder->told, 0) > 0) flooder->flood();
    }
  }
  void add_flooders(int count) {
    for (; count > 0; --count) {
      flooders.push_back(std::make_unique<Connection>(world, log));
      flooders.back()->flood();
    }
  }
  HubWorld world;
  QueueingLog log;
  Connection quiet{world, log};
  std::vector<std::unique_ptr<Connection>> flooders;
};

TEST_CASE("however many flood, a message has at most one commit's worth of their drafts before it") {
  for (const int flooders : {1, 3, 10, 30}) {
    Crowd crowd;
    crowd.add_flooders(flooders);
    // Those that came first had more for themselves at first.
    for (int i = 0; i < 10; ++i) crowd.commit();
    for (const std::size_t committed : {0, 1, 35, 64}) {
      crowd.commit(committed);
      crowd.quiet.publish("quiet");
      CHECK_FALSE(crowd.quiet.publisher.waiting());
      const auto own = std::ranges::find(crowd.log.queue, "quiet", &Draft::sender);
      REQUIRE(own != crowd.log.queue.end());
      CAPTURE(flooders);
      CHECK(own - crowd.log.queue.begin() <= static_cast<std::ptrdiff_t>(kShare));
      while (crowd.quiet.publisher.drafts() > 0) crowd.commit(1);
    }
  }
}

TEST_CASE("one that floods alone has the whole share, and goes on when half of it is decided") {
  Crowd crowd;
  crowd.add_flooders(1);
  Connection& flooder = *crowd.flooders.front();
  CHECK(flooder.publisher.drafts() == kShare);
  crowd.log.decide(crowd.world.hub, kShare / 2 - 1);
  crowd.world.settle();
  CHECK(flooder.told == 0);
  CHECK(flooder.publisher.waiting());
  crowd.log.decide(crowd.world.hub, 1);
  crowd.world.settle();
  CHECK(flooder.told == 1);
  CHECK_FALSE(flooder.publisher.waiting());
}

TEST_CASE("more connections than the share has drafts may have one each") {
  Crowd crowd;
  crowd.add_flooders(static_cast<int>(3 * kShare));
  for (int i = 0; i < 10; ++i) crowd.commit();
  CHECK(crowd.log.queue.size() == 3 * kShare);
  for (const auto& flooder : crowd.flooders) CHECK(flooder->publisher.drafts() == 1);
}

TEST_CASE("large drafts use the share up by their bytes, and even the largest is taken") {
  Crowd crowd({.share_drafts = kShare, .share_bytes = 1000});
  crowd.quiet.publish("quiet", 400);
  CHECK_FALSE(crowd.quiet.publisher.waiting());
  crowd.quiet.publish("quiet", 600);
  CHECK(crowd.quiet.publisher.waiting());
  crowd.commit(1);
  CHECK(crowd.quiet.told == 0);
  crowd.commit(1);
  CHECK(crowd.quiet.told == 1);
  crowd.quiet.publish("quiet", 5000);
  CHECK(crowd.quiet.publisher.drafts() == 1);
  CHECK(crowd.quiet.publisher.waiting());
  crowd.commit();
  CHECK(crowd.quiet.told == 2);
}

TEST_CASE("a connection that has left takes no share, whatever of it is still undecided") {
  Crowd crowd;
  crowd.add_flooders(4);
  crowd.flooders.clear();
  crowd.add_flooders(1);
  CHECK(crowd.flooders.front()->publisher.drafts() == kShare);
  crowd.commit();
  CHECK(crowd.flooders.front()->publisher.drafts() == kShare);
}

TEST_CASE(
    "drafts that found the queue full are taken when there is room, in their order, unless their connection left") {
  Crowd crowd;
  crowd.log.room = 1;
  Connection first(crowd.world, crowd.log), second(crowd.world, crowd.log);
  auto third = std::make_unique<Connection>(crowd.world, crowd.log);
  crowd.quiet.publish("quiet");
  first.publish("first");
  third->publish("third");
  second.publish("second");
  CHECK(first.publisher.waiting());
  third.reset();
  std::vector<std::string> taken;
  for (int i = 0; i < 3; ++i) {
    taken.push_back(crowd.log.queue.front().sender);
    crowd.commit(1);
    crowd.world.hub.on_room();
    crowd.world.settle();
  }
  CHECK(taken == std::vector<std::string>{"quiet", "first", "second"});
  CHECK(first.told == 1);
  CHECK(second.told == 1);
}

}  // namespace
}  // namespace tidemark
