#include "src/cli/server_destination.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

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

/// Gives each request, on a connection of its own, the next of its answers, and ends the connection where there is none left.
class AnsweringServer {
 public:
  explicit AnsweringServer(std::vector<std::string> answers)
      : answers_(std::move(answers)), thread_([this] { serve(); }) {}
  AnsweringServer(const AnsweringServer&) = delete;
  AnsweringServer& operator=(const AnsweringServer&) = delete;
  ~AnsweringServer() {
    listener_.wake();
    thread_.join();
  }

  [[nodiscard]] ServerUrl url() const { return listener_.url(); }
  [[nodiscard]] std::size_t asked() const { return asked_; }

 private:
  void serve() {
    for (int connection = listener_.accept(); connection >= 0; connection = listener_.accept()) {
      if (take_request(connection)) {
        const std::size_t number = asked_++;
        if (number < answers_.size()) {
          (void)!::write(connection, answers_[number].data(), answers_[number].size());
        }
      }
      ::close(connection);
    }
  }
  static bool take_request(int connection) {
    constexpr std::string_view kLength = "Content-Length: ";
    std::string request;
    std::array<char, 4096> part{};
    for (;;) {
      const auto got = ::read(connection, part.data(), part.size());
      if (got <= 0) return false;
      request.append(part.data(), static_cast<std::size_t>(got));
      const auto end = request.find("\r\n\r\n");
      const auto length = request.find(kLength);
      if (end != std::string::npos && request.size() >= end + 4 + std::stoul(request.substr(length + kLength.size()))) {
        return true;
      }
    }
  }

  LoopbackListener listener_;
  const std::vector<std::string> answers_;
  std::atomic<std::size_t> asked_ = 0;
  std::thread thread_;
};

std::string answer(std::string_view status, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

constexpr std::string_view kClosing = "{\"error\":{\"code\":\"closing\",\"message\":\"the server shuts down\"}}\n";
constexpr std::string_view kFirstStored = "{\"offset\":1,\"duplicate\":false}\n";

}  // namespace

TEST_CASE("the server of a directory is asked nothing more, once it broke off, until the directory names one again") {
  AnsweringServer server({answer("201 Created", kFirstStored), answer("201 Created", kFirstStored)});
  CommandOptions options;
  options.arguments = {"/a"};
  options.data = "/nonexistent/no-log";  // whatever has the address now
  ServerDestination destination(server.url(), options, Millis(1));
  REQUIRE(destination.put({.key = "k-1", .payload = "\"one\"", .line = 1}));
  REQUIRE(destination.settle());
  REQUIRE(destination.put({.key = "k-2", .payload = "\"two\"", .line = 2}));
  const auto settled = destination.settle();
  REQUIRE_FALSE(settled);
  CHECK(settled.error().context ==
        "no server uses /nonexistent/no-log; line 1 is stored, line 2 may be: run it again with the same keys, which "
        "stores nothing twice");
  CHECK(server.asked() == 1);
}

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

TEST_CASE("what a server that shuts down did not decide may be stored or not, and is said to be") {
  struct Case {
    std::vector<std::string> answers;
    std::uint64_t first;  // line; 0: the record is alone
    std::size_t count;
    std::string said;
  };
  const std::string two_more = fmt::format("{}{}{}", kFirstStored, kClosing, kClosing);
  const std::string refused = "{\"error\":{\"code\":\"not_stored\",\"message\":\"the disk is full\"}}\n";
  for (const Case& one : {
           Case{{answer("503 Service Unavailable", kClosing)},
                0,
                1,
                "the record may be stored or not (with a key it could be sent again): URL answers: the server shuts "
                "down"},
           Case{{answer("503 Service Unavailable", kClosing)},
                1,
                1,
                "line 1 may be stored or not (with a key it could be sent again): URL answers: the server shuts down; "
                "none behind line 1 is stored"},
           Case{{answer("503 Service Unavailable", kClosing)},
                4,
                3,
                "lines 4 to 6 may be stored or not (with keys they could be sent again): URL answers: the server shuts "
                "down; lines 1 to 3 are stored, none behind line 6 is"},
           Case{{answer("200 OK", two_more)},
                1,
                4,
                "lines 2 to 3 may be stored or not (with keys they could be sent again): URL answers: the server shuts "
                "down; line 1 is stored, none behind line 3 is"},
           Case{{answer("200 OK", fmt::format("{}{}{}", kFirstStored, refused, kClosing))},
                1,
                4,
                "line 2: URL answers: the disk is full; line 3 may be stored or not"},
       }) {
    CAPTURE(one.said);
    AnsweringServer server(one.answers);
    CommandOptions options;
    options.arguments = {"/a"};
    options.url = server.url().text();
    ServerDestination destination(server.url(), options, Millis(1));
    for (std::uint64_t i = 0; i < one.count; ++i)
      REQUIRE(destination.put({.key = {}, .payload = "1", .line = one.first + i}));
    const auto settled = destination.settle();
    REQUIRE_FALSE(settled);
    CHECK(settled.error().code == ErrorCode::io);
    std::string said = one.said;
    said.replace(said.find("URL"), 3, options.url);
    CHECK(settled.error().context == said);
    CHECK(server.asked() == 1);
  }
}

TEST_CASE("lines with keys that a server which shuts down did not decide may be stored, all of them") {
  AnsweringServer server({answer("200 OK", fmt::format("{}{}{}", kFirstStored, kClosing, kClosing))});
  CommandOptions options;
  options.arguments = {"/a"};
  options.url = server.url().text();
  ServerDestination destination(server.url(), options, Millis(0));
  for (std::uint64_t line = 1; line <= 4; ++line) {
    REQUIRE(destination.put({.key = fmt::format("k-{}", line), .payload = "1", .line = line}));
  }
  const auto settled = destination.settle();
  REQUIRE_FALSE(settled);
  CHECK(settled.error().context ==
        "the server shuts down; line 1 is stored, lines 2 to 3 may be: run it again with the "
        "same keys, which stores nothing twice");
}

TEST_CASE(
    "a server that answers each time that it shuts down is waited for as long as one that is gone, and no longer") {
  const auto nothing_yet = answer("200 OK", fmt::format("{}{}", kClosing, kClosing));
  const auto stored = answer("200 OK", fmt::format("{}{}", kFirstStored, kFirstStored));
  AnsweringServer server({nothing_yet, nothing_yet, nothing_yet, stored});
  CommandOptions options;
  options.arguments = {"/a"};
  options.url = server.url().text();
  ServerDestination destination(server.url(), options, Millis(1));
  REQUIRE(destination.put({.key = "k-1", .payload = "1", .line = 1}));
  REQUIRE(destination.put({.key = "k-2", .payload = "2", .line = 2}));
  const auto settled = destination.settle();
  REQUIRE_FALSE(settled);
  CHECK(settled.error().context ==
        "the server shuts down; no line is stored, lines 1 to 2 may be: run it again with the "
        "same keys, which stores nothing twice");
  CHECK(server.asked() <= 2);
}

}  // namespace tidemark::cli
