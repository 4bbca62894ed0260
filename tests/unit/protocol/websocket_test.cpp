#include "protocol/websocket/websocket.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/protocol/live_bytes.h"

using namespace tidemark;
using namespace std::string_literals;
using namespace std::string_view_literals;
using websocket::FrameReader;
using websocket::Opcode;
using Kind = FrameReader::Kind;

namespace {

constexpr std::size_t kMax = 1000;
constexpr unsigned kFin = 0x80;

constexpr unsigned op(Opcode opcode) { return static_cast<unsigned>(opcode); }

/// The head of a client's frame as section 5.2 has it, announcing `size` bytes in the shortest form.
std::string client_head(unsigned first_byte, std::uint64_t size, std::string_view mask) {
  std::string out(1, static_cast<char>(first_byte));
  int length_bytes = 0;
  if (size <= 125) {
    out.push_back(static_cast<char>(0x80 | size));
  } else if (size <= 65'535) {
    out.push_back(static_cast<char>(0xfe));
    length_bytes = 2;
  } else {
    out.push_back(static_cast<char>(0xff));
    length_bytes = 8;
  }
  for (int i = length_bytes - 1; i >= 0; --i) out.push_back(static_cast<char>((size >> (8 * i)) & 0xff));
  out.append(mask);
  return out;
}

/// A masked frame, as a client must send it.
std::string client_frame(unsigned first_byte, std::string_view payload, std::string_view mask = "\x37\xfa\x21\x3d") {
  std::string out = client_head(first_byte, payload.size(), mask);
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return out;
}
std::string whole(Opcode opcode, std::string_view payload) { return client_frame(kFin | op(opcode), payload); }
std::string part(Opcode opcode, std::string_view payload) { return client_frame(op(opcode), payload); }

struct Seen {
  Kind kind;
  std::string data;
  std::uint16_t code = 0;
  bool operator==(const Seen&) const = default;
};

/// Every event in `bytes`, given to the reader `step` bytes at a time.
std::vector<Seen> events_by(FrameReader& reader, std::string bytes, std::size_t step) {
  std::vector<Seen> seen;
  std::size_t begin = 0;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    while (begin < end) {
      FrameReader::Event event;
      begin += reader.read(std::span(bytes).subspan(begin, end - begin), event);
      if (event.kind == Kind::none) {
        CHECK(begin == end);  // all consumed
        break;
      }
      seen.push_back({event.kind, event.data, event.close_code});
      if (event.kind == Kind::error) return seen;
    }
    if (end == bytes.size()) return seen;
  }
}

/// The same whether the bytes come at once, by threes or one by one.
std::vector<Seen> events(const std::string& bytes) {
  FrameReader at_once(kMax);
  const auto seen = events_by(at_once, bytes, bytes.size());
  for (const std::size_t step : {1, 3}) {
    FrameReader in_steps(kMax);
    CHECK(events_by(in_steps, bytes, step) == seen);
    CHECK(in_steps.unfinished() == at_once.unfinished());
  }
  return seen;
}

Seen error(std::uint16_t code) { return {Kind::error, "", code}; }
std::vector<Seen> only(Seen seen) { return {std::move(seen)}; }

std::string close_payload(std::uint16_t code, std::string_view reason = "") {
  std::string out;
  out.push_back(static_cast<char>(code >> 8));
  out.push_back(static_cast<char>(code & 0xff));
  out.append(reason);
  return out;
}

http::Request handshake() {
  http::Request request;
  request.method = "GET";
  request.path = "/socket.io/";
  request.fields = {{"host", "server.example.com"},
                    {"upgrade", "websocket"},
                    {"connection", "Upgrade"},
                    {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"sec-websocket-version", "13"}};
  return request;
}

http::Request with(std::string_view field, std::string_view value) {
  auto request = handshake();
  for (auto& [name, old] : request.fields)
    if (name == field) old = value;
  return request;
}

http::Request without(std::string_view field) {
  auto request = handshake();
  std::erase_if(request.fields, [field](const auto& f) { return f.first == field; });
  return request;
}

http::Request doubled(std::string_view field) {
  auto request = handshake();
  request.fields.emplace_back(field, *handshake().field(field));
  return request;
}

}  // namespace

TEST_CASE("RFC 6455 1.3: the sample nonce gets the sample answer") {
  const auto answer = websocket::answer_handshake(handshake());
  CHECK(answer.status == 101);
  CHECK(answer.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(answer.error.empty());
}

TEST_CASE("RFC 6455 4.2.1: tokens are found in any case and among others") {
  CHECK(websocket::answer_handshake(with("upgrade", "WebSocket")).status == 101);
  CHECK(websocket::answer_handshake(with("upgrade", "h2c, websocket")).status == 101);
  CHECK(websocket::answer_handshake(with("connection", "keep-alive, Upgrade")).status == 101);
  CHECK(websocket::answer_handshake(with("connection", "keep-alive ,\tUPGRADE")).status == 101);
  CHECK(websocket::wants_upgrade(handshake()));
  CHECK_FALSE(websocket::wants_upgrade(without("upgrade")));
  CHECK_FALSE(websocket::wants_upgrade(with("upgrade", "websockets")));
  CHECK_FALSE(websocket::wants_upgrade(with("upgrade", "h2c")));
  CHECK_FALSE(websocket::wants_upgrade(with("upgrade", "")));
}

TEST_CASE("RFC 6455 4.2.1: a handshake that is none is refused with a sentence") {
  auto post = handshake();
  post.method = "POST";
  auto lower_case = handshake();
  lower_case.method = "get";
  auto old_http = handshake();
  old_http.minor_version = 0;
  for (const auto& request :
       {post, lower_case, old_http, without("upgrade"), with("upgrade", "h2c"), without("connection"),
        with("connection", "keep-alive"), without("sec-websocket-key"), doubled("sec-websocket-key"),
        with("sec-websocket-key", ""), with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ"),  // no padding
        with("sec-websocket-key", "dGhlIHNhbXBsZSBub25j"),                                   // 15 bytes
        with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZSE="),                               // 17 bytes
        with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZR=="),                               // stray bits
        with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ*==")}) {
    const auto answer = websocket::answer_handshake(request);
    CAPTURE(answer.error);
    CHECK(answer.status == 400);
    CHECK(answer.accept.empty());
    CHECK_FALSE(answer.error.empty());
  }
}

TEST_CASE("RFC 6455 4.2.2 and 4.4: another version is told which one is spoken") {
  for (const auto& request :
       {with("sec-websocket-version", "8"), with("sec-websocket-version", "14"), with("sec-websocket-version", "13, 8"),
        with("sec-websocket-version", "013"), without("sec-websocket-version"), doubled("sec-websocket-version")})
    CHECK(websocket::answer_handshake(request).status == 426);
}

TEST_CASE("RFC 6455 5.7: the examples a client may send") {
  CHECK(events("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == only({Kind::text, "Hello"}));
  CHECK(events(whole(Opcode::ping, "Hello")) == only({Kind::ping, "Hello"}));
  CHECK(events(part(Opcode::text, "Hel") + whole(Opcode::continuation, "lo")) == only({Kind::text, "Hello"}));
  CHECK(events(whole(Opcode::binary, std::string(256, 'x'))) == only({Kind::binary, std::string(256, 'x')}));
}

TEST_CASE("RFC 6455 5.2: every length around the borders of its three forms") {
  for (const std::size_t size : {0, 1, 7, 8, 9, 125, 126, 127, 65'535, 65'536, 100'000}) {
    CAPTURE(size);
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);
    FrameReader reader(100'000);
    CHECK(events_by(reader, whole(Opcode::binary, payload), 4096) == only({Kind::binary, payload}));
    CHECK_FALSE(reader.unfinished());
  }
}

TEST_CASE("messages and control frames come one at a time, in order") {
  CHECK(events(whole(Opcode::text, "one") + whole(Opcode::pong, "") + whole(Opcode::binary, "\0\xff"sv) +
               whole(Opcode::text, "") + whole(Opcode::ping, std::string(125, 'p'))) ==
        std::vector<Seen>{{Kind::text, "one"},
                          {Kind::pong, ""},
                          {Kind::binary, "\0\xff"s},
                          {Kind::text, ""},
                          {Kind::ping, std::string(125, 'p')}});

  auto two = whole(Opcode::text, "one") + whole(Opcode::text, "two");
  FrameReader reader(kMax);
  FrameReader::Event event;
  CHECK(reader.read(two, event) == two.size() / 2);  // stops after the first
  CHECK(event.data == "one");
}

TEST_CASE("RFC 6455 5.4: control frames may stand between the fragments of a message") {
  CHECK(events(part(Opcode::text, "a") + whole(Opcode::ping, "p") + part(Opcode::continuation, "") +
               whole(Opcode::pong, "q") + part(Opcode::continuation, "b") + whole(Opcode::continuation, "c")) ==
        std::vector<Seen>{{Kind::ping, "p"}, {Kind::pong, "q"}, {Kind::text, "abc"}});
  CHECK(events(part(Opcode::binary, "\xff") + whole(Opcode::close, "")) == std::vector<Seen>{{Kind::close, "", 1005}});
}

TEST_CASE("RFC 6455 5.1: an unmasked frame is a protocol error") {
  CHECK(events("\x81\x05Hello") == only(error(1002)));
  CHECK(events("\x89\x00"s) == only(error(1002)));
}

TEST_CASE("RFC 6455 5.2: reserved bits and reserved opcodes are protocol errors") {
  for (const unsigned bit : {0x40U, 0x20U, 0x10U}) {
    CHECK(events(client_frame(kFin | bit | op(Opcode::text), "x")) == only(error(1002)));
    CHECK(events(client_frame(kFin | bit | op(Opcode::ping), "x")) == only(error(1002)));
  }
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U})
    CHECK(events(client_frame(kFin | opcode, "x")) == only(error(1002)));
}

TEST_CASE("RFC 6455 5.2: a length not in its shortest form is a protocol error") {
  CHECK(events("\x82\xfe\x00\x7d\x01\x02\x03\x04"s) == only(error(1002)));
  CHECK(events("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04"s) == only(error(1002)));
}

TEST_CASE("RFC 6455 5.2: the top bit of a 64-bit length must be 0, in a fragment, too, where the sum would wrap") {
  CHECK(events("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"s) == only(error(1002)));
  CHECK(events(part(Opcode::binary, "0123456789") +
               "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xfb\x01\x02\x03\x04 and so on for ever"s) == only(error(1002)));
  CHECK(events(part(Opcode::binary, "0123456789") + client_head(kFin, (1ULL << 63) - 1, "abcd")) == only(error(1009)));
}

TEST_CASE("RFC 6455 5.4: fragments out of order are protocol errors") {
  CHECK(events(whole(Opcode::continuation, "x")) == only(error(1002)));
  CHECK(events(part(Opcode::continuation, "x")) == only(error(1002)));
  CHECK(events(part(Opcode::text, "x") + whole(Opcode::text, "y")) == only(error(1002)));
  CHECK(events(part(Opcode::text, "x") + part(Opcode::binary, "y")) == only(error(1002)));
  CHECK(events(whole(Opcode::text, "x") + whole(Opcode::continuation, "y")) ==
        std::vector<Seen>{{Kind::text, "x"}, error(1002)});
}

TEST_CASE("RFC 6455 5.5: control frames are short and in one piece") {
  for (const auto opcode : {Opcode::close, Opcode::ping, Opcode::pong}) {
    CHECK(events(part(opcode, "")) == only(error(1002)));
    CHECK(events(whole(opcode, std::string(126, 'x'))) == only(error(1002)));
    CHECK(events(client_head(kFin | op(opcode), 1ULL << 40, "abcd")) == only(error(1002)));
  }
}

TEST_CASE("RFC 6455 5.5.1 and 7.4: close codes and reasons") {
  CHECK(events(whole(Opcode::close, "")) == only({Kind::close, "", 1005}));
  for (const std::uint16_t code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    CAPTURE(code);
    CHECK(events(whole(Opcode::close, close_payload(code))) == only({Kind::close, "", code}));
  }
  CHECK(events(whole(Opcode::close, close_payload(1000, "bye \xf0\x9f\x8c\x8a"))) ==
        only({Kind::close, "bye \xf0\x9f\x8c\x8a", 1000}));
  CHECK(events(whole(Opcode::close, close_payload(1000, std::string(123, 'r')))) ==
        only({Kind::close, std::string(123, 'r'), 1000}));

  CHECK(events(whole(Opcode::close, "\x03")) == only(error(1002)));  // half a code
  for (const std::uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65'535}) {
    CAPTURE(code);
    CHECK(events(whole(Opcode::close, close_payload(code))) == only(error(1002)));
  }
  CHECK(events(whole(Opcode::close, close_payload(1000, "\xff"))) == only(error(1007)));
  CHECK(events(whole(Opcode::close, close_payload(1000, "\xf0\x9f\x8c"))) == only(error(1007)));
}

TEST_CASE("RFC 6455 8.1: text that is not UTF-8 fails as soon as that is certain") {
  for (const auto text :
       {"\xff"sv, "a\xc0\xaf"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xe2\x28\xa1"sv, "\x80"sv}) {
    CHECK(events(whole(Opcode::text, text)) == only(error(1007)));
    CHECK(events(part(Opcode::text, text)) == only(error(1007)));  // without waiting for the rest of the message
    CHECK(events(whole(Opcode::binary, text)) == only({Kind::binary, std::string(text)}));
  }
  const std::string head_and_bad_byte = client_head(kFin | op(Opcode::text), 500, "\0\0\0\0"sv) + "\xff";
  CHECK(events(head_and_bad_byte) == only(error(1007)));  // nor for the rest of the frame
}

TEST_CASE("RFC 6455 8.1: a character may be cut between fragments but not by a message's end") {
  CHECK(events(part(Opcode::text, "\xf0\x9f") + whole(Opcode::ping, "\xff") + part(Opcode::continuation, "\x8c") +
               whole(Opcode::continuation, "\x8a")) ==
        std::vector<Seen>{{Kind::ping, "\xff"}, {Kind::text, "\xf0\x9f\x8c\x8a"}});
  CHECK(events(whole(Opcode::text, "ab\xf0\x9f\x8c")) == only(error(1007)));
  CHECK(events(part(Opcode::text, "ab") + whole(Opcode::continuation, "\xf0\x9f\x8c")) == only(error(1007)));
  CHECK(events(part(Opcode::text, "ab\xf0\x9f\x8c") + whole(Opcode::continuation, "")) == only(error(1007)));
  CHECK(events(part(Opcode::text, "\xf0\x9f") + whole(Opcode::continuation, "ab")) == only(error(1007)));
  CHECK(events(part(Opcode::binary, "\xf0\x9f") + whole(Opcode::continuation, "")) == only({Kind::binary, "\xf0\x9f"}));
}

TEST_CASE("RFC 6455 10.4: a message above the limit fails by its frame's head, before its bytes") {
  CHECK(events(whole(Opcode::text, std::string(kMax, 'x'))) == only({Kind::text, std::string(kMax, 'x')}));
  CHECK(events(client_head(kFin | op(Opcode::text), kMax + 1, "abcd")) == only(error(1009)));
  CHECK(events(client_head(kFin | op(Opcode::binary), 1ULL << 40, "abcd")) == only(error(1009)));

  const auto most = part(Opcode::text, std::string(kMax - 10, 'x'));
  CHECK(events(most + whole(Opcode::continuation, std::string(10, 'y'))).front().data.size() == kMax);
  CHECK(events(most + client_head(kFin, 11, "abcd")) == only(error(1009)));
  CHECK(events(most + part(Opcode::continuation, std::string(10, 'y')) + client_head(kFin, 1, "abcd")) ==
        only(error(1009)));
}

TEST_CASE("of a message above the limit only the beginning is kept, however it comes, up to a second limit") {
  constexpr std::size_t kDropped = 50'000;
  const auto cut_events = [](const std::string& bytes) {
    FrameReader at_once(kMax, kDropped);
    const auto seen = events_by(at_once, bytes, bytes.size());
    for (const std::size_t step : {1, 700}) {
      FrameReader in_steps(kMax, kDropped);
      CHECK(events_by(in_steps, bytes, step) == seen);
    }
    return seen;
  };
  const std::string large = "head" + std::string(20'000, 'x');
  const std::string beginning = large.substr(0, FrameReader::kCutBytes);
  const auto after = whole(Opcode::text, "after");
  const std::vector<Seen> text{{Kind::cut_text, beginning}, {Kind::text, "after"}};
  CHECK(cut_events(whole(Opcode::text, large) + after) == text);
  CHECK(cut_events(part(Opcode::text, large.substr(0, 900)) + whole(Opcode::continuation, large.substr(900)) + after) ==
        text);
  CHECK(cut_events(part(Opcode::text, large) + whole(Opcode::continuation, large) + after) == text);
  CHECK(cut_events(whole(Opcode::binary, large) + after) ==
        std::vector<Seen>{{Kind::cut_binary, beginning}, {Kind::text, "after"}});
  // A control frame between fragments is whole; the limit is for all fragments together.
  CHECK(cut_events(part(Opcode::text, large) + whole(Opcode::ping, "p") + whole(Opcode::continuation, "")) ==
        std::vector<Seen>{{Kind::ping, "p"}, {Kind::cut_text, beginning}});
  CHECK(cut_events(part(Opcode::text, std::string(900, 'x')) + whole(Opcode::continuation, std::string(100, 'x')))
            .front()
            .kind == Kind::text);
  // What is dropped is still looked at: a text must be UTF-8 to its end.
  CHECK(cut_events(whole(Opcode::text, large + "\xff")) == only(error(1007)));
  CHECK(cut_events(client_head(kFin | op(Opcode::text), kMax + kDropped + 1, "abcd")) == only(error(1009)));
  CHECK(cut_events(part(Opcode::text, std::string(kMax, 'x')) + client_head(kFin, kDropped + 1, "abcd")) ==
        only(error(1009)));
  CHECK(cut_events(part(Opcode::text, std::string(kMax, 'x')) + part(Opcode::continuation, std::string(kDropped, 'x')) +
                   client_head(kFin, 1, "abcd")) == only(error(1009)));
}

TEST_CASE("what is dropped of a message costs nothing") {
  FrameReader reader(kMax, 10'000'000);
  auto bytes =
      part(Opcode::text, std::string(500, 'x')) + client_head(kFin, 9'000'000, std::string_view("\0\0\0\0", 4));
  const auto before = test::live_bytes();
  FrameReader::Event event;
  CHECK(reader.read(bytes, event) == bytes.size());
  for (int i = 0; i < 100; ++i) {
    std::string more(10'000, 'x');
    CHECK(reader.read(more, event) == more.size());
    CHECK(event.kind == Kind::none);
  }
  CHECK(test::live_bytes() - before < 4000);
}

TEST_CASE("bytes that were announced and not sent cost nothing, in a first frame as in a fragment") {
  constexpr std::size_t kLarge = 10'000'000;
  constexpr std::size_t kSent = 100;
  constexpr std::size_t kSlack = 1500;
  const std::string sent(kSent, 'x');
  auto first = client_head(op(Opcode::binary), kLarge, "abcd") + sent;
  auto later = part(Opcode::binary, sent) + client_head(kFin, kLarge - kSent, "abcd") + sent;
  for (auto* bytes : {&first, &later}) {
    FrameReader reader(kLarge);
    FrameReader::Event event;
    const auto before = test::live_bytes();
    CHECK(reader.read(*bytes, event) == bytes->size());
    CHECK(reader.unfinished());
    CHECK(test::live_bytes() - before < kSlack);
  }
}

TEST_CASE("a reader between messages costs nothing, also after a large one") {
  static_assert(sizeof(FrameReader) <= 16, "every idle connection has one");
  const auto before = test::live_bytes();
  FrameReader reader(1'000'000);
  {
    auto bytes = whole(Opcode::binary, std::string(500'000, 'x'));
    FrameReader::Event event;
    CHECK(reader.read(bytes, event) == bytes.size());
    CHECK(event.data.size() == 500'000);
  }
  CHECK(test::live_bytes() == before);
}

TEST_CASE("a message or frame that has begun and not ended is unfinished") {
  const auto after = [](const std::string& bytes) {
    FrameReader reader(kMax);
    events_by(reader, bytes, bytes.size());
    return reader.unfinished();
  };
  CHECK_FALSE(FrameReader(kMax).unfinished());
  CHECK_FALSE(after(whole(Opcode::text, "x")));
  CHECK_FALSE(after(whole(Opcode::ping, "")));
  CHECK_FALSE(after(part(Opcode::text, "x") + whole(Opcode::continuation, "")));
  CHECK(after("\x81"));
  CHECK(after("\x81\x85"));
  CHECK(
      after("\x81\x85"
            "abc"));
  CHECK(
      after("\x81\x85"
            "abcdx"));
  CHECK(after(part(Opcode::text, "")));
  CHECK(after(part(Opcode::text, "x") + whole(Opcode::ping, "")));
  CHECK(after(whole(Opcode::text, "x") + "\x81"));
}

TEST_CASE("a reader moved to another place goes on where it was") {
  auto bytes = whole(Opcode::text, "moved");
  FrameReader first(kMax);
  FrameReader::Event event;
  CHECK(first.read(std::span(bytes).first(8), event) == 8);
  FrameReader second(std::move(first));
  CHECK(second.read(std::span(bytes).subspan(8), event) == bytes.size() - 8);
  CHECK(event.data == "moved");
}

TEST_CASE("RFC 6455 5.7: the examples a server may send") {
  const auto frame = [](Opcode opcode, std::string_view payload) {
    std::string out;
    websocket::append_frame(out, opcode, payload);
    return out;
  };
  CHECK(frame(Opcode::text, "Hello") == "\x81\x05Hello");
  CHECK(frame(Opcode::pong, "Hello") == "\x8a\x05Hello");
  CHECK(frame(Opcode::binary, std::string(256, 'x')) == "\x82\x7e\x01\x00"s + std::string(256, 'x'));
  CHECK(frame(Opcode::binary, std::string(65'536, 'x')) ==
        "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65'536, 'x'));
}

TEST_CASE("RFC 6455 5.2: a frame that was appended is found again, and only when it is whole") {
  for (const std::size_t size : {0, 1, 125, 126, 65'535, 65'536}) {
    CAPTURE(size);
    std::string bytes;
    websocket::append_frame_head(bytes, Opcode::text, size);
    const auto head = bytes.size();
    bytes.append(size, 'x');
    bytes.append("next");
    const auto found = websocket::first_frame(bytes);
    REQUIRE(found);
    CHECK(found->opcode == Opcode::text);
    CHECK(found->payload.size() == size);
    CHECK(found->bytes == head + size);
    for (std::size_t cut = 0; cut < head; ++cut)
      CHECK_FALSE(websocket::first_frame(std::string_view(bytes).substr(0, cut)));
    if (size > 0) CHECK_FALSE(websocket::first_frame(std::string_view(bytes).substr(0, head + size - 1)));
  }
  CHECK_FALSE(
      websocket::first_frame("\x81\x85"
                             "abcdefghi"));          // masked: none of ours
  CHECK_FALSE(websocket::first_frame("\x01\x01x"));  // a fragment: none of ours
  CHECK_FALSE(websocket::first_frame("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"));
}

TEST_CASE("RFC 6455 5.5.1: a close frame has its code, and a reason cut to fit at a character's border") {
  const auto close = [](std::uint16_t code, std::string_view reason) {
    std::string out;
    websocket::append_close(out, code, reason);
    return out;
  };
  CHECK(close(1000, "") == "\x88\x02\x03\xe8");
  CHECK(close(1009, "too large") == "\x88\x0b\x03\xf1too large");
  CHECK(close(1000, std::string(200, 'r')) == "\x88\x7d\x03\xe8" + std::string(123, 'r'));
  CHECK(close(1000, std::string(122, 'r') + "\xe2\x82\xac") == "\x88\x7c\x03\xe8" + std::string(122, 'r'));
  CHECK(close(1000, std::string(120, 'r') + "\xe2\x82\xac") ==
        "\x88\x7d\x03\xe8" + std::string(120, 'r') + "\xe2\x82\xac");
}
