// Publish allowances: how often each connection may publish (--publish-rate, publish_rate.h), kept beyond its end. What a
// connection has used of its allowance is used for the next one of its address (address_block.h) as well: else whoever
// connects anew for every few events would publish as often as they like. So an address has as many allowances as it has
// connections at a time.
//
// Example, 10 events a second: a connection publishes 10 and ends; one that opens 0.3 s later may publish 3. Where many
// share an address a newcomer may so miss the first second's events at once, but not the rate. After a second of silence
// there is nothing to remember.
//
// Any thread; the lock is held for one lookup, when a connection opens and when one ends that has published a moment ago,
// and not at all where there is no limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "src/base/clock.h"
#include "src/server/asio.h"
#include "src/server/publish_rate.h"

namespace tidemark {

class PublishAllowances;

/// One connection's. Used on its I/O thread.
class PublishAllowance {
 public:
  PublishAllowance(PublishAllowance&&) noexcept;
  PublishAllowance& operator=(PublishAllowance&&) noexcept;
  ~PublishAllowance();

  /// Whether one more may be published now; if so, it is counted.
  [[nodiscard]] bool take();
  /// The connection is over: it publishes nothing more.
  void give_back();

 private:
  friend class PublishAllowances;
  struct Limited;
  explicit PublishAllowance(std::unique_ptr<Limited> limited);

  std::unique_ptr<Limited> limited_;  // null: no limit, or given back
  bool over_ = false;
};

class PublishAllowances {
 public:
  /// 0: no limit. `clock` must outlive it, and it must outlive its allowances.
  PublishAllowances(std::uint64_t events_per_second, const Clock& clock)
      : events_per_second_(events_per_second), clock_(clock) {}
  PublishAllowances(const PublishAllowances&) = delete;
  PublishAllowances& operator=(const PublishAllowances&) = delete;

  /// For a connection of this address.
  [[nodiscard]] PublishAllowance open(const asio::ip::address& address);

 private:
  friend class PublishAllowance;
  void left_over(const std::string& block, const PublishRate& rate);
  void sweep(Millis now);

  const std::uint64_t events_per_second_;
  const Clock& clock_;
  std::mutex mutex_;                                               // guards all below
  std::unordered_map<std::string, std::deque<PublishRate>> left_;  // by address, of connections that have ended
  std::size_t left_count_ = 0;  // of all of them; above limits::kConnections nothing more is remembered
  Millis next_sweep_{};
};

}  // namespace tidemark
