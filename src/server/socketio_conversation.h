// Socket.IO over an Engine.IO session: packets out of messages, and the client's participants, one for each namespace
// it is connected to. A violation of the protocol closes the session. Owned by the session, on its I/O thread.
#pragma once

#include <boost/container/small_vector.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/socketio/socketio.h"
#include "src/server/conversation.h"
#include "src/server/participant.h"

namespace tidemark {

class SocketioConversation final : public Conversation {
 public:
  /// Both outlive it.
  SocketioConversation(EngineSession& session, const Admit& admit);

  // Conversation
  void on_message(bool binary, std::string_view data) override;
  void on_cut_message(bool binary, std::string_view beginning) override;
  void on_overdue() override;
  void on_end() override;

 private:
  void on_decoded(socketio::Decoder::Status status);
  void on_packet(const socketio::Packet& packet);
  void on_connect(const socketio::Packet& packet);
  void leave(Participant& participant);
  [[nodiscard]] Participant* find(std::string_view nsp) const;

  EngineSession& session_;
  const Admit& admit_;
  socketio::Decoder decoder_;
  boost::container::small_vector<std::unique_ptr<Participant>, 1> participants_;  // mostly one
  bool half_packet_ = false;  // the session waits for its attachments
};

/// Socket.IO at `path`.
[[nodiscard]] Endpoint socketio_endpoint(std::string path, Admit admit);

}  // namespace tidemark
