// What a delivery costs behind the socket: nothing that is counted here, however many subscribers a channel has.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "tests/unit/hub/hub_world.h"

namespace {
thread_local std::size_t allocations = 0;

void* allocate(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
}  // namespace

// All of this program's, so that they can be counted. The other forms of new and delete end up in these. Inlined, they are
// malloc() and free() to the compiler, which then warns that one of them does not fit the other operator.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return allocate(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return allocate(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace tidemark {
namespace {

/// A socket that takes everything, or nothing, and keeps none of it.
struct CountingSink final : Sink {
  std::size_t send(std::string_view frames) override {
    ++sends;
    if (stalled) return 0;
    bytes += frames.size();
    return frames.size();
  }
  std::size_t sends = 0, bytes = 0;
  bool stalled = false;
};

struct Reader {
  Reader(HubWorld& world, std::string_view channel) : outlet(world.shard) {
    outlet.attach(&sink);
    outlet.subscribe(channel, world.log.head(), subscriber);
  }
  CountingSink sink;
  FakeSubscriber subscriber;
  Outlet outlet;
};

/// What one commit into `channel` allocates until everybody has it, when so many follow /a. The commits before it have
/// made room for it.
std::size_t allocations_of_a_commit(std::size_t followers, std::string_view channel, bool stalled = false) {
  HubWorld world({.deliveries_turn = SIZE_MAX});  // the executor's queue is not what is counted
  world.join();
  world.log.records.reserve(100);
  std::vector<std::unique_ptr<Reader>> readers;
  for (std::size_t i = 0; i < followers; ++i) readers.push_back(std::make_unique<Reader>(world, "/a"));
  Reader other(world, "/b");
  world.settle();
  for (int i = 0; i < 20; ++i) world.commit({{std::string(channel), "before"}});
  world.settle();
  for (const auto& reader : readers) reader->sink.stalled = stalled;
  if (stalled) {  // from here on they are known to take nothing
    world.commit({{std::string(channel), "into full sockets"}});
    world.settle();
  }
  const auto sends = [&] {
    std::size_t all = 0;
    for (const auto& reader : readers) all += reader->sink.sends;
    return all;
  };
  const std::size_t sends_before = sends();
  const std::size_t before = allocations;
  world.commit({{std::string(channel), "counted"}});
  world.settle();
  const std::size_t counted = allocations - before;
  CHECK(sends() - sends_before == (channel == "/a" && !stalled ? followers : 0));
  return counted;
}

TEST_CASE("a delivery allocates nothing: as much is allocated for two thousand subscribers as for one") {
  const std::size_t for_one = allocations_of_a_commit(1, "/a");
  CHECK(for_one > 0);  // the commit itself: they are counted
  CHECK(allocations_of_a_commit(2000, "/a") == for_one);
}

TEST_CASE("a client that takes nothing costs a commit nothing") {
  CHECK(allocations_of_a_commit(2000, "/a", true) == allocations_of_a_commit(1, "/a", true));
}

TEST_CASE("a record of one channel does nothing for those who follow another") {
  CHECK(allocations_of_a_commit(2000, "/b") == allocations_of_a_commit(0, "/b"));
  HubWorld world;
  world.join();
  Reader reader(world, "/a");
  Reader other(world, "/b");
  world.settle();
  // Whoever touched this outlet would send it.
  reader.outlet.own() += "own";
  world.commit({{"/b", "one"}});
  world.settle();
  CHECK(other.sink.sends == 1);
  CHECK(reader.sink.sends == 0);
}

}  // namespace
}  // namespace tidemark
