// The server's end of a pipe and its members: what src/server does between sockets and the hub, without protocols.
// Everything it sends is text: "<offset:payload>" per record, "(payload@seen)" per relayed event, and of its own
//   [c CHANNEL PID RECOVERED ADMISSION]   the CONNECT reply
//   [a ID OFFSET]                         an ack
//   [g CHANNEL FROM TO]                   a gap
//   [l CHANNEL SEEN]                      live: everything up to there has been sent
//   [close]                               the last thing that is sent
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "src/hub/outlet.h"
#include "src/hub/reception.h"
#include "src/hub/session_table.h"
#include "src/hub/shard.h"
#include "tests/sim/pipe.h"

namespace tidemark::sim {

class Connection;
class Node;

/// One client in one channel.
class Member final : public Subscriber {
 public:
  Member(Connection& connection, std::string channel) : connection_(connection), channel_(std::move(channel)) {}

  void connect(const Packet& packet);
  [[nodiscard]] const Subscription& subscription() const { return *subscription_; }
  [[nodiscard]] const std::string& pid() const { return pid_; }
  void lose();
  void end();

  void on_outcome(const Outcome& outcome) override;
  void on_live(Offset to) override;
  void on_taken_over() override;
  bool on_gap(Offset from, Offset to, GapReason reason) override;
  void on_read_failed(const Error& error) override;

 private:
  [[nodiscard]] SessionHolder holder() const;

  Connection& connection_;
  const std::string channel_;
  Sid sid_;
  std::string pid_;
  SessionTable::Grant session_;
  bool status_ = false;
  bool recovered_ = false;
  Offset told_up_to_;
  std::optional<Offset> live_at_start_;
  Subscription* subscription_ = nullptr;
};

class Connection final : private Publisher::Input {
 public:
  Connection(Node& node, std::uint64_t id, std::uint32_t thread, std::shared_ptr<Pipe> pipe);
  ~Connection() override;

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] Node& node() const { return node_; }
  [[nodiscard]] std::uint32_t thread() const { return thread_; }
  [[nodiscard]] Outlet& outlet() { return outlet_; }
  [[nodiscard]] const Pipe& pipe() const { return *pipe_; }

  void send(std::string_view text);
  /// Closes it at the end of the thread's turn.
  void close_soon();
  /// `tell`: the other end is there, as far as anybody knows. Destroys nothing: the node does.
  void close(bool tell);

  // Events.
  [[nodiscard]] bool can_read() const;
  void read_packet();
  [[nodiscard]] bool can_write() const;
  void writable();
  /// Bytes that somebody else sends into its socket: how many it takes.
  [[nodiscard]] std::size_t take(std::string_view bytes);
  void open_poll();
  [[nodiscard]] bool poll_open() const { return poll_ != nullptr; }
  [[nodiscard]] bool poll_filled() const;
  void answer_poll();
  void upgrade();

  /// Nothing of the log is held for a client that takes nothing; nothing waits for one that takes bytes unless its thread
  /// is about to come to it; one whose session was taken is gone.
  void check() const;

 private:
  class Socket;
  class PollBody;

  void on_may_publish() override { input_waits_ = false; }

  Node& node_;
  const std::uint64_t id_;
  const std::uint32_t thread_;
  const std::shared_ptr<Pipe> pipe_;
  Outlet outlet_;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<PollBody> poll_;
  std::map<std::string, std::unique_ptr<Member>> members_;
  Publisher publisher_;
  bool input_waits_ = false;
};

}  // namespace tidemark::sim
