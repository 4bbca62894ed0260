#include "src/server/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "src/base/limits.h"
#include "src/server/io_thread.h"

namespace tidemark {

Connection::Connection(IoThread& thread, TcpSocket socket, AddressLimit::Slot slot)
    : thread_(thread), socket_(std::move(socket)), native_(socket_.native_handle()), address_slot_(std::move(slot)) {
  SystemError ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  // The kernel would take megabytes for a client that reads nothing; what is not sent can as well wait in the log.
  constexpr int kUnsent = limits::kUnsentBytes;
  (void)::setsockopt(native_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsent, sizeof(kUnsent));
}

Connection::~Connection() = default;

asio::ip::address Connection::peer() const {
  SystemError gone;
  const auto peer = socket_.remote_endpoint(gone);
  return gone ? asio::ip::address() : peer.address();
}

void Connection::set_handler(std::unique_ptr<Handler> handler) {
  std::swap(handler_, handler);
  if (handler) thread_.dispose(std::move(handler));
}

void Connection::start() { wait_readable(); }

void Connection::wait_readable() {
  if (waiting_read_ || state_ == State::closed) return;
  waiting_read_ = true;
  socket_.async_wait(TcpSocket::wait_read,
                     [self = shared_from_this()](const SystemError& error) { self->on_readable(error); });
}

void Connection::on_readable(const SystemError& error) {
  waiting_read_ = false;
  if (error || state_ == State::closed || (!reading_ && state_ == State::open)) return;
  const std::span<char> buffer = thread_.read_buffer();
  const ssize_t got = ::recv(native_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait_readable();
  if (got <= 0) return fail();
  if (state_ == State::open) handler_->on_bytes(buffer.first(static_cast<std::size_t>(got)));
  if (reading_ || state_ == State::finishing) wait_readable();
}

void Connection::resume_reading() {
  if (thread_.paused()) return;
  reading_ = true;
  wait_readable();
}

std::size_t Connection::write(std::string_view bytes) {
  if (state_ != State::open) return bytes.size();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto rest = bytes.substr(done);
    const ssize_t sent = ::send(native_, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    const auto taken = written(rest, sent < 0 ? -errno : static_cast<int>(sent));
    done += taken;
    if (taken == 0) break;
  }
  return done;
}

std::size_t Connection::written(std::string_view bytes, int result) {
  if (result >= 0) return static_cast<std::size_t>(result);
  if (result == -EAGAIN || result == -ENOBUFS || result == -ENOMEM || result == -EINTR) {
    wait_writable();
    return 0;
  }
  failed_ = true;
  // Not from inside the caller's loop: it may be walking over what closing would destroy.
  thread_.post([self = shared_from_this()] { self->fail(); });
  return bytes.size();
}

void Connection::wait_writable() {
  if (waiting_write_) return;
  waiting_write_ = true;
  socket_.async_wait(TcpSocket::wait_write, [self = shared_from_this()](const SystemError& error) {
    self->waiting_write_ = false;
    if (!error && self->state_ == State::open) self->handler_->on_writable();
  });
}

void Connection::set_deadline(Millis delay) { thread_.wheel().arm(*this, delay); }

void Connection::on_deadline() {
  if (state_ == State::finishing) return end();
  if (state_ == State::open) handler_->on_timeout();
}

void Connection::fail() {
  if (state_ == State::closed) return;
  const bool tell = state_ == State::open;
  const auto self = shared_from_this();
  end();
  if (tell) handler_->on_closed();
}

void Connection::finish() {
  if (state_ != State::open) return;
  state_ = State::finishing;
  SystemError ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  thread_.wheel().arm(*this, limits::kCloseTimeout);
  wait_readable();
}

void Connection::close() { end(); }

void Connection::end() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  disarm();
  SystemError ignored;
  socket_.close(ignored);
  thread_.forget(*this);
}

int Connection::release() {
  state_ = State::closed;
  disarm();
  SystemError error;
  const int descriptor = socket_.release(error);
  thread_.forget(*this);
  return error ? -1 : descriptor;
}

}  // namespace tidemark
