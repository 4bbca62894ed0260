// A subscription: one client in one channel. Its cursor says which byte it is to be sent next.
//
// A cursor stands in one of two places:
//   live    in the channel's tail, as a byte position;
//   behind  before the tail, as the next record's offset and the bytes of its frames already sent; fed by pages
//           from the store. Encoding is deterministic, so those bytes are skipped and nothing repeats in mid-frame.
// The cursor moves only with bytes handed to a transport. Owned by one I/O thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/offset.h"
#include "src/hub/page.h"
#include "src/hub/tail.h"
#include "src/log/log.h"

namespace tidemark {

class Outlet;
struct ChannelFeed;

/// What happens to a subscription, told to the protocol side. I/O thread; must not destroy the subscription inside.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  /// One of its publishes is decided.
  virtual void on_outcome(const Outcome& outcome) = 0;
  /// All records up to `to` have been handed to the transport for the first time since it subscribed.
  virtual void on_live(Offset to) = 0;
  /// Another connection has resumed the session: this one is over.
  virtual void on_taken_over() = 0;
  /// Something of the channel from `from` up to `to` is gone and cannot be sent. Called before the next record is sent.
  /// False: there is no way to tell the client, who must not be sent what comes after it.
  [[nodiscard]] virtual bool on_gap(Offset from, Offset to, GapReason reason) = 0;
  /// The store cannot give the next records.
  virtual void on_read_failed(const Error& error) = 0;
};

class Subscription {
 public:
  Subscription(std::uint64_t id, ChannelFeed& feed, Outlet& outlet, Subscriber& subscriber)
      : id_(id), feed_(feed), outlet_(outlet), subscriber_(subscriber) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] ChannelFeed& feed() const { return feed_; }
  [[nodiscard]] Outlet& outlet() const { return outlet_; }
  [[nodiscard]] Subscriber& subscriber() const { return subscriber_; }

  /// Starts at the record after `after`: live if the tail reaches back that far, else behind.
  void start(Offset after);

  [[nodiscard]] bool live() const { return live_; }
  /// Live and nothing in the tail is owed.
  [[nodiscard]] bool at_head() const;
  /// Its place in the tail. Meaningful while live.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// The next record owed. Meaningful while behind.
  [[nodiscard]] Offset next() const { return next_; }

  /// Bytes ready to be sent now, about `max_bytes` of them but at least the rest of the record; empty if there are none or a page must be read first.
  [[nodiscard]] std::string_view pending(std::size_t max_bytes) const;
  /// `bytes` of pending() went to the transport.
  void consumed(std::size_t bytes);
  /// Whether the cursor stands between two records.
  [[nodiscard]] bool at_boundary() const;

  /// What is left of the record the cursor stands in; empty at a boundary or if that is not in memory.
  [[nodiscard]] std::string_view rest_of_record() const;

  /// Behind and without a page: somebody has to read one.
  [[nodiscard]] bool wants_page() const { return !live_ && !page_; }
  [[nodiscard]] bool reading() const { return reading_; }
  void set_reading(bool reading) { reading_ = reading; }
  /// Feeds a page that begins at or before next(). Precondition: behind. False if the record that was partly sent is
  /// not in it any more (trimmed), or if the subscriber cannot be told of a gap before the page's records: the connection
  /// cannot go on.
  [[nodiscard]] bool feed_page(PagePtr page);
  /// Gives the page back while the transport takes no more: a stalled client holds no memory.
  void drop_page();
  /// Leaves the tail, whose frames at the cursor are about to go. Precondition: live and not at the head.
  void fall_behind();
  /// Leaves the tail at its head, since the record `next` will not be in it. Precondition: at the head.
  void fall_behind_at(Offset next);
  /// Goes live if the tail has everything from next() on.
  void try_go_live();

 private:
  std::uint64_t id_;
  ChannelFeed& feed_;
  Outlet& outlet_;
  Subscriber& subscriber_;

  bool live_ = false;
  bool reading_ = false;
  bool announced_ = false;      // on_live was called
  std::uint64_t position_ = 0;  // live: in the tail; behind with a page: in the page's frames
  Offset next_;                 // behind
  std::uint64_t sent_ = 0;      // behind: bytes of next_'s frames already sent
  PagePtr page_;

 public:
  std::size_t feed_index = 0;  // its place in the feed's list, kept by the feed
};

}  // namespace tidemark
