// Client frames: however the bytes are cut, the same events; limits kept; what is sent is what is read.
#include <algorithm>
#include <string>
#include <vector>

#include "protocol/json/json.h"
#include "protocol/websocket/websocket.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

using websocket::FrameReader;
using Kind = FrameReader::Kind;

constexpr std::size_t kMax = 300;
constexpr std::size_t kDropped = 2000;

struct Seen {
  Kind kind;
  std::string data;
  std::uint16_t code;
  bool operator==(const Seen&) const = default;
};

void check(const FrameReader::Event& event) {
  switch (event.kind) {
    case Kind::none: break;
    case Kind::text: FUZZ_CHECK(json::is_utf8(event.data)); [[fallthrough]];
    case Kind::binary: FUZZ_CHECK(event.data.size() <= kMax); break;
    case Kind::cut_text:
    case Kind::cut_binary: FUZZ_CHECK(event.data.size() <= FrameReader::kCutBytes); break;
    case Kind::ping:
    case Kind::pong: FUZZ_CHECK(event.data.size() <= 125); break;
    case Kind::close:
      // RFC 6455 section 7.4: what may stand in a frame, and 1005 for none.
      FUZZ_CHECK(event.close_code >= 1000 && event.close_code < 5000);
      FUZZ_CHECK(event.close_code != 1004 && event.close_code != 1006 && event.close_code != 1015);
      FUZZ_CHECK(event.data.size() <= 123 && json::is_utf8(event.data));
      break;
    case Kind::error:
      FUZZ_CHECK(event.close_code == 1002 || event.close_code == 1007 || event.close_code == 1009);
      break;
  }
}

std::vector<Seen> read_all(std::string bytes, std::size_t step) {
  FrameReader reader(kMax, kDropped);
  std::vector<Seen> seen;
  std::size_t done = 0;
  while (done < bytes.size()) {
    FrameReader::Event event;
    const auto piece = std::span(bytes).subspan(done, std::min(step, bytes.size() - done));
    const auto used = reader.read(piece, event);
    FUZZ_CHECK(used <= piece.size());
    FUZZ_CHECK(event.kind != Kind::none || used == piece.size());
    check(event);
    done += used;
    if (event.kind == Kind::none) continue;
    seen.push_back({event.kind, event.data, event.close_code});
    if (event.kind == Kind::error) break;
  }
  return seen;
}

/// A masked frame around `payload`, from the server's own writer, must come back as it was.
void round_trip(std::string_view payload, std::uint8_t choice) {
  const auto opcode = choice % 2 == 0 ? websocket::Opcode::binary : websocket::Opcode::ping;
  if (opcode == websocket::Opcode::ping) payload = payload.substr(0, 125);
  payload = payload.substr(0, kMax);
  std::string frame;
  websocket::append_frame(frame, opcode, payload);
  const auto view = websocket::first_frame(frame);
  FUZZ_CHECK(view && view->opcode == opcode && view->payload == payload && view->bytes == frame.size());
  const std::size_t head = frame.size() - payload.size();
  std::string masked = frame.substr(0, head) + std::string(4, static_cast<char>(choice));
  masked[1] = static_cast<char>(masked[1] | 0x80);
  for (const char c : payload) masked += static_cast<char>(c ^ static_cast<char>(choice));
  const auto seen = read_all(masked, masked.size());
  FUZZ_CHECK(seen.size() == 1 && seen.front().data == payload);
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidemark::fuzz::Input input(data, size);
  const auto choice = input.byte();
  const std::string bytes(input.rest());
  const auto at_once = tidemark::read_all(bytes, bytes.size() + 1);
  FUZZ_CHECK(at_once == tidemark::read_all(bytes, 1));
  FUZZ_CHECK(at_once == tidemark::read_all(bytes, 1 + choice));
  tidemark::round_trip(bytes, choice);
  return 0;
}
