// An Engine.IO session: one client's connection, whatever carries it - polls, a WebSocket, or the change from one to
// the other (Engine.IO protocol, "Upgrade"). It decodes packets, keeps the heartbeat, and hands messages to its
// conversation. Owned by its I/O thread; destroyed at the end of the turn in which it closes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/engineio/engineio.h"
#include "src/hub/outlet.h"
#include "src/hub/shard.h"
#include "src/hub/sid.h"
#include "src/server/address_limit.h"
#include "src/server/conversation.h"
#include "src/server/poll_body.h"
#include "src/server/publish_allowances.h"
#include "src/server/timing_wheel.h"

namespace tidemark {

class HttpStream;
class IoThread;
class WebSocketStream;

/// Why a session ended. Each one is recoverable: only leaving a namespace on purpose gives a Socket.IO session up.
enum class CloseReason : std::uint8_t {
  transport_closed,
  client_closed,
  ping_timeout,
  connect_timeout,
  parse_error,
  unfinished_message,
  poll_overlap,
  unread_bytes,
  taken_over,
  read_failed,
  record_trimmed,
  server_shutdown,
};
[[nodiscard]] std::string_view name(CloseReason reason);

class EngineSession final : private Timer, private Publisher::Input {
 public:
  /// The caller answers with handshake(), or with a WebSocket that it gives to open_websocket(). `allowance`: its own
  /// over polling, else that of the connection.
  EngineSession(IoThread& thread, const Endpoint& endpoint, bool polling, PublishAllowance allowance);
  /// Its own place among those of its client's address, for as long as it is over polling.
  void hold_place(AddressLimit::Slot place) { polls_->place = std::move(place); }
  ~EngineSession() override;

  [[nodiscard]] std::string_view sid() const { return {sid_.data(), sid_.size()}; }
  [[nodiscard]] IoThread& thread() const { return thread_; }
  [[nodiscard]] Outlet& outlet() { return outlet_; }
  [[nodiscard]] bool closed() const { return closed_; }
  /// Input must wait: it has published as much as it may for now, or a POST from before the upgrade waits for that.
  [[nodiscard]] bool paused() const {
    return publisher_.waiting() || (websocket_ != nullptr && polls_ && polls_->posted != nullptr);
  }

  /// The open packet's text.
  [[nodiscard]] std::string handshake() const;
  /// Which thread's session a sid names; nothing if it cannot be one.
  [[nodiscard]] static std::optional<std::uint32_t> thread_of(std::string_view sid);

  /// Does now what is due now; the wheel would do it up to a tick later. May close the session.
  void keep_time();

  // --- polling ---
  [[nodiscard]] bool polling() const { return transport_ == Transport::polling; }
  /// A GET: answered now or held. The stream calls poll_gone() if it ends before it is answered.
  void poll(HttpStream& stream);
  void poll_gone();
  /// A POST's head has come, its body may take a while. The stream calls post_gone() if it ends before it is answered.
  /// False: there is one already; the session closes, the caller answers.
  [[nodiscard]] bool begin_post(HttpStream& stream);
  /// Its body: answered when all its packets are taken.
  void post(HttpStream& stream, std::string body);
  void post_gone(HttpStream& stream);

  // --- WebSocket ---
  /// A new session's transport from the start.
  void open_websocket(WebSocketStream& stream);
  /// The probe of an upgrade. False: there is one already, or nothing to upgrade.
  [[nodiscard]] bool begin_upgrade(WebSocketStream& stream);
  /// The probe was answered: a poll that waits must come back, so that the client can switch.
  void probed(WebSocketStream& stream);
  /// The client has switched.
  void complete_upgrade(WebSocketStream& stream);
  void websocket_gone(WebSocketStream& stream);

  /// One packet from the client. Not to be called while paused() or after closed().
  void on_packet(const engineio::Packet& packet);
  /// One that is above max-payload and of which only the beginning was kept; else the same.
  void on_cut_packet(const engineio::Packet& packet);

  // --- for its conversation ---
  /// Calls Conversation::on_overdue after `delay`, unless expect_nothing() comes before; replaces an earlier deadline.
  void expect_within(Millis delay);
  void expect_nothing();
  /// Appends a Socket.IO packet for the client; sent at the end of the turn.
  void send(std::string_view socketio_packet);
  /// Whether the connection may publish once more now (--publish-rate); counts it.
  [[nodiscard]] bool may_publish();
  /// Publishes; paused() may be true after it.
  void publish(Draft draft);

  void close(CloseReason reason);
  /// Closes at the end of the turn: for callers whose callers still use the session.
  void close_soon(CloseReason reason);

 private:
  enum class Transport : std::uint8_t { polling, websocket };

  void on_deadline() override;
  void on_may_publish() override;
  void arm();
  void answer_poll();
  void run_post();
  void forget_polls();

  static constexpr std::size_t kThreadDigits = 3;  // of a sid's front: its thread, in hexadecimal

  IoThread& thread_;
  std::array<char, kThreadDigits + Sid::kChars> sid_;
  Transport transport_;
  bool closed_ = false;
  bool closing_soon_ = false;
  bool waiting_for_pong_ = false;
  bool was_paused_ = false;  // since the last look at the heartbeat
  Millis next_ping_{};       // or when the pong is overdue
  Millis expected_{};        // what the conversation waits for; zero: nothing

  Outlet outlet_;
  std::unique_ptr<Conversation> conversation_;
  PublishAllowance publish_allowance_;
  Publisher publisher_;

  struct PostedPackets;
  /// What only polling needs.
  struct Polls {
    Polls();
    ~Polls();
    HttpStream* poller = nullptr;  // the GET that waits
    AddressLimit::Slot place;
    std::unique_ptr<PollBody> body;
    bool answer_queued = false;
    HttpStream* poster = nullptr;  // the POST that is not answered yet
    std::unique_ptr<PostedPackets> posted;
    WebSocketStream* probe = nullptr;
    bool probe_answered = false;  // the client is about to switch
    Millis noop_at{};             // when a poll that waits meanwhile is given back; zero: none is
  };
  std::unique_ptr<Polls> polls_;  // null in a session over WebSocket, once nothing of its polls is left
  WebSocketStream* websocket_ = nullptr;
};

}  // namespace tidemark
