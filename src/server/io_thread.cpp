#include "src/server/io_thread.h"

#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/server/engine_session.h"
#include "src/server/uring_sender.h"

namespace tidemark {

IoThread::IoThread(Service& service, std::uint32_t index)
    : service_(service),
      index_(index),
      ticker_(context_),
      wheel_(service.clock),
      read_buffer_(limits::kReadBytes),
      shard_(index, service.log.head(), service.frames, service.catch_up, *this, service.clock,
             {.tail_window = service.options.recovery_window, .channels = service.options.channels_followed}),
      api_(service, *this) {}

IoThread::~IoThread() = default;

std::string_view IoThread::BySid::sid_of(const std::unique_ptr<EngineSession>& session) { return session->sid(); }

std::size_t IoThread::BySid::operator()(std::string_view sid) const noexcept {
  return std::hash<std::string_view>()(sid);
}

std::size_t IoThread::BySid::operator()(const std::unique_ptr<EngineSession>& session) const noexcept {
  return (*this)(session->sid());
}

void IoThread::start() {
  thread_ = std::thread([this] { run(); });
}

void IoThread::run() {
  sender_ = make_uring_sender();
  shard_.set_batch_sender(sender_.get());
  journal::debug("io_thread", {{"index", index_}, {"sends", sender_ ? "io_uring" : "send"}});
  tick();
  context_.run();
  // Everything ends here, on the thread that owns it.
  for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->close();
  sessions_.clear();
  context_.restart();
  context_.poll();
  shard_.set_batch_sender(nullptr);
  sender_.reset();
}

void IoThread::post_after(std::chrono::microseconds delay, std::function<void()> task) {
  auto timer = std::make_shared<asio::steady_timer>(context_, delay);
  auto& waiting = *timer;
  waiting.async_wait([timer = std::move(timer), task = std::move(task)](const SystemError& error) {
    if (!error) task();
  });
}

void IoThread::tick() {
  wheel_.advance();
  const Millis now = service_.clock.steady();
  if (now >= next_sweep_) {
    next_sweep_ = now + Millis(1000);
    shard_.sweep();
    if (index_ == 0) service_.sessions.sweep();
  }
  if (draining_ && (now >= drain_deadline_ || connections_.empty())) {
    context_.stop();
    return;
  }
  ticker_.expires_after(TimingWheel::kTick);
  ticker_.async_wait([this](const SystemError& error) {
    if (!error) tick();
  });
}

std::shared_ptr<Connection> IoThread::adopt(TcpSocket socket, AddressLimit::Slot slot) {
  auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(slot));
  if (paused_) connection->pause_reading();
  connections_.insert(connection);
  connection_count_.store(connections_.size(), std::memory_order_relaxed);
  return connection;
}

void IoThread::forget(Connection& connection) {
  // Its handler may be on the call stack: it goes when the present turn has ended.
  post([owner = connection.shared_from_this()] {});
  connections_.erase(connection.shared_from_this());
  connection_count_.store(connections_.size(), std::memory_order_relaxed);
}

void IoThread::add(std::unique_ptr<EngineSession> session) {
  sessions_.insert(std::move(session));
  session_count_.store(sessions_.size(), std::memory_order_relaxed);
  ++service_.engine_sessions;
}

bool IoThread::has_room() const { return service_.engine_sessions < service_.options.connections; }

EngineSession* IoThread::find(std::string_view sid) {
  const auto found = sessions_.find(sid);
  return found == sessions_.end() ? nullptr : found->get();
}

void IoThread::retire(EngineSession& session) {
  const auto found = sessions_.find(session.sid());
  if (found == sessions_.end()) return;
  dispose(std::move(sessions_.extract(found).value()));
  session_count_.store(sessions_.size(), std::memory_order_relaxed);
  --service_.engine_sessions;
}

void IoThread::pause() {
  paused_ = true;
  for (const auto& connection : connections_) connection->pause_reading();
}

void IoThread::drain(Millis patience) {
  draining_ = true;
  drain_deadline_ = service_.clock.steady() + patience;
  std::vector<EngineSession*> sessions;
  for (const auto& session : sessions_) sessions.push_back(session.get());
  for (EngineSession* const session : sessions) session->close(CloseReason::server_shutdown);
  const auto connections = connections_;
  for (const auto& connection : connections) connection->drain();
}

void IoThread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace tidemark
