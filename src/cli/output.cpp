#include "src/cli/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "src/base/command_limits.h"

namespace tidemark::cli {
namespace {

bool wants_colour() {
  const char* const refused = std::getenv("NO_COLOR");
  return (refused == nullptr || *refused == '\0') && terminal_obeys();
}

}  // namespace

bool terminal_obeys() {
  const char* const kind = std::getenv("TERM");
  return kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

Output::Output(int descriptor)
    : descriptor_(descriptor), terminal_(::isatty(descriptor) == 1), coloured_(terminal_ && wants_colour()) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone is told by the write
}

bool Output::settle() { return text_.size() < limits::kOutputBytes ? open_ : flush(); }

bool Output::flush() {
  std::string_view rest = text_;
  while (open_ && !rest.empty()) {
    const auto written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      open_ = false;
    } else if (errno != EINTR) {
      open_ = false;
      outcome_ = fail(errno == ENOSPC ? ErrorCode::out_of_space : ErrorCode::io,
                      fmt::format("cannot write the output: {}", std::strerror(errno)));
    }
  }
  text_.clear();
  return open_;
}

std::optional<Output::Window> Output::window() const {
  winsize size{};
  if (::ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return std::nullopt;
  return Window{size.ws_col, size.ws_row};
}

bool Output::reader_is_gone() {
  pollfd end{.fd = descriptor_, .events = 0, .revents = 0};
  if (::poll(&end, 1, 0) > 0 && (end.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) open_ = false;
  return !open_;
}

}  // namespace tidemark::cli
