// A TCP connection at one I/O thread: non-blocking bytes in and out, nothing of any protocol. What the bytes mean is
// its handler's business; HTTP becomes WebSocket by changing the handler.
//
// Nothing is buffered here: read bytes go from the thread's read buffer to the handler, written bytes go straight into
// the socket, and what does not fit stays with the caller. Owned by the I/O thread's registry; used on that thread
// only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "src/base/clock.h"
#include "src/server/address_limit.h"
#include "src/server/asio.h"
#include "src/server/timing_wheel.h"

namespace tidemark {

class IoThread;

class Connection final : public std::enable_shared_from_this<Connection>, private Timer {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Bytes have come. The handler keeps what it cannot use yet; it may write into the span.
    virtual void on_bytes(std::span<char> bytes) = 0;
    /// After a short write(): there is room again.
    virtual void on_writable() = 0;
    /// The deadline that the handler set has come.
    virtual void on_timeout() = 0;
    /// The server shuts down: finish() as soon as nothing is under way.
    virtual void on_drain() = 0;
    /// The peer is gone or the socket failed. The last call.
    virtual void on_closed() = 0;
  };

  Connection(IoThread& thread, TcpSocket socket, AddressLimit::Slot slot);
  ~Connection() override;

  [[nodiscard]] IoThread& thread() const { return thread_; }
  /// Where it comes from; no address if the peer is gone.
  [[nodiscard]] asio::ip::address peer() const;
  /// Its place among the connections of its address.
  [[nodiscard]] const AddressLimit::Slot& address_slot() const { return address_slot_; }
  /// Replaces the handler; the old one lives until the present turn of the thread has ended.
  void set_handler(std::unique_ptr<Handler> handler);
  /// Begins to read.
  void start();

  /// Writes what the socket takes now and returns how much that was; less than given: on_writable() will follow.
  /// A failed socket takes everything and is closed soon.
  [[nodiscard]] std::size_t write(std::string_view bytes);

  /// The socket, for somebody who writes into it without write() and says so with written(); -1 once it is closed.
  [[nodiscard]] int socket() const { return state_ == State::open ? native_ : -1; }
  /// What a send of `bytes` answered: how many were taken, or minus errno. Answers as write() does.
  [[nodiscard]] std::size_t written(std::string_view bytes, int result);

  void pause_reading() { reading_ = false; }
  void resume_reading();
  [[nodiscard]] bool reading() const { return reading_; }

  /// Calls on_timeout after `delay`; replaces an earlier deadline.
  void set_deadline(Millis delay);
  void clear_deadline() { disarm(); }

  /// Sends the end of our bytes, drops what still comes, and closes when the peer has closed or limits::kCloseTimeout
  /// is over. The handler is not called any more.
  void finish();
  /// Closes at once. The handler is not called any more.
  void close();
  [[nodiscard]] bool open() const { return state_ == State::open; }
  /// A write has failed; on_closed follows.
  [[nodiscard]] bool failed() const { return failed_; }
  void drain() {
    if (open()) handler_->on_drain();
  }

  /// Takes the socket away to give it to another thread; this connection is over, the handler is not called any more.
  [[nodiscard]] int release();

 private:
  enum class State : std::uint8_t { open, finishing, closed };

  void on_deadline() override;
  void wait_readable();
  void on_readable(const SystemError& error);
  void wait_writable();
  void fail();
  void end();

  IoThread& thread_;
  TcpSocket socket_;
  const int native_;  // its descriptor, without a look into the reactor
  const AddressLimit::Slot address_slot_;
  std::unique_ptr<Handler> handler_;
  State state_ = State::open;
  bool reading_ = true;
  bool failed_ = false;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
};

}  // namespace tidemark
