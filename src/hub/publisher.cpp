#include "src/hub/publisher.h"

#include <utility>

#include "src/hub/shard.h"

namespace tidemark {

Publisher::~Publisher() {
  close();
  if (id_ != 0) shard_.shares().leave(*this);
}

void Publisher::publish(Draft draft) {
  if (id_ == 0) id_ = shard_.shares().enter(*this);
  draft.origin.shard = shard_.index();
  draft.origin.publisher = id_;
  draft.origin.bytes = static_cast<std::uint32_t>(draft.bytes());
  if (admit(draft) != Log::Admission::full) return;
  held_ = std::make_unique<Draft>(std::move(draft));
  shard_.shares().wait_for_room(*this);
}

Log::Admission Publisher::admit(Draft& draft) {
  const std::uint64_t bytes = draft.origin.bytes;
  const auto admission = log_.publish(std::move(draft));
  refused_ = admission == Log::Admission::closed;
  if (admission != Log::Admission::queued) return admission;
  ++drafts_;
  shard_.shares().queued(*this);
  bytes_ += bytes;
  const auto share = shard_.shares().share();
  share_used_ = drafts_ >= share.drafts || bytes_ >= share.bytes;
  return admission;
}

void Publisher::close() {
  if (!held_) return;
  shard_.shares().forget_room(*this);
  held_.reset();
}

bool Publisher::on_room() {
  if (admit(*held_) == Log::Admission::full) return false;
  held_.reset();
  if (!waiting()) input_.on_may_publish();
  return true;
}

void Publisher::on_decided(const Origin& origin) {
  bytes_ -= origin.bytes;
  if (--drafts_ == 0) shard_.shares().finished(*this);
  if (!share_used_) return;
  // Half of it, so that one that floods is read once for many messages. None left is always enough.
  const auto share = shard_.shares().share();
  if (drafts_ > share.drafts / 2 || bytes_ > share.bytes / 2) return;
  share_used_ = false;
  if (!waiting()) input_.on_may_publish();
}

}  // namespace tidemark
