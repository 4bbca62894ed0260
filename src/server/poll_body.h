// The body of one poll: Engine.IO packets taken from an outlet's frames (Engine.IO protocol, "HTTP long-polling").
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "src/hub/outlet.h"

namespace tidemark {

class PollBody final : public Sink {
 public:
  /// `on_first`: called once when the first packet has come; must not touch the outlet.
  PollBody(std::size_t max_bytes, std::function<void()> on_first)
      : max_bytes_(max_bytes), on_first_(std::move(on_first)) {}

  /// Takes whole frames until the body has limits::kPacketsPerPollOut packets or its bytes; at least one.
  [[nodiscard]] std::size_t send(std::string_view frames) override;

  [[nodiscard]] bool empty() const { return packets_ == 0; }
  [[nodiscard]] std::string take() { return std::move(body_); }

 private:
  const std::size_t max_bytes_;
  const std::function<void()> on_first_;
  std::string body_;
  std::size_t packets_ = 0;
};

}  // namespace tidemark
