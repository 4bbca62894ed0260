#include "src/server/engine_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "protocol/json/json.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/server/engine_answers.h"
#include "src/server/io_thread.h"
#include "src/server/record_frames.h"
#include "src/server/service.h"
#include "src/server/websocket_stream.h"

namespace tidemark {
namespace {

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

EngineSession::Polls::Polls() = default;
EngineSession::Polls::~Polls() = default;

EngineSession::EngineSession(IoThread& thread, const Endpoint& endpoint, bool polling, PublishAllowance allowance)
    : thread_(thread),
      transport_(polling ? Transport::polling : Transport::websocket),
      outlet_(thread.shard()),
      publish_allowance_(std::move(allowance)),
      publisher_(thread.shard(), thread.service().log, *this),
      polls_(polling ? std::make_unique<Polls>() : nullptr) {
  fmt::format_to(sid_.begin(), "{:03x}{}", thread.index(), Sid::random().text());
  next_ping_ = thread_.service().clock.steady() + thread_.service().options.ping_interval;
  arm();
  conversation_ = endpoint.open(*this);
}

EngineSession::~EngineSession() = default;

std::string EngineSession::handshake() const {
  const ServeOptions& options = thread_.service().options;
  std::string packet;
  engineio::append_open(packet, {.sid = sid(),
                                 .can_upgrade = polling(),
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
  if (polls_ && polls_->noop_at > Millis(0)) next = std::min(next, polls_->noop_at);
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
  if (polls_ && polls_->noop_at > Millis(0) && now >= polls_->noop_at) answer_poll();
  if (now >= next_ping_) {
    // A pong that stands behind input we hold back ourselves is not overdue.
    const bool behind_input = std::exchange(was_paused_, false) || publisher_.waiting();
    if (waiting_for_pong_ && !behind_input) return close(CloseReason::ping_timeout);
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

bool EngineSession::may_publish() { return publish_allowance_.take(); }

void EngineSession::publish(Draft draft) {
  publisher_.publish(std::move(draft));
  if (publisher_.waiting()) thread_.service().refusals.count(Refused::publisher_paused);
}

void EngineSession::on_may_publish() {
  was_paused_ = true;
  // After the shard's turn: what goes on may publish, and have to wait again.
  thread_.post([&thread = thread_, sid = std::string(sid())] {
    EngineSession* const self = thread.find(sid);
    if (self == nullptr || self->publisher_.waiting()) return;
    if (self->polls_ && self->polls_->posted) self->run_post();
    if (!self->closed_ && self->websocket_ != nullptr) self->websocket_->resume();
  });
}

// --- polling ---------------------------------------------------------------------------------------------------------

void EngineSession::poll(HttpStream& stream) {
  if (polls_->poller != nullptr) {
    respond_engine_error(stream, 400, kBadRequest);
    return close(CloseReason::poll_overlap);
  }
  polls_->poller = &stream;
  polls_->body = std::make_unique<PollBody>(thread_.service().options.max_payload, [this] {
    if (std::exchange(polls_->answer_queued, true)) return;
    thread_.post([&thread = thread_, sid = std::string(sid())] {
      if (EngineSession* const self = thread.find(sid)) self->answer_poll();
    });
  });
  outlet_.attach(polls_->body.get());
  outlet_.flush();
  // The client is about to switch: it wants its poll back, but one that only pretends must not spin.
  if (polls_->probe_answered && polls_->body->empty()) {
    polls_->noop_at = thread_.service().clock.steady() + limits::kProbePollHold;
    arm();
  }
}

void EngineSession::answer_poll() {
  if (!polls_) return;
  polls_->answer_queued = false;
  polls_->noop_at = Millis(0);
  if (polls_->poller == nullptr) return;
  outlet_.attach(nullptr);
  HttpStream& stream = *std::exchange(polls_->poller, nullptr);
  const auto body = std::exchange(polls_->body, nullptr);
  std::string noop;
  if (body->empty()) engineio::append_packet(noop, engineio::PacketType::noop, {});
  respond_poll(stream, body->empty() ? noop : body->take());
}

void EngineSession::poll_gone() {
  polls_->poller = nullptr;
  outlet_.attach(nullptr);
  close(CloseReason::transport_closed);
}

bool EngineSession::begin_post(HttpStream& stream) {
  if (!polls_) return false;
  if (polls_->poster == &stream) return true;
  if (polls_->poster != nullptr || polls_->posted) {
    close(CloseReason::poll_overlap);
    return false;
  }
  polls_->poster = &stream;
  return true;
}

void EngineSession::post(HttpStream& stream, std::string body) {
  if (!begin_post(stream)) return respond_engine_error(stream, 400, kBadRequest);
  auto posted = std::make_unique<PostedPackets>();
  posted->body = std::move(body);
  if (json::is_utf8(posted->body)) {
    if (auto packets = posted->decoder.decode(posted->body, limits::kPacketsPerPollIn)) {
      posted->packets = std::move(*packets);
    }
  }
  if (posted->packets.empty()) return close(CloseReason::parse_error);
  if (outlet_.own_bytes() > limits::kUnreadBytes) return close(CloseReason::unread_bytes);
  polls_->posted = std::move(posted);
  run_post();
}

void EngineSession::run_post() {
  PostedPackets& posted = *polls_->posted;
  while (!closed_ && !publisher_.waiting() && posted.next < posted.packets.size())
    on_packet(posted.packets[posted.next++]);
  if (closed_ || publisher_.waiting()) return;
  polls_->posted.reset();
  if (polls_->poster != nullptr) respond_posted(*std::exchange(polls_->poster, nullptr));
  forget_polls();
}

void EngineSession::post_gone(HttpStream& stream) {
  if (!polls_ || polls_->poster != &stream) return;
  polls_->poster = nullptr;
  forget_polls();
}

/// An upgraded session, once its last poll and post are answered.
void EngineSession::forget_polls() {
  if (polling() || !polls_ || polls_->poster != nullptr || polls_->posted) return;
  polls_.reset();
}

// --- WebSocket -------------------------------------------------------------------------------------------------------

void EngineSession::open_websocket(WebSocketStream& stream) {
  websocket_ = &stream;
  append_engine_frame(outlet_.own(), handshake());
  outlet_.attach(&stream);
  outlet_.flush();
}

bool EngineSession::begin_upgrade(WebSocketStream& stream) {
  if (closed_ || !polling() || polls_->probe != nullptr) return false;
  polls_->probe = &stream;
  polls_->probe_answered = false;
  return true;
}

void EngineSession::complete_upgrade(WebSocketStream& stream) {
  // The cursors simply go on: they moved only with bytes handed to a poll.
  if (polls_->poller != nullptr) answer_poll();
  polls_->probe = nullptr;
  polls_->probe_answered = false;
  transport_ = Transport::websocket;
  forget_polls();
  websocket_ = &stream;
  outlet_.attach(&stream);
  outlet_.flush();
}

void EngineSession::websocket_gone(WebSocketStream& stream) {
  if (polls_ && polls_->probe == &stream) {
    polls_->probe = nullptr;
    polls_->probe_answered = false;
  }
  if (websocket_ != &stream) return;
  websocket_ = nullptr;
  outlet_.attach(nullptr);
  close(CloseReason::transport_closed);
}

void EngineSession::probed(WebSocketStream& stream) {
  if (!polls_ || polls_->probe != &stream) return;
  polls_->probe_answered = true;
  if (polls_->poller != nullptr) answer_poll();
}

// --- the end ---------------------------------------------------------------------------------------------------------

void EngineSession::close_soon(CloseReason reason) {
  if (closing_soon_ || closed_) return;
  closing_soon_ = true;
  thread_.post([&thread = thread_, sid = std::string(sid()), reason] {
    if (EngineSession* const self = thread.find(sid)) self->close(reason);
  });
}

void EngineSession::close(CloseReason reason) {
  if (closed_) return;
  closed_ = true;
  disarm();
  journal::debug("session_closed", {{"sid", sid()}, {"reason", name(reason)}});
  if (const auto refused = refused_by(reason)) thread_.service().refusals.count(*refused);
  publisher_.close();
  publish_allowance_.give_back();
  const bool tell = reason != CloseReason::transport_closed && reason != CloseReason::client_closed;
  if (websocket_ != nullptr) {
    const std::uint16_t code = reason == CloseReason::server_shutdown ? 1001
                               : reason == CloseReason::parse_error   ? 1002
                                                                      : 1000;
    std::exchange(websocket_, nullptr)->end_session(code, name(reason));
  }
  if (polls_ && polls_->probe != nullptr) std::exchange(polls_->probe, nullptr)->end_session(1000, name(reason));
  outlet_.attach(nullptr);
  if (polls_ && polls_->poller != nullptr) {
    // What the body has taken already has left the outlet: it goes, but without a word about the end. The stock client
    // acts on that word before it delivers what stood in front of it, asks for it again, and has it twice. Its next poll
    // tells it.
    std::string body = polls_->body->take();
    if (body.empty()) {
      engineio::append_packet(body, tell ? engineio::PacketType::close : engineio::PacketType::noop, {});
    }
    respond_poll(*std::exchange(polls_->poller, nullptr), body);
  }
  if (polls_ && polls_->poster != nullptr) {
    if (tell) {
      respond_engine_error(*std::exchange(polls_->poster, nullptr), 400, kBadRequest);
    } else {
      respond_posted(*std::exchange(polls_->poster, nullptr));
    }
  }
  conversation_->on_end();
  thread_.retire(*this);
}

}  // namespace tidemark
