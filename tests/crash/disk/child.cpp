#include "tests/crash/disk/child.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace tidemark::crash {
namespace {

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written <= 0) ::_exit(2);  // nobody listens any more
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int descriptor) {
  std::string bytes;
  std::array<char, 65'536> buffer{};
  for (;;) {
    const auto got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// A file in memory that both processes have.
class SharedNote {
 public:
  SharedNote() : descriptor_(::memfd_create("note", 0)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory");
  }
  SharedNote(const SharedNote&) = delete;
  SharedNote& operator=(const SharedNote&) = delete;
  ~SharedNote() { ::close(descriptor_); }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::string read() const {
    ::lseek(descriptor_, 0, SEEK_SET);
    return read_all(descriptor_);
  }

 private:
  int descriptor_;
};

/// Whoever hangs so long does not come back.
constexpr unsigned kHangSeconds = 300;

[[noreturn]] void live(const std::function<void(const Tell&)>& body, int told, const SharedNote& exception) {
  ::alarm(kHangSeconds);
  try {
    body([told](std::string_view bytes) { write_all(told, bytes); });
  } catch (const std::exception& error) {
    write_all(exception.descriptor(), error.what());
  }
  ::_exit(0);
}

}  // namespace

Ended in_child(const std::function<void(const Tell&)>& body) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::runtime_error("no pipe");
  const SharedNote exception;
  const SharedNote said;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    ::close(pipe[0]);
    ::dup2(said.descriptor(), STDERR_FILENO);
    live(body, pipe[1], exception);
  }
  ::close(pipe[1]);
  Ended ended;
  ended.told = read_all(pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ended.exception = exception.read();
  ended.said = said.read();
  if (WIFSIGNALED(status)) {
    switch (WTERMSIG(status)) {
      case SIGABRT: ended.death = "aborted"; break;
      case SIGALRM: ended.death = "hung"; break;
      default: ended.death = fmt::format("killed by signal {}", WTERMSIG(status));
    }
  } else if (WEXITSTATUS(status) != 0) {
    ended.death = fmt::format("exited with {}", WEXITSTATUS(status));
  }
  return ended;
}

}  // namespace tidemark::crash
