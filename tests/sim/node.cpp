#include "tests/sim/node.h"

#include <cerrno>
#include <utility>

#include "src/base/limits.h"
#include "tests/sim/trace.h"

namespace tidemark::sim {

Node::IoThread::IoThread(std::uint32_t index, Node& node)
    : sender(node.connections, node.settings.sends_per_batch),
      shard(index, node.log.head(), node.frames, node.catch_up, executor, node.clock, node.settings.shard) {
  if (node.settings.sends_per_batch > 0) shard.set_batch_sender(&sender);
}

std::span<const int> SimBatchSender::send_all() {
  results_.clear();
  for (const auto& [socket, bytes] : batch_) {
    const std::size_t taken = connections_.at(static_cast<std::uint64_t>(socket))->take(bytes);
    results_.push_back(taken == 0 ? -EAGAIN : static_cast<int>(taken));
  }
  batch_.clear();
  return results_;
}

Node::Node(std::uint64_t number, Disk& disk, Truth& all, Random& chance, Trace& lines, const Settings& fixed,
           const Clock& time, std::vector<Admission>& told, std::map<std::string, SessionModel>& models)
    : run(number),
      settings(fixed),
      truth(all),
      random(chance),
      trace(lines),
      clock(time),
      admissions(told),
      session_models(models),
      started(time.steady()),
      log(disk, fixed.log, time, fixed.page_records),
      sessions(SessionKey{7}, number, fixed.window, time),
      hub(frames, sessions),
      catch_up(log, frames, fixed.catch_up_queue) {
  if (log.head() != truth.head()) {
    violated("the log opens at {} but {} is durable", log.head().value(), truth.head().value());
  }
  for (std::uint32_t i = 0; i < settings.threads; ++i) {
    threads.push_back(std::make_unique<IoThread>(i, *this));
    hub.add(threads.back()->shard);
  }
  log.start(hub);
}

Node::~Node() = default;

Connection& Node::accept(std::shared_ptr<Pipe> pipe) {
  const std::uint64_t id = ++next_connection_;
  const auto thread = static_cast<std::uint32_t>(random.below(threads.size()));
  return *connections.emplace(id, std::make_unique<Connection>(*this, id, thread, std::move(pipe))).first->second;
}

void Node::stop() {
  draining = true;
  catch_up.stop();
  log.close();
  for (const auto& thread : threads) {
    while (thread->executor.run_one()) {
    }
  }
  for (const auto& [id, connection] : connections) connection->close(true);
  connections.clear();
}

bool Node::within_window(const std::string& pid) const {
  const auto found = session_models.find(pid);
  if (found == session_models.end()) return false;
  const SessionModel& session = found->second;
  if (session.run == run) return !session.ended && (session.held || clock.steady() - session.left <= settings.window);
  return session.made != run && clock.steady() - started <= settings.window;
}

void Node::check() const {
  for (const auto& thread : threads) {
    const Shard& shard = thread->shard;
    if (shard.tail_bytes() > settings.shard.tail_bytes_total) {
      violated("the tails of a thread hold {} bytes of {}", shard.tail_bytes(), settings.shard.tail_bytes_total);
    }
    if (shard.pages_held() > limits::kPagesHeld) violated("a thread holds {} pages", shard.pages_held());
  }
  for (const auto& [id, connection] : connections) connection->check();
}

}  // namespace tidemark::sim
