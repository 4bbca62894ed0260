#include "src/hub/hub.h"

#include <memory>
#include <utility>

namespace tidemark {

void Hub::hold_session(const SessionTable::Grant& session, SessionHolder holder) {
  if (const auto previous = sessions_.hold(session, holder); previous && *previous != holder) {
    shards_[previous->shard]->push_take_over(previous->subscription);
  }
}

void Hub::relay(Relay relay) {
  const auto shared = std::make_shared<const Relay>(std::move(relay));
  for (Shard* const shard : shards_) shard->push_relay(shared);
}

void Hub::on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) {
  std::shared_ptr<Batch> batch;
  if (!records.empty()) {
    batch = std::make_shared<Batch>();
    batch->entries.reserve(records.size());
    batch_channels_.clear();
    for (const RecordView& record : records) {
      const auto [channel, added] =
          batch_channels_.try_emplace(record.channel, static_cast<std::uint32_t>(batch->channels.size()));
      if (added) batch->channels.emplace_back(record.channel);
      encoder_.encode(record, batch->frames);
      batch->entries.push_back({channel->second, record.offset, batch->frames.size()});
    }
    batch->head = records.back().offset;
  }
  std::vector<std::vector<Outcome>> mine(shards_.size());
  for (const Outcome& outcome : outcomes) mine[outcome.origin.shard].push_back(outcome);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (batch || !mine[i].empty()) shards_[i]->push_commit(batch, std::move(mine[i]));
  }
}

void Hub::on_room() {
  for (Shard* const shard : shards_) shard->push_room();
}

}  // namespace tidemark
