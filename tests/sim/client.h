// A stock client, as far as delivery is concerned: it keeps its pid and the position of the last event it processed, and
// hands both back at CONNECT; it sends what has a key one at a time, again and again until the ack. Beside that it counts
// what it saw, which is the point of it all.
//
// Kinds: `current` is socket.io-client from 4.6 on; `tutorial` is the same with the app of the Socket.IO tutorial, which
// also keeps the last offset in `auth.serverOffset`; `old` is a client before 4.6, which knows no pid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/epoch.h"
#include "src/base/offset.h"
#include "tests/sim/node.h"
#include "tests/sim/pipe.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"
#include "tests/sim/truth.h"

namespace tidemark::sim {

class Client {
 public:
  enum class Kind : std::uint8_t { current, tutorial, old };
  struct Traits {
    Kind kind = Kind::current;
    bool status = false;
    std::optional<std::uint64_t> history;
    std::vector<std::string> channels;
  };

  Client(std::size_t id, Traits traits, const Truth& truth, const std::vector<Admission>& admissions, Trace& trace)
      : id_(id), traits_(std::move(traits)), truth_(truth), admissions_(admissions), trace_(trace) {
    for (const std::string& channel : traits_.channels) places_[channel];
  }

  [[nodiscard]] std::size_t id() const { return id_; }
  [[nodiscard]] const std::shared_ptr<Pipe>& pipe() const { return pipe_; }
  [[nodiscard]] const Traits& traits() const { return traits_; }

  void connect(std::shared_ptr<Pipe> pipe, Epoch epoch);
  /// Its connection is over: it gave it up, or noticed that the other end has.
  void disconnect();
  /// Leaves a channel, or comes back to it.
  void leave(const std::string& channel);
  void rejoin(const std::string& channel, Epoch epoch);
  [[nodiscard]] bool joined(const std::string& channel) const { return places_.at(channel).joined; }
  [[nodiscard]] bool left(const std::string& channel) const { return places_.at(channel).left; }
  /// The page is loaded anew while disconnected: what was in memory is gone.
  void refresh();
  /// Reads up to so many bytes of what has arrived.
  void read(std::size_t bytes);

  void publish(const std::string& channel, std::string payload, std::string key);
  /// Sends the head of its queue again.
  void retry();
  void relay(const std::string& channel, std::string payload);

  [[nodiscard]] bool has_unanswered() const { return !outbox_.empty(); }
  /// Fails unless it has everything of its channels.
  void check_complete() const;

 private:
  struct Place {
    std::string pid;
    std::optional<Offset> position;  // of the last event it processed that had one
    Offset server_offset;            // of the last record
    bool joined = false;
    bool left = false;
    bool claimed_place = false;  // it said at CONNECT where it stands
    bool recovered = false;
    Offset session_gap_to;  // its session began after a gap up to here, of which it was told by not being recovered
    Offset gap_to;          // it was told on this connection that something up to here is missing
    Offset seen;            // everything up to here was seen, or is accounted for
    bool anchored = true;   // false: begins with the newest N, of which some may be trimmed before they are read
  };
  struct Message {
    std::string channel, payload, key;
  };

  void say_connect(const std::string& channel, Place& place, Epoch epoch);
  void send(const Message& message, bool with_ack);
  void parse();
  void on_record(std::string_view text);
  void on_relay(std::string_view text);
  void on_own(std::string_view text);
  void on_connected(std::string_view channel, std::string_view pid, bool recovered, const Admission& admission);
  void on_position(std::string_view channel, Place& place, Offset position);
  /// The next record it must be sent.
  [[nodiscard]] Offset owed(std::string_view channel, const Place& place) const;
  [[nodiscard]] Place& place_for(std::string_view channel);

  const std::size_t id_;
  const Traits traits_;
  const Truth& truth_;
  const std::vector<Admission>& admissions_;
  Trace& trace_;

  std::shared_ptr<Pipe> pipe_;
  std::string input_;
  std::map<std::string, Place, std::less<>> places_;
  std::deque<Message> outbox_;  // each has a key; the first is on its way
  std::map<std::int64_t, Message> asked_;
  std::int64_t next_ack_ = 0;
};

}  // namespace tidemark::sim
