// One publisher's messages: numbered texts and a client key for each that no other run uses.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/connection.h"
#include "bench/load/message.h"

namespace tidemark::load {

class Publisher {
 public:
  Publisher(std::uint32_t number, std::size_t text_bytes)
      : number_(number), text_bytes_(text_bytes), key_start_(std::to_string(now_ns()) + "-" + std::to_string(number)) {}

  /// Publishes the next message with its sequence number as ack id; returns that number.
  std::uint32_t publish(Connection& connection) {
    const std::uint32_t sequence = published_++;
    connection.publish(sequence, next_text(sequence), key_start_ + "-" + std::to_string(sequence));
    return sequence;
  }

  /// The whole frame as a server would broadcast it, `frame_bytes` long, for the server that only sends.
  std::uint32_t publish_ready_frame(Connection& control, std::size_t frame_bytes);

  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] std::uint32_t published() const { return published_; }

 private:
  const std::string& next_text(std::uint32_t sequence) {
    text_.clear();
    append_text(text_, text_bytes_, number_, sequence, now_ns());
    return text_;
  }

  std::uint32_t number_;
  std::uint32_t published_ = 0;
  std::size_t text_bytes_;
  std::string key_start_;
  std::string text_;
};

}  // namespace tidemark::load
