#include "src/cli/input_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "src/base/command_limits.h"
#include "src/cli/interruption.h"

namespace tidemark::cli {

Result<InputLines> InputLines::open(std::string_view name) {
  if (name == "-") return InputLines("standard input", STDIN_FILENO, 0);
  const std::string path(name);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot read {}: {}", path, std::strerror(error)));
  }
  return InputLines(path, descriptor, S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0);
}

InputLines::InputLines(InputLines&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_total_(other.bytes_total_),
      bytes_read_(other.bytes_read_),
      number_(other.number_),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      ended_(other.ended_) {}

InputLines::~InputLines() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

Result<std::optional<std::string_view>> InputLines::next() {
  auto searched = begin_;
  for (;;) {
    if (const auto end = buffer_.find('\n', searched); end != std::string::npos) {
      const std::string_view line(buffer_.data() + begin_, end - begin_);
      begin_ = end + 1;
      ++number_;
      return line;
    }
    if (ended_) {
      if (begin_ == buffer_.size()) return std::nullopt;
      const std::string_view line(buffer_.data() + begin_, buffer_.size() - begin_);
      begin_ = buffer_.size();
      ++number_;
      return line;
    }
    buffer_.erase(0, std::exchange(begin_, 0));
    if (buffer_.size() > limits::kLineBytes) {
      return fail(ErrorCode::invalid_argument, fmt::format("{}:{}: the line is too long", name_, number_ + 1));
    }
    searched = buffer_.size();
    // A signal may come before the read that it is to interrupt.
    for (pollfd input{.fd = descriptor_, .events = POLLIN, .revents = 0}; ::poll(&input, 1, 100) == 0;) {
      if (interrupted()) return fail(ErrorCode::closed, "interrupted");
    }
    if (interrupted()) return fail(ErrorCode::closed, "interrupted");
    buffer_.resize(searched + limits::kOutputBytes);
    const auto got = ::read(descriptor_, buffer_.data() + searched, limits::kOutputBytes);
    buffer_.resize(searched + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno != EINTR) {
      return fail(ErrorCode::io, fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
    }
    ended_ = got == 0;
    bytes_read_ += got > 0 ? static_cast<std::uint64_t>(got) : 0;
  }
}

}  // namespace tidemark::cli
