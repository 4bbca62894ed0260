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
  // It stays there: whoever opens next begins with it as well, else this one could keep it away from them.
  if (const auto found = left_.find(mine->block); found != left_.end()) mine->rate = found->second;
  return PublishAllowance(std::move(mine));
}

void PublishAllowances::left_over(const std::string& block, const PublishRate& rate) {
  const Millis now = clock_.steady();
  if (rate.whole(now)) return;
  const std::lock_guard lock(mutex_);
  if (now >= next_sweep_) sweep(now);
  if (const auto found = left_.find(block); found != left_.end()) {
    if (rate.more_spent(found->second, now)) found->second = rate;
  } else if (left_.size() < limits::kConnections) {
    left_.emplace(block, rate);
  }
}

void PublishAllowances::sweep(Millis now) {
  next_sweep_ = now + PublishRate::kMemory;
  std::erase_if(left_, [&](const auto& of_address) { return of_address.second.whole(now); });
}

}  // namespace tidemark
