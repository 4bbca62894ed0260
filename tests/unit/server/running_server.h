// A whole server in this process, on a clock that the test moves and a store that the test holds, and bare sockets to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "src/base/clock.h"
#include "src/config/options.h"
#include "src/log/faulty_store.h"
#include "src/log/log.h"
#include "src/server/server.h"

namespace tidemark {

/// Stands still until told, or runs faster than the world. May be read by the server's threads meanwhile.
class SharedClock final : public Clock {
 public:
  [[nodiscard]] TimeMs wall() const override { return {1'700'000'000'000 + steady().count()}; }
  [[nodiscard]] Millis steady() const override {
    return Millis(now_.load() + speed_.load() * (real_.steady() - began_).count());
  }
  void advance(Millis by) { now_ += by.count(); }
  /// So many times as fast from now on. Once.
  void run(Millis::rep speed) {
    now_ -= speed * (real_.steady() - began_).count();
    speed_ = speed;
  }

 private:
  const SystemClock real_;
  const Millis began_ = real_.steady();
  std::atomic<Millis::rep> now_ = 1000;
  std::atomic<Millis::rep> speed_ = 0;
};

/// A blocking connection. Waits 20 s at most for what it is told to wait for, then a check fails.
class Peer {
 public:
  /// `receive_bytes` other than 0: the kernel holds about so many unread ones.
  explicit Peer(std::uint16_t port, int receive_bytes = 0);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  void send(std::string_view bytes);
  /// Everything that comes, up to and with `end`.
  std::string read_until(std::string_view end);
  /// Everything that comes until the server closes.
  std::string read_to_end();
  /// At least one byte, at most so many; 0: the server has closed.
  std::size_t read_some(std::size_t most);

 private:
  const int descriptor_;
};

class RunningServer {
 public:
  explicit RunningServer(const ServeOptions& options, std::size_t queue_bytes = limits::kSequencerQueueBytes,
                         std::size_t channel_names = limits::kChannelNames);
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  SharedClock& clock() { return clock_; }
  FaultyStore& store() { return *store_; }

  /// A value of /metrics, e.g. of `tidemark_connections`. Asked for over a connection of its own that stays open.
  [[nodiscard]] std::uint64_t metric(std::string_view name);
  /// The counter of a refusal.
  [[nodiscard]] std::uint64_t refused(std::string_view limit);
  /// Waits until metric(name) is `value`.
  void wait_for(std::string_view name, std::uint64_t value);

 private:
  SharedClock clock_;
  ServeOptions options_;
  FaultyStore* store_ = nullptr;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Peer> watcher_;
};

}  // namespace tidemark
