#include "bench/load/bare_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

namespace tidemark::load {
namespace {

sockaddr* generic(sockaddr_in& address) { return static_cast<sockaddr*>(static_cast<void*>(&address)); }

bool send_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
      continue;
    }
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

[[noreturn]] void serve(int listener, std::uint32_t subscribers, std::size_t frame_bytes) {
  std::vector<int> sockets;
  while (sockets.size() < subscribers + 1) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) _exit(1);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockets.push_back(fd);
  }
  const int control = sockets.back();
  sockets.pop_back();
  std::string bytes(frame_bytes * 256, '\0');
  std::size_t have = 0;
  while (true) {
    const ssize_t got = ::recv(control, bytes.data() + have, bytes.size() - have, 0);
    if (got <= 0) _exit(0);
    have += static_cast<std::size_t>(got);
    std::size_t done = 0;
    for (; have - done >= frame_bytes; done += frame_bytes) {
      for (const int fd : sockets) {
        if (!send_all(fd, bytes.data() + done, frame_bytes)) _exit(0);
      }
    }
    bytes.replace(0, have - done, bytes, done, have - done);
    have -= done;
  }
}

}  // namespace

BareServer::BareServer(std::uint32_t subscribers, std::size_t frame_bytes, int cpu) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || ::bind(listener, generic(address), size) != 0 || ::listen(listener, 4096) != 0 ||
      ::getsockname(listener, generic(address), &size) != 0) {
    throw std::runtime_error("cannot listen on the loopback interface");
  }
  port_ = ntohs(address.sin_port);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (cpu >= 0) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(cpu, &set);
      sched_setaffinity(0, sizeof set, &set);
    }
    serve(listener, subscribers, frame_bytes);
  }
  ::close(listener);
}

BareServer::~BareServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace tidemark::load
