// The hub: from durable records to every client that should have them. It stands between the log's sequencer and the
// shards: encodes each record once and hands the batch, and each publisher's outcome, to the I/O threads.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/hub/batch.h"
#include "src/hub/frame_encoder.h"
#include "src/hub/session_table.h"
#include "src/hub/shard.h"
#include "src/log/log.h"

namespace tidemark {

class Hub final : public CommitListener {
 public:
  /// All references must outlive it.
  Hub(const FrameEncoder& encoder, SessionTable& sessions) : encoder_(encoder), sessions_(sessions) {}

  /// Before the log starts. Shard i must have index i.
  void add(Shard& shard) { shards_.push_back(&shard); }

  /// Gives `holder` the session and sends whoever held it away. Any thread.
  void hold_session(const SessionTable::Grant& session, SessionHolder holder);
  /// Sends an unlogged event to everyone who is live in its channel. Any thread.
  void relay(Relay relay);

  // CommitListener, on the sequencer thread:
  void on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) override;
  void on_room() override;

 private:
  const FrameEncoder& encoder_;
  SessionTable& sessions_;
  std::vector<Shard*> shards_;
  std::unordered_map<std::string_view, std::uint32_t> batch_channels_;  // scratch of on_commit
};

}  // namespace tidemark
