#include "bench/load/run.h"

#include "bench/load/message.h"

namespace tidemark::load {
namespace {

std::uint64_t in_seconds(double seconds) { return now_ns() + static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

bool Run::wait_until(std::string_view what, const std::function<bool()>& done) {
  const bool in_time = loop_.run_until(in_seconds(options_.patience_s), [&] { return failed() || done(); });
  if (!in_time) fail("waited too long for " + std::string(what));
  return !failed();
}

void Run::serve_for(double seconds, const std::function<void()>& each_round, int wait_ms) {
  loop_.run_until(
      in_seconds(seconds),
      [&] {
        if (each_round) each_round();
        return failed();
      },
      wait_ms);
}

bool Run::gather(std::uint32_t count, const std::function<Connection::Place(std::uint32_t index)>& place_of) {
  crowd_.open(count, place_of);
  return wait_until("the clients to join", [&] { return crowd_.all_joined(); });
}

Connection::Place Run::place() const {
  return {.port = options_.port, .channel = options_.channel, .text_bytes = options_.text_bytes};
}

}  // namespace tidemark::load
