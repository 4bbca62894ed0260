#include "src/server/api/api_shard.h"

#include <algorithm>
#include <utility>

#include "src/server/api/stream_answer.h"
#include "src/server/api/stream_pages.h"
#include "src/server/service.h"

namespace tidemark {

void ApiShard::push(CommitNewsPtr news, std::vector<Outcome> outcomes) {
  {
    const std::lock_guard lock(mutex_);
    if (news) mailbox_.news.push_back(std::move(news));
    mailbox_.outcomes.insert(mailbox_.outcomes.end(), outcomes.begin(), outcomes.end());
  }
  if (!woken_.exchange(true)) executor_.post([this] { turn(); });
}

void ApiShard::turn() {
  woken_.store(false);
  Mailbox mail;
  {
    const std::lock_guard lock(mutex_);
    std::swap(mail, mailbox_);
  }
  for (const Outcome& outcome : mail.outcomes) {
    const auto found = publishers_.find(outcome.origin.subscription & ~kApiOrigin);
    if (found == publishers_.end()) continue;
    const auto publisher = found->second.lock();
    publishers_.erase(found);
    if (publisher) publisher->on_outcome(outcome);
  }
  if (mail.news.empty()) return;
  // One that ends meanwhile takes itself off the list.
  for (StreamAnswer* const listed : std::vector(streams_)) {
    if (std::ranges::find(streams_, listed) == streams_.end()) continue;
    if (const auto stream = listed->weak_from_this().lock()) stream->on_news(mail.news);
  }
}

std::uint64_t ApiShard::expect(std::weak_ptr<OutcomeReceiver> publisher) {
  publishers_.emplace(++next_publisher_, std::move(publisher));
  return next_publisher_;
}

bool ApiShard::read(StreamAnswer& stream) {
  const std::string& channel = stream.channel();
  const Offset after = stream.cursor();
  const auto joined =
      std::ranges::find_if(reads_, [&](const Read& read) { return read.after == after && read.channel == channel; });
  if (joined != reads_.end()) {
    joined->waiting.push_back(stream.weak_from_this());
    return true;
  }
  const Offset up_to = service_.log.head();
  const bool queued = service_.readers.run([this, channel, after, up_to] {
    executor_.post(
        [this, channel, after, page = read_stream_page(service_.log, service_.stream_frames, channel, after, up_to)] {
          page_arrived(channel, after, page);
        });
  });
  if (queued) reads_.push_back({channel, after, {stream.weak_from_this()}});
  return queued;
}

void ApiShard::page_arrived(const std::string& channel, Offset after, const Result<PagePtr>& page) {
  const auto found =
      std::ranges::find_if(reads_, [&](const Read& read) { return read.after == after && read.channel == channel; });
  if (found == reads_.end()) return;
  const auto waiting = std::move(found->waiting);
  reads_.erase(found);
  for (const auto& one : waiting) {
    if (const auto stream = one.lock()) stream->take(page);
  }
}

}  // namespace tidemark
