// What the kernel's batch of sends promises, on real sockets.
#include "src/server/uring_sender.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace tidemark {
namespace {

/// Two connected sockets; what is sent into one is read from the other.
struct Pair {
  std::array<int, 2> ends{-1, -1};
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    hang_up();
    ::close(ends[0]);
  }
  void hang_up() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  [[nodiscard]] std::string read() const {
    std::string text(1 << 20, '\0');
    const auto got = ::recv(ends[1], text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
};

}  // namespace

TEST_CASE("a batch of sends reaches each socket, in order, and says how each went") {
  const auto sender = make_uring_sender();
  if (!sender) {
    MESSAGE("not tested: this kernel does not offer io_uring");
    return;
  }
  Pair ready, gone, full;
  gone.hang_up();
  const std::string much(1 << 20, 'x');
  while (::send(full.ends[0], much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  for (int round = 0; round < 3; ++round) {
    const std::string first = "first " + std::to_string(round);
    sender->add(ready.ends[0], first);
    sender->add(gone.ends[0], "nobody hears this");
    sender->add(full.ends[0], "no room for this");
    sender->add(ready.ends[0], ", second");
    sender->add(ready.ends[0], much);
    const auto results = sender->send_all();
    REQUIRE(results.size() == 5);
    CHECK(results[0] == static_cast<int>(first.size()));
    CHECK(results[1] == -EPIPE);
    CHECK(results[2] == -EAGAIN);
    CHECK(results[3] == 8);
    CHECK(results[4] > 0);
    CHECK(results[4] < static_cast<int>(much.size()));  // a part: the socket takes what it has room for
    std::string expected = first + ", second" + much.substr(0, static_cast<std::size_t>(results[4]));
    CHECK(ready.read() == expected);
  }
}

TEST_CASE("a whole batch is sent at once, again and again") {
  const auto sender = make_uring_sender();
  if (!sender) {
    MESSAGE("not tested: this kernel does not offer io_uring");
    return;
  }
  std::vector<Pair> pairs(100);
  for (int round = 0; round < 20; ++round) {
    const std::string text = "round " + std::to_string(round);
    for (std::size_t i = 0; i < sender->capacity(); ++i) sender->add(pairs[i % pairs.size()].ends[0], text);
    const auto results = sender->send_all();
    REQUIRE(results.size() == sender->capacity());
    for (const int result : results) CHECK(result == static_cast<int>(text.size()));
    for (const Pair& pair : pairs) CHECK(pair.read().starts_with(text));
  }
}

}  // namespace tidemark
