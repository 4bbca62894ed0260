// One client: a TCP connection to 127.0.0.1, WebSocket, Engine.IO v4 and one Socket.IO namespace on it. It does what
// the stock client does and nothing more: join, answer pings, remember the last position. What arrives is told to the
// Audience of the run. Lives on the loop's thread; never deleted from within a call of the Audience.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/loop.h"
#include "bench/load/message.h"

namespace tidemark::load {

class Connection;

class Audience {
 public:
  virtual ~Audience() = default;
  /// The server has taken the connection (WebSocket is open), not yet the namespace.
  virtual void on_accepted(Connection&) {}
  /// The namespace is joined. Deliveries may have come before.
  virtual void on_joined(Connection&) {}
  virtual void on_delivery(Connection&, const Delivery&) {}
  /// Another event; `packet` is the whole of it.
  virtual void on_event(Connection&, std::string_view /*packet*/) {}
  virtual void on_ack(Connection&, std::uint64_t /*id*/, std::string_view /*arguments*/) {}
  /// The server closed or refused; `why` says what happened. Not called for close() by ourselves.
  virtual void on_lost(Connection&, std::string_view why) = 0;
};

class Connection {
 public:
  struct Place {
    std::uint16_t port = 0;
    std::string channel = "/";
    std::string auth = {};         // JSON object of the CONNECT packet, or nothing
    std::size_t text_bytes = 100;  // of the messages to recognise
    bool bare = false;             // no protocol: joined as soon as TCP is connected
  };

  Connection(Loop& loop, Audience& audience, std::uint32_t index, Place place);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  void open();
  /// As if the cable were pulled, as far as a socket can: nothing is said to the server.
  void close();
  /// close() with a reset, so that thousands of ports do not stay in TIME_WAIT.
  void abort();

  /// `42/chat/7,17["chat message","...","key"]`
  void publish(std::uint64_t ack_id, std::string_view text, std::string_view client_key);
  /// As it is, without any frame around it.
  void send_bytes(std::string_view bytes);

  /// Takes no more bytes, until read_on(); read() does now and then.
  void stop_reading();
  void read_on();
  void read(std::size_t most);

  void on_readable();
  void on_writable();

  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] bool joined() const { return state_ == State::joined; }
  [[nodiscard]] const std::string& pid() const { return pid_; }            // private session id, if the server gave one
  [[nodiscard]] const std::string& position() const { return position_; }  // last one received
  [[nodiscard]] std::uint64_t offset() const { return offset_; }           // last one received

 private:
  enum class State : std::uint8_t { closed, connecting, upgrading, opening, joining, joined };

  void read_frames(std::string_view bytes);
  std::size_t read_upgrade(std::string_view bytes);
  void on_packet(std::string_view packet);
  void on_event(const Delivery& delivery);
  void send_packet(std::string_view packet);
  void lose(std::string_view why);

  Loop& loop_;
  Audience& audience_;
  std::uint32_t index_;
  State state_ = State::closed;
  int fd_ = -1;
  bool reading_ = true;
  std::uint64_t offset_ = 0;
  Place place_;
  std::string delivery_prefix_;
  std::string rest_;  // of a frame that has not come whole
  std::string out_;   // what the socket would not take
  std::string pid_, position_;
};

}  // namespace tidemark::load
