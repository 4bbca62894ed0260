#include "src/server/engine_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "protocol/json/json.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/record_frames.h"
#include "src/server/service.h"
#include "src/server/websocket_stream.h"

namespace tidemark {
namespace {

constexpr std::size_t kThreadDigits = 3;  // of a sid's front: its thread, in hexadecimal

/// What is counted when a session ends; nothing where nobody did anything wrong.
std::optional<Refused> refused_by(CloseReason reason) {
  switch (reason) {
    case CloseReason::ping_timeout: return Refused::ping_timeout;
    case CloseReason::connect_timeout: return Refused::connect_timeout;
    case CloseReason::parse_error: return Refused::bad_packet;
    case CloseReason::unfinished_message: return Refused::unfinished_message;
    case CloseReason::poll_overlap: return Refused::overlapping_polls;
    case CloseReason::unread_bytes: return Refused::unread_session;
    case CloseReason::transport_closed:
    case CloseReason::client_closed:
    case CloseReason::taken_over:
    case CloseReason::read_failed:
    case CloseReason::record_trimmed:
    case CloseReason::server_shutdown: break;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(CloseReason reason) {
  switch (reason) {
    case CloseReason::transport_closed: return "transport closed";
    case CloseReason::client_closed: return "closed by client";
    case CloseReason::ping_timeout: return "ping timeout";
    case CloseReason::connect_timeout: return "no CONNECT in time";
    case CloseReason::parse_error: return "parse error";
    case CloseReason::unfinished_message: return "message not finished in time";
    case CloseReason::poll_overlap: return "overlapping polls";
    case CloseReason::unread_bytes: return "client does not read its answers";
    case CloseReason::taken_over: return "session resumed elsewhere";
    case CloseReason::read_failed: return "log not readable";
    case CloseReason::record_trimmed: return "record trimmed while it was sent";
    case CloseReason::server_shutdown: return "server shutting down";
  }
  return "unknown";
}

/// A POST's packets that wait for room in the sequencer's queue.
struct EngineSession::PostedPackets {
  std::string body;
  engineio::PayloadDecoder decoder;
  std::vector<engineio::Packet> packets;
  std::size_t next = 0;
};

EngineSession::EngineSession(IoThread& thread, const Endpoint& endpoint, bool can_upgrade)
    : thread_(thread),
      sid_(fmt::format("{:03x}{}", thread.index(), SessionSigner::random_sid())),
      can_upgrade_(can_upgrade),
      outlet_(thread.shard()),
      publish_rate_(thread.service().options.publish_rate) {
  next_ping_ = thread_.service().clock.steady() + thread_.service().options.ping_interval;
  arm();
  conversation_ = endpoint.open(*this);
}

EngineSession::~EngineSession() {
  if (held_draft_) thread_.shard().forget_room(*this);
}

std::string EngineSession::handshake() const {
  const ServeOptions& options = thread_.service().options;
  std::string packet;
  engineio::append_open(packet, {.sid = sid_,
                                 .can_upgrade = can_upgrade_,
                                 .ping_interval = options.ping_interval,
                                 .ping_timeout = options.ping_timeout,
                                 .max_payload = options.max_payload});
  return packet;
}

std::optional<std::uint32_t> EngineSession::thread_of(std::string_view sid) {
  std::uint32_t index = 0;
  if (sid.size() < kThreadDigits) return std::nullopt;
  const auto [end, error] = std::from_chars(sid.data(), sid.data() + kThreadDigits, index, 16);
  if (error != std::errc{} || end != sid.data() + kThreadDigits) return std::nullopt;
  return index;
}

// --- heartbeat -------------------------------------------------------------------------------------------------------

void EngineSession::arm() {
  Millis next = next_ping_;
  if (expected_ > Millis(0)) next = std::min(next, expected_);
  if (noop_at_ > Millis(0)) next = std::min(next, noop_at_);
  thread_.wheel().arm(*this, next - thread_.service().clock.steady());
}

void EngineSession::keep_time() {
  const Millis now = thread_.service().clock.steady();
  if (now >= next_ping_ || (expected_ > Millis(0) && now >= expected_)) on_deadline();
}

void EngineSession::on_deadline() {
  const Millis now = thread_.service().clock.steady();
  if (expected_ > Millis(0) && now >= expected_) {
    expected_ = Millis(0);
    conversation_->on_overdue();
    if (closed_) return;
  }
  if (noop_at_ > Millis(0) && now >= noop_at_) answer_poll();
  if (now >= next_ping_) {
    // A pong that stands behind input we hold back ourselves is not overdue.
    if (waiting_for_pong_ && !held_draft_) return close(CloseReason::ping_timeout);
    // Counted from when the ping was due; the wheel may be two ticks late (its own, and the timer's that turns it). What
    // this thread is late beyond that is not the client's fault.
    next_ping_ = std::max(next_ping_, now - 2 * TimingWheel::kTick) + thread_.service().options.ping_timeout;
    if (!std::exchange(waiting_for_pong_, true)) {
      append_engine_frame(outlet_.own(), "2");
      outlet_.flush();
    }
  }
  arm();
}

// --- packets ---------------------------------------------------------------------------------------------------------

void EngineSession::on_packet(const engineio::Packet& packet) {
  switch (packet.type) {
    case engineio::PacketType::pong:
      if (waiting_for_pong_) {
        waiting_for_pong_ = false;
        next_ping_ = thread_.service().clock.steady() + thread_.service().options.ping_interval;
        arm();
      }
      return;
    case engineio::PacketType::message: return conversation_->on_message(packet.binary, packet.data);
    case engineio::PacketType::close: return close(CloseReason::client_closed);
    // The server sends open and ping; upgrade and noop belong to a transport's probe.
    case engineio::PacketType::open:
    case engineio::PacketType::ping:
    case engineio::PacketType::upgrade:
    case engineio::PacketType::noop: return close(CloseReason::parse_error);
  }
}

void EngineSession::on_cut_packet(const engineio::Packet& packet) {
  if (packet.type != engineio::PacketType::message) return close(CloseReason::parse_error);
  conversation_->on_cut_message(packet.binary, packet.data);
}

void EngineSession::expect_within(Millis delay) {
  expected_ = thread_.service().clock.steady() + delay;
  arm();
}

void EngineSession::expect_nothing() {
  expected_ = Millis(0);
  arm();
}

void EngineSession::send(std::string_view socketio_packet) {
  append_message_frame(outlet_.own(), socketio_packet);
  outlet_.flush_soon();
}

bool EngineSession::may_publish() { return publish_rate_.take(thread_.service().clock.steady()); }

void EngineSession::publish(Draft draft) {
  if (thread_.service().log.publish(std::move(draft)) != Log::Admission::full) return;
  // NOLINTNEXTLINE(bugprone-use-after-move): a full queue leaves the draft untouched
  held_draft_ = std::make_unique<Draft>(std::move(draft));
  thread_.service().refusals.count(Refused::queue_full);
  thread_.shard().wait_for_room(*this);
}

bool EngineSession::on_room() {
  if (thread_.service().log.publish(std::move(*held_draft_)) == Log::Admission::full) return false;
  held_draft_.reset();
  // What was held back goes on after the shard's turn: it may publish, and find the queue full again.
  thread_.post([&thread = thread_, sid = sid_] {
    EngineSession* const self = thread.find(sid);
    if (self == nullptr || self->held_draft_) return;
    if (self->posted_) self->run_post();
    if (!self->closed_ && self->websocket_ != nullptr) self->websocket_->resume();
  });
  return true;
}

// --- polling ---------------------------------------------------------------------------------------------------------

void EngineSession::poll(HttpStream& stream) {
  if (poller_ != nullptr) {
    stream.respond_error(400, "Bad request", 3);
    return close(CloseReason::poll_overlap);
  }
  poller_ = &stream;
  poll_body_ = std::make_unique<PollBody>(thread_.service().options.max_payload, [this] {
    if (answer_queued_) return;
    answer_queued_ = true;
    thread_.post([&thread = thread_, sid = sid_] {
      if (EngineSession* const self = thread.find(sid)) self->answer_poll();
    });
  });
  outlet_.attach(poll_body_.get());
  outlet_.flush();
  // The client is about to switch: it wants its poll back, but one that only pretends must not spin.
  if (probe_answered_ && poll_body_->empty()) {
    noop_at_ = thread_.service().clock.steady() + limits::kProbePollHold;
    arm();
  }
}

void EngineSession::answer_poll() {
  answer_queued_ = false;
  noop_at_ = Millis(0);
  if (poller_ == nullptr) return;
  outlet_.attach(nullptr);
  HttpStream& stream = *std::exchange(poller_, nullptr);
  const auto body = std::exchange(poll_body_, nullptr);
  std::string noop;
  if (body->empty()) engineio::append_packet(noop, engineio::PacketType::noop, {});
  stream.respond_poll(body->empty() ? noop : body->take());
}

void EngineSession::poll_gone() {
  poller_ = nullptr;
  outlet_.attach(nullptr);
  close(CloseReason::transport_closed);
}

bool EngineSession::begin_post(HttpStream& stream) {
  if (poster_ == &stream) return true;
  if (poster_ != nullptr || posted_) {
    close(CloseReason::poll_overlap);
    return false;
  }
  poster_ = &stream;
  return true;
}

void EngineSession::post(HttpStream& stream, std::string body) {
  if (!begin_post(stream)) return stream.respond_error(400, "Bad request", 3);
  auto posted = std::make_unique<PostedPackets>();
  posted->body = std::move(body);
  if (json::is_utf8(posted->body)) {
    if (auto packets = posted->decoder.decode(posted->body, limits::kPacketsPerPollIn)) {
      posted->packets = std::move(*packets);
    }
  }
  if (posted->packets.empty()) return close(CloseReason::parse_error);
  if (outlet_.own_bytes() > limits::kUnreadBytes) return close(CloseReason::unread_bytes);
  posted_ = std::move(posted);
  run_post();
}

void EngineSession::run_post() {
  while (!closed_ && !held_draft_ && posted_->next < posted_->packets.size()) {
    on_packet(posted_->packets[posted_->next++]);
  }
  if (closed_ || held_draft_) return;
  posted_.reset();
  if (poster_ != nullptr) std::exchange(poster_, nullptr)->respond_posted();
}

// --- WebSocket -------------------------------------------------------------------------------------------------------

void EngineSession::open_websocket(WebSocketStream& stream) {
  transport_ = Transport::websocket;
  websocket_ = &stream;
  append_engine_frame(outlet_.own(), handshake());
  outlet_.attach(&stream);
  outlet_.flush();
}

bool EngineSession::begin_upgrade(WebSocketStream& stream) {
  if (closed_ || !polling() || probe_ != nullptr) return false;
  probe_ = &stream;
  probe_answered_ = false;
  return true;
}

void EngineSession::complete_upgrade(WebSocketStream& stream) {
  // The cursors simply go on: they moved only with bytes handed to a poll.
  if (poller_ != nullptr) answer_poll();
  probe_ = nullptr;
  probe_answered_ = false;
  transport_ = Transport::websocket;
  websocket_ = &stream;
  outlet_.attach(&stream);
  outlet_.flush();
}

void EngineSession::websocket_gone(WebSocketStream& stream) {
  if (probe_ == &stream) {
    probe_ = nullptr;
    probe_answered_ = false;
  }
  if (websocket_ != &stream) return;
  websocket_ = nullptr;
  outlet_.attach(nullptr);
  close(CloseReason::transport_closed);
}

void EngineSession::probed(WebSocketStream& stream) {
  if (probe_ != &stream) return;
  probe_answered_ = true;
  if (poller_ != nullptr) answer_poll();
}

// --- the end ---------------------------------------------------------------------------------------------------------

void EngineSession::close_soon(CloseReason reason) {
  if (closing_soon_ || closed_) return;
  closing_soon_ = true;
  thread_.post([&thread = thread_, sid = sid_, reason] {
    if (EngineSession* const self = thread.find(sid)) self->close(reason);
  });
}

void EngineSession::close(CloseReason reason) {
  if (closed_) return;
  closed_ = true;
  disarm();
  journal::debug("session_closed", {{"sid", sid_}, {"reason", name(reason)}});
  if (const auto refused = refused_by(reason)) thread_.service().refusals.count(*refused);
  if (held_draft_) {
    thread_.shard().forget_room(*this);
    held_draft_.reset();
  }
  const bool tell = reason != CloseReason::transport_closed && reason != CloseReason::client_closed;
  if (websocket_ != nullptr) {
    const std::uint16_t code = reason == CloseReason::server_shutdown ? 1001
                               : reason == CloseReason::parse_error   ? 1002
                                                                      : 1000;
    std::exchange(websocket_, nullptr)->end_session(code, name(reason));
  }
  if (probe_ != nullptr) std::exchange(probe_, nullptr)->end_session(1000, name(reason));
  outlet_.attach(nullptr);
  if (poller_ != nullptr) {
    // What the body has taken already has left the outlet: it goes first.
    std::string body = poll_body_->take();
    if (!body.empty()) body += engineio::kSeparator;
    engineio::append_packet(body, tell ? engineio::PacketType::close : engineio::PacketType::noop, {});
    std::exchange(poller_, nullptr)->respond_poll(body);
  }
  if (poster_ != nullptr) {
    if (tell) {
      std::exchange(poster_, nullptr)->respond_error(400, "Bad request", 3);
    } else {
      std::exchange(poster_, nullptr)->respond_posted();
    }
  }
  conversation_->on_end();
  thread_.retire(*this);
}

}  // namespace tidemark
