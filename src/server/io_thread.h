// An I/O thread: one event loop with everything that belongs to it - connections, Engine.IO sessions, deadlines, its
// shard of the hub. Nothing of it is touched by another thread but through post().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "src/hub/shard.h"
#include "src/server/api/api_shard.h"
#include "src/server/asio.h"
#include "src/server/connection.h"
#include "src/server/service.h"
#include "src/server/timing_wheel.h"

namespace tidemark {

class EngineSession;

class IoThread final : public Executor {
 public:
  IoThread(Service& service, std::uint32_t index);
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;
  ~IoThread() override;

  // --- any thread ---
  [[nodiscard]] asio::io_context& context() { return context_; }
  void post(std::function<void()> task) override { asio::post(context_, std::move(task)); }
  void post_after(std::chrono::microseconds delay, std::function<void()> task) override;
  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] Service& service() { return service_; }
  [[nodiscard]] std::size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }
  /// What a new connection should avoid: connections, and sessions, which over polling may be many to a connection.
  [[nodiscard]] std::size_t load() const { return connection_count() + session_count_.load(std::memory_order_relaxed); }

  void start();
  /// Stops reading from every connection: nothing more is published.
  void pause();
  /// Says goodbye to every session and connection, then ends the loop when they are gone or `patience` is over.
  void drain(Millis patience);
  void join();

  // --- this thread ---
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] Shard& shard() { return shard_; }
  [[nodiscard]] ApiShard& api() { return api_; }
  [[nodiscard]] TimingWheel& wheel() { return wheel_; }
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }

  /// Registers an accepted socket; the caller sets a handler and starts it.
  std::shared_ptr<Connection> adopt(TcpSocket socket, AddressLimit::Slot slot);
  void forget(Connection& connection);

  /// Whether one more session may be opened: they are counted in all threads together. Several threads that ask at the
  /// same moment may each get the last place.
  [[nodiscard]] bool has_room() const;
  void add(std::unique_ptr<EngineSession> session);
  [[nodiscard]] EngineSession* find(std::string_view sid);
  /// Takes the session out of the registry; it is destroyed when the present turn has ended.
  void retire(EngineSession& session);

  /// Destroys something that may still be on the call stack when the present turn has ended.
  template <class T>
  void dispose(std::unique_ptr<T> object) {
    post([owner = std::shared_ptr<T>(std::move(object))] {});
  }

 private:
  /// Hashes and compares sessions by their sid.
  struct BySid {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view sid) const noexcept;
    [[nodiscard]] std::size_t operator()(const std::unique_ptr<EngineSession>& session) const noexcept;
    [[nodiscard]] bool operator()(const auto& a, const auto& b) const noexcept { return sid_of(a) == sid_of(b); }

   private:
    [[nodiscard]] static std::string_view sid_of(std::string_view sid) { return sid; }
    [[nodiscard]] static std::string_view sid_of(const std::unique_ptr<EngineSession>& session);
  };

  void run();
  void tick();

  Service& service_;
  const std::uint32_t index_;
  asio::io_context context_{1};
  asio::steady_timer ticker_;
  TimingWheel wheel_;
  std::vector<char> read_buffer_;
  std::unique_ptr<BatchSender> sender_;
  Shard shard_;
  ApiShard api_;
  Millis next_sweep_{};

  std::atomic<std::size_t> connection_count_ = 0;
  std::atomic<std::size_t> session_count_ = 0;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::unordered_set<std::unique_ptr<EngineSession>, BySid, BySid> sessions_;
  bool paused_ = false;
  bool draining_ = false;
  Millis drain_deadline_{};
  std::thread thread_;
};

}  // namespace tidemark
