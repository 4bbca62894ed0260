// The server: listening sockets, I/O threads, start and orderly end. Owned and called by main's thread.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/server/address_limit.h"
#include "src/server/asio.h"
#include "src/server/conversation.h"
#include "src/server/refusals.h"
#include "src/server/service.h"

namespace tidemark {

/// The log's channels as Socket.IO namespaces, at /socket.io.
[[nodiscard]] std::vector<Endpoint> log_endpoints();

class Server {
 public:
  /// All references must outlive it. `key` signs session ids.
  Server(const ServeOptions& options, const Clock& clock, Log& log, const SessionKey& key,
         std::vector<Endpoint> endpoints = log_endpoints());
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Whether listen() would do now: to be asked before something is made for a server that then does not start.
  [[nodiscard]] static Result<void> can_listen(const ServeOptions& options);
  /// Binds every address that the host option names. Error `io`: a sentence that says what to do.
  [[nodiscard]] Result<void> listen();
  /// Where clients find it, e.g. "http://localhost:3000". After listen().
  [[nodiscard]] const std::string& url() const { return url_; }

  /// Starts the log's sequencer and all threads.
  void start();
  /// Ends in order: no new connections, no more reading; what was accepted is committed and acknowledged; then goodbye
  /// to everyone within limits::kDrainTimeout. Closes the log.
  void stop();

 private:
  void accept(tcp::acceptor& acceptor);
  /// Accepting failed: says so once, and tries again after a pause.
  void pause_accepting(tcp::acceptor& acceptor, const SystemError& error);
  /// Gives the socket to `thread`, or says why not and closes it.
  void admit(TcpSocket socket, IoThread& thread);
  void refuse(TcpSocket& socket, Refused kind, std::string_view reason);
  [[nodiscard]] IoThread& least_loaded();
  [[nodiscard]] std::size_t connection_count() const;

  AddressLimit addresses_;  // before the threads, whose connections have its slots
  Service service_;
  std::vector<tcp::acceptor> acceptors_;  // on thread 0
  std::vector<asio::steady_timer> accept_pauses_;
  std::string url_;
  std::size_t connections_most_ = 0;           // set by start()
  std::atomic<std::size_t> on_their_way_ = 0;  // accepted, and not yet with their threads
  std::size_t turn_ = 0;
  std::size_t refused_ = 0;  // connections since the last line about them; thread 0
  Millis next_refusal_line_{};
  Millis accept_calm_at_{};  // a failure from then on is news
};

}  // namespace tidemark
