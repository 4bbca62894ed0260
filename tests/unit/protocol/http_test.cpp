#include "protocol/http/http.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/limits.h"
#include "tests/unit/protocol/live_bytes.h"

using namespace tidemark;
using namespace std::string_literals;
using namespace std::string_view_literals;
using http::RequestReader;
using Status = RequestReader::Status;

namespace {

constexpr http::RequestLimits kLimits{.head_bytes = 2000, .target_bytes = 200, .body_bytes = 100};

struct Outcome {
  std::vector<http::Request> requests;
  int error_status = 0;
  bool unfinished = false;
};

/// Reads all of `bytes`, `step` at a time, as a server does: what was not used stands in front of what comes next.
Outcome read_by(std::string_view bytes, std::size_t step, const http::RequestLimits& limits) {
  RequestReader reader(limits);
  Outcome outcome;
  std::size_t begin = 0;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    for (bool more = true; more && begin < end;) {
      const std::string copy(bytes.substr(begin, end - begin));  // of its own, so that a sanitizer sees any overrun
      std::size_t used = 0;
      const auto status = reader.read(copy, used);
      REQUIRE(used <= copy.size());
      begin += used;
      if (status == Status::failed) {
        outcome.error_status = reader.error_status();
        return outcome;
      }
      more = status == Status::complete;
      if (more) outcome.requests.push_back(reader.take());
    }
    if (end == bytes.size()) break;
  }
  outcome.unfinished = reader.unfinished();
  return outcome;
}

std::string described(const http::Request& r) {
  std::string out = r.method + " " + r.path + "?" + r.query + " 1." + std::to_string(r.minor_version);
  out += r.keep_alive ? " keep" : " close";
  for (const auto& [name, value] : r.fields) out += "|" + name + "=" + value;
  return out + "|body=" + r.body;
}

/// The same whether the bytes come at once, by sevens or one by one.
Outcome read(std::string_view bytes, const http::RequestLimits& limits = kLimits) {
  auto at_once = read_by(bytes, bytes.size(), limits);
  for (const std::size_t step : {1, 7}) {
    const auto in_steps = read_by(bytes, step, limits);
    CHECK(in_steps.error_status == at_once.error_status);
    CHECK(in_steps.unfinished == at_once.unfinished);
    REQUIRE(in_steps.requests.size() == at_once.requests.size());
    for (std::size_t i = 0; i < at_once.requests.size(); ++i)
      CHECK(described(in_steps.requests[i]) == described(at_once.requests[i]));
  }
  return at_once;
}

http::Request one(std::string_view bytes) {
  auto outcome = read(bytes);
  CAPTURE(outcome.error_status);
  REQUIRE(outcome.requests.size() == 1);
  return outcome.requests.front();
}

int refusal(std::string_view bytes) {
  const auto outcome = read(bytes);
  CHECK(outcome.requests.empty());
  return outcome.error_status;
}

std::string get(std::string_view target) { return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string with_fields(std::string_view fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
std::string chunked(std::string_view body) { return with_fields("Transfer-Encoding: chunked\r\n") + std::string(body); }

}  // namespace

TEST_CASE("RFC 9112 2.1: a request is method, target, fields and body") {
  const auto request =
      one("POST /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1\r\nHost: localhost:3000\r\nX-Two: a\r\n"
          "Content-Length: 5\r\nx-two:\t b c \t\r\nEmpty:\r\n\r\nhello");
  CHECK(request.method == "POST");
  CHECK(request.path == "/socket.io/");
  CHECK(request.query == "EIO=4&transport=polling&sid=abc");
  CHECK(request.body == "hello");
  CHECK(request.keep_alive);
  CHECK(request.minor_version == 1);
  using Field = std::pair<std::string, std::string>;
  CHECK(request.fields ==
        std::vector<Field>{
            {"host", "localhost:3000"}, {"x-two", "a"}, {"content-length", "5"}, {"x-two", "b c"}, {"empty", ""}});
  CHECK(request.field("x-two") == "a");
  CHECK_FALSE(request.field("x-three"));
}

TEST_CASE("RFC 9112 9.3.2: pipelined requests come one by one, and what follows the last is not touched") {
  const auto outcome = read(get("/1") + with_fields("Content-Length: 3\r\n") + "abc" + get("/2") +
                            chunked("1\r\nx\r\n0\r\n\r\n") + get("/3"));
  REQUIRE(outcome.requests.size() == 5);
  CHECK(outcome.requests[0].path == "/1");
  CHECK(outcome.requests[1].body == "abc");
  CHECK(outcome.requests[2].path == "/2");
  CHECK(outcome.requests[3].body == "x");
  CHECK(outcome.requests[4].path == "/3");
  CHECK_FALSE(outcome.unfinished);

  RequestReader reader(kLimits);
  std::size_t used = 0;
  const auto upgrade = get("/ws");
  CHECK(reader.read(upgrade + "\x81\x80mask", used) == Status::complete);
  CHECK(used == upgrade.size());
}

TEST_CASE("a request that has begun and not ended is unfinished, and costs memory only then") {
  const auto before = test::live_bytes();
  RequestReader reader(kLimits);
  CHECK(test::live_bytes() == before);
  std::size_t used = 0;
  CHECK(reader.read("", used) == Status::need_more);
  CHECK_FALSE(reader.unfinished());
  CHECK(reader.read("G", used) == Status::need_more);
  CHECK(reader.unfinished());
  CHECK(reader.read("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx", used) == Status::need_more);
  CHECK(reader.unfinished());
  CHECK(reader.read("y", used) == Status::complete);
  CHECK_FALSE(reader.unfinished());
  CHECK(reader.take().body == "xy");
  CHECK_FALSE(reader.unfinished());
  CHECK(test::live_bytes() == before);
}

TEST_CASE("a request whose body still comes is known by its head") {
  RequestReader reader(kLimits);
  std::size_t used = 0;
  CHECK(reader.begun() == nullptr);
  CHECK(reader.read("POST /a?b=1 HTTP/1.1\r\nHost: h\r\nContent-", used) == Status::need_more);
  CHECK(reader.begun() == nullptr);
  CHECK(reader.read("Length: 2\r\n\r\n", used) == Status::need_more);
  REQUIRE(reader.begun() != nullptr);
  CHECK(reader.begun()->method == "POST");
  CHECK(reader.begun()->parameter("b") == "1");
  CHECK(reader.read("xy", used) == Status::complete);
  CHECK(reader.begun() == nullptr);
}

TEST_CASE("a body that was announced and not sent costs nothing") {
  RequestReader reader({.head_bytes = 2000, .target_bytes = 200, .body_bytes = 10'000'000});
  const auto head = with_fields("Content-Length: 10000000\r\n") + "x";
  const auto before = test::live_bytes();
  std::size_t used = 0;
  CHECK(reader.read(head, used) == Status::need_more);
  CHECK(test::live_bytes() - before < 4000);
}

TEST_CASE("RFC 9112 2.2: one empty line before a request is ignored") {
  CHECK(one("\r\n" + get("/")).path == "/");
  CHECK(refusal("\r\n\r\n" + get("/")) == 400);
  CHECK(refusal("\n" + get("/")) == 400);
}

TEST_CASE("RFC 9112 2.2 and 5.2: bare LF, bare CR and folded lines are refused") {
  CHECK(refusal("GET / HTTP/1.1\n") == 400);  // at once, not when the head ends
  CHECK(refusal("GET / HTTP/1.1\nHost: a\n\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: b\nContent-Length: 5\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\n\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\rHost: a\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\n Host: a\r\n\r\n") == 400);
}

TEST_CASE("RFC 9112 3: request lines that are none") {
  for (const std::string_view line :
       {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET / a HTTP/1.1",
        "G(T / HTTP/1.1", " / HTTP/1.1", "GET  HTTP/1.1", "GET / http/1.1", "GET / HTTP/1", "GET / HTTP/11",
        "GET / HTTP/1.10", "GET\t/\tHTTP/1.1", "GET /\x7f HTTP/1.1", "GET / HTTX/1.1", "\x16\x03\x01 / HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(refusal(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
  }
  CHECK(refusal("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"sv) == 400);
}

TEST_CASE("RFC 9110 15.6.6: another major version is named as the reason") {
  CHECK(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(refusal("GET / HTTP/0.9\r\nHost: a\r\n\r\n") == 505);
  CHECK(refusal("GET / HTTP/3.0\r\nHost: a\r\n\r\n") == 505);
}

TEST_CASE("RFC 9112 5.1: names are tokens with no blank before the colon, values have no control characters") {
  for (const std::string_view field :
       {"X : b", "X\t: b", ": b", "X", "X b: c", "X(: b", "X\x7f: b", "X: \x01", "X: a\x7f"}) {
    CAPTURE(field);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n") == 400);
  }
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv) == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello") == 400);
  CHECK(one("GET / HTTP/1.1\r\nHost: a\r\nX: a:b\tc\xff\r\n\r\n").field("x") == "a:b\tc\xff");
}

TEST_CASE("RFC 9112 3.2: HTTP/1.1 has exactly one Host, and a Host is no list or path") {
  CHECK(refusal("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  for (const std::string_view host : {"a b", "a,b", "user@a", "a/b", "a?b", "a#b"}) {
    CAPTURE(host);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 400);
  }
  CHECK(one("GET / HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n").field("host") == "[::1]:3000");
  CHECK(one("GET / HTTP/1.1\r\nHost:\r\n\r\n").field("host") == "");
  CHECK(one("GET / HTTP/1.0\r\n\r\n").minor_version == 0);
}

TEST_CASE("RFC 9112 9.3: what keeps a connection open") {
  const auto keeps = [](std::string_view version, std::string_view fields) {
    return one("GET / " + std::string(version) + "\r\nHost: a\r\n" + std::string(fields) + "\r\n").keep_alive;
  };
  CHECK(keeps("HTTP/1.1", ""));
  CHECK(keeps("HTTP/1.1", "Connection: keep-alive, Upgrade\r\n"));
  CHECK_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps("HTTP/1.1", "Connection: foo, Close\r\n"));
  CHECK_FALSE(keeps("HTTP/1.0", ""));
  CHECK(keeps("HTTP/1.0", "Connection: keep-alive\r\n"));
}

TEST_CASE("RFC 9112 3.2: the four forms of a target") {
  CHECK(one(get("/a/b?c=d?e")).path == "/a/b");
  CHECK(one(get("/a/b?c=d?e")).query == "c=d?e");
  CHECK(one(get("/?")).query == "");
  CHECK(one(get("//a")).path == "//a");

  const auto absolute = one(get("http://other:80/x?y=z"));
  CHECK(absolute.path == "/x");
  CHECK(absolute.query == "y=z");
  CHECK(absolute.field("host") == "other:80");  // section 3.2.2: the target's authority stands for Host
  CHECK(one(get("HTTPS://other")).path == "/");
  CHECK(one(get("http://other?q")).query == "q");

  CHECK(one("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path == "*");
  for (const std::string_view target : {"*", "a", "a:80", "http", "https:", "http:/", "http://", "http:///x",
                                        "http://u@a/", "ftp://a/", "://a/", "/a#b"}) {
    CAPTURE(target);
    CHECK(refusal(get(target)) == 400);
  }
}

TEST_CASE("RFC 3986 2.1: the path is decoded, the query left as it is") {
  const auto request = one(get("/a%20b/%C3%A9+%2f?x=%20+&y=%zz"));
  CHECK(request.path == "/a b/\xc3\xa9+/");
  CHECK(request.query == "x=%20+&y=%zz");
  for (const std::string_view target : {"/%", "/%4", "/%zz", "/%4x", "/a%00b", "/%0"}) {
    CAPTURE(target);
    CHECK(refusal(get(target)) == 400);
  }
}

TEST_CASE("parameters are found by name, decoded, the first of doubled ones") {
  const auto request = one(get("/?EIO=4&a=1&a=2&empty=&bare&b%20c=d+e%26f&bad=%z1&=noname"));
  CHECK(request.parameter("EIO") == "4");
  CHECK(request.parameter("a") == "1");
  CHECK(request.parameter("empty") == "");
  CHECK(request.parameter("bare") == "");
  CHECK(request.parameter("b c") == "d e&f");
  CHECK(request.parameter("") == "noname");
  CHECK_FALSE(request.parameter("bad"));
  CHECK_FALSE(request.parameter("eio"));
  CHECK_FALSE(one(get("/")).parameter("x"));
}

TEST_CASE("RFC 9112 6.3: a length that could be read in two ways is refused") {
  for (const std::string_view fields :
       {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: 5,6\r\n", "Content-Length: +5\r\n", "Content-Length: -5\r\n",
        "Content-Length: 5 5\r\n", "Content-Length: 0x5\r\n", "Content-Length: 5.0\r\n", "Content-Length:\r\n",
        "Content-Length: ,\r\n", "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"}) {
    CAPTURE(fields);
    CHECK(refusal(with_fields(fields) + "hello") == 400);
  }
  CHECK(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
  CHECK(one(with_fields("Content-Length: 005\r\n") + "hello").body == "hello");
  CHECK(one(with_fields("Content-Length: 0\r\n")).body.empty());
}

TEST_CASE("RFC 9112 6.1: a transfer coding that is not plain chunked is not implemented") {
  for (const std::string_view coding : {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked",
                                        "identity", "chunked;a=b", "\"chunked\"",
                                        "\x0b"
                                        "chunked",
                                        ""}) {
    CAPTURE(coding);
    const int status = refusal(with_fields("Transfer-Encoding: " + std::string(coding) + "\r\n") + "0\r\n\r\n");
    CHECK((status == 501 || status == 400));
  }
  CHECK(refusal(with_fields("Transfer-Encoding: gzip\r\n")) == 501);
  CHECK(one(with_fields("Transfer-Encoding: Chunked\r\n") + "0\r\n\r\n").body.empty());
}

TEST_CASE("RFC 9112 7.1: chunked bodies, with extensions and trailers that change nothing") {
  CHECK(one(chunked("0\r\n\r\n")).body.empty());
  CHECK(one(chunked("5\r\nhello\r\n0\r\n\r\n")).body == "hello");
  CHECK(one(chunked("1\r\nh\r\n004\r\nello\r\nA\r\n0123456789\r\n000\r\n\r\n")).body == "hello0123456789");
  CHECK(one(chunked("2;a=b\r\n\r\n\r\n1 ;c=\"d\"\r\nx\r\n0;e\r\n\r\n")).body == "\r\nx");
  const auto trailed = one(chunked("1\r\nx\r\n0\r\nHost: evil\r\nConnection: close\r\nContent-Length: 7\r\n\r\n"));
  CHECK(trailed.body == "x");
  CHECK(trailed.keep_alive);
  CHECK(trailed.field("host") == "a");
  CHECK(trailed.fields.size() == 2);
}

TEST_CASE("RFC 9112 7.1: chunks that are none are refused") {
  for (const std::string_view body :
       {"\r\n", "x\r\n", "-1\r\n", "+1\r\nx", "0x1\r\nx", " 1\r\nx\r\n", "1 x\r\n", "1\nx", "1\rx", "1\r\nxy\r\n",
        "1\r\nx\n", "1\r\nx\r\r\n", "1\r\nx\r\n\r\n", "0\r\nX: y\n\r\n", "0\n\r\n", "1;a\nx", "ffffffffffffffffff\r\n",
        "1_0\r\n", ";\r\n"}) {
    CAPTURE(body);
    CHECK(refusal(chunked(body)) == 400);
  }
  CHECK(refusal(chunked("1;" + std::string(limits::kHttpHeadBytes, 'x'))) == 400);
  CHECK(refusal(chunked("0\r\n" + std::string(limits::kHttpHeadBytes + 1, 'x'))) == 400);
}

TEST_CASE("RFC 9110 15.5.14: a body above the limit is refused by what announces it") {
  CHECK(one(with_fields("Content-Length: 100\r\n") + std::string(100, 'x')).body.size() == 100);
  CHECK(refusal(with_fields("Content-Length: 101\r\n")) == 413);
  CHECK(refusal(with_fields("Content-Length: 18446744073709551615\r\n")) == 413);
  CHECK(one(chunked("64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n")).body.size() == 100);
  CHECK(refusal(chunked("65\r\n")) == 413);
  CHECK(refusal(chunked("ffffffffffffffff\r\n")) == 413);
  CHECK(refusal(chunked("64\r\n" + std::string(100, 'x') + "\r\n1\r\n")) == 413);
}

TEST_CASE("RFC 9110 15.5.15: a target above the limit is refused, also one that never ends") {
  CHECK(one(get("/" + std::string(199, 'x'))).path.size() == 200);
  CHECK(refusal(get("/" + std::string(200, 'x'))) == 414);
  CHECK(refusal("GET /" + std::string(5000, 'x')) == 414);
}

TEST_CASE("a request line above the limit is refused as soon as it is, also when it came in one piece") {
  const auto line = "GET /" + std::string(kLimits.target_bytes + 100, 'x') + " HTTP/1.1\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{50}, line.size()}) {
    CAPTURE(step);
    CHECK(read_by(line, step, kLimits).error_status == 414);
  }
  // A method without end makes it long, too, whole head or not.
  const auto method = std::string(kLimits.target_bytes + 100, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::size_t step : {std::size_t{1}, method.size()})
    CHECK(read_by(method, step, kLimits).error_status == 414);
}

TEST_CASE("RFC 6585 5: a head above the limit is refused, in bytes and in fields") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  const auto filled = [&](std::size_t size) { return head + std::string(size - head.size() - end.size(), 'x') + end; };
  CHECK(one(filled(2000)).field("x"));
  CHECK(refusal(filled(2001)) == 431);
  CHECK(refusal(head + std::string(100'000, 'x')) == 431);

  const auto fields = [](std::size_t count) {
    std::string out = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i) out += "a:b\r\n";
    return out + "\r\n";
  };
  CHECK(one(fields(limits::kHttpFields)).fields.size() == limits::kHttpFields);
  CHECK(refusal(fields(limits::kHttpFields + 1)) == 431);
}

TEST_CASE("RFC 9110 10.1.1: a client that waits for 100 Continue is told once, and only before its body") {
  const auto head = with_fields("Expect: 100-Continue\r\nContent-Length: 5\r\n");
  std::size_t used = 0;

  RequestReader waiting(kLimits);
  CHECK_FALSE(waiting.wants_continue());
  CHECK(waiting.read(head.substr(0, head.size() - 1), used) == Status::need_more);
  CHECK_FALSE(waiting.wants_continue());
  CHECK(waiting.read(head.substr(head.size() - 1), used) == Status::need_more);
  CHECK(waiting.wants_continue());
  CHECK_FALSE(waiting.wants_continue());
  CHECK(waiting.read("hello", used) == Status::complete);
  CHECK_FALSE(waiting.wants_continue());

  RequestReader impatient(kLimits);
  CHECK(impatient.read(head + "h", used) == Status::need_more);
  CHECK_FALSE(impatient.wants_continue());

  RequestReader without_body(kLimits);
  CHECK(without_body.read(with_fields("Expect: 100-continue\r\n"), used) == Status::complete);
  CHECK_FALSE(without_body.wants_continue());

  RequestReader old(kLimits);
  CHECK(old.read("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", used) == Status::need_more);
  CHECK_FALSE(old.wants_continue());

  CHECK(refusal(with_fields("Expect: 100-continue\r\nContent-Length: 101\r\n")) == 413);
}

TEST_CASE("RFC 9112 4: a response's head") {
  const auto head = [](int status, std::string_view fields, std::size_t length, bool keep_alive) {
    std::string out;
    http::append_response_head(out, status, fields, length, keep_alive);
    const auto date = out.find("Date: ");
    REQUIRE(date != std::string::npos);
    const auto end = out.find("\r\n", date);
    CHECK(end - date == "Date: Sun, 06 Nov 1994 08:49:37 GMT"sv.size());  // RFC 9110 section 5.6.7
    return out.erase(date, end + 2 - date);
  };
  CHECK(head(200, "Content-Type: text/plain\r\n", 2, true) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n");
  CHECK(head(413, "", 0, false) == "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  // RFC 9110 section 8.6: no Content-Length here.
  CHECK(head(101, "Upgrade: websocket\r\n", 0, true) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  CHECK(head(204, "", 0, true) == "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_CASE("every status that a reader can give has a phrase") {
  for (const int status : {400, 413, 414, 431, 501, 505}) CHECK_FALSE(http::reason_phrase(status).empty());
  CHECK(http::reason_phrase(299).empty());
}

TEST_CASE("percent_decode decodes escapes, and blanks from '+' only where asked") {
  CHECK(http::percent_decode("a%2Bb+c", false) == "a+b+c");
  CHECK(http::percent_decode("a%2Bb+c", true) == "a+b c");
  CHECK(http::percent_decode("%41%6a%6A%00", false) == "Ajj\0"s);
  CHECK(http::percent_decode("", false) == "");
  for (const std::string_view text : {"%", "%1", "a%", "%g1", "%1g", "%%41", "%-1"}) {
    CAPTURE(text);
    CHECK_FALSE(http::percent_decode(text, false));
  }
}
