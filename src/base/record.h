// A record: one message in the log. Immutable once it has its offset.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/offset.h"

namespace tidemark {

/// Wall-clock time in milliseconds since 1970-01-01 UTC.
struct TimeMs {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(TimeMs, TimeMs) = default;
};

/// A record whose bytes belong to somebody else: valid only as long as they say (a scan's visitor: during the call).
struct RecordView {
  Offset offset;
  TimeMs time;                   // when it was sequenced; never decreases from one offset to the next
  std::string_view channel;      // Socket.IO namespace, e.g. "/" or "/chat/general"
  std::string_view event;        // e.g. "chat message"
  std::string_view sender;       // the name the publisher gave at CONNECT, else its session id
  std::string_view client_key;   // idempotency key within the channel; empty = none was given
  std::string_view payload;      // JSON text, byte for byte as it was sent
  std::string_view attachments;  // binary attachments the payload's placeholders name, see attachments.h; empty = none

  /// Bytes of the variable parts: what bounds on batches, queues and pages count.
  [[nodiscard]] std::size_t bytes() const {
    return channel.size() + event.size() + sender.size() + client_key.size() + payload.size() + attachments.size();
  }
  friend bool operator==(const RecordView&, const RecordView&) = default;
};

/// A record that owns its bytes.
struct Record {
  Offset offset;
  TimeMs time;
  std::string channel, event, sender, client_key, payload, attachments;

  Record() = default;
  explicit Record(const RecordView& v)
      : offset(v.offset),
        time(v.time),
        channel(v.channel),
        event(v.event),
        sender(v.sender),
        client_key(v.client_key),
        payload(v.payload),
        attachments(v.attachments) {}

  [[nodiscard]] RecordView view() const {
    return {offset, time, channel, event, sender, client_key, payload, attachments};
  }
  friend bool operator==(const Record&, const Record&) = default;
};

}  // namespace tidemark
