// What one run of the load generator does, as its command line says. Values only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tidemark::load {

enum class Mode : std::uint8_t { fanout, append, fair, idle, slow, storm, bare };

/// How the clients of a storm ask for what they missed.
enum class Recovery : std::uint8_t {
  session,        // pid and position: connection state recovery, what the stock client does by itself
  server_offset,  // auth.serverOffset: what the tutorial's page does
};

struct Options {
  Mode mode = Mode::fanout;
  std::string label = "server";        // goes into the report as it is
  std::uint16_t port = 0;              // on 127.0.0.1
  pid_t server_pid = 0;                // whose CPU time and memory are reported; 0 = nobody's
  std::string channel = "/";           // the Socket.IO namespace
  bool channel_per_publisher = false;  // append: publisher 7 uses "/chat/7"
  std::uint32_t clients = 1000;        // fanout, bare: subscribers; idle: connections; storm: those who come back
  std::uint32_t publishers = 1;        // fanout, bare: how many of the subscribers publish, too
  std::uint32_t in_flight = 0;   // fanout, bare: messages in flight, all publishers together; 0 = one per publisher
  double rate = 0;               // fanout, bare: messages per second instead of a closed loop; 0 = closed loop
  std::uint32_t messages = 200;  // storm: missed by each
  double away_s = 0;             // storm: between the last message and the return, beside the warm-up
  std::uint32_t stalled = 0;     // slow: how many of the clients stop reading
  std::uint32_t trickling = 1;   // slow: how many of those read one byte a second
  std::uint32_t flooders = 100;  // fair: who publish as fast as they are let, beside the publishers
  Recovery recovery = Recovery::session;
  std::size_t text_bytes = 100;   // of one message's text
  std::size_t frame_bytes = 160;  // bare: on the wire, per delivery
  double warm_up_s = 1;
  double seconds = 5;
  double patience_s = 60;  // for everything that waits on the server outside of the measured time
  int server_cpu = -1;     // bare: where its sender runs; -1 = anywhere
};

/// Nothing after an error, which was written to stderr together with the usage.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

}  // namespace tidemark::load
