#include "src/server/websocket_stream.h"

#include <fmt/format.h>

#include <utility>

#include "protocol/engineio/engineio.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/server/engine_session.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {
namespace {
constexpr std::uint16_t kTooLarge = 1009;  // RFC 6455 section 7.4.1
}

WebSocketStream::WebSocketStream(Connection& connection, std::size_t max_message_bytes)
    : connection_(connection), reader_(max_message_bytes, limits::kDroppedBytes) {}

WebSocketStream::~WebSocketStream() = default;

void WebSocketStream::carry(EngineSession& session) {
  session_ = &session;
  role_ = Role::carrier;
  session.open_websocket(*this);
}

void WebSocketStream::probe(EngineSession& session) {
  session_ = &session;
  role_ = Role::probe;
  connection_.set_deadline(limits::kUpgradeTimeout);
}

std::size_t WebSocketStream::send(std::string_view frames) {
  if (!connection_.reading() && !resume_queued_) {  // answers are leaving: input may go on
    resume_queued_ = true;
    connection_.thread().post([this, alive = connection_.shared_from_this()] {
      resume_queued_ = false;
      if (!must_wait()) resume();
    });
  }
  return connection_.write(frames);
}

bool WebSocketStream::must_wait() const {
  if (session_ == nullptr || role_ != Role::carrier) return false;
  if (session_->paused()) return true;
  Outlet& outlet = session_->outlet();
  if (outlet.own_bytes() > limits::kOwnBytesPause) outlet.flush();
  return outlet.own_bytes() > limits::kOwnBytesPause;
}

void WebSocketStream::on_bytes(std::span<char> bytes) {
  if (closed_) return;  // what comes behind the close is nobody's
  if (!held_.empty()) {
    held_.append(bytes.data(), bytes.size());
    return resume();
  }
  const std::size_t used = read_frames(bytes);
  if (used < bytes.size() && !closed_) {
    held_.assign(bytes.data() + used, bytes.size() - used);
    connection_.pause_reading();
    // A publisher that waits is counted as that.
    if (session_ == nullptr || !session_->paused()) count(Refused::input_paused);
  }
}

void WebSocketStream::resume() {
  if (reading_ || closed_) return;
  if (!held_.empty()) {
    std::string bytes = std::exchange(held_, {});
    const std::size_t from = std::exchange(held_from_, 0);
    const std::size_t used = from + read_frames(std::span(bytes).subspan(from));
    if (closed_) return;
    if (used < bytes.size()) {
      held_ = std::move(bytes);
      held_from_ = used;
      return;
    }
  }
  if (!connection_.reading()) connection_.resume_reading();
}

std::size_t WebSocketStream::read_frames(std::span<char> bytes) {
  reading_ = true;
  std::size_t used = 0;
  websocket::FrameReader::Event event;
  while (used < bytes.size() && !closed_ && !must_wait()) {
    used += reader_.read(bytes.subspan(used), event);
    if (event.kind == websocket::FrameReader::Kind::none) continue;
    // A control frame may stand within a message and does not end it.
    if (event.kind <= websocket::FrameReader::Kind::cut_binary) clear_watch();
    on_frame(event);
  }
  reading_ = false;
  watch_message();
  return used;
}

void WebSocketStream::on_frame(websocket::FrameReader::Event& event) {
  using Kind = websocket::FrameReader::Kind;
  switch (event.kind) {
    case Kind::none:
    case Kind::pong: return;
    case Kind::ping: return reply(websocket::Opcode::pong, event.data);
    // RFC 6455 section 5.5.1: answer with the code that was sent; 1005 stands for none and must not be sent.
    case Kind::close: return close(event.close_code == 1005 ? 1000 : event.close_code, {});
    case Kind::error:
      count(event.close_code == kTooLarge ? Refused::frame_too_large : Refused::bad_frame);
      if (event.close_code == kTooLarge) {
        const std::size_t most = connection_.thread().service().options.max_payload;
        journal::info("message_too_large", {{"max-payload", most}});
        return close(kTooLarge, fmt::format("larger than {} bytes (--max-payload)", most));
      }
      return close(event.close_code, {});
    case Kind::cut_text: return on_cut(event.data, false);
    case Kind::cut_binary: return on_cut(event.data, true);
    case Kind::binary:
      if (role_ != Role::carrier) return refuse_probe();
      return session_->on_packet({.type = engineio::PacketType::message, .binary = true, .data = event.data});
    case Kind::text:
      if (role_ == Role::probe) return on_probe_packet(event.data);
      return on_text(event.data);
  }
}

void WebSocketStream::on_text(std::string_view text) {
  std::string scratch;  // for the base64 that a client with `forceBase64` sends
  if (const auto packet = engineio::decode_packet(text, scratch)) return session_->on_packet(*packet);
  session_->close(CloseReason::parse_error);
}

void WebSocketStream::on_cut(std::string_view beginning, bool binary) {
  if (role_ != Role::carrier) return refuse_probe();
  journal::debug("message_too_large", {{"sid", session_->sid()}});
  if (binary) {
    return session_->on_cut_packet({.type = engineio::PacketType::message, .binary = true, .data = beginning});
  }
  // Of base64 only the fact matters, and that needs no whole one.
  if (beginning.starts_with('b')) {
    return session_->on_cut_packet({.type = engineio::PacketType::message, .binary = true, .data = {}});
  }
  if (const auto packet = engineio::decode_packet(beginning)) return session_->on_cut_packet(*packet);
  session_->close(CloseReason::parse_error);
}

void WebSocketStream::watch_message() {
  if (closed_ || role_ == Role::probe || half_message_ || !reader_.unfinished()) return;
  half_message_ = true;
  connection_.set_deadline(connection_.thread().service().options.message_timeout);
}

void WebSocketStream::clear_watch() {
  if (std::exchange(half_message_, false)) connection_.clear_deadline();
}

void WebSocketStream::on_probe_packet(std::string_view packet) {
  if (packet == "2probe") {
    std::string frame;
    websocket::append_frame(frame, websocket::Opcode::text, "3probe");
    if (connection_.write(frame) < frame.size()) return close(1000, {});
    return session_->probed(*this);
  }
  if (packet == "5") {
    role_ = Role::carrier;
    connection_.clear_deadline();
    return session_->complete_upgrade(*this);
  }
  refuse_probe();
}

void WebSocketStream::refuse_probe() {
  count(Refused::bad_packet);
  close(1002, "expected a probe");
}

void WebSocketStream::reply(websocket::Opcode opcode, std::string_view payload) {
  if (role_ == Role::carrier) {
    websocket::append_frame(session_->outlet().own(), opcode, payload);
    session_->outlet().flush_soon();
    return;
  }
  std::string frame;
  websocket::append_frame(frame, opcode, payload);
  if (connection_.write(frame) < frame.size()) close(1000, {});
}

void WebSocketStream::end_session(std::uint16_t code, std::string_view reason) {
  EngineSession* const session = std::exchange(session_, nullptr);
  if (closed_) return;
  closed_ = true;
  std::string frame;
  websocket::append_close(frame, code, reason);
  if (role_ == Role::carrier && session != nullptr) {
    session->outlet().close_with(frame);
  } else {
    (void)connection_.write(frame);
  }
  role_ = Role::none;
  held_ = {};
  connection_.finish();
}

void WebSocketStream::close(std::uint16_t code, std::string_view reason) {
  EngineSession* const session = session_;
  end_session(code, reason);
  if (session != nullptr) session->websocket_gone(*this);
}

void WebSocketStream::on_writable() {
  if (closed_ || session_ == nullptr) return;
  session_->outlet().writable();
  if (!connection_.reading() && !must_wait()) resume();
}

void WebSocketStream::on_timeout() {
  if (role_ == Role::probe) {
    count(Refused::upgrade_timeout);
    return close(1000, "upgrade not completed");
  }
  if (session_ == nullptr) return;
  // What stands behind input we hold back ourselves is not overdue.
  if (!connection_.reading()) return connection_.set_deadline(connection_.thread().service().options.message_timeout);
  session_->close(CloseReason::unfinished_message);
}

void WebSocketStream::count(Refused kind) { connection_.thread().service().refusals.count(kind); }

void WebSocketStream::on_closed() {
  closed_ = true;
  held_ = {};
  if (EngineSession* const session = std::exchange(session_, nullptr)) session->websocket_gone(*this);
}

}  // namespace tidemark
