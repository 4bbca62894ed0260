#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/limits.h"

namespace tidemark::sim {
namespace {

constexpr Epoch kEpoch{7};
constexpr std::size_t kDepthMax = 2;
constexpr std::size_t kSettleRounds = 20'000;

}  // namespace

World::World(std::uint64_t seed, bool traced) : random_(seed), trace_(traced) {
  draw_settings();
  disk_ = std::make_unique<Disk>(*truth_, kEpoch);
  draw_clients();
  start_node();
  disk_->others = [this] { others(); };
}

// --- what the seed decides -------------------------------------------------------------------------------------------

void World::draw_settings() {
  settings_.threads = static_cast<std::uint32_t>(random_.between(1, 3));
  settings_.shard = {.tail_window = Millis(1000 << random_.below(3)),
                     .tail_bytes_channel = std::size_t{4096} << random_.below(3),
                     .tail_bytes_total = std::size_t{4096} << random_.below(4),
                     .deliveries_turn = random_.one_in(2) ? random_.between(1, 3) : limits::kDeliveriesPerTurn,
                     .batch_from = random_.between(1, 3),
                     .share_drafts = random_.one_in(2) ? random_.between(1, 12) : limits::kBatchRecords,
                     .share_bytes = random_.one_in(4) ? random_.between(1, 8000) : limits::kBatchBytes};
  settings_.sends_per_batch = random_.below(4);
  settings_.page_records = random_.one_in(3) ? 1000 : random_.between(1, 8);
  settings_.catch_up_queue = random_.one_in(3) ? random_.between(1, 3) : 1000;
  settings_.packets_per_poll = random_.between(1, 16);
  settings_.poll_bytes = random_.between(50, 2000);
  settings_.window = Millis(1000 << random_.below(3));
  settings_.log.queue_bytes = random_.one_in(2) ? random_.between(300, 3000) : limits::kSequencerQueueBytes;
  settings_.log.dedupe_window_records = random_.one_in(2) ? random_.between(1, 40) : limits::kDedupeWindowRecords;
  if (random_.one_in(2)) settings_.log.retention.records = random_.between(1, 40);
  if (random_.one_in(6)) settings_.log.retention.age = Millis(random_.between(1, 3000));
  payload_max_ = std::array<std::size_t, 4>{20, 300, 2000, 6000}[random_.below(4)];

  // Every second log ends near the end of an index segment, so that one is finished on the way.
  const auto before = random_.one_in(2) ? 0 : limits::kSegmentRecords * random_.between(1, 2) - random_.between(2, 80);
  if (before > 0) settings_.log.holes.add({Offset(2), Offset(before)});  // see Disk: its long past is left out
  truth_ = std::make_unique<Truth>(Offset(before), settings_.log.dedupe_window_records);

  constexpr std::array<std::size_t, kEvents> usual{
      20,   // client_connects
      60,   // client_publishes
      10,   // client_retries
      6,    // client_relays
      60,   // client_reads
      40,   // client_polls
      4,    // client_upgrades
      6,    // client_drops
      20,   // client_notices
      2,    // client_leaves
      1,    // client_refreshes
      80,   // server_reads
      30,   // server_writes
      40,   // server_answers_poll
      6,    // server_notices
      120,  // thread_turns
      50,   // sequencer_commits
      60,   // reader_reads
      8,    // time_passes
      3,    // append_will_fail
      2,    // read_will_fail
      1,    // disk_fills
      3,    // upkeep
      6,    // trim
      2,    // crash
      2,    // stop
      20,   // start
  };
  // No two seeds have the same temperament: some never crash, some drop all the time, some hardly read.
  for (std::size_t i = 0; i < kEvents; ++i) {
    weights_[i] = usual[i] * std::array<std::size_t, 4>{1, 4, 4, 12}[random_.below(4)];
  }
  for (const auto rare : {Event::crash, Event::stop, Event::append_will_fail, Event::read_will_fail, Event::disk_fills,
                          Event::client_refreshes, Event::client_leaves, Event::server_notices}) {
    if (random_.one_in(3)) weights_[static_cast<std::size_t>(rare)] = 0;
  }
  for (const std::size_t weight : weights_) weight_ += weight;
}

void World::draw_clients() {
  const std::vector<std::string> channels{"/a", "/b", "/c"};
  const std::size_t count = random_.between(2, 5);
  for (std::size_t id = 0; id < count; ++id) {
    Client::Traits traits;
    traits.kind = std::array{Client::Kind::current, Client::Kind::current, Client::Kind::tutorial,
                             Client::Kind::old}[random_.below(4)];
    traits.status = random_.one_in(3);
    if (random_.one_in(4)) traits.history = random_.below(12);
    traits.channels.push_back("/a");
    if (random_.one_in(2)) traits.channels.push_back(channels[random_.between(1, 2)]);
    clients_.push_back(std::make_unique<Client>(id, std::move(traits), *truth_, admissions_, trace_));
  }
}

// --- the scheduler ---------------------------------------------------------------------------------------------------

void World::run(std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i) {
    trace_.begin_step(i);
    try {
      step();
    } catch (const Crash&) {
      crash();
    }
    check();
  }
  trace_.begin_step(steps);
  trace_.note("everything is let run");
  settle();
  for (const auto& client : clients_) client->check_complete();
  check_forgetting();
}

void World::step() {
  for (int attempt = 0; attempt < 20; ++attempt) {
    auto draw = random_.below(weight_);
    std::size_t event = 0;
    while (draw >= weights_[event]) draw -= weights_[event++];
    if (happens(static_cast<Event>(event))) return;
  }
}

void World::others() {
  if (depth_ == kDepthMax || !random_.one_in(4)) return;
  ++depth_;
  const auto leave = [&](void*) { --depth_; };
  const std::unique_ptr<void, decltype(leave)> guard(this, leave);
  for (std::size_t i = random_.between(1, 4); i > 0; --i) step();
}

void World::check() const {
  if (node_) node_->check();
}

template <class Condition>
Connection* World::some_connection(Condition condition) {
  if (!node_) return nullptr;
  std::vector<Connection*> found;
  for (const auto& [id, connection] : node_->connections) {
    if (condition(*connection)) found.push_back(connection.get());
  }
  return found.empty() ? nullptr : found[random_.below(found.size())];
}

Connection* World::connection_of(const Client& client) const {
  if (!node_ || !client.pipe()) return nullptr;
  for (const auto& [id, connection] : node_->connections) {
    if (&connection->pipe() == client.pipe().get()) return connection.get();
  }
  return nullptr;
}

bool World::happens(Event event) {
  switch (event) {
    case Event::client_connects: return connect(some_client());
    case Event::client_publishes: return publish(some_client());
    case Event::client_retries: {
      Client& client = some_client();
      if (!client.pipe() || !client.has_unanswered()) return false;
      client.retry();
      return true;
    }
    case Event::client_relays: {
      Client& client = some_client();
      const std::string& channel = client.traits().channels[random_.below(client.traits().channels.size())];
      if (!client.pipe() || !client.joined(channel)) return false;
      client.relay(channel, fmt::format("t{}", ++messages_) + channel);
      return true;
    }
    case Event::client_reads: {
      Client& client = some_client();
      if (!client.pipe() || client.pipe()->down.empty()) return false;
      client.read(random_.one_in(3) ? random_.between(1, 200) : client.pipe()->down.size());
      return true;
    }
    case Event::client_polls: {
      Client& client = some_client();
      Connection* const connection = connection_of(client);
      if (connection == nullptr || !client.pipe()->polling || client.pipe()->poll_waits) return false;
      client.pipe()->poll_waits = true;
      connection->open_poll();
      return true;
    }
    case Event::client_upgrades: {
      Client& client = some_client();
      Connection* const connection = connection_of(client);
      if (connection == nullptr || !client.pipe()->polling) return false;
      trace_.note("client {} upgrades", client.id());
      connection->upgrade();
      return true;
    }
    case Event::client_drops: {
      Client& client = some_client();
      if (!client.pipe()) return false;
      trace_.note("client {} drops its connection", client.id());
      client.disconnect();
      return true;
    }
    case Event::client_notices: {
      Client& client = some_client();
      if (!client.pipe() || client.pipe()->server_open) return false;
      trace_.note("client {} notices that the server is gone", client.id());
      client.disconnect();
      return true;
    }
    case Event::client_leaves: return leave(some_client());
    case Event::client_refreshes: {
      Client& client = some_client();
      if (client.pipe()) return false;
      trace_.note("client {} loads its page anew", client.id());
      client.refresh();
      return true;
    }
    case Event::server_reads: {
      Connection* const connection = some_connection([](const Connection& one) { return one.can_read(); });
      if (connection == nullptr) return false;
      connection->read_packet();
      return true;
    }
    case Event::server_writes: {
      Connection* const connection = some_connection([](const Connection& one) { return one.can_write(); });
      if (connection == nullptr) return false;
      connection->writable();
      return true;
    }
    case Event::server_answers_poll: {
      Connection* const connection = some_connection([](const Connection& one) { return one.poll_open(); });
      if (connection == nullptr) return false;
      connection->answer_poll();
      return true;
    }
    case Event::server_notices: {
      Connection* const connection = some_connection([](const Connection& one) { return !one.pipe().client_open; });
      if (connection == nullptr) return false;
      trace_.note("the server notices that connection {} is gone", connection->id());
      connection->close(false);
      node_->forget(connection->id());
      return true;
    }
    case Event::thread_turns: return node_ && node_->threads[random_.below(node_->threads.size())]->executor.run_one();
    case Event::sequencer_commits: return node_ && node_->log.step();
    case Event::reader_reads: return node_ && node_->catch_up.run_one();
    case Event::time_passes: {
      clock_.advance(Millis(random_.between(1, 700)));
      if (!node_) return true;
      for (const auto& thread : node_->threads) {
        if (!random_.one_in(3)) thread->shard.sweep();
      }
      node_->sessions.sweep();
      return true;
    }
    case Event::append_will_fail: {
      if (disk_->next_append) return false;
      const auto fault = random_.below(6);
      disk_->next_append = fault == 0   ? Disk::AppendFault::io_not_stored
                           : fault == 1 ? Disk::AppendFault::io_stored
                                        : Disk::AppendFault::out_of_space;
      return true;
    }
    case Event::read_will_fail: disk_->reads_to_fail = random_.between(1, 3); return true;
    case Event::disk_fills: disk_->full = !disk_->full; return true;
    case Event::upkeep:
      if (!node_ || node_->log.sequencing()) return false;
      node_->log.check_writable();
      return true;
    case Event::trim: return node_ && node_->log.trim();
    case Event::crash:
      if (!node_) return false;
      if (depth_ > 0) throw Crash();
      crash();
      return true;
    case Event::stop:
      if (!node_ || depth_ > 0) return false;
      trace_.note("the server stops");
      node_->stop();
      node_.reset();
      return true;
    case Event::start:
      if (node_) return false;
      start_node();
      return true;
    case Event::count: break;
  }
  return false;
}

// --- events ----------------------------------------------------------------------------------------------------------

bool World::connect(Client& client) {
  if (!node_ || node_->draining || client.pipe()) return false;
  auto pipe = std::make_shared<Pipe>();
  pipe->polling = random_.one_in(3);
  pipe->capacity = std::array<std::size_t, 4>{30, 300, 3000, 1'000'000}[random_.below(4)];
  client.connect(pipe, kEpoch);
  const Connection& connection = node_->accept(std::move(pipe));
  trace_.note("client {} is connection {} at thread {}", client.id(), connection.id(), connection.thread());
  return true;
}

bool World::publish(Client& client) {
  const std::string& channel = client.traits().channels[random_.below(client.traits().channels.size())];
  if (!client.pipe() || !client.joined(channel)) return false;
  const auto burst = random_.one_in(8) ? random_.between(2, 20) : 1;
  for (std::size_t i = 0; i < burst; ++i) {
    const std::size_t number = ++messages_;
    const std::size_t attachments = random_.one_in(4) ? random_.between(1, 2) : 0;
    std::string payload = fmt::format("{}:m{}", attachments, number);
    payload.append(random_.one_in(2) ? random_.below(payload_max_) : 0, 'x');
    for (std::size_t k = 0; k < attachments; ++k) payload += "><attachment";
    client.publish(channel, std::move(payload), random_.one_in(3) ? std::string() : fmt::format("k{}", number));
  }
  return true;
}

bool World::leave(Client& client) {
  const std::string& channel = client.traits().channels[random_.below(client.traits().channels.size())];
  if (!client.pipe() || !client.joined(channel)) return false;
  trace_.note("client {} leaves {} and comes back", client.id(), channel);
  client.leave(channel);
  client.rejoin(channel, kEpoch);
  return true;
}

void World::start_node() {
  disk_->reads_to_fail = 0;
  const auto others = std::exchange(disk_->others, [] {});
  node_ = std::make_unique<Node>(++runs_, *disk_, *truth_, random_, trace_, settings_, clock_, admissions_,
                                 session_models_);
  disk_->others = others;
  trace_.note("the server starts at head {}", truth_->head().value());
}

void World::crash() {
  trace_.note("the server crashes");
  node_.reset();
}

// --- the end ---------------------------------------------------------------------------------------------------------

void World::settle() {
  disk_->others = [] {};
  disk_->next_append.reset();
  disk_->full = false;
  disk_->reads_to_fail = 0;
  if (node_) {
    node_->log.check_writable();
    if (!node_->log.why_not_writable().empty()) crash();  // an error that lasts until a restart
  }
  if (!node_) start_node();
  for (std::size_t round = 0; round < kSettleRounds; ++round) {
    const bool moved = settle_once();
    check();
    if (!moved) {
      for (const auto& thread : node_->threads) thread->shard.sweep();
      for (const auto& client : clients_) client->retry();
      if (!settle_once()) return;
    }
  }
  violated("it does not come to rest");
}

bool World::settle_once() {
  bool moved = false;
  for (const auto& client : clients_) {
    if (client->pipe() && !client->pipe()->server_open && client->pipe()->down.empty()) client->disconnect();
    moved |= connect(*client);
    client->pipe()->capacity = 1'000'000;  // no road is narrow any more
    if (client->pipe()->polling && !client->pipe()->poll_waits) {
      if (Connection* const connection = connection_of(*client)) {
        client->pipe()->poll_waits = true;
        connection->open_poll();
      }
    }
    if (!client->pipe()->down.empty()) {
      client->read(client->pipe()->down.size());
      moved = true;
    }
  }
  std::vector<std::uint64_t> ids;
  for (const auto& [id, connection] : node_->connections) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    Connection& connection = *node_->connections.at(id);
    while (connection.can_read()) {
      connection.read_packet();
      moved = true;
    }
    if (connection.can_write()) {
      connection.writable();
      moved = true;
    }
    if (connection.poll_open() && connection.poll_filled()) {
      connection.answer_poll();
      moved = true;
    }
  }
  for (const auto& thread : node_->threads) {
    while (thread->executor.run_one()) moved = true;
  }
  moved |= node_->log.step();
  while (node_->catch_up.run_one()) moved = true;
  return moved;
}

/// When all are gone and their windows over, nothing is left of them.
void World::check_forgetting() {
  for (const auto& client : clients_) client->disconnect();
  for (const auto& [id, connection] : node_->connections) connection->close(false);
  node_->connections.clear();
  clock_.advance(std::max(settings_.window, settings_.shard.tail_window) + Millis(1));
  node_->sessions.sweep();
  if (node_->sessions.size() != 0) violated("{} sessions are left when their windows are over", node_->sessions.size());
  for (const auto& thread : node_->threads) {
    while (thread->executor.run_one()) {
    }
    thread->shard.sweep();
    if (thread->shard.tail_bytes() != 0 || thread->shard.pages_held() != 0 || thread->shard.subscription_count() != 0) {
      violated("a thread holds {} bytes of tails, {} pages and {} subscriptions for nobody", thread->shard.tail_bytes(),
               thread->shard.pages_held(), thread->shard.subscription_count());
    }
  }
}

}  // namespace tidemark::sim
