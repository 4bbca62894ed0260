#include "src/cli/server_destination.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include "tests/unit/cli/loopback_listener.h"

namespace tidemark::cli {
namespace {

/// A server that stores one record, answers, and is gone for good.
class ServerOfOneRecord {
 public:
  ServerOfOneRecord() : url_(listener_.url()), thread_([this] { serve(); }) {}
  ServerOfOneRecord(const ServerOfOneRecord&) = delete;
  ServerOfOneRecord& operator=(const ServerOfOneRecord&) = delete;
  ~ServerOfOneRecord() { wait_for_its_end(); }

  [[nodiscard]] const ServerUrl& url() const { return url_; }
  void wait_for_its_end() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void serve() {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n"
        "{\"offset\":1,\"duplicate\":false}";
    const int connection = listener_.accept();
    listener_.close();
    // Its body is its end: the text of a record in quotes.
    std::string request;
    std::array<char, 4096> part{};
    while (!request.ends_with("\"one\"")) {
      const auto got = ::read(connection, part.data(), part.size());
      if (got <= 0) break;
      request.append(part.data(), static_cast<std::size_t>(got));
    }
    (void)!::write(connection, kAnswer.data(), kAnswer.size());
    ::close(connection);
  }

  LoopbackListener listener_;
  const ServerUrl url_;
  std::thread thread_;
};

}  // namespace

TEST_CASE(
    "a server that took a record and never comes back is given up in the end, with what is stored and what may be") {
  ServerOfOneRecord server;
  CommandOptions options;
  options.arguments = {"/a"};
  options.url = server.url().text();
  ServerDestination destination(server.url(), options, Millis(1));
  REQUIRE(destination.put({.key = "k-1", .payload = "\"one\"", .line = 1}));
  REQUIRE(destination.settle());
  CHECK(destination.told().size() == 1);
  server.wait_for_its_end();
  REQUIRE(destination.put({.key = "k-2", .payload = "\"two\"", .line = 2}));
  REQUIRE(destination.put({.key = "k-3", .payload = "\"three\"", .line = 3}));
  const auto settled = destination.settle();
  REQUIRE_FALSE(settled);
  CHECK(settled.error().code == ErrorCode::io);
  CHECK(settled.error().context == "cannot reach " + options.url +
                                       ": Connection refused; line 1 is stored, lines 2 to 3 may be: run it again "
                                       "with the same keys, which stores nothing twice");
  CHECK(destination.told().empty());
}

}  // namespace tidemark::cli
