#include "src/server/address_limit.h"

namespace tidemark {

bool AddressLimit::take(const std::string& address, Slot& slot) {
  if (most_ == 0) return true;
  {
    const std::lock_guard lock(mutex_);
    std::size_t& taken = taken_[address];
    if (taken >= most_) return false;
    ++taken;
  }
  slot = Slot(static_cast<void*>(this), [this, address](void*) { give_back(address); });
  return true;
}

void AddressLimit::give_back(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = taken_.find(address);
  if (found != taken_.end() && --found->second == 0) taken_.erase(found);
}

}  // namespace tidemark
