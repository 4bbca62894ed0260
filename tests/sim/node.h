// A node: one run of the server, from its start to its stop or crash.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/hub/catch_up.h"
#include "src/hub/hub.h"
#include "src/hub/session_table.h"
#include "tests/sim/connection.h"
#include "tests/sim/random.h"
#include "tests/sim/stepped_log.h"
#include "tests/sim/trace.h"
#include "tests/unit/hub/hub_world.h"

namespace tidemark::sim {

/// What stays the same from one run to the next: drawn from the seed.
struct Settings {
  std::uint32_t threads = 1;
  ShardOptions shard;
  std::size_t page_records = 1000;
  std::size_t catch_up_queue = 1000;
  std::size_t packets_per_poll = 16;
  std::size_t poll_bytes = 1000;
  std::size_t sends_per_batch = 0;  // 0: each on its own
  Millis window{1000};
  LogOptions log;
};

/// What the server told a client at CONNECT, for the client's checks: a real one does not see it.
struct Admission {
  std::string channel;
  Decision decision;
  Offset baseline;  // a client without a place begins after this
  bool anchored = true;
};

/// What is known of a session without looking into the table.
struct SessionModel {
  std::uint64_t run = 0;   // that last held it
  std::uint64_t made = 0;  // the run that issued it
  std::uint64_t holder = 0;
  bool held = false;
  bool ended = false;
  Millis left{};
};

/// Sends for many sockets at once, as io_uring does. Sockets are known by the ids of their connections.
class SimBatchSender final : public BatchSender {
 public:
  SimBatchSender(const std::map<std::uint64_t, std::unique_ptr<Connection>>& connections, std::size_t capacity)
      : connections_(connections), capacity_(capacity) {}
  [[nodiscard]] std::size_t capacity() const override { return capacity_; }
  void add(int socket, std::string_view bytes) override { batch_.emplace_back(socket, bytes); }
  [[nodiscard]] std::span<const int> send_all() override;

 private:
  const std::map<std::uint64_t, std::unique_ptr<Connection>>& connections_;
  const std::size_t capacity_;
  std::vector<std::pair<int, std::string_view>> batch_;
  std::vector<int> results_;
};

class Node {
 public:
  Node(std::uint64_t run, Disk& disk, Truth& truth, Random& random, Trace& trace, const Settings& settings,
       const Clock& clock, std::vector<Admission>& admissions, std::map<std::string, SessionModel>& session_models);
  ~Node();

  struct IoThread {
    SimBatchSender sender;
    ManualExecutor executor;
    Shard shard;
    IoThread(std::uint32_t index, Node& node);
  };

  Connection& accept(std::shared_ptr<Pipe> pipe);
  /// Ends what is left of a connection that was closed.
  void forget(std::uint64_t connection) { connections.erase(connection); }
  /// As Server::stop: what was accepted is committed and told, then everybody is sent away.
  void stop();
  /// Bounds that hold at any moment.
  void check() const;

  /// What the table must say of a pid.
  [[nodiscard]] bool within_window(const std::string& pid) const;

  const std::uint64_t run;
  const Settings& settings;
  Truth& truth;
  Random& random;
  Trace& trace;
  const Clock& clock;
  std::vector<Admission>& admissions;
  std::map<std::string, SessionModel>& session_models;
  const Millis started;

  TextFrames frames;
  SteppedLog log;
  SessionTable sessions;
  Hub hub;
  CatchUp catch_up;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections;  // go before the threads that serve them
  bool draining = false;

 private:
  std::uint64_t next_connection_ = 0;
};

}  // namespace tidemark::sim
