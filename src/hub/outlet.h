// An outlet: everything one connection is sent. Frames of its subscriptions come straight from tails and pages; its own
// bytes (CONNECT replies, acks, pings) go in between, at frame boundaries.
//
// Nothing is queued per message: flush() sends what the transport takes and remembers a byte position. A transport that
// takes no more ("blocked") costs nothing until it says writable(). Owned by one I/O thread.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "src/hub/subscription.h"

namespace tidemark {

class Shard;

/// Where an outlet's bytes go: a WebSocket's socket, or the body of a poll.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes bytes from the front of whole frames and says how many. Fewer than given: it takes no more until writable()
  /// is called. Never calls back into the outlet.
  [[nodiscard]] virtual std::size_t send(std::string_view frames) = 0;

  /// The socket into which frames go as they are, if somebody else may send them; -1: only send() will do.
  [[nodiscard]] virtual int socket() const { return -1; }
  /// Somebody else sent frames into socket(): how many bytes it took, or minus errno. Answers as send() does.
  [[nodiscard]] virtual std::size_t sent(std::string_view frames, int result) {
    return result < 0 ? 0 : std::min(frames.size(), static_cast<std::size_t>(result));
  }
};

class Outlet {
 public:
  explicit Outlet(Shard& shard) : shard_(shard) {}
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  ~Outlet();

  /// The transport to use from now on (not owned; null: none, as between two polls). Does not flush.
  void attach(Sink* sink);
  /// Has a transport that takes bytes.
  [[nodiscard]] bool ready() const { return sink_ != nullptr && !blocked_ && !broken_; }

  /// The connection's own frames: append, then flush().
  [[nodiscard]] std::string& own() { return own_; }
  [[nodiscard]] std::size_t own_bytes() const { return own_.size() - own_sent_; }

  /// Sends as much as the transport takes.
  void flush();
  /// Events that nobody has to get: what the transport takes of these frames now, to the end of an event, and a little
  /// (limits::kRelayUnsent) for a transport that is about to come back. `ends`: of each event's frames. Call after flush().
  void offer(std::string_view frames, std::span<const std::size_t> ends);
  /// What flush() would begin with, if that is one send of frames into a socket; the socket is -1 otherwise.
  struct PlainSend {
    int socket = -1;
    std::string_view frames;
  };
  [[nodiscard]] PlainSend plain_send() const;
  /// plain_send() was done, with this result (Sink::sent); goes on as flush() does.
  void plain_sent(std::string_view frames, int result);
  /// The transport takes bytes again.
  void writable();
  /// Flushes at the end of the shard's current turn, once, however often asked.
  void flush_soon();
  /// The last that is sent: the rest of a record under way, the own bytes, this frame - as far as the transport takes it
  /// now. Nothing follows.
  void close_with(std::string_view frame);

  /// Starts a subscription at the record after `after`. Its frames follow with the next flush.
  Subscription& subscribe(std::string_view channel, Offset after, Subscriber& subscriber);
  /// Starts one that is owed the newest `count` records of the channel up to `up_to`, and all after it.
  Subscription& subscribe_last(std::string_view channel, std::size_t count, Offset up_to, Subscriber& subscriber);
  /// Ends a subscription; a record that is partly sent is still sent to its end, unless the transport takes nothing and
  /// much of it is left (limits::kRestBytes): then broken().
  void unsubscribe(Subscription& subscription);
  /// A record was cut off in the middle (its rest was not in memory when its subscription ended, or too much to keep):
  /// the connection's bytes make no sense any more and it must be closed.
  [[nodiscard]] bool broken() const { return broken_; }
  /// The record of this subscription that is partly sent, if one is, leaves memory, and might be trimmed before the
  /// transport takes its rest. If that rest is small it is kept as own bytes; a larger one is read again, and if it is gone
  /// then, the connection is, too.
  void keep_rest_of(const Subscription& subscription) {
    if (mid_ == &subscription) keep_rest();
  }

 private:
  friend class Shard;
  /// Whether flush() would send from a page.
  [[nodiscard]] bool holds_page() const {
    return std::ranges::any_of(subscriptions_, [](const auto& s) { return !s->live() && !s->wants_page(); });
  }
  void keep_rest();
  [[nodiscard]] Subscription* next_source();
  bool send_own();
  /// A stalled client holds no memory: it asks again when it takes bytes.
  void drop_pages();
  void advance(Subscription& source, std::string_view frames, std::size_t sent);
  void serve_pages();

  Shard& shard_;
  Sink* sink_ = nullptr;
  std::string own_;
  std::size_t own_sent_ = 0;
  boost::container::small_vector<std::unique_ptr<Subscription>, 1> subscriptions_;  // mostly one
  std::uint32_t turn_ = 0;       // whose turn it is among the subscriptions
  Subscription* mid_ = nullptr;  // its record is partly sent: it goes on before anything else
  bool blocked_ = false;
  bool flush_queued_ = false;
  bool broken_ = false;
};

}  // namespace tidemark
