// The channels that one I/O thread knows: their feeds, the subscriptions to them, and the memory their tails share. Owned
// by the thread's shard and used on that thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "src/base/clock.h"
#include "src/hub/channel_feed.h"
#include "src/hub/shard_options.h"
#include "src/hub/subscription.h"

namespace tidemark {

class ChannelFeeds {
 public:
  /// All references must outlive it. `seen`: the newest record the thread has been told of.
  ChannelFeeds(const Offset& seen, const Clock& clock, const ShardOptions& options)
      : seen_(seen), clock_(clock), options_(options) {}
  ChannelFeeds(const ChannelFeeds&) = delete;
  ChannelFeeds& operator=(const ChannelFeeds&) = delete;

  /// Null: there is none. A feed may go while work for it is under way: who comes back to one later asks by its name.
  [[nodiscard]] ChannelFeed* find(std::string_view channel) const {
    const auto found = feeds_.find(channel);
    return found == feeds_.end() ? nullptr : found->second.get();
  }
  [[nodiscard]] Subscription* subscription(std::uint64_t id) const {
    const auto found = subscriptions_.find(id);
    return found == subscriptions_.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::size_t subscription_count() const { return subscriptions_.size(); }
  [[nodiscard]] std::size_t tail_bytes() const { return tail_bytes_; }
  /// Whether one more channel may be followed (ShardOptions::channels).
  [[nodiscard]] bool can_follow(std::string_view channel) const;
  /// The oldest record of the channel in memory; whatever comes next, if none is.
  [[nodiscard]] Offset held_from(std::string_view channel) const;

  /// One that does not follow its channel yet.
  [[nodiscard]] std::unique_ptr<Subscription> make_subscription(std::string_view channel, Outlet& outlet,
                                                                Subscriber& subscriber);
  void follow(Subscription& subscription);
  void leave(Subscription& subscription);
  /// After leave(), unless somebody refers to the feed: one that holds nothing for anybody. Other names may take its place
  /// at once.
  void forget_if_unused(ChannelFeed& feed);

  /// A record's frames, which the feed's subscriptions are owed; those whose cursor has to leave the tail for them do.
  void append(ChannelFeed& feed, Offset offset, std::string_view frames);
  /// Gives back what idle channels hold. Nobody must refer to a feed.
  void sweep();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  const Offset& seen_;
  const Clock& clock_;
  const ShardOptions& options_;
  std::unordered_map<std::string, std::unique_ptr<ChannelFeed>, NameHash, std::equal_to<>> feeds_;
  std::size_t followed_ = 0;  // feeds with subscriptions; the others hold a tail for those who may come back
  std::unordered_map<std::uint64_t, Subscription*> subscriptions_;
  std::uint64_t next_subscription_ = 0;
  std::size_t tail_bytes_ = 0;
};

}  // namespace tidemark
