// The server that the official test suites of the Engine.IO and Socket.IO protocols are run against: the service's own
// transports and codecs, with an echo where the service has its log.
//
//   echo-server [PORT]      3000 if none is given; 0: any free one. Says "event=serving" on stderr once it listens.
#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <string_view>

#include "backends/registry.h"
#include "src/base/journal.h"
#include "src/server/server.h"
#include "tests/conformance/engineio_echo.h"
#include "tests/conformance/socketio_echo.h"

namespace tidemark::conformance {
namespace {

int run(std::uint16_t port) {
  ServeOptions options;
  options.port = port;
  options.ping_interval = Millis(300);
  options.ping_timeout = Millis(200);
  // The suites close a session and poll it at once, over two connections, and expect the poll to be first.
  options.io_threads = 1;
  options.recovery_window = Millis(0);
  options.max_payload = 1'000'000;
  const SystemClock clock;
  auto store = open_store("memory", {.directory = {}, .epoch_if_new = Epoch::random()});
  if (!store) return 1;
  auto log = Log::open(std::move(*store), {}, clock);
  if (!log) return 1;
  Server server(options, clock, **log, SessionKey{}, {engineio_echo(), socketio_echo()});
  if (const auto listening = server.listen(); !listening) {
    fmt::print(stderr, "echo-server: {}\n", listening.error().context);
    return 1;
  }
  server.start();
  journal::info("serving", {{"url", server.url()}});
  asio::io_context context;
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([](const SystemError&, int) {});
  context.run();
  server.stop();
  return 0;
}

}  // namespace
}  // namespace tidemark::conformance

int main(int argc, char** argv) {
  std::uint16_t port = 3000;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (argc > 2 || error != std::errc{} || end != text.data() + text.size()) {
      fmt::print(stderr, "usage: echo-server [PORT]\n");
      return 2;
    }
  }
  std::signal(SIGPIPE, SIG_IGN);
  return tidemark::conformance::run(port);
}
