// Publish allowances: how often each connection may publish (--publish-rate, publish_rate.h), kept beyond its end. A
// connection begins with the most spent allowance among those of its address (address_block.h) that have ended: else
// whoever connects anew for every few events would publish as often as they like.
//
// So an address that has at most k allowances at a time publishes at most k times the rate, and k times the events at once:
// each newcomer takes the place of one that has ended, with no more than that one would have by now. An allowance is that
// of an HTTP connection, from its first event on, which the WebSocket that it becomes goes on with, or that of a session
// over polling. It ends when the server notices: who connects anew before that has two for so long, and
// --connections-per-address bounds how many.
//
// Example, 10 events a second: one connection publishes 10 and ends, another publishes 2 and ends; all that open 0.3 s
// later may publish 3 each. Where many share an address newcomers may so miss the first second's events at once, but not the
// rate. After a second of silence there is nothing to remember.
//
// Any thread; the lock is held for one lookup, when a connection opens and when one ends that has published a moment ago,
// and not at all where there is no limit.
#pragma once

#include <cstdint>
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
  std::mutex mutex_;  // guards all below
  // By address, the most spent one that has ended; above limits::kConnections addresses nothing more is remembered.
  std::unordered_map<std::string, PublishRate> left_;
  Millis next_sweep_{};
};

}  // namespace tidemark
