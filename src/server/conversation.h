// A conversation: what is spoken over an Engine.IO session - the messages that come in, and what becomes of them. The
// service speaks Socket.IO (socketio_conversation.h). Owned by its session, on that session's I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tidemark {

class EngineSession;

class Conversation {
 public:
  virtual ~Conversation() = default;

  /// A message packet's data: bytes, or text that is valid UTF-8. May close the session.
  virtual void on_message(bool binary, std::string_view data) = 0;
  /// A message above max-payload, of which only the beginning was kept; text may end within a character.
  virtual void on_cut_message(bool binary, std::string_view beginning) = 0;
  /// The deadline that EngineSession::expect_within() set has come.
  virtual void on_overdue() = 0;
  /// The session is over. The last call.
  virtual void on_end() = 0;
};

/// Where Engine.IO is served, and what is spoken over the sessions that are opened there.
struct Endpoint {
  std::string path;  // "/socket.io": requests may end it with another slash
  /// The session outlives its conversation, and is not told anything before it is whole.
  std::function<std::unique_ptr<Conversation>(EngineSession&)> open;
};

}  // namespace tidemark
