#include "src/server/publish_allowances.h"

#include <utility>

#include "src/base/limits.h"
#include "src/server/address_block.h"

namespace tidemark {

struct PublishAllowance::Limited {
  PublishAllowances& all;
  std::string block;
  PublishRate rate;
};

PublishAllowance::PublishAllowance(std::unique_ptr<Limited> limited) : limited_(std::move(limited)) {}
PublishAllowance::PublishAllowance(PublishAllowance&& other) noexcept
    : limited_(std::move(other.limited_)), over_(std::exchange(other.over_, true)) {}
PublishAllowance& PublishAllowance::operator=(PublishAllowance&& other) noexcept {
  give_back();
  limited_ = std::move(other.limited_);
  over_ = std::exchange(other.over_, true);
  return *this;
}
PublishAllowance::~PublishAllowance() { give_back(); }

bool PublishAllowance::take() {
  if (over_) return false;
  return !limited_ || limited_->rate.take(limited_->all.clock_.steady());
}

void PublishAllowance::give_back() {
  over_ = true;
  if (const auto mine = std::exchange(limited_, nullptr)) mine->all.left_over(mine->block, mine->rate);
}

PublishAllowance PublishAllowances::open(const asio::ip::address& address) {
  if (events_per_second_ == 0) return PublishAllowance(nullptr);
  auto mine =
      std::make_unique<PublishAllowance::Limited>(*this, address_block(address), PublishRate(events_per_second_));
  const std::lock_guard lock(mutex_);
  if (const auto found = left_.find(mine->block); found != left_.end()) {
    mine->rate = found->second.front();  // time has brought back most of the one that was left first
    found->second.pop_front();
    --left_count_;
    if (found->second.empty()) left_.erase(found);
  }
  return PublishAllowance(std::move(mine));
}

void PublishAllowances::left_over(const std::string& block, const PublishRate& rate) {
  const Millis now = clock_.steady();
  if (rate.whole(now)) return;
  const std::lock_guard lock(mutex_);
  if (now >= next_sweep_) sweep(now);
  if (left_count_ >= limits::kConnections) return;
  left_[block].push_back(rate);
  ++left_count_;
}

void PublishAllowances::sweep(Millis now) {
  next_sweep_ = now + PublishRate::kMemory;
  for (auto it = left_.begin(); it != left_.end();) {
    left_count_ -= std::erase_if(it->second, [&](const PublishRate& rate) { return rate.whole(now); });
    it = it->second.empty() ? left_.erase(it) : std::next(it);
  }
}

}  // namespace tidemark
