#include "src/cli/server_destination.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

namespace tidemark::cli {
namespace {

/// A server that stores one record, answers, and is gone for good.
class ServerOfOneRecord {
 public:
  ServerOfOneRecord() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening_, generic, size) == 0);
    REQUIRE(::listen(listening_, 1) == 0);
    REQUIRE(::getsockname(listening_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ServerOfOneRecord(const ServerOfOneRecord&) = delete;
  ServerOfOneRecord& operator=(const ServerOfOneRecord&) = delete;
  ~ServerOfOneRecord() { wait_for_its_end(); }

  [[nodiscard]] ServerUrl url() const { return {.host = "127.0.0.1", .port = std::to_string(port_), .path = {}}; }
  void wait_for_its_end() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void serve() const {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n"
        "{\"offset\":1,\"duplicate\":false}";
    const int connection = ::accept(listening_, nullptr, nullptr);
    ::close(listening_);
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

  const int listening_;
  std::uint16_t port_ = 0;
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
