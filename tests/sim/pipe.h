// A pipe: one transport connection between a client and the server, as far as the network is concerned. Either end may
// be gone without the other knowing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "src/base/offset.h"

namespace tidemark::sim {

/// What a client sends.
struct Packet {
  enum class Kind : std::uint8_t { connect, leave, publish, relay };
  Kind kind;
  std::string channel;
  // connect
  std::string pid;
  std::optional<std::string> offset{};
  std::optional<std::uint64_t> server_offset{};
  std::optional<std::uint64_t> history{};
  bool status = false;
  // publish, relay
  std::string payload{};
  std::string client_key{};
  std::int64_t ack_id = -1;
};

struct Pipe {
  bool client_open = true;
  bool server_open = true;
  std::deque<Packet> up;
  std::string down;          // sent, not yet read by the client
  std::size_t capacity = 0;  // bytes the sockets take before the server's would block
  bool polling = false;
  bool poll_waits = false;  // a poll is open
};

}  // namespace tidemark::sim
