#include "bench/load/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "bench/load/connection.h"
#include "bench/load/message.h"

namespace tidemark::load {
namespace {

constexpr std::size_t kBufferBytes = 512 * 1024;
constexpr int kEventsPerRound = 512;

epoll_event event_for(Connection& connection, bool want_write, bool want_read) {
  epoll_event event{};
  event.events = (want_read ? EPOLLIN : 0u) | (want_write ? EPOLLOUT : 0u);
  event.data.ptr = &connection;
  return event;
}

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kBufferBytes) {
  if (epoll_ < 0) throw std::runtime_error("no epoll");
}

Loop::~Loop() { ::close(epoll_); }

void Loop::add(int fd, Connection& connection, bool want_write) {
  epoll_event event = event_for(connection, want_write, true);
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error("epoll refuses a socket");
}

void Loop::change(int fd, Connection& connection, bool want_write, bool want_read) {
  epoll_event event = event_for(connection, want_write, want_read);
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) throw std::runtime_error("epoll lost a socket");
}

bool Loop::run_until(std::uint64_t deadline_ns, const std::function<bool()>& done, int wait_ms) {
  std::array<epoll_event, kEventsPerRound> events;
  while (!done()) {
    if (now_ns() >= deadline_ns) return false;
    const int count = epoll_wait(epoll_, events.data(), kEventsPerRound, wait_ms);
    if (count < 0 && errno != EINTR) throw std::runtime_error("epoll_wait failed");
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const auto flags = events[static_cast<std::size_t>(i)].events;
      if (flags & EPOLLOUT) connection.on_writable();
      if (flags & ~static_cast<std::uint32_t>(EPOLLOUT)) connection.on_readable();
    }
  }
  return true;
}

}  // namespace tidemark::load
