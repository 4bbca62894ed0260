#include "src/server/api/commit_tap.h"

#include <algorithm>
#include <unordered_set>

#include "src/server/api/api_shard.h"

namespace tidemark {
namespace {

CommitNewsPtr news_of(std::span<const RecordView> records) {
  auto news = std::make_shared<CommitNews>();
  news->before = records.front().offset.previous();
  news->head = records.back().offset;
  std::unordered_set<std::string_view> seen;
  for (const RecordView& record : records) {
    if (seen.insert(record.channel).second) news->channels.emplace_back(record.channel);
  }
  return news;
}

}  // namespace

bool CommitTap::open_stream() {
  if (streams_.fetch_add(1) >= streams_max_) {
    streams_.fetch_sub(1);
    return false;
  }
  // Both sides change the one counter, so one of them is first: either the commit under way sees this stream, or this
  // stream sees its head. See on_commit().
  return true;
}

void CommitTap::on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) {
  hub_.on_commit(records, outcomes);
  std::uint64_t bytes = 0;
  for (const RecordView& record : records) bytes += record.bytes();
  ++counts_.commits;
  counts_.records += records.size();
  counts_.bytes += bytes;
  std::vector<std::vector<Outcome>> mine;
  for (const Outcome& outcome : outcomes) {
    if (outcome.status == Outcome::Status::duplicate) ++counts_.duplicates;
    if (outcome.status == Outcome::Status::failed) ++counts_.failed;
    if ((outcome.origin.subscription & kApiOrigin) == 0) continue;
    if (mine.empty()) mine.resize(shards_.size());
    mine[outcome.origin.shard].push_back(outcome);
  }
  const CommitNewsPtr news = !records.empty() && streams_.fetch_add(0) > 0 ? news_of(records) : nullptr;
  if (!news && mine.empty()) return;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    std::vector<Outcome> answers = mine.empty() ? std::vector<Outcome>() : std::move(mine[i]);
    if (news || !answers.empty()) shards_[i]->push(news, std::move(answers));
  }
}

}  // namespace tidemark
