// What one commit means to the I/O threads: its records' frames, encoded once and shared, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/offset.h"

namespace tidemark {

struct Batch {
  struct Entry {
    std::uint32_t channel;  // index into `channels`
    Offset offset;
    std::size_t end;  // of its frames; they begin where the entry before ends
  };
  std::vector<std::string> channels;
  std::vector<Entry> entries;  // in offset order
  std::string frames;
  Offset head;  // newest record of the commit
};

using BatchPtr = std::shared_ptr<const Batch>;

/// An unlogged event on its way to whoever is live. It has no offset: each I/O thread ends it with its own position.
struct Relay {
  std::string channel, event, payload, attachments;
};

using RelayPtr = std::shared_ptr<const Relay>;

}  // namespace tidemark
