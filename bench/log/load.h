// The records of the measured load: 120 bytes of payload, 200 channels, unique client keys; about 200 bytes each.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/record.h"

namespace tidemark {

/// Makes the records of the measured load; the same offset gives the same record.
struct Load {
  static constexpr std::uint64_t kChannels = 200;
  static constexpr std::size_t kPayload = 120;

  std::vector<std::string> channels, keys;
  std::string payload = std::string(kPayload, '1');
  std::vector<RecordView> views;

  Load() {
    for (std::uint64_t i = 0; i < kChannels; ++i) channels.push_back(fmt::format("/channel/{}", i));
  }
  std::span<const RecordView> batch(std::uint64_t first, std::size_t count) {
    views.clear();
    keys.clear();
    keys.reserve(count);
    for (auto offset = first; offset < first + count; ++offset) {
      keys.push_back(fmt::format("client-{:08x}-{}", (offset * 2654435761) & 0xffffffff, offset));
      views.push_back({.offset = Offset(offset),
                       .time = {1'700'000'000'000},
                       .channel = channels[offset * 7 % kChannels],
                       .event = "chat message",
                       .sender = "somebody",
                       .client_key = keys.back(),
                       .payload = payload,
                       .attachments = ""});
    }
    return views;
  }
};

}  // namespace tidemark
