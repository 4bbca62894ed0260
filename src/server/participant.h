// A participant: one client in one Socket.IO namespace. In the service that is a member of a channel (member.h). Owned
// by the conversation it takes part in, on that I/O thread.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/socketio/socketio.h"

namespace tidemark {

class EngineSession;

class Participant {
 public:
  virtual ~Participant() = default;

  /// Its namespace.
  [[nodiscard]] virtual std::string_view channel() const = 0;
  /// Sends the CONNECT reply and what follows it.
  virtual void start() = 0;
  /// An event or binary event.
  virtual void on_event(const socketio::Packet& packet) = 0;
  /// The client left the namespace. The last call.
  virtual void end() = 0;
  /// The connection was lost. The last call.
  virtual void lose() = 0;
};

/// Decides about a CONNECT; `auth` is a JSON object or empty. The error is the message of the CONNECT_ERROR. Nothing has
/// been sent yet: start() does.
using Admit = std::function<std::expected<std::unique_ptr<Participant>, std::string>(
    EngineSession& session, std::string_view nsp, std::string_view auth)>;

}  // namespace tidemark
