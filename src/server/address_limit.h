// How many connections each address has. Slots are taken by the accepting thread and given back by the connection's, so
// there is a lock; it is held for one lookup, once per connection, and not at all where there is no limit.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tidemark {

class AddressLimit {
 public:
  /// 0: no limit.
  explicit AddressLimit(std::size_t most) : most_(most) {}
  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

  /// A connection's place, given back when the last copy is gone. Null where there is no limit.
  using Slot = std::shared_ptr<void>;

  /// False: the address has as many as it may have. The limit outlives its slots.
  [[nodiscard]] bool take(const std::string& address, Slot& slot);

 private:
  void give_back(const std::string& address);

  const std::size_t most_;
  std::mutex mutex_;  // guards taken_ only
  std::unordered_map<std::string, std::size_t> taken_;
};

}  // namespace tidemark
