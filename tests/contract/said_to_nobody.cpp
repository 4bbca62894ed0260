#include "tests/contract/said_to_nobody.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tidemark::contract {

std::string said_to_nobody(FunctionRef<Result<std::unique_ptr<LogStore>>()> open) {
  constexpr uid_t kNobody = 65534;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(1);
    const auto opened = open();
    const std::string said =
        opened ? "opened" : fmt::format("{}: {}", name(opened.error().code), opened.error().context);
    const auto written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const auto got = ::read(ends[0], said.data(), said.size());
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  REQUIRE(got > 0);
  said.resize(static_cast<std::size_t>(got));
  return said;
}

}  // namespace tidemark::contract
