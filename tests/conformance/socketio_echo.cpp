#include "tests/conformance/socketio_echo.h"

#include <fmt/format.h>

#include "protocol/json/json.h"
#include "protocol/websocket/websocket.h"
#include "src/base/attachments.h"
#include "src/base/limits.h"
#include "src/hub/sid.h"
#include "src/server/engine_session.h"
#include "src/server/participant.h"
#include "src/server/socketio_conversation.h"

namespace tidemark::conformance {
namespace {

class Echo final : public Participant {
 public:
  Echo(EngineSession& session, std::string_view nsp, std::string_view auth)
      : session_(session), nsp_(nsp), auth_(auth.empty() ? "{}" : auth) {}

  [[nodiscard]] std::string_view channel() const override { return nsp_; }

  void start() override {
    std::string packet;
    socketio::append_connect(packet, nsp_, fmt::format(R"({{"sid":"{}"}})", Sid::random().text()));
    session_.send(packet);
    packet.clear();
    socketio::append_event(packet, nsp_, 0, fmt::format(R"(["auth",{}])", auth_));
    session_.send(packet);
  }

  void on_event(const socketio::Packet& packet) override {
    if (packet.excess != socketio::Excess::none) return;
    const auto elements = json::split_array(packet.data, limits::kJsonDepth, limits::kEventArguments + 1);
    const auto event = json::decode_string(elements->front()).value_or("");
    const std::string_view name = elements->front();
    // The arguments stay byte for byte: what follows the name is cut out of the packet's own text.
    std::string_view arguments(packet.data);
    arguments.remove_prefix(static_cast<std::size_t>(name.data() + name.size() - packet.data.data()));
    std::string answer;
    if (event == "message") {
      socketio::append_event(answer, nsp_, packet.attachment_count, fmt::format(R"(["message-back"{})", arguments));
    } else if (event == "message-with-ack" && packet.ack_id) {
      if (arguments.starts_with(',')) arguments.remove_prefix(1);
      socketio::append_ack(answer, nsp_, *packet.ack_id, fmt::format("[{}", arguments), packet.attachment_count);
    } else {
      return;
    }
    session_.send(answer);
    for (std::string_view rest = packet.attachments; const auto attachment = take_attachment(rest);) {
      websocket::append_frame(session_.outlet().own(), websocket::Opcode::binary, *attachment);
    }
  }

  void end() override {}
  void lose() override {}

 private:
  EngineSession& session_;
  const std::string nsp_;
  const std::string auth_;
};

std::expected<std::unique_ptr<Participant>, std::string> admit(EngineSession& session, std::string_view nsp,
                                                               std::string_view auth) {
  if (nsp != "/" && nsp != "/custom") return std::unexpected("Invalid namespace");
  return std::make_unique<Echo>(session, nsp, auth);
}

}  // namespace

Endpoint socketio_echo() { return socketio_endpoint("/socket.io", admit); }

}  // namespace tidemark::conformance
