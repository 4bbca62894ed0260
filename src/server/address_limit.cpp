#include "src/server/address_limit.h"

#include <boost/asio/ip/network_v6.hpp>
#include <utility>

namespace tidemark {
namespace {

constexpr unsigned short kBlockBits = 64;  // of IPv6, that one customer has

std::string block_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  return asio::ip::network_v6(v6, kBlockBits).network().to_string();
}

}  // namespace

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
  return most_ == 0 || take(block_of(address), slot);
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
