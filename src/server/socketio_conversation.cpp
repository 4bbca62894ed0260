#include "src/server/socketio_conversation.h"

#include <algorithm>
#include <utility>

#include "protocol/json/json.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/server/engine_session.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

const ServeOptions& options_of(const EngineSession& session) { return session.thread().service().options; }

}  // namespace

SocketioConversation::SocketioConversation(EngineSession& session, const Admit& admit)
    : session_(session), admit_(admit), decoder_(session.thread().service().packet_limits) {
  session_.expect_within(options_of(session).connect_timeout);
}

void SocketioConversation::on_overdue() {
  if (!half_packet_) return session_.close(CloseReason::connect_timeout);
  // Attachments that stand behind input we hold back ourselves are not overdue.
  if (session_.paused()) return session_.expect_within(options_of(session_).message_timeout);
  session_.close(CloseReason::unfinished_message);
}

void SocketioConversation::on_end() {
  for (const auto& participant : participants_) participant->lose();
}

void SocketioConversation::on_message(bool binary, std::string_view data) {
  on_decoded(binary ? decoder_.binary(data) : decoder_.text(data));
}

void SocketioConversation::on_cut_message(bool binary, std::string_view beginning) {
  on_decoded(binary ? decoder_.cut_binary() : decoder_.cut_text(beginning));
}

void SocketioConversation::on_decoded(socketio::Decoder::Status status) {
  switch (status) {
    case socketio::Decoder::Status::need_more:
      // Without a participant the deadline of CONNECT stands.
      if (participants_.empty() || std::exchange(half_packet_, true)) return;
      return session_.expect_within(options_of(session_).message_timeout);
    case socketio::Decoder::Status::packet:
      if (std::exchange(half_packet_, false)) session_.expect_nothing();
      return on_packet(decoder_.take());
    case socketio::Decoder::Status::error:
      journal::debug("packet_refused", {{"sid", session_.sid()}, {"reason", socketio::name(decoder_.error())}});
      return session_.close(CloseReason::parse_error);
  }
}

void SocketioConversation::on_packet(const socketio::Packet& packet) {
  if (packet.type == socketio::PacketType::connect) return on_connect(packet);
  Participant* const participant = find(packet.nsp);
  if (participant == nullptr) return session_.close(CloseReason::parse_error);
  switch (packet.type) {
    case socketio::PacketType::event:
    case socketio::PacketType::binary_event: return participant->on_event(packet);
    case socketio::PacketType::disconnect: return leave(*participant);
    case socketio::PacketType::ack:
    case socketio::PacketType::binary_ack: return;  // nothing we send asks for one
    case socketio::PacketType::connect:
    case socketio::PacketType::connect_error: return session_.close(CloseReason::parse_error);
  }
}

Participant* SocketioConversation::find(std::string_view nsp) const {
  const auto found = std::ranges::find_if(participants_, [&](const auto& held) { return held->channel() == nsp; });
  return found == participants_.end() ? nullptr : found->get();
}

void SocketioConversation::on_connect(const socketio::Packet& packet) {
  if (find(packet.nsp) != nullptr) return session_.close(CloseReason::parse_error);
  const auto refuse = [&](std::string_view message) {
    std::string payload = R"({"message":)";
    json::append_string(payload, message);
    payload += '}';
    std::string reply;
    socketio::append_connect_error(reply, packet.nsp, payload);
    session_.send(reply);
  };
  Refusals& refusals = session_.thread().service().refusals;
  if (packet.excess != socketio::Excess::none) {
    refusals.count(Refused::bad_auth);
    return refuse("auth is too large or nested too deep");
  }
  if (participants_.size() >= limits::kNamespacesPerConnection) {
    refusals.count(Refused::too_many_namespaces);
    return refuse("Too many namespaces");
  }
  auto participant = admit_(session_, packet.nsp, packet.data);
  if (!participant) return refuse(participant.error());
  participants_.push_back(std::move(*participant));
  participants_.back()->start();
  session_.expect_nothing();
}

void SocketioConversation::leave(Participant& participant) {
  participant.end();
  participants_.erase(std::ranges::find(participants_, &participant, &std::unique_ptr<Participant>::get));
  if (session_.outlet().broken()) return session_.close(CloseReason::transport_closed);
  if (participants_.empty()) session_.expect_within(options_of(session_).connect_timeout);
}

Endpoint socketio_endpoint(std::string path, Admit admit) {
  return {.path = std::move(path), .open = [admit = std::move(admit)](EngineSession& session) {
            return std::make_unique<SocketioConversation>(session, admit);
          }};
}

}  // namespace tidemark
