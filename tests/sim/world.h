// A world: one seed. Clients, a disk and a server that comes and goes, in one thread; a scheduler that picks what happens
// next, and what must hold after it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/client.h"
#include "tests/sim/disk.h"
#include "tests/sim/node.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"
#include "tests/sim/truth.h"
#include "tests/unit/hub/manual_clock.h"

namespace tidemark::sim {

class World {
 public:
  World(std::uint64_t seed, bool traced);

  /// So many events, then everything is let run to its end. Throws Violation.
  void run(std::size_t steps);
  [[nodiscard]] const Trace& trace() const { return trace_; }

 private:
  enum class Event : std::uint8_t {
    client_connects,
    client_publishes,
    client_retries,
    client_relays,
    client_reads,
    client_polls,
    client_upgrades,
    client_drops,
    client_notices,
    client_leaves,
    client_refreshes,
    server_reads,
    server_writes,
    server_answers_poll,
    server_notices,
    thread_turns,
    sequencer_commits,
    reader_reads,
    time_passes,
    append_will_fail,
    read_will_fail,
    disk_fills,
    upkeep,
    trim,
    crash,
    stop,
    start,
    count,  // how many there are
  };
  static constexpr std::size_t kEvents = static_cast<std::size_t>(Event::count);

  void draw_settings();
  void draw_clients();
  /// Picks and does one event. Inside a store call only what other threads could do.
  void step();
  void others();
  /// False: there is nothing to do it with.
  bool happens(Event event);
  void check() const;

  bool connect(Client& client);
  bool publish(Client& client);
  bool leave(Client& client);
  [[nodiscard]] Connection* connection_of(const Client& client) const;
  template <class Condition>
  [[nodiscard]] Connection* some_connection(Condition condition);
  [[nodiscard]] Client& some_client() { return *clients_[random_.below(clients_.size())]; }
  void start_node();
  void crash();

  void settle();
  bool settle_once();
  void check_forgetting();

  Random random_;
  Trace trace_;
  Settings settings_;
  std::array<std::size_t, kEvents> weights_{};
  std::size_t weight_ = 0;  // of all
  ManualClock clock_;
  std::unique_ptr<Truth> truth_;
  std::unique_ptr<Disk> disk_;
  std::vector<Admission> admissions_;
  std::map<std::string, SessionModel> session_models_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Node> node_;
  std::uint64_t runs_ = 0;
  std::size_t payload_max_ = 20;
  std::size_t messages_ = 0;
  std::size_t depth_ = 0;  // of store calls that others run in
};

}  // namespace tidemark::sim
