// How many places each address has: one for a connection, and one for a session over polling, which needs no connection
// to stay. Slots are taken by the accepting thread and by those of the connections, and given back by the latter, so there
// is a lock; it is held for one lookup, once per connection, and not at all where there is no limit. What counts as one
// address: address_block.h.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "src/server/asio.h"

namespace tidemark {

class AddressLimit {
 public:
  /// 0: no limit.
  explicit AddressLimit(std::size_t most) : most_(most) {}
  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

  class Place;
  /// A place, given back when the last copy is gone. Null where there is no limit.
  using Slot = std::shared_ptr<const Place>;

  /// False: the address has as many as it may have. The limit outlives its slots.
  [[nodiscard]] bool take(const asio::ip::address& address, Slot& slot);
  /// The same for the address that has the slot `other`.
  [[nodiscard]] static bool take_beside(const Slot& other, Slot& slot);

 private:
  [[nodiscard]] bool take(const std::string& block, Slot& slot);
  void give_back(const std::string& block);

  const std::size_t most_;
  std::mutex mutex_;  // guards taken_ only
  std::unordered_map<std::string, std::size_t> taken_;
};

}  // namespace tidemark
