// A connection that speaks WebSocket: frames in, bytes of an outlet out. It carries an engine session, or probes
// whether it may (Engine.IO protocol, "Upgrade": 2probe, 3probe, 5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/websocket/websocket.h"
#include "src/hub/outlet.h"
#include "src/server/connection.h"
#include "src/server/refusals.h"

namespace tidemark {

class EngineSession;

class WebSocketStream final : public Connection::Handler, public Sink {
 public:
  WebSocketStream(Connection& connection, std::size_t max_message_bytes);
  ~WebSocketStream() override;

  /// Carries `session` from the start.
  void carry(EngineSession& session);
  /// Offers itself to `session`, which speaks polling.
  void probe(EngineSession& session);
  /// Bytes that came behind the handshake.
  void feed(std::span<char> bytes) { on_bytes(bytes); }

  /// Goes on with input that was held back.
  void resume();
  /// Ends the WebSocket and lets the session know.
  void close(std::uint16_t code, std::string_view reason);
  /// For the session only, which is closing or has let go of us: ends the WebSocket.
  void end_session(std::uint16_t code, std::string_view reason);

  // Sink
  [[nodiscard]] std::size_t send(std::string_view frames) override;
  [[nodiscard]] int socket() const override { return connection_.reading() ? connection_.socket() : -1; }
  [[nodiscard]] std::size_t sent(std::string_view frames, int result) override {
    return connection_.written(frames, result);
  }

  // Connection::Handler
  void on_bytes(std::span<char> bytes) override;
  void on_writable() override;
  void on_timeout() override;
  void on_drain() override {}  // its session says goodbye
  void on_closed() override;

 private:
  enum class Role : std::uint8_t { probe, carrier, none };

  /// Consumes frames until the bytes end or input must wait; returns what was consumed.
  std::size_t read_frames(std::span<char> bytes);
  void on_frame(websocket::FrameReader::Event& event);
  void on_text(std::string_view text);
  void on_cut(std::string_view beginning, bool binary);
  /// A message that is half here has the option's message_timeout from its first byte.
  void watch_message();
  void clear_watch();
  void on_probe_packet(std::string_view packet);
  void refuse_probe();
  void reply(websocket::Opcode opcode, std::string_view payload);
  [[nodiscard]] bool must_wait() const;
  void count(Refused kind);

  Connection& connection_;
  websocket::FrameReader reader_;
  EngineSession* session_ = nullptr;
  Role role_ = Role::none;
  bool closed_ = false;  // our close frame is sent, or as good as
  bool resume_queued_ = false;
  bool reading_ = false;       // read_frames is on the call stack
  bool half_message_ = false;  // its deadline is set
  std::string held_;           // input that waits, from held_from_ on
  std::size_t held_from_ = 0;
};

}  // namespace tidemark
