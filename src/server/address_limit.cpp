#include "src/server/address_limit.h"

#include <utility>

#include "src/server/address_block.h"

namespace tidemark {

class AddressLimit::Place {
 public:
  Place(AddressLimit& limit, std::string block) : limit_(limit), block_(std::move(block)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { limit_.give_back(block_); }

  [[nodiscard]] bool take_another(Slot& slot) const { return limit_.take(block_, slot); }

 private:
  AddressLimit& limit_;
  const std::string block_;
};

bool AddressLimit::take(const asio::ip::address& address, Slot& slot) {
  return most_ == 0 || take(address_block(address), slot);
}

bool AddressLimit::take_beside(const Slot& other, Slot& slot) { return other == nullptr || other->take_another(slot); }

bool AddressLimit::take(const std::string& block, Slot& slot) {
  {
    const std::lock_guard lock(mutex_);
    std::size_t& taken = taken_[block];
    if (taken >= most_) return false;
    ++taken;
  }
  slot = std::make_shared<const Place>(*this, block);
  return true;
}

void AddressLimit::give_back(const std::string& block) {
  const std::lock_guard lock(mutex_);
  const auto found = taken_.find(block);
  if (found != taken_.end() && --found->second == 0) taken_.erase(found);
}

}  // namespace tidemark
