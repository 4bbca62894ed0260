#include "tests/conformance/engineio_echo.h"

#include "protocol/websocket/websocket.h"
#include "src/server/engine_session.h"
#include "src/server/record_frames.h"

namespace tidemark::conformance {
namespace {

class Echo final : public Conversation {
 public:
  explicit Echo(EngineSession& session) : session_(session) {}

  void on_message(bool binary, std::string_view data) override {
    Outlet& outlet = session_.outlet();
    if (binary) {
      websocket::append_frame(outlet.own(), websocket::Opcode::binary, data);
    } else {
      append_message_frame(outlet.own(), data);
    }
    outlet.flush_soon();
  }
  void on_cut_message(bool, std::string_view) override { session_.close(CloseReason::parse_error); }
  void on_overdue() override {}
  void on_end() override {}

 private:
  EngineSession& session_;
};

}  // namespace

Endpoint engineio_echo() {
  return {.path = "/engine.io", .open = [](EngineSession& session) { return std::make_unique<Echo>(session); }};
}

}  // namespace tidemark::conformance
