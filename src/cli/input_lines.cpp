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

Result<InputLines> InputLines::open(std::string_view name, std::size_t most) {
  if (name == "-") return InputLines("standard input", STDIN_FILENO, 0, most);
  const std::string path(name);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot read {}: {}", path, std::strerror(error)));
  }
  return InputLines(path, descriptor, S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0, most);
}

InputLines::InputLines(InputLines&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_total_(other.bytes_total_),
      most_(other.most_),
      bytes_read_(other.bytes_read_),
      number_(other.number_),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      searched_(other.searched_),
      failed_(std::move(other.failed_)),
      ended_(other.ended_) {}

InputLines::~InputLines() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

bool InputLines::is_readable(int wait_ms) const {
  pollfd input{.fd = descriptor_, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, wait_ms) != 0;
}

bool InputLines::has_line() {
  for (;;) {
    if (ended_ || failed_) return true;
    if (const auto end = buffer_.find('\n', searched_); end != std::string::npos) {
      searched_ = end;
      return true;
    }
    searched_ = buffer_.size();
    if (!is_readable(0)) return false;
    if (auto got = read(); !got) failed_ = got.error();
  }
}

Result<std::optional<std::string_view>> InputLines::next() {
  for (;;) {
    if (const auto end = buffer_.find('\n', searched_); end != std::string::npos) {
      const std::string_view line(buffer_.data() + begin_, end - begin_);
      begin_ = searched_ = end + 1;
      ++number_;
      return line;
    }
    searched_ = buffer_.size();
    if (failed_) return std::unexpected(*failed_);
    if (ended_) {
      if (begin_ == buffer_.size()) return std::nullopt;
      const std::string_view line(buffer_.data() + begin_, buffer_.size() - begin_);
      begin_ = buffer_.size();
      ++number_;
      return line;
    }
    // A signal may come before the read that it is to interrupt.
    while (!is_readable(100)) {
      if (interrupted()) return fail(ErrorCode::closed, "interrupted");
    }
    if (interrupted()) return fail(ErrorCode::closed, "interrupted");
    if (auto got = read(); !got) return std::unexpected(got.error());
  }
}

Result<void> InputLines::read() {
  buffer_.erase(0, begin_);
  searched_ -= std::exchange(begin_, 0);
  if (buffer_.size() > most_) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}:{}: the line is too long: it may have {} bytes", name_, number_ + 1, most_));
  }
  const auto held = buffer_.size();
  buffer_.resize(held + limits::kOutputBytes);
  const auto got = ::read(descriptor_, buffer_.data() + held, limits::kOutputBytes);
  const int error = errno;
  buffer_.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0 && error != EINTR) {
    return fail(ErrorCode::io, fmt::format("cannot read {}: {}", name_, std::strerror(error)));
  }
  ended_ = got == 0;
  bytes_read_ += got > 0 ? static_cast<std::uint64_t>(got) : 0;
  return {};
}

}  // namespace tidemark::cli
