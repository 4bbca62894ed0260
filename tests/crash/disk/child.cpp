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

constexpr int kThrew = 3;

void write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const auto written = ::write(descriptor, text.data() + done, text.size() - done);
    if (written <= 0) return;
    done += static_cast<std::size_t>(written);
  }
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Ended in_child(const std::function<std::string()>& body) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::runtime_error("no pipe");
  const int diary = ::memfd_create("stderr", 0);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    ::close(pipe[0]);
    ::dup2(diary, STDERR_FILENO);  // expected failures are journalled; they matter only if the case dies
    int code = 0;
    std::string text;
    try {
      text = body();
    } catch (const std::exception& error) {
      text = error.what();
      code = kThrew;
    }
    write_all(pipe[1], text);
    ::_exit(code);
  }
  ::close(pipe[1]);
  Ended ended{.output = read_all(pipe[0]), .death = {}, .said = {}};
  ::close(pipe[0]);
  ::lseek(diary, 0, SEEK_SET);
  ended.said = read_all(diary);
  ::close(diary);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    ended.death = WTERMSIG(status) == SIGABRT ? "aborted" : fmt::format("killed by signal {}", WTERMSIG(status));
  } else if (WEXITSTATUS(status) == kThrew) {
    ended.death = "threw: " + ended.output;
  } else if (WEXITSTATUS(status) != 0) {
    ended.death = fmt::format("exited with {}", WEXITSTATUS(status));
  }
  return ended;
}

}  // namespace tidemark::crash
